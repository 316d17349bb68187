"""Redirects: what is followed, what is not and why, and what does not go along to another host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response

from crawler.middlewares.metarefresh import MetaRefreshMiddleware
from crawler.middlewares.redirects import RedirectMiddleware
from crawler.network.failures import RedirectRefused
from tests.crawling import Finished
from tests.helpers_hosts import Answer
from tests.helpers_net import Seen, Server, crawl_urls, ends, names

SECRETS = {
    "X-Api-Key": "1",
    "Authorization": "Basic eA==",
    "Cookie": "a=b",
    "Proxy-Authorization": "Basic eA==",
    "X-Any-Other": "2",
}
PLAIN = {"Accept": "text/html", "Accept-Language": "ar", "User-Agent": "Khabar"}
VALIDATORS = {"If-None-Match": '"1"', "If-Modified-Since": "Sat, 21 Nov 2026 12:00:00 GMT"}
HEADERS = SECRETS | PLAIN | VALIDATORS


def redirected(url: str, location: str, status: int = 302) -> Request | Response:
    """What the middleware makes of an answer to a request with all of these headers."""
    request = Request(url, headers=HEADERS)
    middleware = RedirectMiddleware.from_crawler(Crawler(Spider))
    return middleware.process_response(request, Response(url, status, {"Location": location}))


def refreshed(url: str, location: str) -> Request | Response:
    """The same of a page that refreshes to somewhere."""
    body = f"<meta http-equiv=refresh content='0; url={location}'><p>A page".encode()
    middleware = MetaRefreshMiddleware.from_crawler(Crawler(Spider))
    return middleware.process_response(Request(url, headers=HEADERS), HtmlResponse(url, body=body))


def sent(found: Request | Response) -> set[str]:
    """Names of the headers of a request."""
    assert isinstance(found, Request)
    return {name.decode() for name in found.headers}


@pytest.mark.parametrize("follow", [redirected, refreshed])
@pytest.mark.parametrize(
    "there",
    [
        "https://other.example/a",
        "http://news.example.other.example/a",
        "//other.example/a",
        "http://news.example@other.example/a",
    ],
)
def test_no_header_of_ours_but_the_plain_ones_goes_to_another_host(follow: object, there: str) -> None:
    assert callable(follow)
    assert sent(follow("https://news.example/a", there)) == set(PLAIN)


@pytest.mark.parametrize("there", ["https://news.example:8443/a", "http://news.example/a"])
def test_another_port_and_a_connection_without_tls_get_no_secrets_either(there: str) -> None:
    assert sent(redirected("https://news.example/a", there)) == set(PLAIN) | set(VALIDATORS)


def test_a_publishers_other_host_gets_its_validators_and_no_secret() -> None:
    found = redirected("https://news.example/a", "https://www.news.example/a")
    assert sent(found) == set(PLAIN) | set(VALIDATORS)


def test_on_its_own_host_a_request_keeps_its_headers() -> None:
    kept = set(HEADERS)
    assert sent(redirected("https://news.example/a", "/b")) == kept
    assert sent(redirected("http://news.example/a", "https://news.example/a")) >= kept - {"Authorization"}


def test_credentials_of_a_redirect_are_left_out() -> None:
    found = redirected("https://news.example/a", "https://user:secret@news.example/b")
    assert found.url == "https://news.example/b"


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://news.example/a",
        "javascript:alert(1)",
        "FILE://news.example/etc/passwd",
        " gopher://news.example/",
        "mailto:a@news.example",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_scheme_is_refused_by_name(location: str, status: int) -> None:
    with pytest.raises(RedirectRefused, match=r"^bad_scheme$"):
        redirected("http://news.example/a", location, status)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "javascript:alert(1)", "ftp://x/y", "http://[x/"])
def test_a_page_that_refreshes_to_nowhere_is_a_page(location: str) -> None:
    assert isinstance(refreshed("http://news.example/a", location), HtmlResponse)


# -- a crawl

FIRST, SECOND = "127.0.9.1", "127.0.9.2"
BAD = {
    "file": "file:///etc/passwd",
    "data": "data:text/html,x",
    "ftp": "ftp://first.test/",
    "script": "javascript:x",
}
PATHS = ["/loop", "/chain/1", "/brackets", "/cross", "/named", "/refresh", *(f"/{name}" for name in BAD)]


@dataclass(frozen=True)
class Crawled:
    """A crawl of a host that redirects in all ways, and the host it sends us to."""

    done: Finished
    ends: dict[str, tuple[str, str | None]]
    first: Server
    second: Server

    def end(self, path: str) -> tuple[str, str | None]:
        return self.ends[f"http://first.test:{self.first.port}{path}"]


def answer(seen: Seen, other: str) -> Answer:
    """A redirect for each path; cookies with all."""
    name = seen.path.strip("/").partition("/")[0]
    if seen.path == "/robots.txt":
        return Answer(404)
    if name == "refresh":
        html = (("Content-Type", "text/html"),)
        return Answer(body=b"<meta http-equiv=refresh content='0; url=/refresh'><p>Again", headers=html)
    locations = BAD | {
        "loop": "/loop",
        "chain": f"/chain/{int(seen.path.rpartition('/')[2] or 0) + 1}" if name == "chain" else "",
        "brackets": "http://[::1",
        "cross": f"http://{other}/landing",
        "named": f"http://user:uw-url-canary@{other}/named-landing",
    }
    return Answer(302, headers=(("Location", locations[name]), ("Set-Cookie", "id=7; Path=/")))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("cross")
    first, second = Server(FIRST), Server(SECOND)
    with ExitStack() as stack:
        stack.enter_context(first.open())
        stack.enter_context(second.open())
        first.answer = lambda seen: answer(seen, f"second.test:{second.port}")
        second.answer = lambda seen: Answer(404) if seen.path == "/robots.txt" else Answer()
        allowed = f"{first.netloc},{second.netloc}"
        env = names(folder, first=FIRST, second=SECOND)
        urls = [f"http://first.test:{first.port}{path}" for path in PATHS]
        done = crawl_urls(folder, urls, env, NEWS_ALLOW_PRIVATE=allowed, LOG_LEVEL="DEBUG")
        yield Crawled(done, ends(folder), first, second)


pytestmark = pytest.mark.xdist_group("cross_host")


@pytest.mark.parametrize("path", ["/loop", "/chain/1", "/refresh"])
def test_redirects_without_end_have_a_readable_reason(crawled: Crawled, path: str) -> None:
    assert crawled.done.code == 0, crawled.done.err
    assert crawled.end(path) == ("failed", "redirect_loop")


@pytest.mark.parametrize("name", BAD)
def test_a_redirect_to_another_scheme_ends_the_url(crawled: Crawled, name: str) -> None:
    assert crawled.end(f"/{name}") == ("failed", "bad_scheme")


def test_a_redirect_to_no_address_ends_the_url(crawled: Crawled) -> None:
    assert crawled.end("/brackets") == ("failed", "bad_redirect")


def test_cookies_go_to_nobody(crawled: Crawled) -> None:
    requests = crawled.first.seen + crawled.second.seen
    assert len(crawled.first.seen) > len(PATHS)
    assert [seen for seen in requests if "cookie" in seen.headers] == []


def test_credentials_of_an_address_are_neither_sent_nor_told(crawled: Crawled) -> None:
    assert crawled.end("/named")[0] == "rejected"
    assert "authorization" not in crawled.second.headers_of("/named-landing")
    assert "uw-url-canary" not in str(crawled.second.seen)
    assert "uw-url-canary" not in crawled.done.err + crawled.done.out + str(crawled.ends)
