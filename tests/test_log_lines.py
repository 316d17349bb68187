"""No stranger writes a line of the log, hides in one, or makes it endless; nor does a terminal obey one."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.loglines import INDENT, MAX_LINE, MAX_TEXT, LineRecord, lines
from crawler.terminal import harmless, json_line
from pipelines.urls import checked_url
from tests.crawling import ROOT, Finished, scrapy
from tests.helpers_hosts import Answer, Hosts
from tests.hostile.injection import ESCAPES, FORGED, HOSTILE, LONG, article

PAPER = "127.0.7.3"
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[[\w.-]+\] (DEBUG|INFO|WARNING|ERROR|CRITICAL): ")
FORGED_TIME = "2026-01-01 00:00:00"
MEGABYTES = 5
_UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\ufeff\u202a-\u202e\u2060-\u206f]")

pytestmark = pytest.mark.xdist_group("loglines")


def is_obeyed(char: str) -> bool:
    """Whether a terminal or a reader of the log would do something else than show it."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or bool(_UNSEEN.match(char))


def wire(text: str) -> str:
    """What a server sends as these bytes of UTF-8."""
    return text.encode("utf-8", "replace").decode("latin-1")


def paper(path: str) -> Answer:
    """Every string of this host carries escapes, or a line that looks like one of ours."""
    escapes = wire(ESCAPES.replace("\x85", ""))
    dressed = (("Server", escapes), ("Content-Type", f"text/html; charset={escapes}"), ("X-Long", LONG))
    links = "".join(
        f'<h2><a href="{where}">A story of the quay and the ferry</a></h2>'
        for where in ("/moved", "/nowhere", "/story", "/redirected", "/status", "/huge", "/split",
                      f"/rtl/\u202e{'x' * 20}/\u2066", f"/c1/\x9b2J\x85/\u2028{FORGED_TIME}", f"/{LONG}")
    )  # fmt: skip
    return {
        "/": Answer(body=f"<html><head><title>{HOSTILE}</title></head><body>{links}</body></html>".encode()),
        "/robots.txt": Answer(
            body=f"User-agent: {HOSTILE}\nDisallow: /{HOSTILE}\nSitemap: {HOSTILE}".encode()
        ),
        "/moved": Answer(302, headers=(("Location", f"/gone?{escapes}"),)),
        "/redirected": Answer(302, headers=(("Location", f"http://{escapes}.test/{LONG}"),)),
        "/nowhere": Answer(302, headers=(("Location", f"http://xn--\u00fc{escapes}/"),)),
        "/split": Answer(302, headers=(("Location", wire(f"/gone/{FORGED.strip()}\r\n {FORGED_TIME}")),)),
        "/huge": Answer(302, headers=(("Location", f"http://{'h' * 40_000}.test/"),)),
        "/status": Answer(404, headers=dressed),
        "/story": Answer(body=article(311, title=f"{ESCAPES} Rain on the quay").encode(), headers=dressed),
    }.get(path, Answer(404, headers=dressed))


@dataclass(frozen=True)
class Crawled:
    """A crawl that ended, its log to a terminal, and what the commands show of its pages."""

    done: Finished
    shown: dict[str, Finished]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("loglines")
    with Hosts({PAPER: paper}) as hosts:
        (folder / "paper.toml").write_text(f'name = "paper"\nstart = "{hosts.url(PAPER, "/")}"\n', "utf-8")
        common = [
            *("-s", f"NEWS_OUTPUT={folder / 'output'}", "-s", f"NEWS_ALLOW_PRIVATE={hosts.netloc(PAPER)}"),
            *("-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0", "-s", "NEWS_WORKERS=1"),
        ]
        done = scrapy("crawl", "news", "-a", f"sites={folder / 'paper.toml'}", "-L", "DEBUG", *common)
        shown = {
            "explain": scrapy("explain", hosts.url(PAPER, "/story"), *common),
            "explain json": scrapy("explain", hosts.url(PAPER, "/story"), "--format", "json", *common),
            "explain moved": scrapy("explain", hosts.url(PAPER, "/redirected"), *common),
            "newsite": scrapy("newsite", hosts.url(PAPER, "/"), "--dry-run", *common),
            "reconcile": scrapy("reconcile", *common),
        }
        yield Crawled(done, shown)


def test_every_line_of_the_log_is_one_of_ours_or_continues_one(crawled: Crawled) -> None:
    found = crawled.done.err.split("\n")
    assert len(found) > 50
    for line in filter(None, found):
        assert RECORD.match(line) or line.startswith(INDENT), line
        assert not line.startswith(FORGED_TIME), line
        assert not any(map(is_obeyed, line)), ascii(line)
        assert len(line) <= MAX_LINE + 100, line[:200]


