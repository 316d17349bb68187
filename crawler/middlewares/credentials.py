"""User and password in an address that a redirect names: they are not ours, so they are not taken along."""

from __future__ import annotations

from scrapy import Request

from pipelines.urls import without_credentials


class CredentialsMiddleware:
    """Links lose them where they become URLs; Scrapy makes requests of redirects itself."""

    def process_request(self, request: Request) -> Request | None:
        """The same request without them, to start anew."""
        bare = without_credentials(request.url)
        return None if bare == request.url else request.replace(url=bare, dont_filter=True)
