"""The sitemaps that robots.txt names, as they become known while the site is visited."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy.crawler import Crawler

from crawler.discovery.records import MAX_PLACES, make_place
from crawler.politeness.signals import robots_read


class NamedSitemaps:
    """Listens to the one who reads robots.txt; nothing is fetched for it."""

    def __init__(self, crawler: Crawler) -> None:
        self._of_host: dict[str, list[str]] = {}
        crawler.signals.connect(self._robots_read, signal=robots_read)

    def _robots_read(self, host_url: str, sitemaps: tuple[str, ...]) -> None:
        places = (make_place(named, host_url) for named in sitemaps)
        self._of_host[urlsplit(host_url).netloc] = [place for place in places if place][:MAX_PLACES]

    def of(self, url: str) -> list[str]:
        """What robots.txt of the host of `url` names, as far as it was asked."""
        return self._of_host.get(urlsplit(url).netloc, [])
