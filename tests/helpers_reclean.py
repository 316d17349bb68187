"""Small corpora as runs leave them, with real bytes and rows, and what a reclean makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.body.site_memory import NO_MEMORY
from pipelines.clean import clean
from pipelines.policy import DEFAULT_POLICY, MIB, Policy
from pipelines.recheck import NEVER, Recheck
from pipelines.records import Page, State
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput, Output
from pipelines.store.publish import Publisher
from pipelines.store.raw import RawStore
from pipelines.store.reclean_look import Recleaner
from pipelines.store.reclean_publish import Taken, publish_recleaned
from pipelines.store.reclean_rows import Choice, RawBytes, SiteFacts, StoredPages
from pipelines.store.reclean_sites import Means
from pipelines.store.reclean_work import Tally, Work
from pipelines.urls import article_key
from pipelines.workers import Workers
from tests.helpers_clean import paragraphs, story
from tests.helpers_store import Store
from tests.web.outlets import story as news

DAY = datetime(2026, 11, 21, 8, 30, 15, 123456, tzinfo=UTC)
# What the phrase rules cut, one in each of the two languages.
READ_ALSO = {"en": "Read also: the ferry sails again", "ar": "اقرأ أيضا: عودة العبارة إلى الميناء"}
NO_PHRASES = replace(DEFAULT_POLICY, rules_off=frozenset({"phrase"}))


def text_of(number: int, language: str = "en") -> tuple[str, ...]:
    """Paragraphs of an invented story."""
    return news(language, number).paragraphs


def page(number: int, *more: str, language: str = "en", head: str = "", title: str = "") -> str:
    """Its page, with more paragraphs at the end of the body."""
    told = news(language, number)
    markup = story(title or told.title, paragraphs(*told.paragraphs, *more), language)
    return markup.replace("</head>", f"{head}</head>")


def advertised(number: int, language: str = "en") -> str:
    """Its page with a line in it that a phrase rule cuts."""
    return page(number, READ_ALSO[language], language=language)


def url(path: str, site: str = "sahifa") -> str:
    return f"https://{site}.test{path}"


@dataclass(frozen=True)
class Corpus(Store):
    """A store that pages are brought into by runs."""

    def crawl(
        self,
        pages: Mapping[str, str],
        run_id: str = "20261121T083015-aaaaaa",
        *,
        site: str = "sahifa",
        policy: Policy = DEFAULT_POLICY,
        day: datetime = DAY,
        remember: bool = True,
    ) -> None:
        """One run that fetches these pages by their paths, cleans and publishes them."""
        output = self.open()
        with closing(Ledger(self.ledger_path, policy)) as ledger:
            raw = RawStore(output.raw_folder, run_id, ledger.writer)
            history = ledger.site_history(site)
            for number, (path, markup) in enumerate(pages.items()):
                fetched = _page(url(path, site), markup, site, run_id, day + number * timedelta(seconds=1))
                key = article_key(fetched.url)
                ledger.discover(run_id, site, [Link(key, fetched.url, "feed")], day)
                ledger.reopen([key])
                assert [lease.key for lease in ledger.lease(run_id, site, 2)] == [key]
                name, offset = raw.write(fetched)
                fetched = replace(fetched, warc_file=name, warc_offset=offset)
                ledger.fetched(key, fetched)
                memory = history.snapshot().read_whole() if remember else NO_MEMORY
                cleaned = clean(fetched, policy, memory)
                if cleaned.view is not None:
                    history.learn(cleaned.view)
                ledger.stage(key, cleaned)
            raw.close()
            for path in sorted(output.raw_folder.glob("*.warc.gz")):
                output.keep_raw(path)
            Publisher(ledger, output, self.scratch, run_id).publish()

    def open(self) -> Output:
        """Where it is published."""
        return FolderOutput(self.output)

    @property
    def work_file(self) -> Path:
        return self.output / ".state" / "reclean" / "work"

    def files(self) -> dict[str, bytes]:
        """Everything published, by name."""
        return {name: (self.output / name).read_bytes() for name in self.visible()}

    def newest(self) -> dict[str, dict[str, Any]]:
        """Of each article the row with the highest version, by path."""
        found: dict[str, dict[str, Any]] = {}
        for row in sorted(self.rows("articles"), key=lambda row: row["version"]):
            found[row["url_canonical"].partition(".test")[2]] = row
        return found

    def states(self) -> dict[str, str]:
        found = self.query("SELECT url, state FROM urls")
        return {address.partition(".test")[2]: state for address, state in found}

    def settled(self) -> None:
        """Nothing waits, nothing is half done, and the manifest lists what readers see."""
        self.assert_manifest_equals_folder()
        assert self.query("SELECT count(*) FROM spool") == [(0,)]
        assert self.query("SELECT count(*) FROM files WHERE published = 0") == [(0,)]
        assert self.query("SELECT count(*) FROM meta WHERE name = 'one_step'") == [(0,)]
        assert set(self.states().values()) <= {State.COMMITTED, State.REJECTED}
        assert max(self.identities().values(), default=1) == 1


def _page(address: str, markup: str, site: str, run_id: str, moment: datetime) -> Page:
    return Page(
        url=address,
        body=markup.encode(),
        headers=(("content-type", "text/html; charset=utf-8"),),
        fetched_at=moment,
        site=site,
        run_id=run_id,
        url_requested=address,
        http_status=200,
        discovered_via="feed",
        discovered_at=moment - timedelta(minutes=5),
        robots="allowed",
    )


@dataclass
class Look:
    """What one call of the command saw; `cleaned` is how many pages it cleaned itself."""

    work: Work
    cleaned: int = 0
    unread: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0

    @property
    def total(self) -> Tally:
        return self.work.total()

    @property
    def diffs(self) -> list[dict[str, Any]]:
        return list(self.work.diffs())

    def by_path(self) -> dict[str, dict[str, Any]]:
        return {row["url"].partition(".test")[2]: row for row in self.diffs}


class Interrupted(Exception):
    """The look was cut in the middle."""


@contextmanager
def looked(
    corpus: Corpus,
    workers: Workers,
    job: str = "job-1",
    *,
    policy: Policy = DEFAULT_POLICY,
    facts: Mapping[str, SiteFacts] | None = None,
    sites: Sequence[str] = (),
    since: datetime | None = None,
    released: frozenset[str] = frozenset(),
    stop_after: int | None = None,
) -> Iterator[Look]:
    """Clean again and compare, as `scrapy reclean` does; `stop_after` so many pages it is interrupted."""
    output = corpus.open()
    with closing(Work(corpus.work_file, job)) as work:
        look = Look(work)

        def counted() -> None:
            look.cleaned += 1
            if look.cleaned == stop_after:
                raise Interrupted

        with closing(Ledger(corpus.ledger_path, policy, read_only=True)) as ledger:
            choice = Choice(sites, since.date() if since else None)
            pages = StoredPages(ledger.connection, output, choice)
            means = Means(ledger, RawBytes(output, released), workers, policy, facts or {})
            look.waiting = pages.waiting()
            asyncio.run(Recleaner(means, work, counted).look(pages, 1))
            look.unread = pages.unread
        yield look


def publish(corpus: Corpus, work: Work, run_id: str = "reclean-1", recheck: Recheck = NEVER) -> Taken:
    """Publish what was looked at, as the command does under its lock."""
    with closing(Ledger(corpus.ledger_path)) as ledger:
        publisher = Publisher(ledger, corpus.open(), corpus.scratch, run_id)
        publisher.recover()
        return publish_recleaned(ledger, publisher, work, run_id, recheck=recheck, now=datetime.now(UTC))


def workers(memory_mib: int = 1024) -> Workers:
    """One worker, as a run's."""
    return Workers(1, 60.0, memory_mib * MIB)
