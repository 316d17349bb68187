"""`scrapy newsite`: a site file for a site that has none, and a first look at what a run would make of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from crawler.errors import ExitCode, UserError
from crawler.quiet import QuietCommand

if TYPE_CHECKING:
    from crawler.config import RunConfig
    from crawler.newsite.records import Surveyed


class Command(QuietCommand):
    """Visits a site as a run would, with few requests, and writes down what answered."""

    name = "newsite"
    _config: RunConfig
    _url: str
    _path: Path

    def syntax(self) -> str:
        return "[options] <url>"

    def short_desc(self) -> str:
        return "Write the site file of a new site and show a first look at three articles"

    def long_desc(self) -> str:
        return (
            "Visit a front page, the feeds and sitemaps it has and a few articles, politely and with "
            "robots.txt, as a run would. What answered goes into a new site file; how the articles are "
            "read is shown, with what looks wrong. No article is stored."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--name", help="name of the site and its file (default: from the address)")
        parser.add_argument("--folder", default="sites", help="where the file goes (default: sites)")
        parser.add_argument("--force", action="store_true", help="replace a file that is there")
        parser.add_argument("-n", "--dry-run", action="store_true", help="show the file, write nothing")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot work before anything is fetched."""
        from crawler.config import RunConfig
        from pipelines.workers import load_ahead

        super().process_options(args, opts)
        assert self.settings is not None
        if not args:
            raise UsageError
        try:
            self._config = RunConfig.from_settings(self.settings)
            self._prepare(args, opts)
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        load_ahead()  # while the site is visited
        self.be_quiet()

    def _prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.newsite.naming import name_of
        from crawler.newsite.writing import check_writable, checked_name, target
        from pipelines.urls import BadUrl, given_url

        if len(args) > 1:
            raise UserError("one site at a time: the URL of its front page")
        try:
            self._url = given_url(args[0])
        except BadUrl as error:
            raise UserError(str(error)) from None
        name = checked_name(name_of(self._url) if opts.name is None else opts.name)
        self._path = target(Path(opts.folder), name, force=opts.force or opts.dry_run)
        if not opts.dry_run:
            self._attempt(lambda: check_writable(self._path.parent))

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self.refuse(f"{self._path}: cannot write: {error.strerror}", ExitCode.UNFINISHED)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Visit, show, write."""
        from crawler.newsite.draft import draft
        from crawler.newsite.writing import check_loads, write
        from crawler.onepage import Unfetched

        try:
            found = self._survey()
            text = draft(found, self._path.stem, datetime.now(UTC).date())
            check_loads(text)
            if not opts.dry_run:
                self._attempt(lambda: write(text, self._path, force=opts.force))
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        except Unfetched as error:
            self.refuse(str(error), ExitCode.UNFINISHED)
        self.show(self._said(found, text, written=not opts.dry_run))
        self.exitcode = ExitCode.OK if found.articles else ExitCode.SHORTFALL

    def _survey(self) -> Surveyed:
        from crawler.newsite.spider import Surveying, SurveySpider
        from crawler.onepage import Fetching
        from pipelines.workers import Workers

        assert self.crawler_process is not None
        surveying = Surveying(Fetching(self._url))
        workers = Workers(1, self._config.page_seconds, self._config.page_memory_bytes)
        try:
            self.crawler_process.crawl(SurveySpider, surveying=surveying, workers=workers)
            self.crawler_process.start()
        finally:
            workers.stop()
        if surveying.bug:
            self.refuse(f"a mistake of Khabar's, please report it: {surveying.bug}", ExitCode.BUG)
        return surveying.result()

    def _said(self, found: Surveyed, text: str, *, written: bool) -> Iterable[str]:
        from crawler.newsite.doubts import doubts
        from crawler.newsite.look import view
        from crawler.newsite.writing import twins
        from crawler.terminal import Terminal

        wrong = [*doubts(found), *(f"{twin}: starts there, too" for twin in twins(self._path, found.start))]
        yield from view(found, wrong, Terminal.of(sys.stdout))
        yield ""
        yield f"Written to {self._path}:" if written else f"Not written; {self._path} would be:"
        yield text.rstrip("\n")
