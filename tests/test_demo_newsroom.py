"""The demo newsroom over real sockets, and its command line."""

from __future__ import annotations

import html
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from demo import content
from demo.model import Outlet
from demo.pages import Site
from demo.server import Newsroom, PortBusyError
from tests.helpers_newsroom import OUTLETS, ROOT, per_outlet

NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class Reply:
    """Status, headers and body of a response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


def ask(
    newsroom: Newsroom,
    outlet: Outlet,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
) -> Reply:
    """One request over a real socket."""
    connection = http.client.HTTPConnection(outlet.address, newsroom.port, timeout=30)
    try:
        connection.request(method, path, headers=headers or {})
        return Reply(connection.getresponse())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom on a free port, with a request log."""
    log = tmp_path_factory.mktemp("newsroom") / "requests.jsonl"
    with Newsroom(port=0, log=log) as running:
        yield running


# Server


@per_outlet
def test_an_article_over_a_socket(newsroom: Newsroom, outlet: Outlet) -> None:
    article = outlet.articles[0]
    reply = ask(newsroom, outlet, article.path)
    assert reply.status == 200
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    charset = "windows-1256" if outlet.name == "alrasid" else "utf-8"
    assert article.title in html.unescape(reply.body.decode(charset))
    expected = "text/html" if outlet.name == "alrasid" else "text/html; charset=utf-8"
    assert reply.headers["Content-Type"] == expected
    assert ask(newsroom, outlet, article.image_path).headers["Content-Type"] == "image/jpeg"


@per_outlet
def test_the_feed_has_the_newest_six(newsroom: Newsroom, outlet: Outlet) -> None:
    reply = ask(newsroom, outlet, Site(outlet, newsroom.port).links.feed)
    feed = feedparser.parse(reply.body, response_headers={"content-type": reply.headers["Content-Type"]})
    assert not feed.bozo
    assert feed.version == ("atom10" if outlet.name == "hadshot-hanamal" else "rss20")
    assert [(entry.link, entry.title, entry.summary) for entry in feed.entries] == [
        (article.url(newsroom.port), article.title, article.description) for article in outlet.articles[:6]
    ]


@per_outlet
def test_robots_lead_to_a_sitemap_of_thirteen(newsroom: Newsroom, outlet: Outlet) -> None:
    robots = ask(newsroom, outlet, "/robots.txt").body.decode()
    assert "Disallow: /search\n" in robots
    assert "Disallow: /admin\n" in robots
    start = outlet.start(newsroom.port)
    path = "/" + robots.partition(f"Sitemap: {start}")[2].strip()
    tree = ElementTree.fromstring(ask(newsroom, outlet, path).body)
    assert (tree.tag == f"{MAP}sitemapindex") == (outlet.name == "harbour-ledger")
    if tree.tag == f"{MAP}sitemapindex":
        inner = tree.findtext(f"{MAP}sitemap/{MAP}loc") or ""
        tree = ElementTree.fromstring(ask(newsroom, outlet, inner.removeprefix(start[:-1])).body)
    places = [element.text for element in tree.iter(f"{MAP}loc")]
    decoy = start[:-1] + content.NOT_ARTICLES[outlet.name]
    assert places == [*(article.url(newsroom.port) for article in outlet.articles), decoy]
    assert [element.text for element in tree.iter(f"{NEWS}publication_date")][:12] == [
        article.published.isoformat() for article in outlet.articles
    ]
    assert decoy in content.not_articles(newsroom.port)


@per_outlet
def test_other_pages(newsroom: Newsroom, outlet: Outlet) -> None:
    for path in ("/", "/about", "/contact", "/?utm_source=feed"):
        assert ask(newsroom, outlet, path).status == 200
    for path in ("/nowhere", "/admin", "/article.php?id=1"):
        missing = ask(newsroom, outlet, path)
        assert missing.status == 404
        assert b"<h1" in missing.body
    assert ask(newsroom, outlet, "/", method="DELETE").status == 501


def test_a_short_link_leads_to_its_article(newsroom: Newsroom) -> None:
    outlet = next(outlet for outlet in OUTLETS if outlet.name == "khabarnameh")
    article = outlet.articles[0]
    reply = ask(newsroom, outlet, f"/{article.number}")
    assert (reply.status, reply.headers["Location"]) == (301, article.url(newsroom.port))


def test_validators_give_304(newsroom: Newsroom) -> None:
    outlet, path = OUTLETS[0], OUTLETS[0].articles[0].path
    first = ask(newsroom, outlet, path)
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-Modified-Since": changed},
    ):
        reply = ask(newsroom, outlet, path, headers=headers)
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["ETag"] == tag
    for headers in (
        {"If-None-Match": '"other"', "If-Modified-Since": changed},
        {"If-Modified-Since": "Mon, 05 Jan 2026 00:00:00 GMT"},
        {"If-Modified-Since": "not a date"},
    ):
        assert ask(newsroom, outlet, path, headers=headers).status == 200


def test_head_and_keep_alive(newsroom: Newsroom) -> None:
    outlet = OUTLETS[-1]
    connection = http.client.HTTPConnection(outlet.address, newsroom.port, timeout=30)
    try:
        connection.request("HEAD", "/")
        head = Reply(connection.getresponse())
        own_port = connection.sock.getsockname() if connection.sock else None
        connection.request("GET", "/")
        reply = Reply(connection.getresponse())
        assert connection.sock
        assert connection.sock.getsockname() == own_port
    finally:
        connection.close()
    assert head.body == b""
    assert int(head.headers["Content-Length"]) == len(reply.body)


def test_requests_are_logged(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with Newsroom(port=0, log=log) as running:
        headers = {"User-Agent": "probe/1", "If-None-Match": '"x"'}
        ask(running, OUTLETS[2], "/section.php?cat=none", headers=headers)
    (line,) = log.read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert record.pop("time").endswith("+00:00")
    assert record == {
        "address": OUTLETS[2].address,
        "method": "GET",
        "path": "/section.php?cat=none",
        "status": 404,
        "user_agent": "probe/1",
        "if_none_match": '"x"',
        "if_modified_since": None,
    }


# Command line


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the newsroom, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the newsroom has written its ready file."""
    for _ in range(1200):
        if file.exists():
            return
        assert process.poll() is None, "the newsroom ended before it was ready"
        time.sleep(0.05)
    pytest.fail("the newsroom did not get ready")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "demo", "serve", "--port", "0", "--ready", str(ready)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            wait_for(ready, process)
            port = json.loads(ready.read_text(encoding="utf-8"))["port"]
            with socket.create_connection((OUTLETS[0].address, port)) as idle:
                idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert idle.recv(12) == b"HTTP/1.1 200"
                process.send_signal(number)
                _, errors = process.communicate(timeout=180)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, b"")


def test_a_busy_port_is_one_line_and_exit_2(newsroom: Newsroom) -> None:
    with pytest.raises(PortBusyError):
        Newsroom(port=newsroom.port).start()
    done = run("serve", "--port", str(newsroom.port))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(newsroom.port) in done.stderr


def test_gold_as_json_lines() -> None:
    done = run("gold", "--port", "9100")
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["url"] for record in records] == [entry.url for entry in content.gold(9100)]
    assert set(records[0]) >= {"title", "text", "authors", "published", "image", "wire"}
