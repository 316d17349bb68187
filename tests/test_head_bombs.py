"""Heads of answers that are bombs: the URL fails by name, and the process stays as small as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from demo.crawl import environment
from tests.crawling import IN_THE_LONG_FORM, ROOT
from tests.helpers_hosts import Answer
from tests.helpers_net import Seen, Server

OK = b"HTTP/1.1 200 OK\r\n"
BOMBS = {
    "/line": OK + b"X-Long: " + b"x" * 2_000_000 + b"\r\n\r\n",
    "/many": OK + b"".join(b"X-Header-%d: some value of it\r\n" % n for n in range(200_000)) + b"\r\n",
    "/folded": OK + b"X-Folded: x\r\n" + b" and more of it\r\n" * 300_000 + b"\r\n",
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000 + OK + b"\r\n",
    "/status": b"HTTP/1.1 200 " + b"x" * 2_000_000 + b"\r\n\r\n",
}
MAX_GROWTH = 30 * 1024  # KiB, the unit of Linux


def answer(seen: Seen) -> Answer | bytes:
    """The bomb of a path; `/none` is a page that is not there."""
    return BOMBS.get(seen.path, Answer(404))


@dataclass(frozen=True)
class Explained:
    """What `scrapy explain` said of an address, and its largest size in KiB."""

    said: str
    peak: int


def explain(server: Server, path: str) -> Explained:
    command = [sys.executable, "-m", "scrapy", "explain", f"http://{server.netloc}{path}"]
    command += ["-s", f"NEWS_ALLOW_PRIVATE={server.netloc}", "-s", "DOWNLOAD_DELAY=0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr is not None
    with process.stderr as told:
        said = told.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Explained(said, used.ru_maxrss)


@pytest.fixture(scope="module")
def explained() -> Iterator[dict[str, Explained]]:
    with Server("127.0.9.9", answer).open() as server:
        yield {path: explain(server, path) for path in ("/none", *BOMBS)}


@pytest.mark.xdist_group("head_bombs")
@IN_THE_LONG_FORM
@pytest.mark.parametrize("path", BOMBS)
def test_a_bomb_of_headers_fails_by_name_and_is_not_kept_in_memory(
    explained: dict[str, Explained], path: str
) -> None:
    assert explained[path].said.endswith(f"{path}: head_too_large\n")
    assert explained[path].peak < explained["/none"].peak + MAX_GROWTH