def test_the_log_still_says_what_happened(crawled: Crawled) -> None:
    assert crawled.done.code == 0, crawled.done.err
    for said in ("Spider closed (finished)", "Redirecting (302)", "Crawled (404)", "Dumping Scrapy stats"):
        assert said in crawled.done.err
    assert "Traceback" not in crawled.done.err
    assert "1 new articles" in crawled.done.out


def test_no_command_passes_on_what_a_terminal_would_obey(crawled: Crawled) -> None:
    for name, done in crawled.shown.items():
        for line in (done.out + done.err).split("\n"):
            assert not any(map(is_obeyed, line)), (name, ascii(line))
    shown = crawled.shown["explain"].out
    assert "Rain" in shown, shown
    assert "quay" in shown, "a line may end between them"
    assert "Rain on the quay" in json.loads(crawled.shown["explain json"].out)["title"]
    assert len(crawled.shown["explain moved"].err) < 2 * MAX_TEXT


# -- one record

PROGRAM = """
import logging, sys
from crawler.loglines import install
install()
logging.basicConfig(format="%(asctime)s [%(name)s] %(levelname)s: %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
hostile = eval(sys.argv[1])
def fail():
    raise ValueError(hostile)
try:
    fail()
except ValueError:
    logging.getLogger("a").exception("failed on %s", hostile)
from twisted.python import log
log.PythonLoggingObserver("twisted").start()
log.err(ValueError(hostile), hostile)
log.msg(hostile)
logging.captureWarnings(True)
import warnings
warnings.warn(hostile)
logging.getLogger("a").warning(hostile, stack_info=True)
import threading
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_tracebacks_twisted_warnings_and_what_nobody_catches_are_lines_of_the_same_kind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ascii(HOSTILE + "http://a:pw@x.test/")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("Traceback") >= 3
    assert done.stderr.count("uncaught") == 2
    for line in filter(None, done.stderr.split("\n")):
        assert RECORD.match(line) or line.startswith(INDENT), line
        assert not line.startswith(FORGED_TIME), line
        assert not any(map(is_obeyed, line)), ascii(line)
    assert "a:pw" not in done.stderr


def record(message: str, *args: object) -> str:
    made = LineRecord("name", logging.INFO, "file", 1, message, args, None)
    return logging.Formatter("%(asctime)s [%(name)s] %(levelname)s: %(message)s", "%Y-%m-%d %H:%M:%S").format(
        made
    )


texts = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE + "\n\r\x1b\u200c\u200d\u0645")))


@settings(deadline=None)
@given(texts)
def test_whatever_is_logged_gives_one_record(text: str) -> None:
    first, *others = record("fetched %s", text).split("\n")
    assert RECORD.match(first)
    assert all(line.startswith(INDENT) for line in others)
    assert not any(map(is_obeyed, first + "".join(others)))
    first.encode()


@settings(deadline=None)
@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"))))
def test_letters_of_any_script_stay_readable(text: str) -> None:
    assert lines(text) == text or "//" in text or len(text) > MAX_LINE


@pytest.mark.parametrize(
    "text", ["خبر عاجل: «الميناء» يفتح ١٢٪", "می\u200cشود", "क्\u200dष", "公園 👩\u200d🚒"]
)
def test_news_is_logged_as_it_is_written(text: str) -> None:
    assert record("stored %s", text).endswith(f"stored {text}")


def test_a_long_text_is_cut_in_its_middle_and_its_end_stays() -> None:
    said = record("error: %s why", "x" * (MEGABYTES * 2**20))
    assert len(said) < MAX_LINE + 100
    assert said.endswith("xxx why")
    assert " … " in said
    many = record("%s", "\n".join(f"line {number}" for number in range(10**6)))
    assert len(many) < 2 * MAX_TEXT
    assert many.endswith("line 999999")


def test_a_password_is_masked_before_a_line_is_cut() -> None:
    for at in range(MAX_LINE // 2 - 80, MAX_LINE // 2 + 20):
        assert "canary" not in record("%s http://reader:canary@x.test/ %s", "x" * at, "y" * MAX_LINE)


def test_a_host_of_look_alike_letters_is_logged_in_ascii() -> None:
    assert checked_url("http://аррle.test/\u202emoc.elppa") == "http://xn--le-6kc8da.test/%E2%80%AEmoc.elppa"


# -- a terminal


@settings(deadline=None)
@given(texts)
def test_what_a_terminal_is_given_it_shows(text: str) -> None:
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in harmless(text))
    said = json_line({"title": text, "all": [text]})
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in said)
    assert "//" in text or json.loads(said) == {"title": text, "all": [text]}


def test_the_log_of_a_command_that_prints_is_not_its_output() -> None:
    """A handler of another kind writes the same lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.handle(LineRecord("name", logging.INFO, "file", 1, HOSTILE, (), None))
    assert not any(map(is_obeyed, stream.getvalue().replace("\n", "")))
