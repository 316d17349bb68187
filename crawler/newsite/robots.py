"""The sitemaps that robots.txt names, as they become known while the site is visited."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler

from crawler.discovery.records import MAX_PLACES, make_place


class NamedSitemaps:
    """Listens to the one who reads robots.txt; nothing is fetched for it."""

    def __init__(self, crawler: Crawler) -> None:
        self._of_host: dict[str, list[str]] = {}
        crawler.signals.connect(self._robots_parsed, signal=signals.robots_parsed)

    def _robots_parsed(self, robotparser: Any, request: Request) -> None:
        places = (make_place(named, request.url) for named in robotparser.rp.sitemaps)
        self._of_host[urlsplit(request.url).netloc] = [place for place in places if place][:MAX_PLACES]

    def of(self, url: str) -> list[str]:
        """What robots.txt of the host of `url` names, as far as it was asked."""
        return self._of_host.get(urlsplit(url).netloc, [])
