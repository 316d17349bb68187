"""Passwords in addresses: the operator's are refused or used and never told, strangers' are dropped.

One crawl, at DEBUG, of a paper that states a password in every address it can; then all that was written is
searched. Only the bytes of the pages themselves, in the WARC, may hold what the paper wrote.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.settings import Settings

from crawler import settings as project_settings
from crawler.config import RunConfig
from crawler.errors import UserError
from crawler.sites import load_site
from crawler.spiders.urls import UrlsSpider
from pipelines.masking import hidden
from pipelines.store.raw import DETAILS
from pipelines.urls import BadUrl, checked_url, given_url, without_credentials
from tests.crawling import Finished, rows, scrapy
from tests.helpers_hosts import Answer, Hosts
from tests.hostile.injection import CASES, TARGETS

PAPER, PROXY = "127.0.7.1", "127.0.7.2"
# Of strangers: in pages, feeds, sitemaps, robots.txt, redirects. Of the operator: in the environment.
STATED, OWN = "canary-of-a-page", "canary-of-ours"

pytestmark = pytest.mark.xdist_group("secrets")


def filled(text: str, netloc: str) -> str:
    return (
        text.replace("{origin}", f"http://{netloc}").replace("{netloc}", netloc).replace("{password}", STATED)
    )


def lists(netloc: str) -> dict[str, Answer]:
    """Start page, feed, sitemap and robots.txt, which name the cases with passwords in their addresses."""
    secret = f"http://reader:{STATED}@{netloc}"
    third = len(CASES) // 3
    home = "".join(f'<h2><a href="{secret}{case.path}">{case.path} on the quay</a></h2>' for case in CASES)
    entries = "".join(
        f"<item><title>{case.path}</title><link>{secret}{case.path}</link><guid>{secret}{case.path}</guid>"
        f'<enclosure url="{secret}/sound.mp3" type="audio/mpeg" length="1"/></item>'
        for case in CASES[: 2 * third]
    )
    places = "".join(f"<url><loc>{secret}{case.path}</loc></url>" for case in CASES[third:])
    feed = f'<rss version="2.0"><channel><title>x</title><link>{secret}/</link>{entries}</channel></rss>'
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'
    head = f'<link rel="alternate" type="application/rss+xml" href="{secret}/rss"><base href="{secret}/">'
    broken = f'<a href="http://reader:{STATED}@{netloc}:99999/x">a story that is nowhere</a>'
    return {
        "/": Answer(body=f"<html><head>{head}</head><body>{home}{broken}</body></html>".encode()),
        "/rss": Answer(body=feed.encode(), headers=(("Content-Type", "application/rss+xml"),)),
        "/news.xml": Answer(body=sitemap.encode(), headers=(("Content-Type", "text/xml"),)),
        "/robots.txt": Answer(
            body=f"User-agent: *\nAllow: {secret}/\nSitemap: {secret}/news.xml\nSitemap: {secret}:x/".encode()
        ),
        "/inj/gone": Answer(404),
    }


def paper(netloc: str) -> dict[str, Answer]:
    """All answers of the host, by path."""
    found = lists(netloc)
    for case in (*CASES, *TARGETS):
        headers = [(name, filled(value, netloc).encode().decode("latin-1")) for name, value in case.headers]
        found[case.path] = Answer(case.status, filled(case.body, netloc).encode(), tuple(headers))
    return found


@dataclass(frozen=True)
class Crawled:
    """A crawl that ended, what it left, and what the servers saw."""

    done: Finished
    output: Path
    log: str
    hosts: Hosts
    shown: dict[str, Finished]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("secrets")
    answers: dict[str, Answer] = {}
    hosts = Hosts({PAPER: lambda path: answers.get(path.partition("?")[0], Answer(404)),
                   PROXY: lambda path: Answer(407, body=b"who are you?")})  # fmt: skip
    with hosts:
        answers |= paper(hosts.netloc(PAPER))
        (folder / "sites").mkdir()
        for name, start in (("paper", hosts.url(PAPER, "/")), ("far", "http://far.test/")):
            (folder / "sites" / f"{name}.toml").write_text(f'name = "{name}"\nstart = "{start}"\n', "utf-8")
        proxy = f"http://operator:{OWN}@{hosts.netloc(PROXY)}"
        env = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": PAPER}
        common = [
            *("-s", f"NEWS_OUTPUT={folder / 'output'}", "-s", f"NEWS_ALLOW_PRIVATE={hosts.netloc(PAPER)}"),
            *("-s", "DOWNLOAD_DELAY=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8", "-s", "RETRY_TIMES=0"),
            *("-s", "NEWS_WORKERS=1"),
        ]
        log = ["-s", "LOG_LEVEL=DEBUG", "-s", f"LOG_FILE={folder / 'log'}"]
        done = scrapy("crawl", "news", "-a", f"sites={folder / 'sites'}", *common, *log, **env)
        page = hosts.url(PAPER, "/inj/stated")
        shown = {
            "explain": scrapy("explain", page, *common, **env),
            "explain json": scrapy("explain", page, "--format", "json", *common, **env),
            "explain moved": scrapy("explain", hosts.url(PAPER, "/inj/private"), *common, **env),
            "newsite": scrapy("newsite", hosts.url(PAPER, "/"), "--dry-run", *common, **env),
            "verify": scrapy("verify", "--raw", *common, **env),
            "reconcile": scrapy("reconcile", "--format", "json", *common, **env),
        }
        yield Crawled(done, folder / "output", (folder / "log").read_text("utf-8"), hosts, shown)


def ends(output: Path) -> dict[str, tuple[str, str | None]]:
    """Path -> state and reason in the ledger."""
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db:
        found = db.execute("SELECT url, state, reason FROM urls").fetchall()
    return {"/" + url.split("/", 3)[3]: (state, reason) for url, state, reason in found}


def test_every_case_is_found_and_ends_as_it_should(crawled: Crawled) -> None:
    assert crawled.done.code in (0, 5), crawled.done.err  # the site behind the proxy gives nothing
    found = ends(crawled.output)
    for case in CASES:
        state, reason = found[case.path]
        assert state == case.state, (case.path, state, reason)
        assert case.reason in (None, reason), (case.path, reason)
    asked = crawled.hosts.asked(PAPER)
    assert "/rss" in asked
    assert "/news.xml" in asked
    assert "/inj/target" in asked, "a redirect is followed without what it would have us send"
    assert crawled.hosts.asked(PROXY) + crawled.hosts.asked(PROXY, robots=True)


def test_the_log_tells_no_password(crawled: Crawled) -> None:
    written = crawled.log + crawled.done.err + crawled.done.out
    assert "Redirecting (302) to <GET http://" in crawled.log, "the log is at DEBUG"
    assert STATED not in written
    assert OWN not in written
    assert "Traceback" not in written


def test_what_the_commands_show_tells_no_password(crawled: Crawled) -> None:
    for name, done in crawled.shown.items():
        assert done.code == (4 if name == "explain moved" else 0 if name != "newsite" else done.code), (
            done.err
        )
        assert STATED not in done.out + done.err, name
        assert OWN not in done.out + done.err, name
    assert "/inj/stated" in crawled.shown["explain"].out
    assert json.loads(crawled.shown["explain json"].out)


def test_no_column_of_any_dataset_holds_a_password(crawled: Crawled) -> None:
    looked = 0
    for path in crawled.output.rglob("*.parquet"):
        table = pq.ParquetFile(path).read()
        text = json.dumps(table.to_pylist(), default=str)
        looked += table.num_rows
        assert STATED not in text, path
        assert OWN not in text, path
        assert STATED.encode() not in path.read_bytes(), path
    assert looked >= 4
    (row,) = [row for row in rows(crawled.output, "articles") if row["url"].endswith("/inj/stated")]
    assert row["url_canonical"].endswith("/inj/stated")
    assert {image["url"].rpartition("/")[2] for image in row["images"]} >= {"one.jpg", "two.jpg", "three.jpg"}
    assert row["image_url"].endswith(("/cover.jpg", "/ld.jpg"))


def test_title_and_authors_lose_what_is_not_seen(crawled: Crawled) -> None:
    (row,) = [row for row in rows(crawled.output, "articles") if row["url"].endswith("/inj/dressed")]
    assert (
        row["title"] == "The harbour opens again[31m after›2J the storm"
    )  # &#155; is a quotation mark in HTML
    assert row["authors"] in (None, ["Mona Haddad"])
    shown = json.dumps(row, default=str, ensure_ascii=False)
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]", shown
    )


def test_nothing_else_that_was_written_holds_a_password_but_the_pages_own_bytes(crawled: Crawled) -> None:
    looked = 0
    for path in crawled.output.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.name.endswith(".warc.gz"):
            assert OWN.encode() not in gzip.decompress(data)
            for record in ArchiveIterator(io.BytesIO(data)):
                record.parse_http()
                said = [
                    *record.headers.items(),
                    *(record.http_headers.items() if record.http_headers else ()),
                ]
                looked += DETAILS in dict(said)
                assert STATED not in json.dumps(said), said
        else:
            assert STATED.encode() not in data, path
            assert OWN.encode() not in data, path
    assert looked >= 4


def test_no_value_of_a_page_is_part_of_a_path(crawled: Crawled) -> None:
    """The one partition key is the day; sites and addresses are columns."""
    known = re.compile(
        r"(articles|rejected|removed_blocks)/fetch_date=\d{4}-\d\d-\d\d/part-[0-9A-Za-z-]+\.parquet"
        r"|(raw/)?khabar-\d{8}T\d{6}-[0-9a-f]{6}-\d{5}\.warc\.gz|manifest\.json"
        r"|README\.md|croissant\.json|views\.sql|report/(index\.html|alerts\.json|khabar\.prom)|\.state/.*|\..*"
    )
    paths = [path for path in crawled.output.rglob("*") if path.is_file()]
    assert len(paths) >= 4
    for path in paths:
        assert known.fullmatch(path.relative_to(crawled.output).as_posix()), path
    for path in (path for path in paths if ".state" in path.parts):
        assert re.fullmatch(r"[a-zA-Z0-9._=-]+", path.name), path


# -- what the user gives


def mistake(act: object) -> str:
    with pytest.raises(UserError) as caught:
        act()  # type: ignore[operator]  # each case is a function of no arguments
    said = str(caught.value)
    assert OWN not in said
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize("key", ["start", "feeds", "sitemaps", "sections"])
def test_a_site_file_with_a_password_is_refused_by_key(tmp_path: Path, key: str) -> None:
    secret = f"https://reader:{OWN}@example.org/x"
    value = f'"{secret}"' if key == "start" else f'["{secret}"]'
    start = "" if key == "start" else 'start = "https://example.org/"\n'
    (path := tmp_path / "a.toml").write_text(f'name = "a"\n{start}{key} = {value}\n', "utf-8")
    said = mistake(lambda: load_site(path))
    assert said.startswith(f"{path}: key '{key}")
    assert "give it without" in said


@pytest.mark.parametrize(
    "url",
    [
        f"http://reader:{OWN}@example.org/",
        f"http://{OWN}@example.org/",
        f"HTTP://reader:{OWN}@example.org:81/",
        f"reader:{OWN}@example.org/",
        f"http:reader:{OWN}@example.org/",
        f"http:///reader:{OWN}@example.org/",
        f"//reader:{OWN}@example.org/",
        f"ftp://reader:{OWN}@example.org/",
        f"http://reader:{OWN}@[bad/",
        f"http://rea\nder:{OWN}@example.org:99999/",
        f"http://reader:{OWN}@/",
    ],
)
def test_a_url_with_a_password_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    assert "bad URL" in mistake(lambda: UrlsSpider.plan({"url": url}))
    (path := tmp_path / "urls.txt").write_text(url.replace("\n", ""), "utf-8")
    assert f"{path}:1: " in mistake(lambda: UrlsSpider.plan({"file": str(path)}))


@pytest.mark.parametrize("command", ["explain", "newsite"])
def test_a_command_refuses_a_password_in_one_line(command: str) -> None:
    done = scrapy(command, f"http://reader:{OWN}@example.org/")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "give it without" in done.err
    assert OWN not in done.err + done.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEWS_OUTPUT", f"s3://reader:{OWN}@bucket/x"),
        ("NEWS_OUTPUT", f"https://reader:{OWN}@example.org/x"),
        ("NEWS_STATE", f"https://reader:{OWN}@example.org/ledger"),
        ("NEWS_CONTACT", f"https://reader:{OWN}@example.org/bot"),
        ("NEWS_CONTACT", "https://example.org/bot\r\nX-Api-Key: 1"),
    ],
)
def test_a_setting_with_a_password_is_refused_by_name(name: str, value: str) -> None:
    known = Settings(
        {key: getattr(project_settings, key) for key in dir(project_settings) if key.startswith("NEWS_")}
    )
    known.set(name, value)
    assert mistake(lambda: RunConfig.from_settings(known)).startswith(f"{name}=")


userinfo = st.text(
    st.characters(min_codepoint=0x21, exclude_characters="/?#\\@[]", codec="utf-8"), min_size=1
)


@settings(deadline=None)
@given(userinfo, st.sampled_from(["http", "https", "HTTP"]), st.sampled_from(["", "/a@b", "/?x=a@b"]))
def test_whatever_stands_before_the_host_is_gone_or_refused(before: str, scheme: str, path: str) -> None:
    url = f"{scheme}://{before}:{OWN}@example.org{path}"
    with suppress(BadUrl):
        assert OWN not in checked_url(url)
    with suppress(ValueError):
        assert OWN not in without_credentials(url)
    with pytest.raises(BadUrl) as caught:
        given_url(url)
    assert OWN not in str(caught.value)
    assert OWN not in hidden(f"Redirecting (302) to <GET {url}> from <GET {url}>: {url!r}")


@given(st.text())
def test_text_without_an_address_stays_as_it_is(text: str) -> None:
    assert hidden(text) == text or "//" in text
