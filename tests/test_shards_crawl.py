"""Whole crawls in shards, each in a process of its own, over the sites of the demo newsroom."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.crawl import crawl_command
from pipelines.store.lock import OutputLock
from pipelines.store.output import FolderOutput
from tests.conftest import DemoCrawl
from tests.crawling import Finished, environment, kill_when, rows, run, scrapy, start
from tests.helpers_shards import assert_manifest_equals_folder

KILLED = 2


def command(crawl: DemoCrawl, output: Path, shard: str) -> list[str]:
    return [*crawl_command(crawl.newsroom, crawl.sites, output), "-a", f"shard={shard}"]


@dataclass(frozen=True)
class Sharded:
    """Three shards that ran at once, the second of which was killed and ran again."""

    output: Path
    finished: dict[int, Finished]


@pytest.fixture(scope="module")
def sharded(demo_crawl: DemoCrawl, tmp_path_factory: pytest.TempPathFactory) -> Sharded:
    output = tmp_path_factory.mktemp("shards") / "output"
    pipe = subprocess.PIPE
    others = {
        number: subprocess.Popen(
            command(demo_crawl, output, f"{number}/3"), env=environment(), stdout=pipe, stderr=pipe, text=True
        )
        for number in (1, 3)
    }
    pages = f"khabar-*-shard-{KILLED}-of-3-*.warc.gz"
    slowly = ("-s", "DOWNLOAD_DELAY=0.2", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1")
    kill_when(
        start([*command(demo_crawl, output, f"{KILLED}/3"), *slowly]),
        lambda: any(path.stat().st_size > 20_000 for path in output.glob(f"raw/{pages}")),
    )
    assert list(output.glob(f"raw/{pages}"))
    assert f"shard-{KILLED}-of-3" not in str([path.name for path in output.glob("articles/**/*.parquet")])
    finished = {KILLED: run(command(demo_crawl, output, f"{KILLED}/3"))}
    for number, process in others.items():
        out, err = process.communicate(timeout=300)
        finished[number] = Finished(process.returncode, out, err)
    return Sharded(output, finished)


def ids(output: Path, dataset: str) -> list[str]:
    name = "id" if dataset == "articles" else "url"
    return sorted(row[name] for row in rows(output, dataset))


def test_shards_crawl_together_what_one_crawl_does(demo_crawl: DemoCrawl, sharded: Sharded) -> None:
    assert {number: done.code for number, done in sharded.finished.items()} == {1: 0, 2: 0, 3: 0}
    for dataset in ("articles", "rejected"):
        assert ids(sharded.output, dataset) == ids(demo_crawl.output, dataset)
    assert_manifest_equals_folder(sharded.output)
    for number, done in sharded.finished.items():
        assert f"Shard {number}/3 has 2 of the 6 sites" in done.out


def test_what_was_fetched_before_the_kill_was_not_fetched_again(sharded: Sharded) -> None:
    """Both runs of the shard wrote pages, and each article was fetched once."""
    found = [row for row in rows(sharded.output, "articles") if f"shard-{KILLED}-of-3" in row["warc_file"]]
    assert len({row["warc_file"] for row in found}) == 2
    assert len({row["run_id"] for row in found}) == 2


def test_all_shards_are_looked_after_at_once(sharded: Sharded) -> None:
    setting = ("-s", f"NEWS_OUTPUT={sharded.output}")
    balance = scrapy("reconcile", "--format", "json", *setting)
    assert balance.code == 0, balance.err
    found = json.loads(balance.out)
    assert [each["shard"] for each in found["shards"]] == ["1/3", "2/3", "3/3"]
    assert found["total"]["stored"] == 72
    assert sum(each["total"]["stored"] for each in found["shards"]) == 72
    shown = scrapy("reconcile", *setting)
    assert (shown.code, shown.out.splitlines()[-1]) == (0, "Balanced")
    one = scrapy("reconcile", "-a", "shard=2/3", *setting)
    assert one.code == 0
    assert "total" in one.out
    assert "24" in one.out
    verified = scrapy("verify", "--raw", *setting)
    assert (verified.code, verified.out.count("files")) == (0, 1), verified.out
    assert f"{len(FolderOutput(sharded.output).listed())} files" in verified.out


def test_a_fault_of_any_shard_is_found(sharded: Sharded, tmp_path: Path) -> None:
    output = tmp_path / "output"
    subprocess.run(["cp", "-a", str(sharded.output), str(output)], check=True)
    setting = ("-s", f"NEWS_OUTPUT={output}")
    (output / ".state" / "shard-3-of-3" / "ledger.sqlite").unlink()
    balance = scrapy("reconcile", *setting)
    assert balance.code == 6
    assert "shard 3/3: it has no ledger here" in balance.out
    victim = next(path for path in output.glob("articles/**/*.parquet") if "shard-1-of-3" in path.name)
    victim.write_bytes(victim.read_bytes()[:-1])
    assert scrapy("verify", *setting).code == 6
    assert scrapy("verify", "-a", "shard=2/3", *setting).code == 0
    rebuilt = scrapy("rebuild", "-a", "shard=3/3", *setting)
    assert rebuilt.code == 0, rebuilt.err
    assert "24 articles and 2 rejected pages" in rebuilt.out


def test_all_shards_are_compacted_one_after_another(
    demo_crawl: DemoCrawl, sharded: Sharded, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    subprocess.run(["cp", "-a", str(sharded.output), str(output)], check=True)
    setting = ("-s", f"NEWS_OUTPUT={output}")
    with OutputLock(output / ".state" / "shard-1-of-3" / "lock", "run first"):
        done = scrapy("compact", *setting)
    assert done.code == 3
    assert "run first" in done.out
    done = scrapy("compact", *setting)
    assert done.code == 0, done.err
    assert ids(output, "articles") == ids(demo_crawl.output, "articles")
    assert_manifest_equals_folder(output)


@pytest.mark.parametrize(
    ("shard", "words"),
    [
        (None, "is crawled in 3 shards: say which, as in -a shard=1/3"),
        ("1/4", "is crawled in 3 shards, not in 4"),
        ("4/3", "argument shard: '4/3' is no shard: it must be i/n"),
    ],
)
def test_who_would_crawl_it_otherwise_is_refused_with_one_line(
    demo_crawl: DemoCrawl, sharded: Sharded, shard: str | None, words: str
) -> None:
    before = files(sharded.output)
    asked = [*crawl_command(demo_crawl.newsroom, demo_crawl.sites, sharded.output)]
    done = run([*asked, "-a", f"shard={shard}"] if shard else asked)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert words in done.err
    assert files(sharded.output) == before


def files(output: Path) -> list[Path]:
    return sorted(path for path in output.rglob("*") if path.is_file() and not path.name.endswith("lock"))


@pytest.mark.parametrize("command_", ["rebuild", "verify"])
def test_commands_refuse_a_shard_that_is_none(sharded: Sharded, command_: str) -> None:
    arguments = ("-a", "shard=1/4") if command_ != "rebuild" else ()
    done = scrapy(command_, *arguments, "-s", f"NEWS_OUTPUT={sharded.output}")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "is crawled in 3 shards" in done.err


def test_the_same_shard_twice_at_a_time_is_refused(demo_crawl: DemoCrawl, sharded: Sharded) -> None:
    with OutputLock(sharded.output / ".state" / "shard-2-of-3" / "lock", "run first"):
        done = run(command(demo_crawl, sharded.output, "2/3"))
    assert done.code == 3
    assert len(done.err.splitlines()) == 1
    assert "shard 2/3 of" in done.err
    assert "run first" in done.err


def test_a_shard_without_a_site_says_so_and_is_well(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    done = run(command(demo_crawl, tmp_path / "output", "3/4"))
    assert done.code == 0, done.err
    assert done.out.startswith("Shard 3/4 has none of the 6 sites")


def test_one_ledger_is_not_that_of_all_shards(sharded: Sharded) -> None:
    done = run(
        [
            *(sys.executable, "-m", "scrapy", "reconcile", "-s", f"NEWS_OUTPUT={sharded.output}"),
            *("-s", f"NEWS_STATE={sharded.output}/.state/shard-1-of-3/ledger.sqlite"),
        ]
    )
    assert done.code == 2
    assert "NEWS_STATE names one ledger of 3: say whose it is" in done.err
