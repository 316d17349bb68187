"""Transfers that are cut, damaged, mislabelled, too large or never come: one crawl over all of them."""

from __future__ import annotations

import gzip
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import (
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from twisted.internet.error import NoRouteError, TCPTimedOutError
from twisted.python.failure import Failure
from twisted.web._newclient import ResponseNeverReceived

from crawler.ends import WhyFailed, end_of
from crawler.network.failures import NoNameAnswer, RedirectRefused, TlsFailed
from pipelines.page.ending import ending_flags
from pipelines.records import State
from pipelines.unpacking import Truncated
from tests.crawling import ROOT, Finished, rows, scrapy
from tests.helpers_fault_server import FaultServer
from tests.helpers_hosts import Answer, Hosts, site
from tests.hostile.cases import Case, Where, stored
from tests.hostile.transfers import MIB, TRANSFERS

# Time-outs are waited for, each of them twice; a good page answers at once, even on a slow machine.
SECONDS, TRIES = 6, 2
REFUSED = "nobody-listens"
GOOD = tuple(stored(f"good-{number}", lambda where: where.page.encode()) for number in range(8))
CASES = TRANSFERS + GOOD

pytestmark = pytest.mark.xdist_group("transfers")


@dataclass(frozen=True)
class Crawled:
    """What one crawl of all cases left, by the path of the case."""

    done: Finished
    ends: dict[str, tuple[str, str | None]]
    asked: dict[str, int]
    articles: dict[str, dict[str, Any]]
    texts: dict[str, str]
    rejected: list[str]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    folder = tmp_path_factory.mktemp("transfers")
    with FaultServer(CASES, refused=[REFUSED]) as server:
        (folder / "urls.txt").write_text("\n".join(server.urls().values()), encoding="utf-8")
        settings = {
            "NEWS_OUTPUT": folder / "output",
            "NEWS_ALLOW_PRIVATE": server.allowed,
            "NEWS_WORKERS": 1,
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_TIMEOUT": SECONDS,
            "RETRY_TIMES": TRIES - 1,
            "ROBOTSTXT_OBEY": False,
        }
        given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        done = scrapy("crawl", "urls", "-a", f"file={folder / 'urls.txt'}", *given)
        paths = {url: path for path, url in server.urls().items()}
        asked, texts = dict(server.asked), server.texts()
    output = folder / "output"
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db:
        found = db.execute("SELECT url, state, reason FROM urls").fetchall()
    return Crawled(
        done,
        {paths[url]: (state, reason) for url, state, reason in found},
        asked,
        {paths[row["url"]]: row for row in rows(output, "articles")},
        texts,
        [paths[row["url"]] for row in rows(output, "rejected")],
    )


def named(case: Case) -> str:
    return case.path


def failing(*reasons: str) -> list[str]:
    return [case.path for case in CASES if case.reason in reasons]


def test_the_crawl_ends_well_and_our_code_never_raised(crawled: Crawled) -> None:
    assert crawled.done.code == 0, crawled.done.err
    assert "Traceback" not in crawled.done.err


@pytest.mark.parametrize("case", CASES, ids=named)
def test_each_transfer_ends_in_its_state(crawled: Crawled, case: Case) -> None:
    state, reason = crawled.ends[case.path]
    assert state == case.state, reason
    if case.state is not State.COMMITTED:
        assert reason == case.reason


@pytest.mark.parametrize("case", [case for case in CASES if case.state is State.COMMITTED], ids=named)
def test_what_is_stored_is_stored_whole(crawled: Crawled, case: Case) -> None:
    row = crawled.articles[case.path]
    assert row["text"] == crawled.texts[case.path]
    assert case.check is None or case.check(row), row["quality_flags"]


def test_nothing_else_becomes_a_row(crawled: Crawled) -> None:
    assert set(crawled.articles) == {case.path for case in CASES if case.state is State.COMMITTED}
    assert set(crawled.rejected) == {case.path for case in CASES if case.state is State.REJECTED}


def test_a_refused_connection_is_named(crawled: Crawled) -> None:
    assert crawled.ends[REFUSED] == (State.FAILED, "refused")


def test_what_another_try_may_mend_is_tried_again(crawled: Crawled) -> None:
    again = failing("truncated", "damaged", "data_loss", "connection_lost", "timeout")
    assert {path: crawled.asked[path] for path in again} == dict.fromkeys(again, TRIES)


def test_what_is_too_large_or_mislabelled_is_not(crawled: Crawled) -> None:
    once = failing("too_large", "bad_content_encoding")
    assert {path: crawled.asked[path] for path in once} == dict.fromkeys(once, 1)


@pytest.mark.parametrize("path", ["empty", "ten-bytes", "empty-gzip", "until-closed-too-early"])
def test_a_page_that_looks_as_if_it_had_not_come_is_asked_for_once_more(crawled: Crawled, path: str) -> None:
    assert crawled.asked[path] == 2


@pytest.mark.parametrize("path", ["until-closed", "length-too-small", "good-0"])
def test_a_page_that_came_is_asked_for_once(crawled: Crawled, path: str) -> None:
    assert crawled.asked[path] == 1


def test_each_failure_is_counted_by_its_reason(crawled: Crawled) -> None:
    counted = dict(re.findall(r"'news/transfer/(\w+)': (\d+)", crawled.done.err))
    assert int(counted["truncated"]) == TRIES * len(failing("truncated"))
    assert int(counted["damaged"]) == TRIES * len(failing("damaged"))
    assert int(counted["bad_content_encoding"]) == len(failing("bad_content_encoding"))


# -- robots.txt


def test_rules_hold_however_robots_txt_is_packed_and_none_are_guessed(tmp_path: Path) -> None:
    """Of one that is too long the beginning holds; one that is cut says nothing, so nothing is fetched."""
    text = b"User-agent: *\nDisallow: /closed\n"
    whole = gzip.compress(text + b"# filler\n" * 50)
    bodies = {
        "127.0.7.1": whole,
        "127.0.7.2": gzip.compress(text + bytes(30 * MIB)),
        "127.0.7.3": text,
        "127.0.7.4": whole[:-20],
    }
    packed = (("Content-Type", "text/plain"), ("Content-Encoding", "gzip"))
    with Hosts({host: site(Answer(body=body, headers=packed)) for host, body in bodies.items()}) as hosts:
        urls = [hosts.url(host, path) for host in bodies for path in ("/open", "/closed")]
        (tmp_path / "urls.txt").write_text("\n".join(urls), encoding="utf-8")
        settings = {
            "NEWS_OUTPUT": tmp_path / "output",
            "NEWS_ALLOW_PRIVATE": hosts.allowed,
            "DOWNLOAD_DELAY": 0,
        }
        given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        done = scrapy("crawl", "urls", "-a", f"file={tmp_path / 'urls.txt'}", *given, "-L", "WARNING")
        asked = [hosts.asked(host) for host in bodies]
    assert done.code == 0, done.err
    assert asked == [["/open"]] * 3 + [[]]


# -- names of ends


def wrapped(error: Exception) -> DownloadFailedError:
    """As Scrapy hands on what Twisted says."""
    failed = DownloadFailedError("failed")
    failed.__cause__ = ResponseNeverReceived([Failure(error)])  # type: ignore[no-untyped-call]  # Twisted's
    return failed


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (NoNameAnswer(), State.FAILED, "dns: no answer"),
        (DownloadTimeoutError(), State.FAILED, "timeout"),
        (TCPTimedOutError(), State.FAILED, "timeout"),
        (NoRouteError(), State.FAILED, "unreachable"),
        (TlsFailed("certificate has expired"), State.FAILED, "tls: certificate has expired"),
        (wrapped(ConnectionResetError()), State.FAILED, "connection_lost"),
        (Truncated("half"), State.FAILED, "truncated"),
        (RedirectRefused("redirect_loop"), State.FAILED, "redirect_loop"),
        (IgnoreRequest("Forbidden by robots.txt"), State.FORBIDDEN, "Forbidden by robots.txt"),
        (RuntimeError("a bug"), State.FAILED, "RuntimeError"),
    ],
)
def test_ends_have_names(error: Exception, state: State, reason: str) -> None:
    assert end_of(error) == (state, reason)


def test_all_names_are_documented() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    table = reference.split("\n## Reasons of failed URLs\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    # The others are of `crawler.network.failures`.
    others = ["redirect_loop", "bad_scheme", "bad_redirect", "head_too_large"]
    assert documented == [reason.value for reason in WhyFailed] + others


# -- the flag


@pytest.mark.parametrize("end", ["</html>", "</HTML>\n<!-- 0.2 s -->", "</html ", "</html></html>"])
def test_a_page_with_an_end_has_no_flag(end: str) -> None:
    assert ending_flags(f"<html><body><p>One.{end}") == ()


def test_a_page_that_is_cut_anywhere_before_its_end_has_the_flag() -> None:
    page = "<!doctype html><html><head><title>One</title></head><body><p>One.</p></body></html>"
    for length in range(len(page) - 1):
        assert ending_flags(page[:length]) == ("maybe_truncated",)


def test_cases_have_addresses_of_their_own() -> None:
    paths = [case.path for case in CASES]
    assert len(set(paths)) == len(paths)
    assert all(isinstance(case.served(Where("", "", "", 0, "<p>", "")), object) for case in CASES)
