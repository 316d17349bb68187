"""Redirects as Scrapy follows them; what was meant for one host does not go with them to another."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request, Spider
from scrapy.downloadermiddlewares import redirect as scrapys
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawler.network.failures import RedirectRefused
from pipelines.urls import same_publisher

_SCHEME = re.compile(rb"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_REDIRECTS = (301, 302, 303, 307, 308)
# Every request has them, and Scrapy has chosen the referrer for the new host.
_FOR_ALL = frozenset({b"Accept", b"Accept-Encoding", b"Accept-Language", b"Referer", b"User-Agent"})
# They were given by the publisher's own last answer; without them each page behind a redirect comes in full.
_VALIDATORS = frozenset({b"If-None-Match", b"If-Modified-Since"})


class Careful(scrapys.BaseRedirectMiddleware):
    """Where Scrapy makes the request that a redirect leads to, before it tells the log of it."""

    def _build_redirect_request(
        self, source_request: Request, response: Response, *, url: str, **changes: Any
    ) -> Request:
        parts = urlsplit(url)
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        made = super()._build_redirect_request(source_request, response, url=url, **changes)
        if not _is_as_safe(source_request.url, made.url):
            _forget_secrets(made, of_one_publisher=same_publisher(source_request.url, made.url))
        return made


class RedirectMiddleware(Careful, scrapys.RedirectMiddleware):
    """By status and Location."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """The redirected request; raises `RedirectRefused` for one that is not followed."""
        if response.status in _REDIRECTS:
            scheme = _SCHEME.match(response.headers.get("Location") or b"")
            if scheme and scheme[1].lower() not in (b"http", b"https"):
                raise RedirectRefused("bad_scheme")
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            raise RedirectRefused("redirect_loop") from None
        except ValueError:
            raise RedirectRefused("bad_redirect") from None


def _forget_secrets(request: Request, *, of_one_publisher: bool) -> None:
    kept = _FOR_ALL | (_VALIDATORS if of_one_publisher else frozenset())
    for name in [name for name in request.headers if name not in kept]:
        del request.headers[name]


def _is_as_safe(url: str, other: str) -> bool:
    """Whether what the one may read the other may, too: the same host, and not without TLS after with."""
    here, there = urlsplit(url), urlsplit(other)
    one_place = (here.hostname, here.port) == (there.hostname, there.port)
    return one_place and (here.scheme, there.scheme) != ("https", "http")
