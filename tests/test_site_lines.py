"""One line for each site and one for the run, in text and in JSON; no page is ever quoted in the log."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.jsonlog import JsonFormatter
from crawler.keyvalues import OTHERS, KeyValues, counted
from crawler.loglines import LineRecord
from crawler.sitelines import of_site, site_outcome
from demo.crawl import crawl_command
from pipelines.health.figures import SiteRun
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, Finished, rows, run, scrapy
from tests.helpers_store import NOW

texts = st.text(st.characters(codec="utf-8", exclude_characters="\n\\"), max_size=20)


# -- logfmt


def read(line: str) -> dict[str, str]:
    """The line as a reader of logfmt takes it apart."""
    found = re.findall(r'([\w.]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)', line)
    return {key: json.loads(value) if value.startswith('"') else value for key, value in found}


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), texts, max_size=5))
def test_every_value_can_be_read_back(values: dict[str, str]) -> None:
    line = str(KeyValues("site", values))
    assert "\n" not in line
    assert read(line) == values


@given(st.dictionaries(texts, st.integers(1, 100), max_size=40))
def test_a_line_does_not_grow_with_the_kinds_of_answers(found: dict[str, int]) -> None:
    shown = counted({name: count for name, count in found.items() if name != OTHERS})
    assert len(shown) <= 13
    assert sum(shown.values()) == sum(count for name, count in found.items() if name != OTHERS)


def test_the_gravest_is_the_outcome() -> None:
    well = SiteRun("r1", "sahifa", "news", NOW)
    left_alone = SiteRun("r1", "sahifa", "news", NOW, held_back="circuit_open")
    assert site_outcome(well, set(), set()) == "ok"
    assert site_outcome(well, {"other"}, {"other"}) == "ok"
    assert site_outcome(left_alone, set(), set()) == "held_back"
    assert site_outcome(left_alone, set(), {"sahifa"}) == "short"
    assert site_outcome(left_alone, {"sahifa"}, {"sahifa"}) == "alarm"
    assert of_site(left_alone, "held_back")["held_back"] == "circuit_open"
    assert "held_back" not in of_site(well, "ok")


# -- JSON


def logged(message: object, *args: object, **others: Any) -> dict[str, Any]:
    record = LineRecord("khabar", logging.WARNING, __file__, 1, message, args, others.pop("exc_info", None))
    line = JsonFormatter().format(record)
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_record_is_an_object_whatever_it_says() -> None:
    found = logged("said %s", 'a "quote"\n{} \x1b[2J\u202e http://a:pw@x.test/')
    assert found["message"] == 'said a "quote"\n    {} \\x1b[2J\\u202e http://***@x.test/'
    assert (found["level"], found["logger"]) == ("WARNING", "khabar")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["time"])
    assert "exception" not in found


def test_an_exception_is_a_field() -> None:
    try:
        int("http://a:pw@x.test/")
    except ValueError as error:
        found = logged("failed", exc_info=(type(error), error, error.__traceback__))
    assert found["message"] == "failed"
    assert "Traceback" in found["exception"]
    assert found["exception"].endswith("'http://***@x.test/'")


def test_values_are_fields() -> None:
    found = logged(
        KeyValues("site", {"site": "http://a:pw@x.test/", "rejected": {"no_body": 2}, "stored": 3})
    )
    assert found["message"] == "site"
    assert found["site"] == "http://***@x.test/"
    assert (found["rejected"], found["stored"]) == ({"no_body": 2}, 3)


# -- real runs


@dataclass(frozen=True)
class Logged:
    """Two crawls of two outlets with everything logged, as text and as JSON."""

    output: Path
    text: Finished
    json: Finished


@pytest.fixture(scope="module")
def everything(demo_crawl: DemoCrawl, tmp_path_factory: pytest.TempPathFactory) -> Logged:
    folder = tmp_path_factory.mktemp("logged")
    sites = ",".join(str(demo_crawl.sites / f"{name}.toml") for name in ("sahifa-east", "alrasid"))
    done = {}
    for kind in ("text", "json"):
        command = crawl_command(demo_crawl.newsroom, Path(sites), folder / kind)
        done[kind] = run([*command, "-L", "DEBUG", "-s", f"NEWS_LOG_FORMAT={kind}"])
        assert done[kind].code == 0, done[kind].err
    return Logged(folder / "text", done["text"], done["json"])


def objects(done: Finished) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.err.splitlines()]


def test_each_site_has_its_line_and_the_run_has_one(everything: Logged) -> None:
    lines = [
        read(line.partition("INFO: ")[2])
        for line in everything.text.err.splitlines()
        if "[khabar.sites] INFO: " in line
    ]
    *sites, whole = lines
    assert [line["site"] for line in sites] == ["alrasid", "sahifa-east"]
    stored = Counter(row["site"] for row in rows(everything.output, "articles"))
    assert {line["site"]: int(line["stored"]) for line in sites} == stored
    assert all(line["outcome"] == "ok" and line["languages"].startswith("ar:") for line in sites)
    assert (whole["outcome"], whole["exit_code"], whole["sites"]) == ("ok", "0", "2")
    assert int(whole["stored"]) == stored.total()
    reasons = Counter(row["reason"] for row in rows(everything.output, "rejected"))
    assert whole["rejected"] == ",".join(f"{reason}:{count}" for reason, count in counted(reasons).items())


def test_json_has_every_record_and_the_same_keys(everything: Logged) -> None:
    found = objects(everything.json)
    assert all({"time", "level", "logger", "message"} <= record.keys() for record in found)
    assert found[0]["message"].startswith("Scrapy ")
    assert any(record["message"].startswith("Spider closed") for record in found)
    said = [record for record in found if record["logger"] == "khabar.sites"]
    text = [
        read(line.partition("INFO: ")[2])
        for line in everything.text.err.splitlines()
        if "khabar.sites" in line
    ]
    assert [[*record][4:] for record in said] == [[*line] for line in text]
    stored = Counter(row["site"] for row in rows(everything.output, "articles"))
    assert {record["site"]: record["stored"] for record in said[:-1]} == stored


@pytest.mark.parametrize("kind", ["text", "json"])
def test_no_page_is_quoted_in_the_log(everything: Logged, kind: str) -> None:
    log = (everything.text if kind == "text" else everything.json).err
    if kind == "json":  # as it was before it was escaped
        log = "\n".join(str(record) for record in objects(everything.json))
    sentences = {
        sentence.strip()
        for row in [*rows(everything.output, "articles"), *rows(everything.output, "removed_blocks")]
        for sentence in re.split(r"[.؟!\n]", row["text"])
        if len(sentence.split()) > 3
    }
    assert len(sentences) > 100
    assert [sentence for sentence in sentences if sentence in log] == []
    assert re.findall(r"</?(?:p|div|html|body|article|span|h1)\b", log) == []


def test_another_format_is_one_line(tmp_path: Path) -> None:
    given = ["-a", f"sites={ROOT / 'sites'}", "-s", f"NEWS_OUTPUT={tmp_path}", "-s", "NEWS_LOG_FORMAT=xml"]
    done = scrapy("crawl", "news", *given)
    assert (done.code, done.err) == (2, "scrapy crawl: NEWS_LOG_FORMAT='xml': it must be text or json\n")


def test_a_level_that_is_none_is_one_line(tmp_path: Path) -> None:
    given = ["-a", f"sites={ROOT / 'sites'}", "-s", f"NEWS_OUTPUT={tmp_path}", "-L", "LOUD"]
    done = scrapy("crawl", "news", *given)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("scrapy crawl: LOG_LEVEL='LOUD': it must be DEBUG, ")


def test_the_log_goes_to_a_file_as_scrapys_does(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    closed = tmp_path / "closed.toml"
    closed.write_text('name = "closed"\nstart = "http://127.0.0.2:9/"\n', encoding="utf-8")
    given = ["-a", f"sites={closed}", "-s", f"NEWS_OUTPUT={tmp_path / 'o'}", "-s", "NEWS_LOG_FORMAT=json"]
    done = scrapy("crawl", "news", *given, "--logfile", str(log))
    assert (done.code, done.err) == (5, "")
    *_, site, whole, _, _ = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert (site["site"], site["outcome"], site["listed"]) == ("closed", "short", 0)
    assert (whole["message"], whole["outcome"], whole["exit_code"]) == ("run", "shortfall", 5)
    done = scrapy("crawl", "news", *given, "--logfile", str(tmp_path / "nowhere" / "a.log"))
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "LOG_FILE" in done.err


def test_a_demo_run_stays_calm(demo_crawl: DemoCrawl) -> None:
    assert demo_crawl.first.err == ""
