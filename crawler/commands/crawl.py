"""`scrapy crawl`, with arguments checked first, one run at a time, and an exit code that means something."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler.errors import ExitCode, UserError
from crawler.run import Run, RunConfig
from crawler.spiders.base import ArticleSpider
from crawler.summary import queries, summary
from pipelines.store.errors import OutputLocked, StoreError


class Command(ScrapyCrawl):
    """Scrapy's own command around a `Run`."""

    def short_desc(self) -> str:
        return "Crawl, clean and publish (spiders: news, urls)"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError
        try:
            run = self._open(args[0], opts.spargs)
        except UserError as error:
            self._refuse(str(error), error.exit_code)
        except OutputLocked as error:
            self._refuse(str(error), ExitCode.LOCKED)
        except StoreError as error:
            self._refuse(str(error), ExitCode.UNFINISHED)
        else:
            self._crawl(run, args[0], opts.spargs)

    def _open(self, name: str, arguments: dict[str, str]) -> Run:
        assert self.crawler_process is not None
        assert self.settings is not None
        try:
            spider = self.crawler_process.spider_loader.load(name)
        except KeyError:
            known = ", ".join(sorted(self.crawler_process.spider_loader.list()))
            raise UserError(f"no spider {name!r}; there are {known}") from None
        if not issubclass(spider, ArticleSpider):
            raise UserError(f"spider {name!r} is none of Khabar's")
        config = RunConfig.from_settings(self.settings)
        spider.plan(dict(arguments))
        return Run(config, name)

    def _refuse(self, message: str, code: ExitCode) -> None:
        print(f"scrapy crawl: {message}", file=sys.stderr)
        self.exitcode = code

    def _crawl(self, run: Run, name: str, arguments: dict[str, str]) -> None:
        assert self.crawler_process is not None
        crawler = self._create_crawler(name)
        run.attach(crawler)
        self.crawler_process.crawl(crawler, **arguments)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            run.figures.errors += 1
            run.close()
        print("\n".join(summary(run)))
        if run.figures.published and not run.figures.fatal:
            print("\nLook at the rows:")
            print("\n".join(queries(str(run.config.output))))
        self.exitcode = run.figures.exit_code
