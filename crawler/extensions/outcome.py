"""What the run comes to: errors counted, expectations checked, everything published at its end."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from crawler.politeness.politeness import Politeness, host_of
from crawler.run import Run
from crawler.sites import Site
from crawler.spiders.news import NewsJob
from crawler.watch import WATCHED, Watched, explain_command, watch
from pipelines.archive.intake import KNOWN
from pipelines.health.figures import SiteRun

logger = logging.getLogger(__name__)

# A stray page in another language is news; a tenth of them is another site.
_MAX_FOREIGN_SHARE = 0.1


class OutcomeExtension:
    """Scrapy exits with 0 even when every callback raised; this is what our exit code is made of."""

    def __init__(self, crawler: Crawler) -> None:
        self.run = Run.of(crawler)
        self._politeness = Politeness.of(crawler)
        if not self.run.config.contact and getattr(crawler.spidercls, "asks_web", True):
            logger.warning("NEWS_CONTACT is not set: site owners cannot reach you")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.count_error, signal=signals.spider_error)
        crawler.signals.connect(extension.count_error, signal=signals.item_error)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def count_error(self) -> None:
        self.run.figures.errors += 1

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Scrapy would log what goes wrong here and exit with 0."""
        try:
            self._count_up(spider, reason)
        except sqlite3.Error as error:
            self.run.fail(f"cannot read the ledger {self.run.config.ledger}: {error}")
        except BaseException:  # raised again: it must count, and the run must be closed all the same
            self.run.figures.errors += 1
            raise
        finally:
            self.run.close()

    def _count_up(self, spider: Spider, reason: str) -> None:
        run = self.run
        run.figures.hosts = self._politeness.report()
        asked_to_stop = reason == "shutdown" or reason.startswith("closespider_")
        run.figures.stopped = asked_to_stop
        if reason != "finished" and not asked_to_stop:
            run.fail(f"the crawl stopped early: {reason}")
        seen = run.ledger.seen(run.run_id)
        now = datetime.now(UTC)
        known = run.ledger.known_articles(run.run_id, now)
        archives = run.figures.archives  # what they hold is older than the run, and not therefore known
        run.figures.known = archives.outcomes[KNOWN] if archives else sum(known.values())
        sites: tuple[Site, ...] = getattr(spider.job, "sites", ())  # type: ignore[attr-defined]  # ours
        run.figures.site_runs = tuple(self._site_runs(spider.name, sites, seen, now))
        if not asked_to_stop and not run.figures.fatal:  # half a run owes nothing
            for site in sites:
                found = seen.get(site.name, {})
                run.figures.shortfalls.extend(self._shortfalls(site, found, known.get(site.name, 0)))
        if spider.name == WATCHED:
            run.figures.watched = self._watched(spider.job, now)  # type: ignore[attr-defined]  # ours

    def _watched(self, job: NewsJob, now: datetime) -> Watched:
        """Alarms; half a run raises none."""
        figures = self.run.figures
        watched = Watched(self.run.run_id, explain_command(self.run.config.output, job.files))
        if not figures.stopped and not figures.fatal:
            watch(watched, self.run.ledger.connection, figures.site_runs, job.sites, now=now)
            watched.log_raised()
        return watched

    def _site_runs(
        self, spider: str, sites: tuple[Site, ...], seen: dict[str, dict[str, int]], now: datetime
    ) -> Iterator[SiteRun]:
        """What the run came to on each site: those of its job, and those that its pages were of."""
        run = self.run
        starts = {site.name: site.start for site in sites}
        reasons = {line.host: line.reason for line in run.figures.hosts if line.reason is not None}
        waiting = run.ledger.waiting()
        for name in sorted({*starts, *run.figures.sites}):
            yield run.figures.sites[name].site_run(
                run.run_id,
                name,
                spider,
                run.started_at,
                seconds=(now - run.started_at).total_seconds(),
                listed=sum(seen.get(name, {}).values()),
                waiting=waiting.get(name, 0),
                held_back=reasons.get(host_of(starts[name])) if name in starts else None,
            )

    def _shortfalls(self, site: Site, seen: dict[str, int], known: int) -> list[str]:
        """Lines about what the site owes: articles it lists, stored now or before, and their language."""
        if not seen:
            return [f"{site.name}: nothing found from {site.start}"]
        found = []
        articles = known + self.run.figures.stored[site.name]
        if articles < site.expect.min_articles:
            found.append(f"{site.name}: {articles} articles, {site.expect.min_articles} expected")
        languages = self.run.figures.sites[site.name].languages
        if site.expect.languages and languages:
            foreign = sum(n for code, n in languages.items() if code not in site.expect.languages)
            if foreign > _MAX_FOREIGN_SHARE * languages.total():
                named = ", ".join(f"{code} {n}" for code, n in languages.most_common())
                found.append(f"{site.name}: languages {named}")
        return found
