"""What Scrapy's own documentation suggests for a crawl that can be resumed: JOBDIR, and a JSON-lines feed.

Run with `scrapy runspider` outside the project: none of Khabar's settings.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response, TextResponse
from scrapy.spiders import SitemapSpider


class PlainSpider(SitemapSpider):
    """One item an article."""

    name = "plain"

    def __init__(self, sitemaps: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sitemap_urls = sitemaps.split(",")

    async def start(self) -> AsyncIterator[Request]:
        """As the base class, but a resumed run asks again: the filter of requests seen would drop these."""
        for url in self.sitemap_urls:
            yield Request(url, self._parse_sitemap, dont_filter=True)

    def parse(self, response: Response) -> Iterator[dict[str, str | None]]:
        assert isinstance(response, TextResponse)  # the site serves nothing else
        yield {
            "url": response.url,
            "title": response.css("h1::text").get(),
            "text": "\n\n".join(response.css(".story-body p::text").getall()),
        }
