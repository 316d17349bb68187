"""`scrapy crawl warc`: the pages of WARC files, cleaned like those of the web, without asking the web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from crawler.archives import ArchiveReader
from crawler.errors import UserError
from crawler.item_pipelines import CleanPipeline
from crawler.items import Done, Fetched
from crawler.progress import Steps
from crawler.spiders.base import ArticleSpider
from pipelines.archive.paths import ArchiveFile, NoSuchFile, archive_files
from pipelines.policy import MIB
from pipelines.store.errors import StoreError

# Pages on their way for each worker, cleaned or waiting: a run that is told to stop cleans these first.
_AT_A_WORKER = 4


@dataclass(frozen=True, slots=True)
class WarcJob:
    """The files to read, and what could not be looked up."""

    files: tuple[ArchiveFile, ...]
    given_up: tuple[str, ...] = ()


class WarcSpider(ArticleSpider):
    """Reads archives and fetches nothing."""

    name = "warc"
    arguments = ("path", "shard")
    asks_web = False
    job: WarcJob
    room: _Room
    _read = 0

    @classmethod
    def plan(cls, arguments: dict[str, str]) -> WarcJob:
        """Patterns that match nothing are named; the others go on."""
        known = cls.known_arguments(arguments)
        patterns = [part.strip() for part in known.get("path", "").split(",") if part.strip()]
        if not patterns:
            raise UserError("spider 'warc' takes -a path=FILES: WARC files or patterns, separated by commas")
        files: dict[str, ArchiveFile] = {}
        errors: list[StoreError] = []
        for pattern in patterns:
            try:
                files |= {file.place: file for file in archive_files([pattern])}
            except StoreError as error:
                errors.append(error)
        if not files and all(isinstance(error, NoSuchFile) for error in errors):
            raise UserError(str(errors[0]))
        if not files:
            raise errors[0]
        return WarcJob(tuple(files[place] for place in sorted(files)), tuple(map(str, errors)))

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings, workers = crawler.settings, spider.run.config.workers
        pages = min(settings.getint("NEWS_WAITING_PAGES"), _AT_A_WORKER * workers)
        spider.room = _Room(pages, int(settings.getfloat("NEWS_WAITING_MB") * MIB))
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider.item_left, signal=signal)
        return spider

    async def start(self) -> AsyncIterator[Fetched]:
        for line in self.job.given_up:
            self.run.give_up(line)
        reader = ArchiveReader(self.run)
        async for fetched in self._through(_each(self.frontier.unfinished())):
            yield fetched
        for file in self.job.files:
            async for fetched in self._through(reader.pages(file)):
                yield fetched
            self._read += 1
        for _ in reader.rounds():
            await self._settle()
            async for fetched in self._through(reader.later()):
                yield fetched

    def steps(self) -> Steps:
        return Steps(self._read, len(self.job.files), "files")

    async def _through(self, pages: AsyncIterator[Fetched]) -> AsyncIterator[Fetched]:
        """The pages, each as soon as there is room for it; none once the run ends."""
        async for fetched in pages:
            await self.room.take(fetched)
            if self._is_closing():
                return
            yield fetched

    async def _settle(self) -> None:
        """Everything read so far is cleaned and published: its URLs may be looked at again."""
        await self.room.empty()
        engine = self.crawler.engine
        assert engine is not None  # it asks for the pages
        for each in engine.scraper.itemproc.middlewares:
            if isinstance(each, CleanPipeline):
                await each.release_all()
        if not self._is_closing():
            self.run.publish_now()

    def _is_closing(self) -> bool:
        engine = self.crawler.engine
        assert engine is not None  # as above
        slot = engine._slot  # noqa: SLF001  Scrapy says it nowhere else
        return slot is None or slot.closing is not None

    def item_left(self, item: Fetched | Done) -> None:
        """It is spooled, or dropped, or waits for others of its site."""
        self.room.give_back(item.key)


async def _each(pages: Any) -> AsyncIterator[Fetched]:
    for page in pages:
        yield page


class _Room:
    """Pages between the archive and the spool: at most so many, and so many bytes, or one."""

    def __init__(self, pages: int, size: int) -> None:
        self._pages = pages
        self._size = size
        self._held: dict[str, int] = {}
        self._bytes = 0
        self._changed = asyncio.Event()

    async def take(self, fetched: Fetched) -> None:
        """Returns when there is room for it."""
        size = len(fetched.page.body)
        while self._held and (len(self._held) >= self._pages or self._bytes + size > self._size):
            await self._change()
        self._held[fetched.key] = size
        self._bytes += size

    def give_back(self, key: str) -> None:
        """It is spooled, or dropped; pages that were held come by twice."""
        self._bytes -= self._held.pop(key, 0)
        self._changed.set()

    async def empty(self) -> None:
        """Returns when nothing is under way."""
        while self._held:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
