"""The demo newsroom: its content holds the rules, its pages hold the gold, its server behaves."""

from __future__ import annotations

import html
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from demo import content
from demo.dates import jalali, persian_digits
from demo.model import Article, Outlet
from demo.pages import GALLERY, Site
from demo.parts import PAGE_SIZE, grouped
from demo.pictures import picture
from demo.rules import ContentError
from demo.server import Newsroom, PortBusyError

ROOT = Path(content.__file__).resolve().parents[1]
OUTLETS = content.load()
PORT = content.DEFAULT_PORT
ARTICLES = [(outlet, article) for outlet in OUTLETS for article in outlet.articles]
PAGINATED = [outlet for outlet in OUTLETS if any(len(outlet.desk(s)) > PAGE_SIZE for s in outlet.sections)]
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"

per_outlet = pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
per_article = pytest.mark.parametrize(
    ("outlet", "article"), ARTICLES, ids=[f"{o.name}/{a.slug}" for o, a in ARTICLES]
)


def page_text(outlet: Outlet, path: str) -> str:
    """A page as a reader's eye has it: decoded, entities resolved, white space folded."""
    site = Site(outlet, PORT)
    text = site.page(path).body.decode(site.links.dialect.charset)
    return " ".join(html.unescape(text).split())


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


# Content


def test_six_outlets_with_their_addresses() -> None:
    assert [outlet.address for outlet in OUTLETS] == [f"127.0.0.{n}" for n in range(2, 8)]


@per_outlet
def test_an_outlet_has_twelve_articles_and_every_event(outlet: Outlet) -> None:
    assert len(outlet.articles) == content.ARTICLES_EACH
    events = {article.event for article in outlet.articles if article.event}
    assert events == content.EVENTS
    assert all(outlet.desk(section) for section in outlet.sections)
    days = {article.published.date() for article in outlet.articles}
    assert date(2026, 11, 1) <= min(days) <= max(days) <= date(2026, 11, 14)


def broken(folder: Path, old: str, new: str) -> Path:
    """A copy of one content file with its first occurrence of a string changed."""
    source = content.CONTENT / "harbour-ledger.toml"
    text = source.read_text(encoding="utf-8")
    assert old in text
    (folder / source.name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[[articles]]\nslug", "[[articles]]\nslugg", "slug"),
        ('image = "', 'colour = "red"\nimage = "', "colour"),
        ('alt = "', 'alt = "  ', "alt"),
        ('published = "2026-11-14T07:45:00+00:00"', 'published = "yesterday"', "published"),
        ('published = "2026-11-14T07:45:00+00:00"', 'published = "2026-11-02"', "published"),
        ('section = "culture-sport"', 'section = "gardening"', "section"),
        ("For a century the", "For a  century the", "body"),
        ("## A clockmaker", "## A", "body"),
        ('related = ["', 'related = ["no-such-story", "', "related"),
        ('address = "127.0.0.7"', "address = 7", "address"),
    ],
)
def test_a_fault_is_one_line_that_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    if key == "body" and old.startswith("## "):
        new += " lens\n\n"
    with pytest.raises(ContentError) as caught:
        content.load(broken(tmp_path, old, new))
    message = str(caught.value)
    assert message.startswith("harbour-ledger.toml: ")
    assert f".{key}: " in message
    assert "\n" not in message


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no content files"):
        content.load(tmp_path)


def test_gold_text_has_no_marks_left() -> None:
    entries = content.gold(PORT)
    assert len(entries) == len(OUTLETS) * content.ARTICLES_EACH
    assert len({entry.url for entry in entries}) == len(entries)
    for entry in entries:
        assert not re.search(r"^(## |> |- )", entry.text, re.MULTILINE)
        assert entry.published.utcoffset() is not None


def test_site_files_are_those_of_the_content(tmp_path: Path) -> None:
    written = content.write_site_files(tmp_path)
    assert len(written) == len(OUTLETS)
    for file in written:
        assert file.read_bytes() == (content.HERE / "sites" / file.name).read_bytes()
    moved = content.write_site_files(tmp_path, port=9000)
    assert all(":9000/" in file.read_text(encoding="utf-8") for file in moved)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 3), (1405, 8, 12)),
        (date(2026, 3, 21), (1405, 1, 1)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2021, 3, 20), (1399, 12, 30)),
        (date(1979, 2, 11), (1357, 11, 22)),
        (date(2026, 9, 22), (1405, 6, 31)),
    ],
)
def test_jalali(day: date, expected: tuple[int, int, int]) -> None:
    assert jalali(day) == expected


# Pages


