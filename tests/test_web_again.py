"""What is known is not fetched again, what changed is noticed, what rests is left alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.web import again
from tests.web.hosts import Outlet
from tests.web.scenes import BUDGET, Scene, budget_scene, changes_scene, thousand_scene

in_thousand = pytest.mark.xdist_group("web_thousand")
in_changes = pytest.mark.xdist_group("web_changes")
in_budget = pytest.mark.xdist_group("web_budget")
per_host = pytest.mark.parametrize("kind", again.CHANGING, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return thousand_scene(tmp_path_factory.mktemp("thousand"))


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return changes_scene(tmp_path_factory.mktemp("changes"))


@pytest.fixture(scope="module")
def budget(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return budget_scene(tmp_path_factory.mktemp("budget"))


# -- a thousand known articles


@in_thousand
def test_a_thousand_articles_are_fetched_once_each(thousand: Scene) -> None:
    host = thousand.host(again.Thousand)
    asked = Counter(entry.path for entry in thousand.log(host, run=1))
    assert {path: asked[path] for path in host.paths() if asked[path] != 1} == {}
    assert Counter(row["title"] for row in thousand.stored(host)) == Counter(s.title for s in host.stories)


@in_thousand
def test_the_second_run_fetches_none_of_them_again(thousand: Scene) -> None:
    host = thousand.host(again.Thousand)
    assert [entry.path for entry in thousand.log(host, run=2) if entry.path in host.paths()] == []
    assert len(thousand.articles) == 1_000
    assert thousand.finished[1].code == 0, thousand.finished[1].err


@in_thousand
def test_the_second_run_asks_only_whether_the_lists_changed(thousand: Scene) -> None:
    host = thousand.host(again.Thousand)
    for path in ("/", "/sitemap.xml"):
        assert [entry.status for entry in thousand.asked(host, path)] == [200, 304]
    assert len(thousand.asked(host, "/robots.txt")) == 1
    assert host.violations(thousand.log(host)) == []


# -- places that rest


@in_changes
@pytest.mark.parametrize(
    ("kind", "feeds", "header"),
    [
        (again.Resting, ("/syndication/latest",), "if-none-match"),
        (again.RestingByDate, ("/feed", "/feed/"), "if-modified-since"),
    ],
)
def test_an_unchanging_feed_is_asked_three_times_in_four_runs(
    changes: Scene, kind: type[Outlet], feeds: tuple[str, ...], header: str
) -> None:
    host = changes.host(kind)
    asked = [entry for entry in changes.log(host) if entry.path in feeds]
    assert [(entry.run, entry.status) for entry in asked] == [(1, 200), (2, 304), (3, 304)]
    assert [header in entry.headers for entry in asked] == [False, True, True]


@in_changes
def test_the_start_page_is_always_asked_for_and_robots_txt_once_a_day(changes: Scene) -> None:
    for host in changes.hosts:
        assert [entry.run for entry in changes.asked(host, "/")] == [1, 2, 3, 4], host.name
        assert [entry.run for entry in changes.asked(host, "/robots.txt")] == [1], host.name


@in_changes
def test_an_unchanged_start_page_costs_no_body(changes: Scene) -> None:
    for host in changes.hosts:
        assert [entry.status for entry in changes.asked(host, "/")] == [200, 304, 304, 304], host.name


# -- articles that change


def fate_of(changes: Scene, kind: type[again.Changing], fate: str) -> tuple[str, list[int | None]]:
    """Address of the article with that fate, and the statuses of its requests."""
    host = changes.host(kind)
    assert isinstance(host, again.Changing)
    address = host.address_of(fate)
    return address, [entry.status for entry in changes.asked(host, address.removeprefix(host.origin))]


def chain(rows: list[dict[str, Any]]) -> list[tuple[int, str | None]]:
    """(version, kind of change) of rows that each name the one before."""
    before = [None, *(row["id"] for row in rows[:-1])]
    assert [row["previous_id"] for row in rows] == before
    assert len({row["id"] for row in rows}) == len(rows)
    return [(row["version"], row["change_kind"]) for row in rows]


@in_changes
def test_the_runs_end_well(changes: Scene) -> None:
    assert [finished.code for finished in changes.finished] == [0, 0, 0, 0], [
        finished.err for finished in changes.finished
    ]


@in_changes
@per_host
@pytest.mark.parametrize("fate", ["text", "headline", "correction"])
def test_a_change_is_a_new_version_of_its_kind(changes: Scene, kind: type[again.Changing], fate: str) -> None:
    address, _ = fate_of(changes, kind, fate)
    rows = changes.versions(address)
    assert chain(rows) == [(1, None), (2, fate)]
    host = changes.host(kind)
    assert isinstance(host, again.Changing)
    assert [row["title"] for row in rows] == [host.told(fate, run).title for run in (1, 2)]
    assert rows[0]["text"] == host.told(fate, 1).text
    # Whether the note itself is part of the text is the cleaner's choice; the story is.
    assert rows[1]["text"].startswith("\n\n".join(host.told(fate, 2).paragraphs))


@in_changes
@per_host
def test_a_text_that_changes_twice_has_three_versions(changes: Scene, kind: type[again.Changing]) -> None:
    address, _ = fate_of(changes, kind, "twice")
    assert chain(changes.versions(address)) == [(1, None), (2, "text"), (3, "text")]


@in_changes
@per_host
def test_an_article_that_is_withdrawn_is_a_version_that_says_so(
    changes: Scene, kind: type[again.Changing]
) -> None:
    address, statuses = fate_of(changes, kind, "withdrawn")
    assert chain(changes.versions(address)) == [(1, None), (2, "removed")]
    assert statuses[:2] == [200, 200]


@in_changes
@per_host
@pytest.mark.parametrize("fate", ["furniture", "steady", "dated", "plain"])
def test_a_page_whose_story_stays_gives_no_new_row(
    changes: Scene, kind: type[again.Changing], fate: str
) -> None:
    address, _ = fate_of(changes, kind, fate)
    assert chain(changes.versions(address)) == [(1, None)]


@in_changes
@per_host
@pytest.mark.parametrize(
    ("fate", "statuses"),
    [
        ("furniture", [200, 200, 200]),
        ("plain", [200, 200, 200]),
        ("steady", [200, 304, 304]),
        ("dated", [200, 304, 304]),
        ("twice", [200, 200, 200]),
    ],
)
def test_stored_articles_are_asked_for_again_when_told_to_and_not_otherwise(
    changes: Scene, kind: type[again.Changing], fate: str, statuses: list[int]
) -> None:
    # Runs 2 and 3 recheck everything; run 4, minutes later and by the default ages, nothing.
    assert fate_of(changes, kind, fate)[1] == statuses


@in_changes
@per_host
def test_what_is_asked_again_names_what_is_known(changes: Scene, kind: type[again.Changing]) -> None:
    host = changes.host(kind)
    assert isinstance(host, again.Changing)

    def offered(fate: str, header: str) -> list[str | None]:
        path = host.address_of(fate).removeprefix(host.origin)
        return [entry.headers.get(header) for entry in changes.asked(host, path)]

    assert offered("steady", "if-none-match") == [None, '"steady-1"', '"steady-1"']
    assert offered("twice", "if-none-match") == [None, '"twice-1"', '"twice-2"']
    written = "Thu, 12 Nov 2026 18:00:00 GMT"
    assert offered("dated", "if-modified-since") == [None, written, written]
    assert offered("plain", "if-none-match") == [None, None, None]


@in_changes
@per_host
@pytest.mark.parametrize("fate", ["http_410", "http_404"])
def test_an_article_that_is_gone_is_noted_and_left(
    changes: Scene, kind: type[again.Changing], fate: str
) -> None:
    address, statuses = fate_of(changes, kind, fate)
    assert chain(changes.versions(address)) == [(1, None)]
    assert statuses == [200, int(fate.removeprefix("http_"))]
    ((gone_at, reason),) = changes.ledger("SELECT gone_at, reason FROM urls WHERE url = ?", address)
    assert gone_at is not None
    assert reason == fate


@in_changes
def test_no_host_has_cause_to_complain(changes: Scene) -> None:
    assert {host.name: host.violations(changes.log(host)) for host in changes.hosts} == {
        host.name: [] for host in changes.hosts
    }


# -- a budget


@in_budget
def test_the_budget_of_a_host_is_kept(budget: Scene) -> None:
    host = budget.host(again.Budgeted)
    asked = [entry for entry in budget.log(host) if entry.path != "/robots.txt"]  # always asked for
    assert len(asked) == BUDGET


@in_budget
def test_a_budget_goes_to_the_newest_articles(budget: Scene) -> None:
    host = budget.host(again.Budgeted)
    stored = Counter(row["title"] for row in budget.stored(host))
    assert 4 <= len(stored) < host.count
    assert stored == Counter(told.title for told in host.stories[: len(stored)])


@in_budget
def test_what_the_budget_left_over_waits_for_the_next_run(budget: Scene) -> None:
    host = budget.host(again.Budgeted)
    states = Counter(state for (state,) in budget.ledger("SELECT state FROM urls WHERE site = ?", host.name))
    assert states == {"committed": len(budget.stored(host)), "pending": host.count - len(budget.stored(host))}
