"""The documents tell the truth: tables equal the code. What pages show is run in tests/docs."""

from __future__ import annotations

import os
import re

from crawler import settings
from crawler.ends import WhyFailed
from crawler.errors import ExitCode
from crawler.network.failures import HeadTooLarge, NoSuchName, TlsFailed
from crawler.sites import Expect, Site
from crawler.spiders.news import NewsSpider
from crawler.spiders.urls import UrlsSpider
from crawler.spiders.warc import WarcSpider
from docs.generate import TARGET, columns_page
from pipelines.body.rules import rule_names
from pipelines.records import ChangeKind, Reason, State
from tests.crawling import ROOT, run

REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return REFERENCE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in the first column of a table, without the header."""
    return re.findall(r"^\| `?([^`|]+?)`? \|", text, re.MULTILINE)[1:]


def test_the_columns_page_is_made_from_the_schema() -> None:
    assert TARGET.read_text(encoding="utf-8") == columns_page()


def test_every_setting_of_ours_is_documented_with_its_default() -> None:
    ours = {name: getattr(settings, name) for name in dir(settings) if name.startswith("NEWS_")}
    documented = dict(re.findall(r"^\| `(NEWS_\w+)` \| `?([^`|]*?)`? \|", section("Settings"), re.MULTILINE))
    assert documented == {name: str(value) if value != "" else "empty" for name, value in ours.items()}


def test_exit_codes_states_reasons_and_site_keys_are_documented() -> None:
    assert first_cells(section("Exit codes")) == [str(code.value) for code in ExitCode]
    assert re.findall(r"`([A-Z]+)`", section("Exit codes")) == [code.name for code in ExitCode]
    assert first_cells(section("States of a URL")) == [state.value for state in State]
    assert first_cells(section("Reasons for rejection")) == [reason.value for reason in Reason]
    assert first_cells(section("Site files")) == list(Site.model_fields)


def test_the_keys_of_expect_are_documented() -> None:
    (row,) = re.findall(r"^\| `expect` \| (.*?) \|$", section("Site files"), re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == list(Expect.model_fields)


def test_every_rule_that_cuts_is_documented() -> None:
    documented = set(first_cells(section("Rules that cut")))
    phrases = {name for name in rule_names() if name.startswith("phrase.")}
    assert documented == rule_names() - phrases | {"phrase.LANGUAGE.KIND"}
    languages = {name.split(".")[1] for name in phrases}
    assert languages == {file.stem for file in (ROOT / "pipelines" / "body" / "phrases").glob("*.toml")}


def test_reasons_of_failed_urls_are_documented() -> None:
    documented = {name.split(":")[0] for name in first_cells(section("Reasons of failed URLs"))}
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "crawler").rglob("*.py"))
    redirects = set(re.findall(r'RedirectRefused\("(\w+)"\)', sources))
    others = {str(failure).split(":")[0] for failure in (HeadTooLarge(), NoSuchName(), TlsFailed("why"))}
    assert documented == {*WhyFailed, *redirects, *others}


def test_kinds_of_change_are_documented() -> None:
    page = (ROOT / "docs" / "crawling.md").read_text(encoding="utf-8")
    documented = re.findall(r"^  \| `(\w+)` \| (?!what)", page, re.MULTILINE)
    assert set(documented) - {"change_kind"} == set(ChangeKind)


def test_spider_arguments_are_documented() -> None:
    table = section("Spiders and their arguments")
    documented = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", table, re.MULTILINE)
    expected = [
        (spider.name, name) for spider in (NewsSpider, UrlsSpider, WarcSpider) for name in spider.arguments
    ]
    assert documented == expected


def test_every_dependency_has_its_line() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = project.split("dependencies = [")[1].split("]")[0]
    assert set(first_cells(text)) == set(re.findall(r'"([\w.-]+)[;"]', block))


def test_nothing_of_this_machine_is_in_the_project() -> None:
    private = re.compile("|".join(map(re.escape, filter(None, [os.environ.get("HOME"), str(ROOT)]))))
    tracked = run(["git", "ls-files", "-z"]).out.split("\0")
    for name in filter(None, tracked):
        data = (ROOT / name).read_bytes()
        assert not private.search(data.decode("utf-8", "replace")), name
