"""The live line: it fits, it is gone at the end, and it is nowhere but at a terminal."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archives import ArchivesRead
from crawler.figures import Figures
from crawler.liveline import is_watched
from crawler.progress import Meter, Progress, Steps
from crawler.terminal import display_width
from demo.crawl import crawl_command
from tests.conftest import DemoCrawl
from tests.crawling import IN_THE_LONG_FORM, ROOT, run, scrapy
from tests.helpers_terminal import Screen, Shown, at_terminal
from tests.test_log_lines import RECORD

COUNTS = st.integers(0, 10**7)
PROGRESS = st.builds(
    Progress,
    st.builds(Steps, COUNTS, COUNTS, st.just("sites")),
    pages=COUNTS, articles=COUNTS, rejected=COUNTS, rate=st.floats(0, 1e4), seconds=st.floats(0, 1e6),
)  # fmt: skip
LINE = re.compile(r"\d+/\d+ (?:sites|files)")


# -- the line


@given(PROGRESS, st.integers(0, 200))
def test_a_line_fits_and_loses_what_matters_least_first(progress: Progress, width: int) -> None:
    line, whole = progress.line(width), progress.line(1_000)
    assert display_width(line) <= width
    assert whole.startswith(f"{progress.steps.done:,}/{progress.steps.total:,} sites")
    shown = line.split(" · ")
    if len(shown) > 1:
        assert set(shown) <= set(whole.split(" · "))
        assert f"{progress.articles:,} articles" in shown


def test_the_whole_line() -> None:
    progress = Progress(Steps(3, 6, "sites"), 1_200, 940, 12, 13.25, 3_725.9)
    assert (
        progress.line(100)
        == "3/6 sites · 1,200 pages · 940 articles · 12 turned away · 13.2 pages/s · 1:02:05"
    )
    assert progress.line(40) == "3/6 sites · 940 articles · 1:02:05"
    assert progress.line(5) == "3/6 s"


def test_the_rate_is_that_of_the_last_seconds() -> None:
    figures, meter, steps = Figures(), Meter(0.0), Steps(0, 1, "sites")
    assert meter.read(figures, steps, 0.0).rate == 0
    figures.sites["sahifa"].fetched = 50
    assert meter.read(figures, steps, 5.0).rate == 10
    assert meter.read(figures, steps, 30.0).rate == 0
    figures.archives = ArchivesRead(outcomes=Counter({"page": 7, "not_html": 3}))
    assert meter.read(figures, steps, 31.0).pages == 7


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_only_a_terminal_that_can_move_its_cursor_is_watched() -> None:
    assert is_watched(Stream(terminal=True), {"TERM": "xterm"})
    assert not is_watched(Stream(terminal=True), {"TERM": "dumb"})
    assert not is_watched(Stream(terminal=True), {})
    assert not is_watched(Stream(terminal=False), {"TERM": "xterm"})


# -- real crawls


def command(demo_crawl: DemoCrawl, output: Path, *more: str) -> list[str]:
    one = demo_crawl.sites / "sahifa-east.toml"
    return [*crawl_command(demo_crawl.newsroom, one, output), *more]


def lines_of(shown: Shown) -> list[str]:
    return [row.rstrip() for row in shown.screen.rows]


def assert_whole(shown: Shown) -> None:
    """The cursor is back, nothing of the line is left, and each line of the log stands alone."""
    assert "\x1b[?25l" in shown.written
    assert shown.screen.cursor
    rows = lines_of(shown)
    assert [row for row in rows if LINE.search(row)] == []
    assert [row for row in rows if "INFO: " in row and not RECORD.match(row)] == []


def test_a_crawl_that_somebody_watches(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    shown = at_terminal(command(demo_crawl, tmp_path / "output", "-L", "INFO"))
    assert shown.code == 0, shown.written
    assert "0/1 sites" in shown.written
    for drawn in re.findall(r"1/1 sites[^\r\n\x1b]*", shown.written):
        assert "12 articles" in drawn, "a site is done when its pages are cleaned"
    assert_whole(shown)
    rows = lines_of(shown)
    closed = next(number for number, row in enumerate(rows) if "Spider closed" in row)
    summary = next(number for number, row in enumerate(rows) if row.startswith("12 new articles"))
    assert closed < summary
    site = next(row for row in rows if "[khabar.sites] INFO: site=sahifa-east" in row)
    assert "seconds=" in site, "longer than the terminal is wide, and whole"


@IN_THE_LONG_FORM
def test_a_narrow_terminal_without_colours(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    shown = at_terminal(command(demo_crawl, tmp_path / "output"), columns=30, NO_COLOR="1")
    assert shown.code == 0, shown.written
    drawn = re.findall(r"\d+/1 sites[^\r\n\x1b]*", shown.written)
    assert drawn
    assert max(map(display_width, drawn)) < 30
    assert not re.search(r"\x1b\[[\d;]*m", shown.written)
    assert_whole(shown)


@pytest.mark.parametrize("plain", [{"TERM": "dumb"}, {"NEWS_PROGRESS": "0"}])
def test_plain_lines_where_a_line_cannot_or_shall_not_be(
    demo_crawl: DemoCrawl, tmp_path: Path, plain: dict[str, str]
) -> None:
    more = [word for name, value in plain.items() if name != "TERM" for word in ("-s", f"{name}={value}")]
    shown = at_terminal(command(demo_crawl, tmp_path / "output", *more), TERM=plain.get("TERM", "xterm"))
    assert shown.code == 0, shown.written
    assert "\x1b" not in shown.written
    assert not LINE.search(shown.written)
    assert "12 new articles" in shown.written


def test_a_pipe_gets_plain_lines(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    done = run(command(demo_crawl, tmp_path / "output", "-L", "INFO"), TERM="xterm", FORCE_COLOR="1")
    assert "\x1b" not in done.err + done.out
    assert "\r" not in done.err + done.out
    assert not LINE.search(done.err)


def test_control_c_leaves_the_terminal_whole(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    typed = False

    def stop(written: str) -> bytes:
        nonlocal typed
        if typed or not re.search(r"[1-9]\d* pages", written):
            return b""
        typed = True
        return b"\x03"

    slow = ["-s", "DOWNLOAD_DELAY=1", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "-L", "INFO"]
    shown = at_terminal(command(demo_crawl, tmp_path / "output", *slow), keys=stop)
    assert shown.code == 0, shown.written
    assert "Received SIGINT" in shown.written
    assert " outcome=stopped " in shown.written
    assert_whole(shown)


@IN_THE_LONG_FORM
def test_archives_are_counted_in_files(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    raw = demo_crawl.output / "raw"
    words = [sys.executable, "-m", "scrapy", "crawl", "warc", "-a", f"path={raw}", "-L", "WARNING"]
    shown = at_terminal([*words, "-s", f"NEWS_OUTPUT={tmp_path / 'output'}"])
    assert shown.code == 0, shown.written
    assert re.search(r"0/\d+ files", shown.written)
    assert_whole(shown)


def test_a_flag_that_is_none_is_one_line(tmp_path: Path) -> None:
    given = ["-a", f"sites={ROOT / 'sites'}", "-s", f"NEWS_OUTPUT={tmp_path}", "-s", "NEWS_PROGRESS=perhaps"]
    done = scrapy("crawl", "news", *given)
    assert (done.code, done.err) == (2, "scrapy crawl: NEWS_PROGRESS='perhaps': it must be 1 or 0\n")


def test_the_screen_of_these_tests_sees_what_is_left_over() -> None:
    screen = Screen().feed("one\r\n\x1b[?25l1/6 sites\r\x1b[2Ktwo\r\n2/6 sites")
    assert (screen.rows, screen.cursor) == (["one", "two", "2/6 sites"], False)
