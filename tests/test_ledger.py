from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.records import Article, Cleaned, Rejected, State, Witness
from pipelines.store.ledger import Ledger
from pipelines.store.links import MAX_ATTEMPTS, Link
from tests.helpers_ledger import URL, bring_to, discover, leased, link, spooled, state
from tests.helpers_store import NOW, article, block, digest, fetch, largest_file, rejected, stage


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "state" / "ledger.sqlite")) as opened:
        yield opened


# -- discovery and leases


def test_a_url_found_is_pending(ledger: Ledger) -> None:
    assert discover(ledger, link()) == 1
    assert state(ledger) == State.PENDING


def test_a_url_found_twice_is_one(ledger: Ledger) -> None:
    assert discover(ledger, link(), link(), link(2)) == 2
    assert discover(ledger, link(2), link(3)) == 1
    assert ledger.balance() == {"sahifa": {"pending": 3}}


@pytest.mark.parametrize("known", State)
def test_a_known_url_is_left_alone(ledger: Ledger, known: State) -> None:
    bring_to(ledger, known)
    assert discover(ledger, link(via="sitemap"), run="run-2") == 0
    assert state(ledger) == known
    via = ledger.connection.execute("SELECT discovered_via FROM urls").fetchone()[0]
    assert via == "feed"


def test_a_known_url_counts_as_seen_by_the_run_that_lists_it(ledger: Ledger) -> None:
    discover(ledger, link(), link(2))
    discover(ledger, link(), run="run-2")
    assert ledger.seen("run-1") == {"sahifa": {"pending": 1}}
    assert ledger.seen("run-2") == {"sahifa": {"pending": 1}}


def test_a_lease_says_what_the_feed_said(ledger: Ledger) -> None:
    witness = Witness("عنوان الخبر 😀", "Sat, 21 Nov 2026", ("ليلى", "יוסי"))
    discover(ledger, Link(URL, URL + "?utm=1", "feed", None, witness))
    (lease,) = ledger.lease("run-1", "sahifa", 1)
    assert (lease.key, lease.url, lease.site, lease.via) == (URL, URL + "?utm=1", "sahifa", "feed")
    assert (lease.witness, lease.discovered_at) == (witness, NOW)


def test_the_newest_are_leased_first_and_the_undated_last(ledger: Ledger) -> None:
    discover(
        ledger, link(1), link(2, hint="2026-11-19"), link(3, hint="2026-11-21"), link(4, hint="2026-11-20")
    )
    assert leased(ledger) == [link(number).key for number in (3, 4, 2, 1)]


