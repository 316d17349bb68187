"""`scrapy crawl urls`: just these pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from scrapy import Request

from crawler.errors import UserError
from crawler.items import Fetched
from crawler.progress import Steps
from crawler.shard import given_shard
from crawler.sites import Site
from crawler.spiders.base import ArticleSpider
from pipelines.store.links import Link
from pipelines.urls import BadUrl, article_key, given_url, registered_domain
from pipelines.urls.site_names import site_name


@dataclass(frozen=True, slots=True)
class UrlsJob:
    """The pages to fetch, grouped by host; a host is a site of its own here.

    `others` is how many hosts are for other shards.
    """

    links: dict[str, tuple[Link, ...]]
    others: int = 0


class UrlsSpider(ArticleSpider):
    """Fetches the pages it is given and follows nothing."""

    name = "urls"
    arguments = ("file", "url", "shard")
    listed_only = True
    job: UrlsJob
    # Sites of the job that were asked for.
    _begun = 0

    @classmethod
    def plan(cls, arguments: dict[str, str]) -> UrlsJob:
        known = cls.known_arguments(arguments)
        lines, shard = _lines(known), given_shard(known)
        grouped: dict[str, dict[str, Link]] = {}
        others = set()
        for place, url in lines:
            try:
                link = Link(article_key(url), given_url(url), "list")
            except BadUrl as error:
                raise UserError(f"{place}: {error}") from None
            if shard is None or shard.has(registered_domain(link.url)):
                grouped.setdefault(site_name(link.url), {}).setdefault(link.key, link)
            else:
                others.add(site_name(link.url))
        return UrlsJob({name: tuple(links.values()) for name, links in sorted(grouped.items())}, len(others))

    @classmethod
    def part(cls, job: UrlsJob) -> tuple[int, int]:
        return len(job.links), len(job.links) + job.others

    async def start(self) -> AsyncIterator[Fetched | Request]:
        for fetched in self.frontier.unfinished():
            yield fetched
        for name, links in self.job.links.items():
            site = Site(name=name, start=links[0].url)
            self.frontier.add(site, links)
            self.frontier.ask_again(links)
            for request in self.article_requests(site):
                yield request
            self._begun += 1

    def steps(self) -> Steps:
        begun = list(self.job.links)[: self._begun]
        left = sum(map(self.is_under_way, begun))
        return Steps(len(begun) - left, len(self.job.links), "sites")


def _lines(arguments: dict[str, str]) -> list[tuple[str, str]]:
    """(where it stands, URL) of each URL given; raises `UserError` when there is none."""
    if ("file" in arguments) == ("url" in arguments):
        raise UserError("spider 'urls' takes one of -a file=FILE and -a url=URL")
    if "url" in arguments:
        return [("argument url", arguments["url"])]
    path = Path(arguments["file"])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot read the list of URLs: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8") from None
    found = [
        (f"{path}:{number}", line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not found:
        raise UserError(f"{path}: holds no URL; one a line is expected")
    return found
