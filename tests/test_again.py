"""Stored articles in the ledger: when they are due, what an answer means, which row an edit makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.recheck import DEFAULT_RECHECK, Recheck
from pipelines.records import Article, ChangeKind, Cleaned, Reason, State
from pipelines.store.ledger import Lease, Ledger
from pipelines.store.links import Link
from tests.helpers_ledger import URL, discover, leased, link, spooled, state
from tests.helpers_store import NOW, article, fetch, rejected, stage

HOUR = timedelta(hours=1)
SLUG = "https://sahifa.test/news/1-slug"


def opened(path: Path, schedule: str = DEFAULT_RECHECK) -> Ledger:
    return Ledger(path / "ledger.sqlite", recheck=Recheck.parse(schedule))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(opened(tmp_path)) as found:
        yield found


def store(ledger: Ledger, found: Article | None = None) -> None:
    """One article stored and published."""
    stage(ledger, found or article(etag='"1"', last_modified="yesterday"))
    ledger.connection.execute("UPDATE urls SET state = 'committed' WHERE state = 'staged'")


def due(ledger: Ledger, after: timedelta, run: str = "run-2") -> list[Lease]:
    return ledger.lease(run, "sahifa", 10, NOW + after)


def test_a_stored_article_is_due_after_an_hour_and_asked_with_its_validators(ledger: Ledger) -> None:
    store(ledger)
    assert due(ledger, 0.9 * HOUR) == []
    (lease,) = due(ledger, HOUR)
    assert (lease.key, lease.recheck, lease.etag, lease.last_modified) == (URL, True, '"1"', "yesterday")
    assert due(ledger, HOUR) == []


def test_new_urls_go_before_those_that_are_due(ledger: Ledger) -> None:
    store(ledger)
    discover(ledger, link(2))
    assert [lease.key for lease in ledger.lease("run-2", "sahifa", 1, NOW + HOUR)] == [link(2).key]
    assert [lease.recheck for lease in due(ledger, HOUR)] == [True]


def test_only_what_the_run_found_listed_is_due_to_one_that_asks_for_pages_by_name(ledger: Ledger) -> None:
    store(ledger)
    now = NOW + HOUR
    assert ledger.lease("run-2", "sahifa", 10, now, listed_only=True) == []
    discover(ledger, link(), run="run-2")
    assert [lease.key for lease in ledger.lease("run-2", "sahifa", 10, now, listed_only=True)] == [URL]


def test_an_article_that_does_not_change_is_looked_at_four_times(ledger: Ledger) -> None:
    store(ledger)
    looks = []
    for hours in range(24 * 30):
        for lease in due(ledger, hours * HOUR):
            looks.append(hours)
            ledger.checked(lease.key, NOW + hours * HOUR)
    assert looks == [1, 6, 24, 168]
    assert state(ledger) == State.COMMITTED


def test_an_old_article_found_late_is_not_looked_at_again(ledger: Ledger) -> None:
    store(ledger, article(published_at=NOW - timedelta(days=30)))
    assert due(ledger, 10 * HOUR) == []


def test_never_means_never_whatever_was_due_before(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as ledger:
        store(ledger)
    with closing(opened(tmp_path, "never")) as ledger:
        assert due(ledger, 10 * HOUR) == []


def test_always_is_once_in_every_run(tmp_path: Path) -> None:
    with closing(opened(tmp_path, "always")) as ledger:
        store(ledger)
        assert due(ledger, HOUR) == []
        for run in ("run-2", "run-3"):
            ledger.start_run(run, "news", NOW)
            (lease,) = due(ledger, HOUR, run)
            ledger.checked(lease.key, NOW + HOUR)
            assert due(ledger, HOUR, run) == []


def test_a_dead_run_leaves_a_stored_article_stored_and_due(ledger: Ledger) -> None:
    store(ledger)
    assert len(due(ledger, HOUR)) == 1
    ledger.start_run("run-3", "news", NOW)
    assert state(ledger) == State.COMMITTED
    assert len(due(ledger, HOUR, "run-3")) == 1


def test_what_a_run_could_not_ask_for_is_the_next_runs_and_was_no_attempt(ledger: Ledger) -> None:
    for number in range(5):
        discover(ledger, link())
        assert leased(ledger, run=f"run-{number}") == [URL]
        assert leased(ledger, run=f"run-{number}") == []
        ledger.end_run(f"run-{number}", "ok", NOW)
        assert state(ledger) == State.PENDING
    assert ledger.connection.execute("SELECT attempts FROM urls").fetchone()[0] == 0


def test_an_article_that_is_gone_is_recorded_and_left_alone(ledger: Ledger) -> None:
    store(ledger)
    (lease,) = due(ledger, HOUR)
    ledger.checked(lease.key, NOW + HOUR, "http_410", gone=True)
    row = ledger.connection.execute("SELECT state, reason, gone_at FROM urls").fetchone()
    assert tuple(row) == (State.COMMITTED, "http_410", (NOW + HOUR).isoformat())
    assert due(ledger, 1000 * HOUR) == []
    ledger.start_run("run-3", "news", NOW)
    assert due(ledger, 1000 * HOUR, "run-3") == []


def test_a_page_turned_away_later_leaves_the_article_stored(ledger: Ledger) -> None:
    store(ledger)
    (lease,) = due(ledger, HOUR)
    fetch(ledger, lease.key)
    ledger.stage(lease.key, Cleaned(rejected(URL, reason=Reason.LOGIN_WALL, fetched_at=NOW + HOUR)))
    final = ledger.connection.execute("SELECT final_state FROM spool WHERE dataset = 'rejected'").fetchone()
    assert final[0] == State.COMMITTED
    ledger.connection.execute("UPDATE urls SET state = 'committed'")
    assert len(due(ledger, 6 * HOUR, "run-3")) == 1


def test_a_page_that_is_not_found_with_status_200_is_gone(ledger: Ledger) -> None:
    store(ledger)
    (lease,) = due(ledger, HOUR)
    fetch(ledger, lease.key)
    ledger.stage(lease.key, Cleaned(rejected(URL, reason=Reason.SOFT_404, fetched_at=NOW + HOUR)))
    row = ledger.connection.execute("SELECT reason, gone_at FROM urls").fetchone()
    assert tuple(row) == ("soft_404", (NOW + HOUR).isoformat())


# -- several addresses of one article


def named(url: str) -> Link:
    return Link(URL, url, "section")


def test_the_plainest_address_is_asked_for(ledger: Ledger) -> None:
    for url in (f"{URL}/amp", URL, f"{URL}?print=1"):
        discover(ledger, named(url))
    assert [lease.url for lease in ledger.lease("run-1", "sahifa", 1)] == [URL]


def test_another_address_is_tried_when_one_is_gone_but_not_for_ever(ledger: Ledger) -> None:
    tried = []
    for number in range(6):
        discover(ledger, named(URL if number % 2 else f"{URL}/amp"))
        for lease in ledger.lease("run-1", "sahifa", 1):
            tried.append(lease.url)
            ledger.end(lease.key, State.GONE, "http_404")
    assert tried == [f"{URL}/amp", URL, f"{URL}/amp"]


def test_the_same_address_is_not_tried_again_in_a_run(ledger: Ledger) -> None:
    discover(ledger, link())
    leased(ledger)
    ledger.end(URL, State.GONE, "http_404")
    discover(ledger, link())
    assert leased(ledger) == []


# -- rows


def again(ledger: Ledger, **changes: object) -> Article | None:
    """The stored article as it is found later."""
    found = article(**({"title": "عنوان", "fetched_at": NOW + HOUR} | changes))  # type: ignore[arg-type]  # any field
    fetch(ledger, URL)
    staged = ledger.stage(URL, Cleaned(found))
    assert staged is None or isinstance(staged.result, Article)
    return staged.result if staged else None


def test_an_edit_is_a_new_version_of_the_kind_it_was_found_to_be(ledger: Ledger) -> None:
    store(ledger, article(title="عنوان"))
    second = again(ledger, text="نص آخر", change_kind=ChangeKind.CORRECTION)
    assert second is not None
    assert (second.version, second.previous_id, second.change_kind) == (2, article().id, "correction")
    due_next = ledger.connection.execute("SELECT due_at FROM urls").fetchone()[0]
    assert datetime.fromisoformat(due_next) == NOW + 6 * HOUR


def test_a_new_headline_over_the_same_text_is_a_version_with_an_id_of_its_own(ledger: Ledger) -> None:
    store(ledger, article(title="عنوان"))
    second = again(ledger, title="عنوان جديد", change_kind=ChangeKind.HEADLINE)
    assert second is not None
    assert (second.version, second.change_kind, second.text_hash) == (2, "headline", article().text_hash)
    assert second.id != article().id
    assert again(ledger, change_kind=ChangeKind.HEADLINE) is None  # the first headline again
    third = again(ledger, title="عنوان ثالث", change_kind=ChangeKind.HEADLINE)
    assert third is not None
    assert (third.version, third.previous_id) == (3, second.id)


def test_another_url_of_a_stored_article_adds_nothing_and_is_not_asked_again(ledger: Ledger) -> None:
    store(ledger, article(title="عنوان"))
    stage(ledger, article(SLUG, url_canonical=URL, title="عنوان", text="نص من قالب آخر"))
    stage(ledger, article(f"{SLUG}-2", url_canonical=f"{SLUG}-2", title="عنوان"))
    assert len(spooled(ledger)) == 1
    assert [lease.key for lease in due(ledger, HOUR)] == [URL]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "عنوان آخر"},
        {"text": "نص آخر"},
        {"url_canonical": "https://other.test/1"},
        {"site": "other"},
    ],
)
def test_another_headline_text_host_or_site_is_another_article(
    ledger: Ledger, changes: dict[str, str]
) -> None:
    store(ledger, article(title="عنوان"))
    stage(ledger, article(SLUG, **({"url_canonical": SLUG, "title": "عنوان"} | changes)))  # type: ignore[arg-type]  # any field
    assert len(spooled(ledger)) == 2
