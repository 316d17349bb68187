"""What arrives is taken whole or not at all: packed bodies are unpacked, verified and bounded.

In place of Scrapy's HttpCompressionMiddleware, which takes for the page what there is of a damaged body.
"""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from itertools import chain
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from pipelines.policy import DEFAULT_POLICY
from pipelines.unpacking import GZIP, Damaged, TransferFailed, Truncated, unpack

logger = logging.getLogger(__name__)

# Keys of `Request.meta`: the answer should be a page; only so many bytes of the body are wanted.
WANTS_PAGE = "wants_page"
BEGINNING = "beginning_of_body"
_ACCEPTED = "gzip, deflate, br, zstd"
# Another try may mend these; what is too large or mislabelled stays so.
_PASSING = (Truncated, Damaged)
_RENDERED = "X-Khabar-Rendered"
_END = re.compile(rb"</html", re.IGNORECASE)


class TransferMiddleware:
    """Asks again for what came damaged, and once for a page that looks as if it had not come."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("COMPRESSION_ENABLED"):
            raise NotConfigured
        self._crawler = crawler
        self._most = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", _ACCEPTED)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if request.method == "HEAD":
            return response
        try:
            whole = await self.unpacked(request, response)
        except TransferFailed as failure:
            if response.status >= 300:  # only the status of such an answer counts
                return response.replace(body=b"")
            return self._again(request, failure)
        if request.meta.get(WANTS_PAGE) and whole.status == 200 and _is_doubtful(whole):
            return self._retry(request, "doubtful", max_retry_times=1, give_up_log_level="DEBUG") or whole
        return whole

    async def unpacked(self, request: Request, response: Response) -> Response:
        """The response with its body as it was; raises `TransferFailed`."""
        named = chain.from_iterable(
            value.decode("latin-1").split(",") for value in response.headers.getlist("Content-Encoding")
        )
        beginning: int | None = request.meta.get(BEGINNING)
        most = request.meta.get("download_maxsize", self._most) if beginning is None else beginning
        work = partial(unpack, response.body, tuple(named), most, beginning=beginning is not None)
        # In a thread where there is work: 5 MiB take a tenth of a second, and others are waiting.
        is_packed = "Content-Encoding" in response.headers or response.body.startswith(GZIP)
        return _with_body(response, await asyncio.to_thread(work) if is_packed else work())

    def _again(self, request: Request, failure: TransferFailed) -> Request:
        """The request once more; raises the failure when that is no use."""
        self._crawler.stats.inc_value(f"news/transfer/{failure.reason}")
        retry = self._retry(request, failure.reason) if isinstance(failure, _PASSING) else None
        if retry is None:
            logger.warning("%s: %s: %s", request.url, failure.reason, failure)
            raise failure
        return retry

    def _retry(self, request: Request, reason: str, **more: Any) -> Request | None:
        spider = self._crawler.spider
        assert spider is not None  # it made the request
        return get_retry_request(request, spider=spider, reason=reason, **more)


def _with_body(response: Response, body: bytes) -> Response:
    """The same answer as if it had been sent unpacked."""
    if body is response.body and "Content-Encoding" not in response.headers:
        return response
    headers = response.headers.copy()
    headers.pop("Content-Encoding", None)
    kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
    # Another body may be in another encoding: TextResponse would keep what it read of the packed one.
    more: dict[str, Any] = {"encoding": None} if issubclass(kind, TextResponse) else {}
    return response.replace(cls=kind, headers=headers, body=body, **more)


def _is_doubtful(response: Response) -> bool:
    """Whether there is next to nothing, or an end that nothing marks: no length, chunk or `</html>`."""
    if _RENDERED in response.headers:  # it came; what its scripts left of it is their affair
        return False
    if len(response.body) < DEFAULT_POLICY.min_body_bytes:
        return True
    return "partial" in response.flags and not _END.search(response.body)
