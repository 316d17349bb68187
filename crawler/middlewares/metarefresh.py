"""Pages that send their reader on are followed without being parsed here.

In place of Scrapy's own middleware, which decodes each page in the process that fetches, and takes the live
page that reloads itself every minute for a redirect.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response

from crawler.middlewares.redirects import Careful
from crawler.network.failures import RedirectRefused
from pipelines.page.refresh import refresh_of
from pipelines.urls import BadUrl, checked_url


class MetaRefreshMiddleware(Careful):
    """Counts a refresh as a redirect, when it is soon; one that leads nowhere makes no other page."""

    enabled_setting = "METAREFRESH_ENABLED"

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """The request for the page that is meant; raises `RedirectRefused` for one too many."""
        target = self._target(request, response)
        if target is None:
            return response
        redirected = self._redirect_request_using_get(request, response, target)
        try:
            return self._redirect(redirected, request, "meta refresh")
        except IgnoreRequest:
            raise RedirectRefused("redirect_loop") from None

    def _target(self, request: Request, response: Response) -> str | None:
        if request.meta.get("dont_redirect") or not isinstance(response, HtmlResponse):
            return None
        refresh = refresh_of(response.body, response.url)
        if refresh is None or refresh.seconds > self.crawler.settings.getint("METAREFRESH_MAXDELAY"):
            return None
        try:
            target = checked_url(refresh.url)
        except BadUrl:  # another scheme, or no address
            return None
        reloads = target == urlsplit(response.url)._replace(fragment="").geturl()
        return None if reloads and refresh.seconds else target  # at once and for ever is a loop
