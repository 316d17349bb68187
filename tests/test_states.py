"""The state machine of a URL: documented, enforced, and in balance whatever is done in whatever order."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipelines.recheck import Recheck
from pipelines.records import Article, Cleaned, Reason, Rejected, State
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.reconcile import reconcile
from pipelines.store.rows import loads
from pipelines.store.states import ENDS, TRANSITIONS
from tests.crawling import ROOT
from tests.helpers_ledger import URL, bring_to, discover, link, state
from tests.helpers_store import NOW, Crash, LineTracer, Store, article, block, page, rejected

SITES = ("sahifa", "alrasid")
PUBLISH_LINES = 700  # of a publication of few rows; a crash beyond its end is none


def test_the_steps_are_documented() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    table = reference.split("\n## Steps of a URL\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| `(\w+)` \| \S", table, re.MULTILINE)
    assert sorted(documented) == sorted((old, new) for old, all_new in TRANSITIONS.items() for new in all_new)


def test_every_state_has_its_steps_and_every_end_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(State)
    reached, found = {State.PENDING}, {State.PENDING}
    while found:
        found = {new for old in found for new in TRANSITIONS[old]} - reached
        reached |= found
    assert reached == set(State)
    assert reached >= ENDS


@pytest.mark.parametrize("old", State)
@pytest.mark.parametrize("new", State)
def test_the_ledger_takes_the_steps_that_are_written_down_and_no_other(
    tmp_path: Path, old: State, new: State
) -> None:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        bring_to(ledger, old)
        allowed = old == new or new in TRANSITIONS[old]
        try:
            ledger.connection.execute("UPDATE urls SET state = ?", (new,))
        except sqlite3.IntegrityError:
            assert not allowed
            assert state(ledger) == old
        else:
            assert allowed


def test_what_does_not_change_the_state_is_no_step(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        discover(ledger, link())
        ledger.connection.execute("UPDATE urls SET state = state, reason = 'x' WHERE key = ?", (URL,))
        assert state(ledger) == State.PENDING


class LedgerMachine(RuleBasedStateMachine):
    """Runs, kills, publications and looks at pages in any order, on a real ledger and a real folder."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder / "output")
        self.output = FolderOutput(self.store.output)
        self.expected: Counter[tuple[str, ...]] = Counter()  # rows that were spooled, by what makes them one
        self.states: dict[str, str] = {}
        self.articles: dict[str, Article] = {}  # what a URL's page showed last
        self.discovered: set[str] = set()
        self.runs = 0
        self.now = NOW
        # No power is cut here.
        self.patch = patch.object(os, "fsync", lambda _: None)
        self.patch.start()
        self.open()

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        self.publisher.publish()
        self.rows_are_there_once(visible_only=True)
        self.ledger.close()
        self.patch.stop()
        shutil.rmtree(self.folder)

    def open(self) -> None:
        """As a run begins, whatever became of the one before."""
        self.runs += 1
        self.run_id = f"run-{self.runs}"
        self.ledger = Ledger(self.store.ledger_path, recheck=Recheck.parse("1h,1d"))
        self.publisher = Publisher(self.ledger, self.output, self.store.scratch, self.run_id)
        self.publisher.recover()
        self.ledger.start_run(self.run_id, "news", self.now)

    def some(self, data: st.DataObject, *states: State) -> str:
        """A URL in one of the states."""
        return data.draw(st.sampled_from(sorted(key for key, s in self.states.items() if s in states)))

    def any_in(self, *states: State) -> bool:
        return any(state in states for state in self.states.values())

    # -- what happens

    @rule(numbers=st.sets(st.integers(0, 9), max_size=4), dress=st.sampled_from(["", "?utm_source=x"]))
    def discover(self, numbers: set[int], dress: str) -> None:
        for site in SITES:
            urls = [f"https://{site}.test/news/{n}" for n in numbers]
            links = [Link(url, url + dress, "feed") for url in urls]
            added = self.ledger.discover(self.run_id, site, links, self.now)
            assert added == len(set(urls) - self.discovered)
            self.discovered.update(urls)

    @rule(site=st.sampled_from(SITES), limit=st.integers(0, 4), hours=st.integers(0, 30))
    def lease(self, site: str, limit: int, hours: int) -> None:
        self.now += timedelta(hours=hours)
        leases = self.ledger.lease(self.run_id, site, limit, self.now)
        assert len({lease.key for lease in leases}) == len(leases) <= limit

    @precondition(lambda self: self.any_in(State.LEASED))
    @rule(data=st.data())
    def fetched(self, data: st.DataObject) -> None:
        key = self.some(data, State.LEASED)
        self.ledger.fetched(key, page(url=key, warc_file="a.warc.gz", warc_offset=0))

    @precondition(lambda self: self.any_in(State.FETCHED))
    @rule(
        data=st.data(),
        text=st.sampled_from(["خبر", "خبر عاجل", "نص آخر"]),
        title=st.sampled_from([None, "عنوان"]),
        canonical=st.one_of(st.none(), st.integers(0, 9)),
        blocks=st.integers(0, 2),
    )
    def stage_article(
        self, data: st.DataObject, text: str, title: str | None, canonical: int | None, blocks: int
    ) -> None:
        """Of few texts and canonical addresses: copies, new versions and repetitions come about."""
        key = self.some(data, State.FETCHED)
        site = key.split("/")[2].removesuffix(".test")
        url = key if canonical is None else f"https://{site}.test/news/{canonical}"
        shown = article(
            url,
            text,
            title=title,
            site=site,
            fetched_at=self.tick(),
            removed_blocks=blocks,
            url_requested=key,
        )
        self.articles[key] = shown
        removed = tuple(block(order) for order in range(blocks))
        staged = self.ledger.stage(key, Cleaned(shown, removed))
        if staged is not None:
            assert isinstance(staged.result, Article)
            self.expected["articles", staged.result.id] += 1
            for order in range(blocks):
                self.expected["removed", staged.result.id, str(order)] += 1

    @precondition(lambda self: self.any_in(State.FETCHED))
    @rule(data=st.data(), reason=st.sampled_from([Reason.NOT_ARTICLE, Reason.SOFT_404]))
    def stage_rejected(self, data: st.DataObject, reason: Reason) -> None:
        key = self.some(data, State.FETCHED)
        site = key.split("/")[2].removesuffix(".test")
        shown = rejected(key, site=site, reason=reason, fetched_at=self.tick())
        staged = self.ledger.stage(key, Cleaned(shown, ()))
        assert staged is not None
        assert isinstance(staged.result, Rejected)
        self.expected["rejected", key, shown.fetched_at.isoformat()] += 1

    @precondition(lambda self: self.any_in(State.LEASED))
    @rule(data=st.data(), end=st.sampled_from([State.FAILED, State.GONE, State.FORBIDDEN]))
    def end(self, data: st.DataObject, end: State) -> None:
        """As `crawler.frontier` does it: what is stored stays stored."""
        key = self.some(data, State.LEASED)
        if self.is_stored(key):
            self.ledger.checked(key, self.tick(), "because", gone=end is State.GONE)
        else:
            self.ledger.end(key, end, "because")

    @precondition(lambda self: self.any_in(State.FETCHED))
    @rule(data=st.data())
    def unchanged(self, data: st.DataObject) -> None:
        key = self.some(data, State.FETCHED)
        if self.is_stored(key):
            self.ledger.unchanged(key, self.articles[key])

    @precondition(lambda self: self.any_in(State.FETCHED))
    @rule(data=st.data())
    def unread(self, data: st.DataObject) -> None:
        self.ledger.unread(self.some(data, State.FETCHED))

    @precondition(lambda self: bool(self.states))
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        self.ledger.reopen([self.some(data, *State)])

    @precondition(lambda self: bool(self.states))
    @rule(data=st.data(), new=st.sampled_from(State))
    def step_that_is_none(self, data: st.DataObject, new: State) -> None:
        key = self.some(data, *State)
        if new not in (self.states[key], *TRANSITIONS[State(self.states[key])]):
            with pytest.raises(sqlite3.IntegrityError):
                self.ledger.connection.execute("UPDATE urls SET state = ? WHERE key = ?", (new, key))

    @rule()
    def publish(self) -> None:
        self.publisher.publish()
        self.rows_are_there_once(visible_only=True)
        assert not self.any_of_ledger(State.STAGED)

    @rule()
    def crash(self) -> None:
        self.ledger.close()
        self.open()
        assert not self.any_of_ledger(State.LEASED)

    @rule(line=st.integers(0, PUBLISH_LINES))
    def crash_while_publishing(self, line: int) -> None:
        try:
            with LineTracer(line):
                self.publisher.publish()
        except Crash:
            pass
        self.ledger.close()
        self.open()

    @rule()
    def end_the_run(self) -> None:
        self.publisher.publish()
        self.ledger.end_run(self.run_id, "ok", self.tick())
        self.ledger.close()
        left = {State.PENDING, State.FETCHED, *ENDS}
        with closing(Ledger(self.store.ledger_path, read_only=True)) as ledger:
            assert {state for each in ledger.balance().values() for state in each} <= left
        self.open()

    # -- what holds all the time

    @invariant()
    def the_balance_adds_up(self) -> None:
        if not hasattr(self, "ledger"):
            return
        found = reconcile(self.store.ledger_path, self.output)
        assert found.imbalances == ()
        assert found.total.accounted == found.total.discovered == len(self.discovered)

    @invariant()
    def every_step_is_written_down_and_no_url_is_lost(self) -> None:
        if not hasattr(self, "ledger"):
            return
        now = dict(self.ledger.connection.execute("SELECT key, state FROM urls").fetchall())
        assert now.keys() == self.discovered
        for key, new in now.items():
            old = self.states.get(key)
            if old is not None:
                assert new == old or reachable(State(old), State(new)), (key, old, new)
        self.states = now

    @invariant()
    def rows_are_there_once(self, *, visible_only: bool = False) -> None:
        if not hasattr(self, "ledger"):
            return
        found = Counter({tuple(map(str, each)): n for each, n in self.published().items()})
        if not visible_only:
            for dataset, row in self.ledger.connection.execute("SELECT dataset, row FROM spool"):
                found[identity(dataset, loads(row))] += 1
        assert found == self.expected

    # -- helpers

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def is_stored(self, key: str) -> bool:
        query = "SELECT article_id NOTNULL FROM urls WHERE key = ?"
        return bool(self.ledger.connection.execute(query, (key,)).fetchone()[0])

    def any_of_ledger(self, state: State) -> bool:
        return any(state in states for states in self.ledger.balance().values())

    def published(self) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[str, ...]] = Counter()
        for dataset in ("articles", "rejected", "removed_blocks"):
            found.update(identity(dataset, row) for row in self.store.rows(dataset))
        return found


def identity(dataset: str, row: dict[str, object]) -> tuple[str, ...]:
    if dataset == "articles":
        return "articles", str(row["id"])
    if dataset == "rejected":
        return "rejected", str(row["url"]), row["fetched_at"].isoformat()  # type: ignore[attr-defined]  # a datetime
    return "removed", str(row["article_id"]), str(row["order"])


def reachable(old: State, new: State) -> bool:
    """By one step, or by two where a publication ends and the next run begins in one rule."""
    return new in TRANSITIONS[old] or any(new in TRANSITIONS[between] for between in TRANSITIONS[old])


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(deadline=None, max_examples=12, stateful_step_count=30)
