"""Shards as tasks of a real Ray on this machine; one whose worker dies begins anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from demo.content import write_site_files
from demo.crawl import crawl_command
from demo.server import Newsroom
from tests.crawling import ROOT, THOROUGH, Finished, environment, rows, run, scrapy
from tests.helpers_shards import assert_manifest_equals_folder

JOB = [sys.executable, "deploy/ray/shards.py"]


def needs_ray(test: Callable[..., None]) -> Callable[..., None]:
    """`make test-all` and `make check` set KHABAR_EXTRAS: there, what is missing fails the tests."""
    reason = "ray is not installed; `make test-all` installs it"
    alone = pytest.mark.xdist_group("ray")(test)
    return pytest.mark.skipif(not find_spec("ray") and not THOROUGH, reason=reason)(alone)


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as found:
        yield found


def job(newsroom: Newsroom, folder: Path, *more: str) -> list[str]:
    write_site_files(folder / "sites", newsroom.port)
    crawl = crawl_command(newsroom, folder / "sites", folder / "output")
    arguments = crawl[crawl.index("news") + 1 :]
    return [*JOB, "--address", "local", "--of", "3", "--folder", str(ROOT), "--", *arguments, *more]


@needs_ray
def test_each_shard_is_a_task_and_one_whose_worker_dies_begins_anew(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    pipe = subprocess.PIPE
    slowly = ("-s", "DOWNLOAD_DELAY=0.2", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "-s", "NEWS_WORKERS=1")
    command = job(newsroom, tmp_path, *slowly)
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=pipe, stderr=pipe, text=True) as ray:
        victim = ""
        while not victim and ray.poll() is None:
            time.sleep(0.05)
            large = (path.name for path in output.glob("raw/*") if path.stat().st_size > 10_000)
            victim = next((name.split("-shard-")[1][0] for name in large), "")
        crawl = process_of(f"shard={victim}/3")
        os.kill(parent(crawl), signal.SIGKILL)
        while Path(f"/proc/{crawl}/stat").exists():  # its parent's death is its own
            time.sleep(0.01)
        out, err = ray.communicate(timeout=300)
    assert ray.returncode == 0, out + err
    for number in (1, 2, 3):
        assert f"shard {number}/3 on " in out
        assert f"Shard {number}/3 has 2 of the 6 sites" in out
    assert len([row["id"] for row in rows(output, "articles")]) == 72
    assert len({row["id"] for row in rows(output, "articles")}) == 72
    assert len({path.name for path in output.glob(f"raw/*-shard-{victim}-of-3-*")}) == 2
    assert_manifest_equals_folder(output)
    assert scrapy("reconcile", "-s", f"NEWS_OUTPUT={output}").code == 0


def process_of(argument: str) -> int:
    """The crawl with this argument, and none of its workers."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if argument in words and words[1:3] == ["-m", "scrapy"]:
            return int(folder.name)
    raise AssertionError(argument)


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def assert_refused(done: Finished, code: int, words: str) -> None:
    assert done.code == code, done.err
    assert len(done.err.splitlines()) == 1, done.err
    assert words in done.err


@needs_ray
def test_the_gravest_exit_code_is_the_jobs_and_says_why(newsroom: Newsroom, tmp_path: Path) -> None:
    done = run([*job(newsroom, tmp_path), "-s", "NEWS_WORKERS=many"])
    assert done.code == 2
    assert done.out.count("exit code 2") == 3
    assert done.out.count("NEWS_WORKERS='many': it must be a number") == 3


@needs_ray
def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = run([*JOB, "--address", "127.0.0.1:1", "--of", "2", "--folder", str(tmp_path)])
    assert_refused(done, 4, "no Ray cluster answers at 127.0.0.1:1")


def test_without_ray_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ImportError('none')", encoding="utf-8")
    done = run([*JOB, "--of", "2"], PYTHONPATH=str(tmp_path))
    assert_refused(done, 2, "Ray is not installed; `pip install ray`")


@pytest.mark.parametrize("of", ["0", "1001", "many"])
def test_a_number_of_shards_that_is_none_is_refused(of: str) -> None:
    done = run([*JOB, "--of", of])
    assert done.code == 2
    assert "--of" in done.err
