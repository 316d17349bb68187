"""`scrapy explain`: what was kept of a page, what was cut by which rule, and who said its metadata."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.errors import ExitCode, UserError
from crawler.quiet import QuietCommand

if TYPE_CHECKING:
    from crawler.config import RunConfig
    from crawler.subject import Subject
    from pipelines.body.site_memory import SiteMemory
    from pipelines.explain import Explanation
    from pipelines.records import Page


class Command(QuietCommand):
    """Cleans one page as a run would, stores nothing, and shows why the outcome is what it is."""

    name = "explain"
    _config: RunConfig
    _subject: Subject

    def syntax(self) -> str:
        return "[options] <url> | -a file=FILE [-a url=URL] | -a case=FILE [-a site=NAME] [-a sites=FOLDER]"

    def short_desc(self) -> str:
        return "Show what was kept of a page, what was cut and why"

    def long_desc(self) -> str:
        return (
            "Clean one page and show, in reading order, which blocks were kept and which were cut by which "
            "rule, and which witness gave each value of the metadata. A URL is fetched as a run would fetch "
            "it, with robots.txt; a file is read without network. The site's file and what earlier runs "
            "learnt of the site count as in a run. Nothing is stored."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="file=FILE: a page on disk; url=URL: its address; case=FILE: a page kept with an alarm; "
            "site=NAME: as a page of this site; sites=FOLDER: other site files",
        )
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="text (default) or json"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot work before Scrapy starts anything or logs a line."""
        super().process_options(args, opts)
        assert self.settings is not None
        try:
            arguments = arglist_to_dict(opts.spargs)
        except ValueError:
            raise UsageError("Invalid -a value, use -a NAME=VALUE", print_help=False) from None
        if not args and not arguments:
            raise UsageError

        from pipelines.workers import load_ahead

        load_ahead()  # first: it takes as long as all that this process imports

        from crawler.config import RunConfig
        from crawler.rendering.opt_in import switch_on
        from crawler.subject import subject

        try:
            self._config = RunConfig.from_settings(self.settings)
            self._subject = subject(args, arguments)
            if self._subject.site is not None and self._subject.file is None:
                switch_on(self.settings, [self._subject.site])
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        self.be_quiet()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Get the page, explain it in a worker, print."""
        from crawler.onepage import Unfetched
        from crawler.terminal import Terminal, json_line
        from crawler.view import view
        from pipelines.store.errors import StoreError

        try:
            known = self._subject.known(self._config.ledger)
            page = self._page()
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        except (StoreError, Unfetched) as error:
            self.refuse(str(error), ExitCode.UNFINISHED)
        whole = known.snapshot().read_whole()  # the general road tells of every block
        found = asyncio.run(self._explained(page, whole))
        if opts.format == "json":
            plain = {"site": page.site, "known_pages": known.pages, "rules_off": page.rules_off}
            self.show([json_line(plain | found.plain())])
        else:
            self.show(view(found, self._subject.about(page, known.pages), Terminal.of(sys.stdout)))

    def _page(self) -> Page:
        from crawler.onepage import Fetching, OnePageSpider
        from crawler.rendering.opt_in import request_meta

        if self._subject.file is not None:
            return self._subject.page_of_file()
        assert self.crawler_process is not None
        assert self.settings is not None
        site = self._subject.site
        fetching = Fetching(self._subject.url, request_meta(site) if site else {})
        self.crawler_process.crawl(OnePageSpider, fetching=fetching)
        self.crawler_process.start()
        obeys = self.settings.getbool("ROBOTSTXT_OBEY")
        return self._subject.page_of_response(fetching.result(), obeys_robots=obeys)

    async def _explained(self, page: Page, memory: SiteMemory) -> Explanation:
        """In a worker, as in a run: what the page does to the worker is the page's reason."""
        from pipelines.explain import Explanation, explain
        from pipelines.policy import DEFAULT_POLICY
        from pipelines.workers import TaskFailed, Workers

        workers = Workers(1, self._config.page_seconds, self._config.page_memory_bytes)
        try:
            return await workers.run(explain, page, DEFAULT_POLICY, memory)
        except TaskFailed as failure:
            return Explanation.failed(page, failure.reason, failure.detail)
        finally:
            workers.stop()
