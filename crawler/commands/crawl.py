"""`scrapy crawl`: arguments checked first, one run at a time, an exit code that means something."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader

from crawler.errors import ExitCode, UserError
from crawler.shard import given_shard
from pipelines.store.errors import OtherShards, OutputLocked, StoreError
from pipelines.store.lock import check_free
from pipelines.store.place import ledger_path, state_folder

if TYPE_CHECKING:
    from crawler.loghandler import LogHandler
    from crawler.run import Run


class Command(ScrapyCrawl):
    """Scrapy's own command around a `Run`."""

    _run: Run
    _log: LogHandler | None

    def short_desc(self) -> str:
        return "Crawl, clean and publish (spiders: news, urls, warc)"

    def long_desc(self) -> str:
        return (
            "Crawl, clean and publish what is new. Arguments with -a: spider news takes sites, site and "
            "shard, spider urls file or url, and shard; shard=2/8 crawls the sites of the second of eight "
            "shards, while others crawl theirs into the same output (docs/scale.md)."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot work before Scrapy starts anything or logs a line."""
        super().process_options(args, opts)
        if len(args) != 1:
            raise UsageError
        try:
            self._check_free(opts.spargs)
            self._run = self._open(args[0], opts.spargs)
        except UserError as error:
            self._refuse(str(error), error.exit_code)
        except OutputLocked as error:
            self._refuse(str(error), ExitCode.LOCKED)
        except OtherShards as error:
            self._refuse(str(error), ExitCode.USAGE)
        except StoreError as error:
            self._refuse(str(error), ExitCode.UNFINISHED)

    def _check_free(self, arguments: dict[str, str]) -> None:
        """Before anything is imported that takes its time: who comes second is told within a second."""
        assert self.settings is not None
        output, ledger = self.settings.get("NEWS_OUTPUT") or "", self.settings.get("NEWS_STATE") or ""
        shard = given_shard(arguments)
        try:
            state = state_folder(output, ledger, shard)
        except StoreError:
            return  # `RunConfig` says what is wrong with it
        check_free(state, ledger_path(state, ledger), f"shard {shard} of {output}" if shard else output)

    def _open(self, name: str, arguments: dict[str, str]) -> Run:
        from crawler.config import RunConfig, name_operator
        from crawler.installed import check_installed
        from crawler.loghandler import log_handler
        from crawler.loglines import install
        from crawler.rendering.opt_in import switch_on
        from crawler.run import Run
        from crawler.spiders.base import ArticleSpider

        assert self.settings is not None
        install()
        check_installed()
        loader = get_spider_loader(self.settings)
        if name not in loader.list():
            known = ", ".join(sorted(loader.list()))
            raise UserError(f"no spider {name!r}; there are {known}")
        spider = loader.load(name)
        if not issubclass(spider, ArticleSpider):
            raise UserError(f"spider {name!r} is none of Khabar's")
        shard = given_shard(spider.known_arguments(arguments))
        config = RunConfig.from_settings(self.settings, shard)
        self._log = log_handler(self.settings, json_lines=config.json_log)
        name_operator(self.settings)
        job = spider.plan(dict(arguments))
        switch_on(self.settings, getattr(job, "sites", ()))
        run = Run(config, name)
        run.figures.part = spider.part(job) if shard else None
        return run

    @staticmethod
    def _refuse(message: str, code: ExitCode) -> None:
        from crawler.terminal import harmless

        print(f"scrapy crawl: {harmless(message)}", file=sys.stderr)
        sys.exit(code)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.liveline import live_line
        from crawler.loghandler import install
        from crawler.summary import queries, summary
        from crawler.terminal import harmless

        assert self.crawler_process is not None
        run = self._run
        install(self._log, self.crawler_process.settings)
        crawler = self._create_crawler(args[0])
        run.attach(crawler)
        with live_line(run, crawler, self._log):
            self.crawler_process.crawl(crawler, **opts.spargs)
            self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            run.figures.errors += 1
            run.close()
        print("\n".join(map(harmless, summary(run))))
        if not run.figures.fatal and run.has_files():
            print("\nLook at the rows:")
            print("\n".join(queries(run.config.output)))
        self.exitcode = run.figures.exit_code
