"""Workers slower than the web: pages wait, within bounds, and none is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from crawler import settings
from tests.crawling import Finished, rows, scrapy

ARTICLES = 16
SITES = 3
# A comment costs the cleaning nothing and the backlog its bytes; elements cost the cleaning its time.
FILLER = f"<!-- {'x' * 300_000} -->"
CLUTTER = "<div class='teaser'><a href='/about'>more of this</a> <span>and that</span></div>" * 200
MIB = 1024 * 1024


def page(address: str, number: int) -> str:
    text = "".join(
        f"<p>Paragraph {at} of story {number} at {address} tells what happened in the harbour that day, "
        f"who saw it, and what the {number + at} people who live there made of it.</p>"
        for at in range(8)
    )
    head = f"<title>Story {number} of the harbour at {address}</title>"
    return (
        f"<!doctype html><html lang=en><head>{head}</head><body><article>"
        f"<h1>Story {number} of the harbour</h1>{text}</article>"
        f"<aside>{CLUTTER}</aside>{FILLER}</body></html>"
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = self.server.server_address[0]
        name = self.path.strip("/")
        if not name:
            links = "".join(
                f'<li><a href="/news/story-of-the-harbour-{at}">Story {at}, told at length by us</a></li>'
                for at in range(1000, 1000 + ARTICLES)
            )
            body = f"<!doctype html><html><body><h1>News</h1><ul>{links}</ul></body></html>"
        elif name.startswith("news/"):
            body = page(str(address), int(name.rpartition("-")[2]))
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        sent = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[str]]:
    servers: list[ThreadingHTTPServer] = []
    for number in range(SITES):
        server = ThreadingHTTPServer((f"127.2.0.{number + 1}", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
    yield [f"{server.server_address[0]}:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


def crawl(hosts: list[str], folder: Path, **more: str) -> tuple[Finished, dict[str, int]]:
    """How the crawl ended, and the most that waited in it."""
    (folder / "sites").mkdir()
    for number, host in enumerate(hosts):
        text = f'name = "site-{number}"\nstart = "http://{host}/"\nlanguage = "en"\n'
        (folder / "sites" / f"site-{number}.toml").write_text(text, encoding="utf-8")
    given = {
        "NEWS_OUTPUT": str(folder / "output"),
        "NEWS_ALLOW_PRIVATE": ",".join(hosts),
        "NEWS_CONTACT": "https://khabar.invalid/backlog",
        "NEWS_WORKERS": "1",
        "DOWNLOAD_DELAY": "0",
        "CONCURRENT_REQUESTS_PER_DOMAIN": "4",
        "LOG_LEVEL": "WARNING",
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": str(1024 * MIB),  # Scrapy's own bound is not what is tried here
        "EXTENSIONS": json.dumps(settings.EXTENSIONS | {"tests.backlog_probe.BacklogProbe": 0}),
        "BACKLOG_FILE": str(folder / "backlog.json"),
        **more,
    }
    chosen = [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
    done = scrapy("crawl", "news", "-a", f"sites={folder / 'sites'}", *chosen)
    return done, json.loads((folder / "backlog.json").read_text(encoding="utf-8"))


def stored(folder: Path) -> int:
    return len(rows(folder / "output", "articles"))


def test_waiting_pages_are_bounded(hosts: list[str], tmp_path: Path) -> None:
    done, most = crawl(hosts, tmp_path, NEWS_WAITING_PAGES="5")
    assert done.code == 0, done.err
    assert stored(tmp_path) == ARTICLES * SITES
    assert 3 <= most["pages"] <= 5


def test_waiting_bytes_are_bounded(hosts: list[str], tmp_path: Path) -> None:
    done, most = crawl(hosts, tmp_path, NEWS_WAITING_MB="4")
    assert done.code == 0, done.err
    assert stored(tmp_path) == ARTICLES * SITES
    # What was on its way when the first large page came was counted as a usual one.
    assert 2 * MIB <= most["bytes"] <= 5 * MIB


def test_without_bounds_the_same_pages_pile_up(hosts: list[str], tmp_path: Path) -> None:
    done, most = crawl(hosts, tmp_path, NEWS_WAITING_PAGES="10000", NEWS_WAITING_MB="10000")
    assert done.code == 0, done.err
    assert most["pages"] > 10
    assert most["bytes"] > 5 * MIB


@pytest.mark.parametrize("name", ["NEWS_WAITING_PAGES", "NEWS_WAITING_MB"])
def test_a_bound_that_lets_nothing_through_is_refused(name: str, tmp_path: Path) -> None:
    output = f"NEWS_OUTPUT={tmp_path / 'output'}"
    done = scrapy("crawl", "news", "-a", "sites=sites", "-s", output, "-s", f"{name}=0")
    assert done.code == 2
    assert name in done.err
