"""The state machine of a URL: documented, enforced, and in balance whatever is done in whatever order."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pipelines.recheck import Recheck
from pipelines.records import Article, Cleaned, Reason, State
from pipelines.store.ledger import Lease, Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.reconcile import reconcile
from pipelines.store.rows import loads
from pipelines.store.states import ENDS, TRANSITIONS
from tests.crawling import ROOT, THOROUGH
from tests.helpers_ledger import URL, bring_to, discover, link, state
from tests.helpers_store import NOW, STEPS, Crash, Store, article, block, page, rejected

SITES = ("sahifa", "alrasid")


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


@dataclass(frozen=True)
class Outcome:
    """What becomes of a URL that a run asks for."""

    kind: str
    text: str
    title: str | None
    canonical: int | None
    blocks: int
    reason: Reason


# Every step that any statement takes, in order.
STEPS_LOG = (
    "CREATE TEMP TABLE steps (key TEXT, old TEXT, new TEXT)",
    (
        "CREATE TEMP TRIGGER log AFTER UPDATE OF state ON main.urls WHEN old.state <> new.state "
        "BEGIN INSERT INTO steps VALUES (new.key, old.state, new.state); END"
    ),
)
ENDINGS = ("rejected", "unchanged", "fetched", "unread", "left", "left", "failed", "gone", "forbidden")
KINDS = ("article",) * 4 + ENDINGS
OUTCOMES = st.builds(
    Outcome,
    kind=st.sampled_from(KINDS),
    text=st.sampled_from(["خبر", "خبر عاجل"]),
    title=st.sampled_from([None, "عنوان"]),
    canonical=st.sampled_from([None, None, 1, 2, 9]),
    blocks=st.integers(0, 2),
    reason=st.sampled_from([Reason.NOT_ARTICLE, Reason.SOFT_404]),
)
# What came about at all, over all examples: a machine that gets nowhere proves nothing.
SEEN: Counter[str] = Counter()


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
        self.discover({1, 2, 3}, "")
        self.ask([Outcome("article", "خبر", "عنوان", None, 1, Reason.NOT_ARTICLE)] * 4, 0, published=False)

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
        for statement in STEPS_LOG:
            self.ledger.connection.execute(statement)
        self.publisher = Publisher(self.ledger, self.output, self.store.scratch, self.run_id)
        self.publisher.recover()
        self.ledger.start_run(self.run_id, "news", self.now)

    def follow(self) -> None:
        """Take the steps that were logged, each of them one that is written down."""
        db = self.ledger.connection
        for key, old, new in db.execute("SELECT key, old, new FROM temp.steps ORDER BY rowid").fetchall():
            assert self.states.get(key, State.PENDING) == old
            assert new in TRANSITIONS[State(old)]
            self.states[key] = new
        db.execute("DELETE FROM temp.steps")

    def close(self) -> None:
        self.follow()
        self.ledger.close()

    def keys(self, *states: State) -> list[str]:
        """URLs in one of the states."""
        rows = self.ledger.connection.execute("SELECT key, state FROM urls ORDER BY key").fetchall()
        return [key for key, state in rows if state in states]

    # -- what happens

    @rule(numbers=st.sets(st.integers(0, 9), max_size=4), dress=st.sampled_from(["", "?utm_source=x"]))
    def discover(self, numbers: set[int], dress: str) -> None:
        for site in SITES:
            urls = [f"https://{site}.test/news/{n}" for n in numbers]
            links = [Link(url, url + dress, "feed") for url in urls]
            added = self.ledger.discover(self.run_id, site, links, self.now)
            # Those that a killed run saw last count, too: it may not have followed what they stood beside.
            assert len(set(urls) - self.discovered) <= added <= len(urls)
            self.discovered.update(urls)

    @rule(
        outcomes=st.lists(OUTCOMES, min_size=2, max_size=8),
        hours=st.sampled_from([0, 2, 30]),
        published=st.booleans(),
    )
    def ask(self, outcomes: list[Outcome], hours: int, *, published: bool) -> None:
        """Lease of both sites in turn; each URL comes to its outcome, or stays where it is."""
        if published:  # what is stored can be due again
            self.publisher.publish()
        self.now += timedelta(hours=hours)
        for outcome, site in zip(outcomes, itertools.cycle(SITES)):
            leases = self.ledger.lease(self.run_id, site, 1, self.now)
            assert len(leases) <= 1
            for lease in leases:
                self.answer(lease, outcome)

    @rule(outcomes=st.lists(OUTCOMES, min_size=4, max_size=8))
    def finish(self, outcomes: list[Outcome]) -> None:
        """Pages that were fetched and left, as after a kill."""
        for key, outcome in zip(self.keys(State.FETCHED), outcomes, strict=False):
            self.finish_page(key, outcome)

    def answer(self, lease: Lease, outcome: Outcome) -> None:
        """As `crawler.frontier` does it: what is stored stays stored."""
        if outcome.kind == "left":
            return
        if outcome.kind not in ("failed", "gone", "forbidden"):
            self.ledger.fetched(lease.key, page(url=lease.url, warc_file="a.warc.gz", warc_offset=0))
            self.finish_page(lease.key, outcome)
        elif lease.recheck:
            self.ledger.checked(lease.key, self.tick(), "because", gone=outcome.kind == "gone")
        else:
            self.ledger.end(lease.key, State(outcome.kind), "because")

    def finish_page(self, key: str, outcome: Outcome) -> None:
        if outcome.kind == "unread":
            self.ledger.unread(key)
        elif outcome.kind == "rejected":
            self.stage_rejected(key, outcome.reason)
        elif outcome.kind == "unchanged" and self.is_stored(key):
            self.ledger.unchanged(key, self.articles[key])
        elif outcome.kind == "article":
            self.stage_article(key, outcome)

    def stage_article(self, key: str, outcome: Outcome) -> None:
        """Of few texts and canonical addresses: copies, new versions and repetitions come about."""
        site = key.split("/")[2].removesuffix(".test")
        url = key if outcome.canonical is None else f"https://{site}.test/news/{outcome.canonical}"
        shown = article(
            url,
            outcome.text,
            title=outcome.title,
            site=site,
            fetched_at=self.tick(),
            removed_blocks=outcome.blocks,
            url_requested=key,
            published_date=None,  # old news is not looked at again
        )
        self.articles[key] = shown
        staged = self.ledger.stage(key, Cleaned(shown, tuple(map(block, range(outcome.blocks)))))
        if staged is None:
            SEEN["copies"] += 1
            return
        assert isinstance(staged.result, Article)
        SEEN["articles"] += 1
        SEEN["versions"] += staged.result.version > 1
        self.expected["articles", staged.result.id] += 1
        for order in range(outcome.blocks):
            self.expected["removed", staged.result.id, str(order)] += 1

    def stage_rejected(self, key: str, reason: Reason) -> None:
        site = key.split("/")[2].removesuffix(".test")
        shown = rejected(key, site=site, reason=reason, fetched_at=self.tick())
        staged = self.ledger.stage(key, Cleaned(shown, ()))
        assert staged is not None
        self.expected["rejected", key, shown.fetched_at.isoformat()] += 1

    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        self.ledger.reopen(data.draw(st.lists(st.sampled_from(self.keys(*State)), max_size=3)))

    @rule(data=st.data(), new=st.sampled_from(State))
    def step_that_is_none(self, data: st.DataObject, new: State) -> None:
        key = data.draw(st.sampled_from(self.keys(*State)))
        old = State(self.states.get(key, State.PENDING))
        if new not in (old, *TRANSITIONS[old]):
            with pytest.raises(sqlite3.IntegrityError):
                self.ledger.connection.execute("UPDATE urls SET state = ? WHERE key = ?", (new, key))

    @rule()
    def publish(self) -> None:
        self.publisher.publish()
        self.rows_are_there_once(visible_only=True)
        assert not self.any_of_ledger(State.STAGED)

    @rule()
    def crash(self) -> None:
        self.close()
        self.open()
        assert not self.any_of_ledger(State.LEASED)

    @rule(step=st.sampled_from(sorted(STEPS)), after=st.booleans(), number=st.integers(1, 3))
    def crash_while_publishing(self, step: str, number: int, *, after: bool) -> None:
        holder, name = STEPS[step]
        real, calls = getattr(holder, name), itertools.count(1)

        def deadly(*args: object) -> object:
            dies = next(calls) == number
            if dies and not after:
                raise Crash
            result = real(*args)
            if dies:
                raise Crash
            return result

        try:
            with patch.object(holder, name, deadly):
                self.publisher.publish()
        except Crash:
            SEEN["crashes"] += 1
        self.close()
        self.open()

    @rule()
    def end_the_run(self) -> None:
        self.publisher.publish()
        self.ledger.end_run(self.run_id, "ok", self.tick())
        self.close()
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
        SEEN.update(self.states.values())
        self.follow()
        db = self.ledger.connection
        now = dict(db.execute("SELECT key, state FROM urls").fetchall())
        assert now.keys() == self.discovered
        assert now == dict.fromkeys(now, State.PENDING) | self.states

    @invariant()
    def rows_are_there_once(self, *, visible_only: bool = False) -> None:
        if not hasattr(self, "ledger"):
            return
        found = self.published()
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


def test_any_order_of_calls_kills_and_publications_keeps_every_row_and_the_balance() -> None:
    SEEN.clear()
    for _ in range(5):  # few examples may be without a crash by chance
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(deadline=None, max_examples=15 if THOROUGH else 5, stateful_step_count=25),
        )
        if SEEN["crashes"]:
            break
    assert min(SEEN["articles"], SEEN["crashes"], SEEN[State.COMMITTED]) > 0
