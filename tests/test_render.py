"""Sites with `render = true`: real Chromium on pages of our own, and what such pages may not do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from pipelines.store.raw import read_response
from tests.crawling import ROOT, Finished, environment, rows, scrapy
from tests.helpers_render import HEADLINE, PARAGRAPHS, Neighbour, Paper, neighbour, opened, processes_of

MISSING = not (find_spec("scrapy_playwright") and shutil.which("chromium"))
pytestmark = [
    pytest.mark.xdist_group("chromium"),
    # `make test-all` and `make check` set it: there, what is missing fails the tests.
    pytest.mark.skipif(
        MISSING and os.environ.get("KHABAR_EXTRAS") != "1",
        reason="scrapy-playwright or Chromium is not installed; `make test-all` installs both",
    ),
]
# Everything a page can ask an address with; %(there)s is the neighbour's host:port.
HOSTILE = """
  alert("!"); confirm("?"); onbeforeunload = () => "stay";
  for (const there of ["http://%(there)s/", "http://169.254.169.254/latest/meta-data/", "/to-neighbour",
      "http://localhost:%(port)s/", "file:///etc/passwd"]) {
    const attempts = [
      () => fetch(there, {mode: "no-cors"}), () => new Worker(URL.createObjectURL(new Blob(
        ["fetch('" + new URL(there, location) + "', {mode: 'no-cors'})"]))),
      () => { new Image().src = there; }, () => navigator.sendBeacon(there, "x"), () => import(there),
      () => new EventSource(there), () => window.open(there), () => navigator.serviceWorker.register(there),
      () => new WebSocket(there.replace("http", "ws")), () => new WebSocket("ws://%(there)s/"),
      () => add("script", "src"), () => add("iframe", "src"), () => add("link", "href", {rel: "stylesheet"}),
      () => add("link", "href", {rel: "preconnect"}), () => add("link", "href", {rel: "prefetch"}),
      () => add("video", "src"), () => add("object", "data"), () => add("embed", "src"),
      () => add("a", "href", {download: "x"}).click(), () => { location.href = there; },
      () => { const form = add("form", "action", {method: "post"}); form.submit(); },
    ];
    const add = (tag, name, more) => document.body.appendChild(
      Object.assign(document.createElement(tag), {[name]: there}, more));
    for (const attempt of attempts) try { attempt()?.catch?.(() => 0); } catch {}
  }
  const talk = new RTCPeerConnection({iceServers: [{urls: "stun:%(there)s"}]});
  talk.createDataChannel("x"); talk.createOffer().then(offer => talk.setLocalDescription(offer));
  try { new WebTransport("https://%(there)s/").ready.catch(() => 0); } catch {}
  const file = Object.assign(document.createElement("a"), {href: "/attachment", download: "a.bin"});
  document.body.append(file); file.click();
  location.reload();
  await fetch("/tried-all");
