"""`render = true` before anything is fetched: what it switches on, what is said if something is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.errors import UserError
from crawler.rendering import opt_in
from crawler.rendering.opt_in import launch_options, request_meta, switch_on
from crawler.settings import DOWNLOAD_HANDLERS
from crawler.sites import Site, load_site
from tests.crawling import ROOT, scrapy

PLAIN = Site(name="plain", start="http://plain.test/")
RENDERED = Site(name="framework", start="http://framework.test/", render=True)


@pytest.fixture
def settings() -> Settings:
    found = Settings()
    found.setmodule("crawler.settings")
    return found


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The extra and a browser, or what looks like them."""
    monkeypatch.setattr(opt_in, "find_spec", lambda name: object())
    (browser := tmp_path / "chromium").write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return browser


def test_only_requests_of_sites_that_ask_are_rendered() -> None:
    assert request_meta(PLAIN) == {}
    assert request_meta(RENDERED) == {"playwright": True}


def test_nothing_changes_where_no_site_asks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt_in, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    switch_on(settings, [PLAIN])
    assert settings.getdict("DOWNLOAD_HANDLERS") == DOWNLOAD_HANDLERS


def test_a_plain_crawl_imports_nothing_of_the_extra() -> None:
    said = (
        "import crawler.commands.crawl, crawler.spiders.news, sys;"
        "print([name for name in sys.modules if 'playwright' in name])"
    )
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_site_that_asks_switches_the_handlers_and_keeps_the_others_off(
    settings: Settings, extra: Path
) -> None:
    switch_on(settings, [PLAIN, RENDERED])
    handlers = settings["DOWNLOAD_HANDLERS"]
    assert handlers["http"] == handlers["https"] == "crawler.rendering.handler.RenderingHandler"
    assert handlers["file"] is None
    assert settings["PLAYWRIGHT_LAUNCH_OPTIONS"]["executable_path"] == str(extra)


def test_another_browser_can_be_named(settings: Settings, extra: Path, tmp_path: Path) -> None:
    other = extra.rename(tmp_path / "my-chromium")
    settings.set("NEWS_CHROMIUM", str(other))
    switch_on(settings, [RENDERED])
    assert settings["PLAYWRIGHT_LAUNCH_OPTIONS"]["executable_path"] == str(other)


def test_the_browser_sees_none_of_our_secrets_and_has_its_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("http_proxy", "http://user:canary@proxy.test")
    options = launch_options("/usr/bin/chromium", root=False)
    assert "canary" not in str(options)
    assert options["chromium_sandbox"] is True
    assert launch_options("/usr/bin/chromium", root=True)["chromium_sandbox"] is False


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("NEWS_CHROMIUM", "/no/such/program", ["'framework'", "'render'", "/no/such/program"]),
        ("NEWS_RENDER_SECONDS", "soon", ["NEWS_RENDER_SECONDS"]),
        ("NEWS_RENDER_PAGES", "0", ["NEWS_RENDER_PAGES"]),
    ],
)
def test_a_wrong_setting_is_named(
    settings: Settings, extra: Path, name: str, value: str, words: list[str]
) -> None:
    settings.set(name, value)
    with pytest.raises(UserError) as refusal:
        switch_on(settings, [RENDERED])
    assert [word for word in words if word not in str(refusal.value)] == []


@pytest.mark.parametrize("missing", ["scrapy-playwright", "chromium"])
def test_what_is_missing_is_named_with_the_mend(
    settings: Settings, extra: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "chromium":
        extra.unlink()
    else:
        monkeypatch.setattr(opt_in, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=rf"'framework': key 'render': .*{missing}.*make render"):
        switch_on(settings, [RENDERED])


def test_the_refusal_is_one_line_and_exit_2_and_nothing_is_made(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('name = "framework"\nstart = "http://framework.test/"\nrender = true\n')
    output = tmp_path / "output"
    done = scrapy("crawl", "news", "-a", f"sites={file}", "-s", f"NEWS_OUTPUT={output}", PATH="/none")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("scrapy crawl: site 'framework': key 'render': ")
    assert done.err.count("\n") == 1
    assert not output.exists()


def test_the_key_is_true_or_false(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('name = "framework"\nstart = "http://framework.test/"\nrender = "yes"\n')
    with pytest.raises(UserError, match="key 'render': must be true or false"):
        load_site(file)