def test_no_more_are_leased_than_asked_for(ledger: Ledger) -> None:
    discover(ledger, *(link(number) for number in range(5)))
    assert [len(leased(ledger, 2)) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_full_window_leases_nothing(ledger: Ledger, limit: int) -> None:
    discover(ledger, link())
    assert leased(ledger, limit) == []


def test_a_site_is_leased_its_own_urls(ledger: Ledger) -> None:
    discover(ledger, link())
    assert ledger.lease("run-1", "another", 10) == []


def test_a_dead_run_s_leases_are_taken_back(ledger: Ledger) -> None:
    discover(ledger, link(), link(2))
    assert len(leased(ledger, 1)) == 1
    ledger.start_run("run-2", "news", NOW)
    assert len(leased(ledger, run="run-2")) == 2


@pytest.mark.parametrize("kept", sorted(set(State) - {State.LEASED, State.FAILED}))
def test_a_new_run_leaves_all_else_as_it_is(ledger: Ledger, kept: State) -> None:
    bring_to(ledger, kept)
    ledger.start_run("run-2", "news", NOW)
    assert state(ledger) == kept


def test_a_failed_url_is_tried_in_three_runs_and_no_more(ledger: Ledger) -> None:
    discover(ledger, link())
    tries = 0
    for number in range(MAX_ATTEMPTS + 3):
        ledger.start_run(f"run-{number}", "news", NOW)
        for key in leased(ledger, run=f"run-{number}"):
            tries += 1
            ledger.end(key, State.FAILED, "http_500")
    assert tries == MAX_ATTEMPTS == 3
    assert state(ledger) == State.FAILED


def test_a_failed_url_is_not_tried_again_in_the_same_run(ledger: Ledger) -> None:
    bring_to(ledger, State.FAILED)
    assert leased(ledger) == []


@pytest.mark.parametrize("ended", [State.FAILED, State.GONE, State.FORBIDDEN, State.REJECTED])
def test_who_asks_by_name_gets_an_ended_url_again(ledger: Ledger, ended: State) -> None:
    bring_to(ledger, ended)
    ledger.reopen([URL, "https://sahifa.test/never-seen"])
    assert leased(ledger) == [URL]


@pytest.mark.parametrize("kept", [State.LEASED, State.FETCHED, State.STAGED, State.COMMITTED])
def test_asking_by_name_does_not_repeat_what_is_done_or_under_way(ledger: Ledger, kept: State) -> None:
    bring_to(ledger, kept)
    ledger.reopen([URL])
    assert state(ledger) == kept


def test_an_end_has_a_reason(ledger: Ledger) -> None:
    bring_to(ledger, State.LEASED)
    ledger.end(URL, State.GONE, "http_410")
    assert tuple(ledger.connection.execute("SELECT state, reason FROM urls").fetchone()) == (
        "gone",
        "http_410",
    )


def test_the_balance_counts_every_url_once(ledger: Ledger) -> None:
    discover(ledger, link(1), link(2), link(3))
    ledger.discover("run-1", "another", [Link("https://other.test/1", "https://other.test/1", "list")], NOW)
    ledger.end(leased(ledger, 1)[0], State.GONE, "http_404")
    assert ledger.balance() == {"sahifa": {"pending": 2, "gone": 1}, "another": {"pending": 1}}


# -- the spool


def test_an_article_is_spooled_with_its_removed_blocks(ledger: Ledger) -> None:
    staged = stage(ledger, article(), block(2), block(9, "תגיות"))
    assert staged == Cleaned(article(), (block(2), block(9, "תגיות")))
    assert [row["id"] for row in spooled(ledger)] == [article().id]
    assert [row["text"] for row in spooled(ledger, "removed_blocks")] == ["اقرأ أيضا", "תגיות"]
    assert state(ledger) == State.STAGED


def test_a_rejected_page_is_spooled_with_its_reason(ledger: Ledger) -> None:
    assert stage(ledger, rejected(URL)) is not None
    assert [row["reason"] for row in spooled(ledger, "rejected")] == ["not_article"]
    assert spooled(ledger) == []
    assert tuple(ledger.connection.execute("SELECT state, reason FROM urls").fetchone()) == (
        "staged",
        "not_article",
    )


def test_the_same_text_under_the_same_canonical_url_is_stored_once(ledger: Ledger) -> None:
    stage(ledger, article())
    other_address = article(url="https://sahifa.test/amp/1", url_canonical=URL)
    assert stage(ledger, other_address, block()) is None
    assert len(spooled(ledger)) == 1
    assert spooled(ledger, "removed_blocks") == []
    assert state(ledger, other_address.url) == State.COMMITTED


def test_the_same_text_under_another_canonical_url_is_another_article(ledger: Ledger) -> None:
    assert stage(ledger, article(URL)) is not None
    assert stage(ledger, article("https://other.test/copy")) is not None
    assert [row["version"] for row in spooled(ledger)] == [1, 1]


def test_changed_text_is_a_new_version(ledger: Ledger) -> None:
    first, second, third = (article(text=text) for text in ("سطر", "سطر وسطر", "سطر آخر"))
    for version in (first, second, third):
        stage(ledger, version)
    rows = [(row["version"], row["previous_id"], row["change_kind"]) for row in spooled(ledger)]
    assert rows == [(1, None, None), (2, first.id, "text"), (3, second.id, "text")]


def test_the_version_handed_back_is_the_one_spooled(ledger: Ledger) -> None:
    stage(ledger, article(text="قديم"))
    staged = stage(ledger, article(text="جديد"))
    assert staged is not None
    assert isinstance(staged.result, Article)
    assert (staged.result.version, staged.result.previous_id) == (2, article(text="قديم").id)


def test_a_text_that_comes_back_is_known(ledger: Ledger) -> None:
    for text in ("a", "b"):
        stage(ledger, article(text=text))
    assert stage(ledger, article(text="a")) is None


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["متن", "טקסט", "text"])), max_size=12))
def test_every_text_of_an_address_is_spooled_once_with_versions_in_a_row(
    tmp_path_factory: pytest.TempPathFactory, pages: list[tuple[int, str]]
) -> None:
    with closing(Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")) as ledger:
        for number, text in pages:
            stage(ledger, article(f"https://sahifa.test/news/{number}", text))
        rows = [(row["url_canonical"], row["text_hash"]) for row in spooled(ledger)]
        assert sorted(rows) == sorted({(f"https://sahifa.test/news/{n}", digest(text)) for n, text in pages})
        for number in {number for number, _ in pages}:
            mine = [row for row in spooled(ledger) if row["url"] == f"https://sahifa.test/news/{number}"]
            assert [row["version"] for row in mine] == list(range(1, len(mine) + 1))
            assert [row["previous_id"] for row in mine] == [None, *(row["id"] for row in mine)][:-1]


def test_a_row_that_cannot_be_written_leaves_no_trace(ledger: Ledger) -> None:
    bring_to(ledger, State.FETCHED)
    with pytest.raises(UnicodeEncodeError):
        ledger.stage(URL, Cleaned(article(), (block(1), block(2, "half a pair \ud83d")), ("key",)))
    assert state(ledger) == State.FETCHED
    assert spooled(ledger) == []
    assert ledger.site_history("sahifa").pages == 0
    assert ledger.stage(URL, Cleaned(article())) is not None


def test_the_ledger_goes_on_when_a_full_disk_has_space_again(ledger: Ledger) -> None:
    bring_to(ledger, State.FETCHED)
    with largest_file(256 * 1024), pytest.raises(sqlite3.Error, match="disk"):
        ledger.stage(URL, Cleaned(article(text="خبر " * 200_000)))
    assert state(ledger) == State.FETCHED
    assert ledger.stage(URL, Cleaned(article())) is not None


def test_a_rejection_is_never_an_article_s_version(ledger: Ledger) -> None:
    stage(ledger, rejected(URL))
    fetch(ledger, URL)
    staged = ledger.stage(URL, Cleaned(article(URL)))
    assert staged is not None
    assert not isinstance(staged.result, Rejected)
    assert staged.result.version == 1


@pytest.mark.parametrize(
    ("outcome", "brought"), [(None, 2), ("died", 2), ("stopped", 2), ("unfinished", 2), ("ok", 0), ("bug", 0)]
)
def test_links_last_seen_by_a_run_that_was_cut_short_count_as_brought(
    ledger: Ledger, outcome: str | None, brought: int
) -> None:
    """So that the further pages which that run did not come to are followed."""
    ledger.start_run("run-1", "news", NOW)
    discover(ledger, link(1), link(2))
    if outcome:
        ledger.end_run("run-1", outcome, NOW)
    ledger.start_run("run-2", "news", NOW)
    assert discover(ledger, link(1), link(2), run="run-2") == brought
    assert discover(ledger, link(1), link(2), run="run-2") == 0
    assert ledger.balance() == {"sahifa": {"pending": 2}}
