"""Behind the operator's proxy: it is allowed though private, its password is nobody's business."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crawling import Finished
from tests.helpers_hosts import Answer
from tests.helpers_net import Seen, Server, canary, crawl_urls, ends, looked_up, names

PROXY, FORBIDDEN = "127.0.7.1", "127.0.7.9"
PASSWORD = "uw-proxy-canary"
SECRETS = (PASSWORD.encode(), base64.b64encode(f"operator:{PASSWORD}".encode()))


@dataclass(frozen=True)
class Crawled:
    """A crawl behind a proxy."""

    done: Finished
    ends: dict[str, tuple[str, str | None]]
    proxy: Server
    hit: list[str]
    folder: Path


def answer(seen: Seen) -> Answer:
    """The proxy's answer for the pages of the world."""
    if seen.path.endswith("/robots.txt"):
        return Answer(404)
    return Answer(302, headers=(("Location", "http://10.0.0.1/"),)) if "moved" in seen.path else Answer()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("proxied")
    proxy = Server(PROXY, answer)
    with ExitStack() as stack:
        stack.enter_context(proxy.open())
        hit = stack.enter_context(canary(proxy.port, FORBIDDEN))
        url = f"http://operator:{PASSWORD}@proxy.test:{proxy.port}"
        env = names(folder, proxy=PROXY, direct=FORBIDDEN)
        env |= {"http_proxy": url, "https_proxy": url, "no_proxy": "direct.test"}
        urls = [
            "http://news.test/page",
            "http://news.test/moved",
            "https://secure.test/page",
            "http://10.0.0.1/page",
            f"http://{PROXY}:{proxy.port}/page",
            f"http://proxy.test:{proxy.port}/page",
            f"http://direct.test:{proxy.port}/page",
        ]
        done = crawl_urls(folder, urls, env, LOG_LEVEL="DEBUG", RETRY_TIMES=0)
        yield Crawled(done, ends(folder), proxy, hit, folder)


pytestmark = pytest.mark.xdist_group("proxied")


def test_pages_come_through_the_proxy_which_alone_looks_their_names_up(crawled: Crawled) -> None:
    assert crawled.done.code == 0, crawled.done.err
    assert crawled.ends["http://news.test/page"][0] == "rejected"
    asked = crawled.proxy.headers_of("http://news.test/page")
    assert asked["proxy-authorization"] == f"Basic {SECRETS[1].decode()}"
    assert set(looked_up(crawled.folder)) == {"proxy.test", "direct.test"}


def test_tls_goes_through_a_tunnel_of_the_proxy(crawled: Crawled) -> None:
    assert "secure.test:443" in [each.path for each in crawled.proxy.seen]
    assert "https://secure.test: no robots.txt" in crawled.done.err


@pytest.mark.parametrize("host", ["10.0.0.1", PROXY])
def test_private_addresses_are_refused_behind_a_proxy_too(crawled: Crawled, host: str) -> None:
    port = "" if host == "10.0.0.1" else f":{crawled.proxy.port}"
    assert crawled.ends[f"http://{host}{port}/page"] == ("forbidden", f"{host} is a private address")
    assert crawled.ends["http://news.test/moved"] == ("forbidden", "10.0.0.1 is a private address")
    assert not [each.path for each in crawled.proxy.seen if host in each.path]


def test_the_proxy_itself_is_no_page(crawled: Crawled) -> None:
    url = f"http://proxy.test:{crawled.proxy.port}/page"
    assert crawled.ends[url] == ("forbidden", "proxy.test is the operator's proxy")


def test_a_host_that_is_asked_directly_passes_the_guard(crawled: Crawled) -> None:
    url = f"http://direct.test:{crawled.proxy.port}/page"
    said = f"direct.test leads to the private address {FORBIDDEN}"
    assert (crawled.ends[url], crawled.hit) == (("forbidden", said), [])


def plain(path: Path) -> bytes:
    """What a file says; the WARC is compressed."""
    found = path.read_bytes()
    return gzip.decompress(found) if path.suffix == ".gz" else found


def test_the_password_is_in_no_log_and_no_file(crawled: Crawled) -> None:
    told = (crawled.done.out + crawled.done.err).encode()
    files = [path for path in (crawled.folder / "output").rglob("*") if path.is_file()]
    assert files
    for secret in SECRETS:
        assert secret not in told
        assert [path for path in files if secret in plain(path)] == []
