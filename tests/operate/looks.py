"""What a fortnight left for people, in real Chromium: the report, and the data card as a site shows it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from tests.crawling import rows
from tests.operate.days import DECAYING, Days

# Names and sizes of a phone's window and a desktop's.
WINDOWS = {"phone": (390, 844), "desktop": (1440, 900)}
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_CARD = '<!doctype html><meta charset="utf-8"><title>card</title><main>{}</main>'


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's; without its own sandbox for root, for whom that does not work."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()


def unsightly(days: Days, pictures: Path | None = None) -> list[str]:
    """What is not as it should be on the pages; `pictures` is a folder for screenshots.

    All of it at once: a reader who left in the middle would leave Chromium's event loop running.
    """
    with chromium() as browser:
        return list(_found(browser, days, pictures))


def _found(browser: Any, days: Days, pictures: Path | None) -> Iterator[str]:
    for name, (width, height) in WINDOWS.items():
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("request", lambda request, said=said: said.append(request.url))
        page.goto((days.output / "report" / "index.html").as_uri())
        yield from (f"report, {name}: {fault}" for fault in _of_report(page, days))
        yield from (f"report, {name}: asks for or complains of {each}" for each in said[1:])
        if pictures is not None:
            page.screenshot(path=pictures / f"report-{name}.png", full_page=True)
        page.set_content(_CARD.format(_card(days)))
        yield from (f"card, {name}: {fault}" for fault in _of_card(page, days))
        if pictures is not None:
            page.screenshot(path=pictures / f"card-{name}.png", full_page=True)
        context.close()


def _of_report(page: Any, days: Days) -> Iterator[str]:
    if page.evaluate(_OVERFLOW) > 0:
        yield "is wider than its window"
    alarms, sites = (" ".join(page.locator(part).all_inner_texts()) for part in ("#alarms", "#sites"))
    cases = page.locator("#alarms details", has_text="-a case=").count()
    if DECAYING not in alarms or not cases:
        yield f"does not show the alarm of {DECAYING} with its cases, but {alarms!r}"
    if missing := [site for site in days.days[-1].stored if site not in sites]:
        yield f"knows nothing of {missing}"
    if page.locator("#sites svg").count() == 0:
        yield "has no lines over the runs"
    titles = [row["title"] for row in rows(days.output, "articles") if row["title"]]
    shown = page.locator("#articles details summary").all_inner_texts()
    if sum(any(title in text for title in titles) for text in shown) < len(days.days[-1].stored):
        yield f"shows other articles than were stored: {shown[:2]}"


def _card(days: Days) -> str:
    _, _, text = (days.output / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def _of_card(page: Any, days: Days) -> Iterator[str]:
    articles = rows(days.output, "articles")
    count = len({row["url_canonical"] for row in articles})
    if f"{count:,} articles" not in page.locator("main").inner_text():
        yield f"does not say that there are {count:,} articles"
    cells = page.locator("h2:has-text('Sites') + table td:first-child").all_inner_texts()
    if sorted(cells) != sorted({row["site"] for row in articles}):
        yield f"counts the sites {cells}"
    if page.locator("table").count() < len(("sites", "languages", "steps", "columns")):
        yield "lacks tables"
