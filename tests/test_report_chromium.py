"""The report in real Chromium: without a network, at two widths, in two schemes, by keyboard, on paper."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipelines.report.page import render
from pipelines.report.records import Published, RemovedCount, ReportData
from tests.helpers_report import new_article, synthetic

MISSING = not (find_spec("playwright") and shutil.which("chromium"))
pytestmark = [
    pytest.mark.xdist_group("chromium"),
    # `make test-all` and `make check` set it: there, what is missing fails the tests.
    pytest.mark.skipif(
        MISSING and os.environ.get("KHABAR_EXTRAS") != "1",
        reason="playwright or Chromium is not installed; `make test-all` installs both",
    ),
]
VIEWS = [(390, 844, "light"), (390, 844, "dark"), (1440, 900, "light"), (1440, 900, "dark")]


def sample() -> ReportData:
    """A decaying site among 30, articles in two scripts, and words that fit no line."""
    articles = (
        new_article(),
        new_article(
            id="2", title="A" * 10_000, text="b" * 10_000, language="en", url="https://x.test/" + "c" * 400
        ),
    )
    removed = (RemovedCount("site-0001", "structure.share", "d" * 10_000, 12, "https://site-0001.test/1"),)
    return synthetic(30, 20, decays=4, published=Published(articles, removed), output="/" + "o" * 300)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    root = os.geteuid() == 0  # for whom Chromium's own sandbox does not work
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=not root
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(render(sample()), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[Any]:
    """The page at a desktop's width."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(page_file.as_uri())
    yield page
    context.close()


@pytest.mark.parametrize(("width", "height", "scheme"), VIEWS)
def test_the_page_asks_nobody_for_anything_and_fits_its_window(
    browser: Any, page_file: Path, width: int, height: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    for each in page.query_selector_all("details"):
        each.evaluate("element => element.open = true")
    assert said == []  # a breach of the policy is told there, too
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(251, 250, 247)", "dark": "rgb(20, 23, 26)"}[scheme]
    context.close()


def test_the_policy_holds_against_what_is_put_in_later(opened: Any) -> None:
    opened.evaluate("""() => {
        window.broken = [];
        document.addEventListener("securitypolicyviolation", event => broken.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        document.body.setAttribute("style", "color: red");
        document.body.append(Object.assign(new Image(), {src: "http://127.0.0.1:9/x.png"}));
    }""")
    opened.wait_for_function("broken.length >= 3")
    assert opened.evaluate("window.ran") is None
    assert set(opened.evaluate("broken")) == {"script-src-elem", "style-src-attr", "img-src"}


def test_everything_has_a_name_for_who_cannot_see_it(opened: Any) -> None:
    tree = opened.context.new_cdp_session(opened).send("Accessibility.getFullAXTree")["nodes"]
    nodes = [node for node in tree if not node["ignored"]]
    by_role: dict[str, list[str]] = {}
    for node in nodes:
        by_role.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert {"banner", "main", "navigation", "contentinfo", "table", "region", "image"} <= by_role.keys()
    for role in ("image", "table", "region", "link", "button", "searchbox", "navigation", "heading"):
        assert all(name.strip() for name in by_role[role]), role
    assert len(by_role["image"]) > 100  # four lines of each site
    assert len(by_role["table"]) == 4


def test_the_keyboard_reaches_the_parts_and_shows_where_it_is(opened: Any) -> None:
    reached = []
    for _ in range(40):
        opened.keyboard.press("Tab")
        reached.append(
            opened.evaluate("""() => {
            const at = document.activeElement;
            const what = at.id || at.getAttribute("href") || at.textContent.trim();
            return [at.tagName, what, getComputedStyle(at).outlineStyle];
        }""")
        )
    assert reached[0][:2] == ["A", "#main"]
    assert {("A", "#alarms"), ("A", "#sites"), ("INPUT", "site-filter"), ("BUTTON", "site")} <= {
        (tag, what) for tag, what, _ in reached
    }
    assert any(tag == "SUMMARY" for tag, _, _ in reached)
    assert {outline for tag, _, outline in reached if tag in ("BUTTON", "INPUT", "SUMMARY")} <= {
        "solid",
        "auto",
    }
    opened.focus(".skip")
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"


def names(page: Any) -> list[str]:
    return [cell.inner_text() for cell in page.query_selector_all("#site-table tbody tr:not([hidden]) th")]


def test_the_table_of_sites_is_sorted_and_filtered(opened: Any) -> None:
    first = names(opened)
    assert (len(first), first[0]) == (30, "site-0004")
    button = opened.get_by_role("button", name="new articles")
    stored = (
        "[...document.querySelectorAll('#site-table tbody tr')].map(row => Number(row.cells[2].dataset.v))"
    )
    for order, reverse in (("descending", True), ("ascending", False)):
        button.click()
        assert opened.get_attribute("#site-table th[aria-sort]", "aria-sort") == order
        values = opened.evaluate(stored)
        assert values == sorted(values, reverse=reverse)
    button.click()
    assert names(opened) == first
    opened.get_by_role("button", name="site", exact=True).click()
    assert names(opened) == sorted(first)
    opened.fill("#site-filter", "0004 alarm")
    assert names(opened) == ["site-0004"]
    assert opened.inner_text("#site-count") == "1 of 30"


def test_an_article_is_opened_by_its_title_and_reads_from_the_right(opened: Any) -> None:
    assert opened.query_selector("p.kept").is_visible() is False
    opened.click(".articles summary")
    assert opened.query_selector("p.kept").is_visible()
    assert opened.evaluate("getComputedStyle(document.querySelector('p.kept')).direction") == "rtl"
    assert opened.inner_text("p.cut").startswith("cut structure.links")


def test_it_is_whole_without_its_script(browser: Any, page_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("#site-table tbody tr").count() == 30
    assert not page.locator(".filter").is_visible()
    context.close()


def test_on_paper_it_is_dark_on_white(opened: Any) -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    colours = opened.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert not opened.locator("nav").is_visible()
    assert opened.pdf(format="A4").startswith(b"%PDF-")


def test_colours_that_readers_force_leave_every_bar(browser: Any, page_file: Path) -> None:
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    page.goto(page_file.as_uri())
    fills = page.evaluate("""() => {
        const style = (what) => getComputedStyle(document.querySelector(what));
        return [style("body").backgroundColor, style(".step .kept").fill, style(".histogram .bar").fill];
    }""")
    assert fills[0] not in fills[1:]
    context.close()


def test_a_thousand_sites_open_at_once(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(render(synthetic(1_000, 60, decays=9)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.fill("#site-filter", "site-0777")
    assert names(page) == ["site-0777"]
    page.close()
