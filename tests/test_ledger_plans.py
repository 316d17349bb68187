"""What a run asks of its ledger goes by an index, however much the ledger knows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.body.marks import Mark, pack
from pipelines.recheck import Recheck
from pipelines.records import Cleaned, PageView, State
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.places import Place, PlaceKind, Places
from pipelines.store.publish import Publisher
from pipelines.store.site_runs import killed_runs, site_runs, unfinished_runs
from tests.helpers_ledger import URL, bring_to, discover, leased, link
from tests.helpers_store import NOW, article, block, page, rejected

FEED = "https://sahifa.test/feed"
# Tables that grow with what was ever found, stored or published.
GROWING = "urls|article_versions|places|listings|shapes|site_views|spool|files|forgotten|runs"
_SCAN = re.compile(rf"SCAN ({GROWING})\b")
VIEW = PageView("main", "h1", pack([Mark(1, 1, 99, linked=False, inside=True)]))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite", recheck=Recheck.parse("1h,1d"))) as opened:
        yield opened


def plans(ledger: Ledger, act: Callable[[], object]) -> dict[str, list[str]]:
    """Each statement that `act` runs, with SQLite's plan of it."""
    said: list[str] = []
    ledger.connection.set_trace_callback(said.append)
    try:
        act()
    finally:
        ledger.connection.set_trace_callback(None)
    asked = {text for text in said if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", text)}
    assert asked
    return {text: plan(ledger.connection, text) for text in asked}


def plan(db: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]


def crawl(ledger: Ledger) -> None:
    """One URL of each fate, by the calls a run makes."""
    ledger.start_run("run-1", "news", NOW)
    ledger.discover("run-1", "sahifa", [link(number) for number in range(1, 6)], NOW, FEED)
    ledger.known([URL])
    found = ledger.lease("run-1", "sahifa", 4, NOW)
    ledger.end(found[3].key, State.GONE, "http_404")
    for lease in found[:3]:
        ledger.fetched(lease.key, page(url=lease.url, warc_file="a.warc.gz", warc_offset=0))
    ledger.stage(found[0].key, Cleaned(article(found[0].url), (block(),), VIEW))
    ledger.stage(found[1].key, Cleaned(article(found[1].url, "متن آخر", title="عنوان"), (), VIEW))
    ledger.stage(found[2].key, Cleaned(rejected(found[2].url)))


def visit(ledger: Ledger) -> None:
    places = Places(ledger)
    places.expect("sahifa", PlaceKind.FEED, FEED)
    places.answered("sahifa", PlaceKind.FEED, Place(FEED), NOW, brought=1)
    places.listed("https://sahifa.test/sitemap.xml", [FEED])
    places.known("sahifa", PlaceKind.FEED)
    places.below("sahifa", ["https://sahifa.test/sitemap.xml"])
    places.place(FEED)
    ledger.listed_still("run-2", FEED)


def look_again(ledger: Ledger) -> None:
    (lease,) = ledger.lease("run-1", "sahifa", 4, NOW + timedelta(days=1), listed_only=True)
    ledger.checked(lease.key, NOW + timedelta(days=1))


def count_up(ledger: Ledger) -> None:
    ledger.seen("run-1")
    ledger.known_articles("run-1", NOW)
    ledger.unfinished()
    ledger.site_history("sahifa")
    ledger.end_run("run-1", "finished", NOW)


@pytest.mark.parametrize("act", [crawl, visit, count_up])
def test_no_statement_of_a_run_reads_a_whole_table(ledger: Ledger, act: Callable[[Ledger], None]) -> None:
    found = plans(ledger, lambda: act(ledger))
    scans = {step for steps in found.values() for step in steps if _SCAN.match(step)}
    assert scans <= {"SCAN places"}  # once a run, and a site has a few


def test_looking_again_reads_only_what_is_due(ledger: Ledger) -> None:
    bring_to(ledger, State.FETCHED)
    ledger.stage(URL, Cleaned(article(published_date=NOW.date())))
    ledger.connection.execute("UPDATE urls SET state = 'committed', seen_run = 'run-1'")
    found = plans(ledger, lambda: look_again(ledger))
    assert not [steps for steps in found.values() if _SCAN.search("\n".join(steps))]
    due = next(steps for text, steps in found.items() if "due_at <=" in text)
    assert due == ["SEARCH urls USING INDEX urls_by_due (site=? AND due_at<?)"]


def test_a_lease_sorts_nothing(ledger: Ledger) -> None:
    """A site whose archive was found has a queue of a million: each lease takes four from its head."""
    discover(ledger, *(link(number) for number in range(9)))
    found = plans(ledger, lambda: leased(ledger))
    assert not [text for text, steps in found.items() if "TEMP B-TREE" in "\n".join(steps)]


def test_the_start_of_a_run_looks_at_no_url_that_failed_for_good(ledger: Ledger) -> None:
    found = plans(ledger, lambda: ledger.start_run("run-1", "news", NOW))
    retried = next(steps for text, steps in found.items() if "'failed'" in text and "UPDATE" in text)
    assert retried == ["SEARCH urls USING INDEX urls_to_retry (attempts<?)"]


def test_publishing_reads_only_what_is_spooled(ledger: Ledger, tmp_path: Path) -> None:
    crawl(ledger)
    publisher = Publisher(ledger, FolderOutput(tmp_path / "out"), tmp_path / "scratch", "run-1")
    found = plans(ledger, publisher.publish)
    scans = {scan[1] for steps in found.values() for scan in _SCAN.finditer("\n".join(steps))}
    assert scans <= {"spool", "files"}  # what is published now, and the list that the manifest is
    commit = next(steps for text, steps in found.items() if "final_state FROM spool" in text)
    assert commit == ["SCAN spool", "SEARCH urls USING PRIMARY KEY (key=?)"]


def test_what_the_watch_asks_goes_by_an_index(ledger: Ledger) -> None:
    db = ledger.connection
    asked: dict[str, list[str]] = {}
    for act in (
        lambda: list(site_runs(db, "sahifa", since=NOW)),
        lambda: unfinished_runs(db, NOW),
        lambda: killed_runs(db, NOW, "run-1", "news"),
    ):
        asked |= plans(ledger, act)
    assert len(asked) == 3
    for statement, steps in asked.items():
        assert all(step.startswith("SEARCH") for step in steps), statement