@per_article
def test_a_page_holds_its_whole_story_in_order(outlet: Outlet, article: Article) -> None:
    text = page_text(outlet, article.path)
    text = re.sub(r'<span class="related-inline">.*?</span></span> ?', "", text)
    place = text.index("<h1")
    for block in article.blocks:
        place = text.index(block.text, place) + len(block.text)


@per_article
def test_a_page_holds_what_the_gold_says(outlet: Outlet, article: Article) -> None:
    text = page_text(outlet, article.path)
    headings = re.findall(r"<h1[^>]*>(.*?)</h1>", text)
    assert headings == [article.title]
    facts = [article.section.name, article.description, article.caption, article.credit]
    facts += [*article.authors, *article.tags, article.published.isoformat(), article.alt]
    facts += [article.image_path, *([article.wire] if article.wire else [])]
    if article.modified:
        facts.append(article.modified.isoformat())
    for fact in facts:
        assert fact in text


@per_outlet
def test_pages_are_well_declared(outlet: Outlet) -> None:
    text = page_text(outlet, outlet.articles[0].path)
    found = re.search(r"<html[^>]*>", text)
    assert found
    assert f'dir="{outlet.direction}"' in found[0]
    assert f'lang="{outlet.language}' in found[0]
    for block in re.findall(r"ld\+json[^>]*>(.*?)</script>", text):
        assert json.loads(block)


def test_most_outlets_name_the_canonical_address() -> None:
    canonical = [
        outlet.name
        for outlet in OUTLETS
        if f'<link rel="canonical" href="{outlet.articles[0].url(PORT)}"'
        in page_text(outlet, outlet.articles[0].path)
    ]
    assert len(canonical) == 4


@per_outlet
def test_pages_are_the_same_byte_for_byte(outlet: Outlet) -> None:
    first, second = Site(outlet, PORT), Site(outlet, PORT)
    assert first.paths() == second.paths()
    for path in first.paths():
        if not path.endswith(".jpg"):
            assert first.page(path) == second.page(path)


@per_outlet
def test_the_glued_card_leaves_the_paragraph_whole(outlet: Outlet) -> None:
    for article in outlet.articles:
        split = [group for group in grouped(article) if group.halves]
        assert len(split) == 1
        halves = split[0].halves or ("", "")
        assert " ".join(half for half in halves if half) == split[0].texts[0]


@per_outlet
def test_the_home_page_shows_sections_and_reaches_articles(outlet: Outlet) -> None:
    site = Site(outlet, PORT)
    text = page_text(outlet, "/")
    assert "/search?q=" in text
    assert site.links.feed in text
    for section in outlet.sections:
        assert section.name in text
        listed = ""
        for number in range(1, site.links.pages(section) + 1):
            listed += page_text(outlet, site.links.section(section, number))
        for article in outlet.desk(section):
            assert article.title in listed
            assert html.escape(article.path) in listed


@pytest.mark.parametrize("outlet", PAGINATED, ids=lambda outlet: outlet.name)
def test_long_sections_have_a_second_page(outlet: Outlet) -> None:
    site = Site(outlet, PORT)
    section = max(outlet.sections, key=lambda section: len(outlet.desk(section)))
    assert site.links.section(section, 2) in page_text(outlet, site.links.section(section))


@per_outlet
def test_the_decoy_holds_no_story(outlet: Outlet) -> None:
    page = Site(outlet, PORT).page(content.NOT_ARTICLES[outlet.name])
    assert page.status == 200
    text = page_text(outlet, content.NOT_ARTICLES[outlet.name])
    assert not any(block.text in text for a in outlet.articles for block in a.blocks)
    assert len(re.findall(r"<p\b", text)) < 12


def test_persian_pages_differ_in_the_joiner() -> None:
    outlet = next(outlet for outlet in OUTLETS if outlet.name == "khabarnameh")
    site = Site(outlet, PORT)
    bodies = [
        site.page(article.path).body.decode().split('class="item-text"')[1].split("انتهای پیام")[0]
        for article in outlet.articles
    ]
    assert sum("&zwnj;" in body for body in bodies) == len(bodies) // 2
    assert sum("\u200c" in body for body in bodies) == len(bodies) // 2
    assert persian_digits(outlet.articles[0].number) in page_text(outlet, outlet.articles[0].path)


def test_a_picture_is_a_jpeg_of_its_own() -> None:
    assert picture(GALLERY[0]).startswith(b"\xff\xd8\xff")
    assert picture(GALLERY[0]) == picture(GALLERY[0])
    assert len({picture(name) for name in GALLERY}) == len(GALLERY)


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
                _, errors = process.communicate(timeout=60)
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
