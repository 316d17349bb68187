"""Figures for Prometheus: what a run writes, what the command shows, documents and rules that name them."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from crawler.metrics import HELP, LABELS, Measured, exposition, labels_of
from pipelines.health.alarms import Alarm, Sign
from pipelines.health.figures import SiteRun
from pipelines.records import State
from pipelines.shard import Shard
from pipelines.store.ledger import Ledger
from pipelines.store.ledger_figures import EndedRun, LedgerFigures, ledger_figures
from pipelines.store.site_runs import save_alarms, save_site_runs
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, rows, scrapy
from tests.helpers_store import NOW

RULES = ROOT / "deploy" / "prometheus" / "khabar.rules.yml"
RULE_TESTS = ROOT / "tests" / "prometheus" / "khabar.test.yml"
FULL = LedgerFigures(
    runs=(EndedRun("r2", "news", NOW, NOW + timedelta(seconds=90), "shortfall"),),
    sites=(SiteRun("r2", 'a"b\\', "news", NOW, rejected={"no_body": 2}, failed={"http_500": 1}),),
    last_articles={'a"b\\': NOW},
    alarming=frozenset({'a"b\\'}),
    urls={"pending": 7},
    oldest_pending=NOW,
    size=4096,
    spooled=0,
    files=3,
)


def read(text: str) -> dict[tuple[str, frozenset[str]], float]:
    """(name, values of the labels) -> value, as Prometheus reads it."""
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def shown(full: LedgerFigures, shard: Shard | None = None) -> str:
    return exposition([Measured(shard, full.runs, full.sites, full)])


def test_every_gauge_is_written_with_its_labels() -> None:
    families = {family.name: family for family in text_string_to_metric_families(shown(FULL))}
    assert families.keys() == HELP.keys()
    for name, family in families.items():
        assert family.type == "gauge"
        assert family.documentation == HELP[name]
        assert all(sample.labels.keys() == set(labels_of(name)) for sample in family.samples)
    assert read(shown(FULL))["khabar_site_rejected_pages", frozenset({'a"b\\', "no_body"})] == 2
    assert read(shown(FULL))["khabar_run_exit_code", frozenset({"news"})] == 5


def test_labels_are_bounded() -> None:
    many = replace(FULL.sites[0], failed={f"http_{number}": 1 for number in range(400, 600)})
    text = shown(replace(FULL, sites=(many,)))
    assert text.count("khabar_site_failed_urls{") == 13
    assert read(text)["khabar_site_failed_urls", frozenset({'a"b\\', "others"})] == 188
    assert text.count("khabar_ledger_urls{") == len(State)


def test_figures_of_shards_stand_in_one_text() -> None:
    found = [Measured(Shard(number, 2), FULL.runs, FULL.sites, FULL) for number in (1, 2)]
    values = read(exposition(found))
    assert values["khabar_ledger_files", frozenset({"1/2"})] == 3
    assert values["khabar_ledger_files", frozenset({"2/2"})] == 3


def test_names_tell_their_unit() -> None:
    units = (
        "_seconds",
        "_bytes",
        "_urls",
        "_pages",
        "_articles",
        "_rows",
        "_files",
        "_code",
        "_open",
        "_readable",
    )
    assert [name for name in HELP if not name.endswith(units)] == []


# -- the ledger


def test_the_last_run_of_each_site_counts(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    hours = [NOW + timedelta(hours=number) for number in range(3)]
    with closing(Ledger(path).connection) as db:
        save_site_runs(db, [
            SiteRun("r0", "sahifa", "news", hours[0], stored=3),
            SiteRun("r1", "sahifa", "news", hours[1], stored=0),
            SiteRun("r2", "sahifa", "warc", hours[2], stored=99),
            SiteRun("r0", "gone", "news", NOW - timedelta(days=8)),
        ])  # fmt: skip
        ended = Alarm("sahifa", "r0", hours[0], (Sign("silent", "…"),), "r0", ended_at=hours[1])
        save_alarms(db, [ended, replace(ended, site="other", ended_at=None)])
        db.execute("INSERT INTO runs VALUES ('r1', 'news', ?, ?, 'stopped')", [hours[1].isoformat()] * 2)
        db.execute("INSERT INTO runs VALUES ('r2', 'news', ?, NULL, NULL)", [hours[2].isoformat()])
        found = ledger_figures(db, path, hours[2])
    assert [(site.site, site.run_id) for site in found.sites] == [("sahifa", "r1")]
    assert found.last_articles == {"sahifa": hours[0]}
    assert found.alarming == {"other"}
    assert [run.run_id for run in found.runs] == ["r1"], "one that was killed, or is on, has not ended"
    assert read(shown(found))["khabar_run_exit_code", frozenset({"news"})] == 0
    assert read(shown(found))["khabar_site_alarm_open", frozenset({"sahifa"})] == 0
    assert found.oldest_pending is None
    assert found.size > 0


# -- real runs


def test_a_run_leaves_what_the_rows_say(demo_crawl: DemoCrawl) -> None:
    text = (demo_crawl.output / "report" / "khabar.prom").read_text(encoding="utf-8")
    values = read(text)
    with closing(sqlite3.connect(demo_crawl.output / ".state" / "ledger.sqlite")) as db:
        urls = Counter(state for (state,) in db.execute("SELECT state FROM urls"))
        began = db.execute("SELECT min(started_at) FROM runs").fetchone()[0]
    for state in State:
        assert values["khabar_ledger_urls", frozenset({state.value})] == urls[state.value]
    sites = {row["site"] for row in rows(demo_crawl.output, "articles")}
    for site in sites:  # the second run found nothing new
        assert values["khabar_site_stored_articles", frozenset({site})] == 0
        assert values["khabar_site_listed_urls", frozenset({site})] > 0
        last = values["khabar_site_last_article_timestamp_seconds", frozenset({site})]
        assert last == pytest.approx(datetime.fromisoformat(began).timestamp(), abs=1e-3)
    assert values["khabar_run_exit_code", frozenset({"news"})] == 0
    assert values["khabar_run_timestamp_seconds", frozenset({"news"})] > last
    assert values["khabar_ledger_files", frozenset()] == 3


def test_the_command_shows_what_the_run_wrote(demo_crawl: DemoCrawl) -> None:
    done = scrapy("metrics", "-s", f"NEWS_OUTPUT={demo_crawl.output}")
    assert done.code == 0, done.err
    written = (demo_crawl.output / "report" / "khabar.prom").read_text(encoding="utf-8")
    assert read(done.out).keys() == read(written).keys()
    of_sites = {key: value for key, value in read(written).items() if key[0].startswith("khabar_site_")}
    assert of_sites.items() <= read(done.out).items()
    objects = json.loads(scrapy("metrics", "--format", "json", "-s", f"NEWS_OUTPUT={demo_crawl.output}").out)
    assert len(objects) == len(read(done.out))
    assert {"name": "khabar_ledger_files", "shard": "", "value": 3} in objects


def test_a_ledger_that_cannot_be_read_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    def said() -> str:
        done = scrapy("metrics", "-s", f"NEWS_OUTPUT={tmp_path}")
        assert (done.code, done.err.count("\n")) == (4, 1)
        assert read(done.out) == {("khabar_ledger_readable", frozenset()): 0}
        return done.err

    assert "no run has published" in said()
    (ledger := tmp_path / ".state" / "ledger.sqlite").parent.mkdir()
    ledger.write_bytes(b"no database at all" * 100)
    assert "rebuilt from what was published" in said()
    ledger.unlink()
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 99")
    assert "version 99" in said()


def crawl(folder: Path, metrics: Path) -> tuple[int, str]:
    site = folder / "closed.toml"
    site.write_text('name = "closed"\nstart = "http://127.0.0.2:9/"\n', encoding="utf-8")
    given = ["-a", f"sites={site}", "-s", f"NEWS_OUTPUT={folder / 'output'}", "-s", f"NEWS_METRICS={metrics}"]
    done = scrapy("crawl", "news", *given, "-L", "WARNING")
    return done.code, done.err


def test_the_file_may_be_node_exporters(tmp_path: Path) -> None:
    (tmp_path / "textfile").mkdir()
    file = tmp_path / "textfile" / "khabar.prom"
    code, _ = crawl(tmp_path, file)
    assert code == 5
    assert read(file.read_text(encoding="utf-8"))["khabar_run_exit_code", frozenset({"news"})] == 5
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in file.parent.iterdir()] == ["khabar.prom"]
    assert not (tmp_path / "output" / "report" / "khabar.prom").exists()


def test_a_file_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    code, said = crawl(tmp_path, tmp_path / "nowhere" / "khabar.prom")
    assert code == 5, "as without it"
    assert [line for line in said.splitlines() if "nowhere" in line and "WARNING" in line]
    assert "Traceback" not in said


def test_a_file_that_node_exporter_would_not_read_is_refused(tmp_path: Path) -> None:
    code, said = crawl(tmp_path, tmp_path / "khabar.txt")
    assert (code, said.count("\n")) == (2, 1)
    assert "NEWS_METRICS" in said
    assert ".prom" in said


# -- documents and rules


def test_the_documents_name_every_gauge_and_no_other() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(khabar_\w+)` \|([^|]*)\|", text, re.MULTILINE)
    assert [name for name, _ in table] == list(HELP)
    for name, labels in table:
        assert tuple(re.findall(r"`(\w+)`", labels)) == labels_of(name)
    assert set(re.findall(r"khabar_[a-z_]+", text)) - {"khabar_"} <= HELP.keys()
    assert all(any(name.startswith(kind) for name in HELP) for kind in LABELS)


def test_the_rules_ask_for_gauges_that_exist() -> None:
    asked = set(re.findall(r"\bkhabar_\w+", RULES.read_text(encoding="utf-8")))
    assert len(asked) >= 6
    assert asked <= HELP.keys()


@pytest.mark.skipif(
    not shutil.which("promtool"), reason="needs promtool (Debian: apt-get install prometheus)"
)
def test_prometheus_has_nothing_to_say(tmp_path: Path, demo_crawl: DemoCrawl) -> None:
    for file in (RULES, RULE_TESTS):
        shutil.copy(file, tmp_path)
    for words in (["check", "rules", RULES.name], ["test", "rules", RULE_TESTS.name]):
        done = subprocess.run(["promtool", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    written = (demo_crawl.output / "report" / "khabar.prom").read_bytes()
    done = subprocess.run(["promtool", "check", "metrics"], input=written, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