"""
STORIES = {
    "plain": "",
    "hostile": HOSTILE,
    "endless": 'setInterval(() => 0, 1); (async () => { for (;;) await fetch("/poll"); })();',
    "hung": "for (;;);",
    "crash": "const kept = []; for (;;) kept.push(new Array(5000000).fill(kept.length));",
    "large": 'article.append("x".repeat(6 << 20));',
    "emoji": 'article.appendChild(document.createElement("p")).textContent = "cut \\ud83d";',
    "away": 'location.href = URL.createObjectURL(new Blob(["<p>elsewhere"], {type: "text/html"}));',
    "blank": 'location.replace("about:blank");',
    "empty": "document.documentElement.remove();",
    "forged": "Object.defineProperty(Element.prototype, 'outerHTML', {get: () => '<p>forged</p>'});",
    "secret": "",
}


@dataclass(frozen=True)
class Crawled:
    paper: Paper
    neighbour: Neighbour
    output: Path
    done: Finished
    left: list[str]  # processes and files of the browser that outlived the run

    def row(self, name: str) -> dict[str, Any] | None:
        """The article of that name."""
        found = [row for row in rows(self.output, "articles") if row["url"].endswith(f"/news/{name}")]
        assert len(found) < 2
        return found[0] if found else None

    def text(self, name: str) -> str:
        row = self.row(name)
        return str(row["text"]) if row else ""

    def end(self, name: str) -> tuple[str, str | None]:
        """State and reason of the URL."""
        with closing(sqlite3.connect(self.output / ".state" / "ledger.sqlite")) as ledger:
            query = "SELECT state, reason FROM urls WHERE url LIKE ?"
            found: tuple[str, str | None] = ledger.execute(query, (f"%/news/{name}",)).fetchone()
        return found


def command(paper: Paper, folder: Path, *, render: bool) -> list[str]:
    sites = paper.site_file(folder / "sites", render=render)
    settings = {
        "NEWS_OUTPUT": str(folder / "output"),
        "NEWS_ALLOW_PRIVATE": paper.place,
        "NEWS_CONTACT": "https://khabar.invalid/render",
        "NEWS_RENDER_SECONDS": "25",
        "DOWNLOAD_DELAY": "0",
        "CONCURRENT_REQUESTS_PER_DOMAIN": "4",
    }
    arguments = ["crawl", "news", "-a", f"sites={sites}"]
    for name, value in settings.items():
        arguments += ["-s", f"{name}={value}"]
    return arguments


def crawl(paper: Paper, folder: Path, *, render: bool = True) -> Crawled:
    """One run on the paper; its browser lives in a folder of a short name, as its sockets need it."""
    with TemporaryDirectory(prefix="khabar-") as temporary, neighbour() as near:
        paper.headers["X-Neighbour"] = f"http://127.0.0.1:{near.port}/"
        values = {"there": f"127.0.0.1:{near.port}", "port": near.port}
        paper.scripts = {
            name: script % values if name == "hostile" else script for name, script in paper.scripts.items()
        }
        done = scrapy(*command(paper, folder, render=render), TMPDIR=temporary)
        left = processes_of(temporary) + [path.name for path in Path(temporary).iterdir()]
    return Crawled(paper, near, folder / "output", done, left)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    paper = Paper(dict(STORIES), robots="User-agent: *\nDisallow: /news/secret\n")
    with opened(paper):
        yield crawl(paper, tmp_path_factory.mktemp("render"))


def test_without_rendering_a_page_of_scripts_is_a_rejected_row(tmp_path: Path) -> None:
    with opened(Paper({"plain": ""})) as paper:
        found = crawl(paper, tmp_path, render=False)
    assert found.row("plain") is None
    assert [row["reason"] for row in rows(found.output, "rejected")] in (["no_body"], ["js_shell"])
    assert found.paper.paths().count("/news/plain") == 1
    assert "/api/story?of=/news/plain" not in found.paper.paths()


def test_rendered_it_is_the_article_that_a_reader_sees(crawled: Crawled) -> None:
    row = crawled.row("plain")
    assert row is not None, crawled.done.err
    assert row["title"].startswith(HEADLINE)
    assert row["text"] == "\n\n".join(PARAGRAPHS)
    assert (row["language"], row["http_status"], row["discovered_via"]) == ("ar", 200, "feed")


def test_links_that_a_script_writes_are_found(crawled: Crawled) -> None:
    assert crawled.text("front") == "\n\n".join(PARAGRAPHS)


def test_the_run_ends_well_although_some_pages_do_not(crawled: Crawled) -> None:
    assert crawled.done.code == 0, crawled.done.err
    assert "Traceback" not in crawled.done.err
    assert "ERROR" not in crawled.done.err


def test_every_document_is_asked_for_once_and_by_our_own_name(crawled: Crawled) -> None:
    asked = crawled.paper.paths()
    assert [path for path in set(asked) if asked.count(path) > 1 and path != "/poll"] == ["/to-neighbour"]
    assert {agent for _, agent in crawled.paper.asked} == {"Khabar/0.1.0 (+https://khabar.invalid/render)"}
    assert "/favicon.ico" not in asked


def test_robots_txt_holds_for_rendered_pages(crawled: Crawled) -> None:
    assert crawled.end("secret") == ("forbidden", "Forbidden by robots.txt")
    assert "/news/secret" not in crawled.paper.paths()


def test_a_page_reaches_nothing_on_this_machine_by_any_means(crawled: Crawled) -> None:
    assert "/tried-all" in crawled.paper.paths()
    assert crawled.neighbour.knocks == []
    assert crawled.paper.hosts == {crawled.paper.place}


def test_such_a_page_is_read_as_if_it_had_done_nothing(crawled: Crawled) -> None:
    assert crawled.text("hostile") == "\n\n".join(PARAGRAPHS)


def test_a_page_that_never_settles_is_taken_as_it_stands(crawled: Crawled) -> None:
    assert "/poll" in crawled.paper.paths()
    assert crawled.text("endless") == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hung", "RenderTimeout"),
        ("crash", "PageCrashed"),
        ("large", "PageTooLarge"),
        ("away", "RenderFailed"),
        ("blank", "RenderFailed"),
    ],
)
def test_a_page_that_cannot_be_read_fails_under_its_reason(crawled: Crawled, name: str, reason: str) -> None:
    assert crawled.end(name) == ("failed", reason)


def test_a_page_that_removes_itself_is_a_rejected_row(crawled: Crawled) -> None:
    assert crawled.end("empty")[0] == "rejected"


def test_half_a_character_is_replaced(crawled: Crawled) -> None:
    assert crawled.text("emoji").startswith("\n\n".join(PARAGRAPHS))
    assert "\ud83d" not in crawled.text("emoji")


def test_a_page_cannot_forge_what_is_read_of_it(crawled: Crawled) -> None:
    assert crawled.text("forged") == "\n\n".join(PARAGRAPHS)


def test_what_is_kept_is_the_rendered_page_and_says_so(crawled: Crawled) -> None:
    row = crawled.row("plain")
    assert row is not None
    raw = read_response(crawled.output / "raw" / row["warc_file"], row["warc_offset"])
    headers = dict(raw.headers)
    assert PARAGRAPHS[0] in raw.body.decode("utf-8")
    assert headers["x-khabar-rendered"].startswith("chromium/")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "etag" not in headers  # it is the shell's, which does not change when the story does


def test_no_process_and_no_profile_outlives_the_run(crawled: Crawled) -> None:
    assert crawled.left == []


def test_a_rendered_page_of_an_old_encoding_is_read_right(tmp_path: Path) -> None:
    with opened(Paper({"plain": ""}, charset="windows-1256")) as paper:
        found = crawl(paper, tmp_path)
    row = found.row("plain")
    assert row is not None
    assert (row["title"], row["text"]) == (f"{HEADLINE} ain", "\n\n".join(PARAGRAPHS))


def test_explain_renders_the_page_of_a_site_that_asks(tmp_path: Path) -> None:
    with opened(Paper()) as paper:
        asked = command(paper, tmp_path, render=True)[2:]
        url = f"http://{paper.place}/news/plain"
        done = scrapy("explain", url, "--format", "json", *asked)
    assert done.code == 0, done.err
    assert json.loads(done.out)["title"].startswith(HEADLINE)


def test_a_redirect_is_scrapys_and_the_target_is_rendered(tmp_path: Path) -> None:
    with opened(Paper(listed=["/moved/plain"])) as paper:
        found = crawl(paper, tmp_path)
    row = found.row("plain")
    assert row is not None, found.done.err
    assert row["url_requested"].endswith("/moved/plain")


def test_a_killed_run_leaves_no_browser_behind(tmp_path: Path) -> None:
    paper = Paper({"endless": STORIES["endless"]})
    with TemporaryDirectory(prefix="khabar-") as temporary, opened(paper):
        arguments = [sys.executable, "-m", "scrapy", *command(paper, tmp_path, render=True)]
        env = environment() | {"TMPDIR": temporary}
        with subprocess.Popen(arguments, cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as run:
            until(lambda: "/poll" in paper.paths())
            assert any("--type=renderer" in process for process in processes_of(temporary))
            run.send_signal(signal.SIGKILL)
            run.wait()
        until(lambda: not processes_of(temporary))


def until(condition: Any) -> None:
    """Wait for it; three minutes are never."""
    for _ in range(1_800):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")
