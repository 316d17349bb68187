"""A crawl of a site that lists what nobody may fetch; while it runs it is looked at from outside."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from crawler.errors import ExitCode
from tests.crawling import Finished, scrapy, start
from tests.helpers_hosts import Answer
from tests.helpers_net import Seen, Server, canary, ends, names

HERE, FORBIDDEN = "127.0.9.21", "127.0.9.29"
BAD = (
    "file://news.example.org/etc/passwd",
    "file:///etc/passwd",
    "ftp://news.example.org/2026/11/21/news-about-rain-in-the-north.html",
    "data:text/html,article",
    "javascript:alert(1)",
    "gopher://news.example.org/2026/11/21/x",
)
ARTICLE = "/2026/11/21/rain-falls-in-the-north-of-the-country.html"
HTML = (("Content-Type", "text/html; charset=utf-8"),)
XML = (("Content-Type", "application/xml"),)


@dataclass
class Watch:
    """Holds the answer of the article back until somebody has looked at the crawl."""

    asked: Event = field(default_factory=Event)
    looked: Event = field(default_factory=Event)


def answer(server: Server, watch: Watch, seen: Seen) -> Answer:
    """Every listing has one good address, the bad ones, and one that leads inside."""
    origin = f"http://news.example.org:{server.port}"
    inside = f"http://inside.example.org:{server.port}{ARTICLE}"
    urls = [origin + ARTICLE, inside, *BAD]
    if seen.path == "/robots.txt":
        lines = ["User-agent: *", f"Sitemap: {origin}/map.xml", "Sitemap: file:///etc/passwd"]
        return Answer(body="\n".join(lines).encode(), headers=(("Content-Type", "text/plain"),))
    if seen.path == "/map.xml":
        body = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
        return Answer(body=f"<urlset>{body}</urlset>".encode(), headers=XML)
    if seen.path == "/feed.xml":
        items = "".join(f"<item><title>N</title><link>{url}</link></item>" for url in urls)
        return Answer(body=f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), headers=XML)
    if seen.path == ARTICLE:
        watch.asked.set()
        assert watch.looked.wait(120)
    links = "".join(f"<p><a href='{url}'>Rain falls in the north of the country</a></p>" for url in urls)
    named = (
        f"<link rel=canonical href='{BAD[0]}'><link rel=alternate type=application/rss+xml href='{BAD[0]}'>"
    )
    return Answer(body=f"<!DOCTYPE html><html><head>{named}</head><body>{links}".encode(), headers=HTML)


@dataclass(frozen=True)
class Crawled:
    """What a crawl left, who was connected to, and the TCP ports it listened on."""

    code: int
    ends: dict[str, tuple[str, str | None]]
    hit: list[str]
    listening: list[str]
    paths: list[str]
    port: int
    commands: dict[str, Finished]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("ports")
    server, watch = Server(HERE), Watch()
    with ExitStack() as stack:
        stack.enter_context(server.open())
        server.answer = lambda seen: answer(server, watch, seen)
        hit = stack.enter_context(canary(server.port, FORBIDDEN))
        env = names(folder, **{"news.example.org": HERE, "inside.example.org": FORBIDDEN})
        port, inside = server.port, f"http://inside.example.org:{server.port}"
        site = folder / "front.toml"
        site.write_text(
            f'name = "front"\nstart = "http://news.example.org:{port}/"\n'
            f'feeds = ["http://news.example.org:{port}/feed.xml", "{inside}/feed.xml"]\n'
            f'sitemaps = ["{inside}/map.xml"]\nsections = ["{inside}/section/"]\n',
            encoding="utf-8",
        )
        settings = ["-s", f"NEWS_ALLOW_PRIVATE={server.netloc}", "-s", "DOWNLOAD_DELAY=0"]
        crawl = [
            "-m",
            "scrapy",
            "crawl",
            "news",
            "-a",
            f"sites={site}",
            "-s",
            f"NEWS_OUTPUT={folder / 'output'}",
        ]
        process = start([sys.executable, *crawl, *settings], **env)
        try:
            assert watch.asked.wait(120)
            listening = ports_of(process.pid)
            watch.looked.set()
            code = process.wait(120)
        finally:
            watch.looked.set()
            process.kill()
        commands = {
            "explain": scrapy("explain", f"{inside}{ARTICLE}", *settings, **env),
            "newsite": scrapy("newsite", f"{inside}/", "--folder", str(folder), *settings, **env),
        }
        paths = [seen.path for seen in server.seen]
        yield Crawled(code, ends(folder), hit, listening, paths, port, commands)


def ports_of(pid: int) -> list[str]:
    """TCP ports that a process or one of its descendants listens on."""
    owned = {link for each in family(pid) for link in sockets(each)}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in owned:
                found.append(fields[1])
    return found


def sockets(pid: int) -> Iterator[str]:
    """Its open sockets, by inode."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(entry.readlink())
        except OSError:  # closed meanwhile
            continue


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in lists for child in file.read_text(encoding="ascii").split()]
    return [pid, *(each for child in children for each in family(child))]


pytestmark = [
    pytest.mark.xdist_group("ports"),
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of connections"),
]


def test_a_crawl_listens_on_no_port(crawled: Crawled) -> None:
    assert crawled.listening == []


def test_a_process_that_listens_is_seen() -> None:
    with Server("127.0.9.22").open() as server:
        assert f"{server.port:04X}" in {place.rpartition(":")[2] for place in ports_of(os.getpid())}


def test_only_http_addresses_are_known_to_the_ledger(crawled: Crawled) -> None:
    assert f"http://news.example.org:{crawled.port}{ARTICLE}" in crawled.ends
    assert {url.partition(":")[0] for url in crawled.ends} == {"http"}
    assert not [path for path in crawled.paths if "passwd" in path]


def test_links_feeds_sitemaps_and_sections_that_lead_inside_are_not_fetched(crawled: Crawled) -> None:
    url = f"http://inside.example.org:{crawled.port}{ARTICLE}"
    said = f"inside.example.org leads to the private address {FORBIDDEN}"
    assert crawled.ends[url] == ("forbidden", said)
    assert crawled.hit == []


@pytest.mark.parametrize("command", ["explain", "newsite"])
def test_the_commands_that_look_at_pages_pass_the_same_guard(crawled: Crawled, command: str) -> None:
    done = crawled.commands[command]
    assert done.code == ExitCode.UNFINISHED
    assert done.err.rstrip().endswith(f"leads to the private address {FORBIDDEN}")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("url", BAD)
def test_the_operator_cannot_ask_for_another_scheme_either(url: str, tmp_path: Path) -> None:
    done = scrapy("crawl", "urls", "-a", f"url={url}", "-s", f"NEWS_OUTPUT={tmp_path / 'output'}")
    assert done.code == ExitCode.USAGE
    assert "it must begin with http:// or https://" in done.err
