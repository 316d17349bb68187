"""Cron: lines added once and taken out again; a job that works from nothing and is quiet when all is well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.cron.install import PROJECT, CannotInstall, added, block, without
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, Finished, is_root, rows

OTHERS = b"MAILTO=desk@example.org\n# m h dom mon dow\n5 4 * * * backup --all \xff\n"
HOURLY = ["--schedule", "17 * * * *"]
# crontab(1) as far as the installer goes; its file is beside it.
STAND_IN = """#!/bin/sh
file=$(dirname "$0")/table
case $1 in
-l) [ -f "$file" ] || { echo "no crontab for tester" >&2; exit 1; }; cat "$file" ;;
-r) rm "$file" ;;
-)  cat > "$file.new"
    if grep -q '^99 ' "$file.new"; then echo '"-":1: bad minute' >&2; exit 1; fi
    mv "$file.new" "$file" ;;
*) exit 2 ;;
esac
"""


@dataclass(frozen=True)
class Crontab:
    """A crontab of this test's own."""

    folder: Path

    @property
    def lines(self) -> bytes | None:
        table = self.folder / "table"
        return table.read_bytes() if table.exists() else None

    def install(self, verb: str, *options: str, path: str | None = None) -> Finished:
        return command(
            [sys.executable, "-m", "deploy.cron.install", verb, *options],
            path or f"{self.folder}:/usr/bin:/bin",
        )


def command(words: list[str], path: str) -> Finished:
    done = subprocess.run(words, cwd=ROOT, env={"PATH": path}, capture_output=True, text=True, check=False)
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def crontab(tmp_path: Path) -> Crontab:
    program = tmp_path / "crontab"
    program.write_text(STAND_IN, encoding="utf-8")
    program.chmod(0o755)
    return Crontab(tmp_path)


# -- the lines


def test_lines_are_added_once_and_taken_out_again(crontab: Crontab) -> None:
    (crontab.folder / "table").write_bytes(OTHERS)
    first = crontab.install("add", *HOURLY, "--sites", "my sites", "--contact", "a%b")
    assert first.code == 0, first.err
    assert crontab.lines is not None
    assert crontab.lines.startswith(OTHERS)
    shown = crontab.lines.removeprefix(OTHERS).decode()
    assert shown in first.out, "it prints exactly what it adds"
    job = shown.splitlines()[1]
    assert job.startswith(f"17 * * * * {ROOT}/deploy/khabar-crawl -a 'sites=my sites' -s NEWS_OUTPUT=output ")
    assert job.endswith(r"NEWS_CONTACT=a\%b"), "cron ends a line at %"
    before = crontab.lines
    again = crontab.install("add", *HOURLY, "--sites", "my sites", "--contact", "a%b")
    assert "nothing changed" in again.out
    assert crontab.lines == before
    assert crontab.install("remove").code == 0
    assert crontab.lines == OTHERS
    assert "nothing changed" in crontab.install("remove").out
    assert crontab.lines == OTHERS


def test_other_options_take_the_place_of_the_lines_there_are(crontab: Crontab) -> None:
    crontab.install("add", *HOURLY)
    assert "take the place" in crontab.install("add", "--schedule", "@daily").out
    assert crontab.lines is not None
    assert crontab.lines.count(b"khabar-crawl") == 1
    assert b"\n@daily " in crontab.lines
    crontab.install("remove")
    assert crontab.lines is None, "there was none before"


@pytest.mark.parametrize(
    ("schedule", "said"),
    [("99 * * * *", "bad minute"), ("17 * * *", "five fields"), ("17 * * * *\n@reboot", "five fields")],
)
def test_a_schedule_that_is_none_changes_nothing(crontab: Crontab, schedule: str, said: str) -> None:
    (crontab.folder / "table").write_bytes(OTHERS)
    done = crontab.install("add", "--schedule", schedule)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err
    assert crontab.lines == OTHERS


def test_without_crontab_it_says_what_to_install(crontab: Crontab, tmp_path: Path) -> None:
    (empty := tmp_path / "empty").mkdir()
    for verb in ("check", "add", "remove"):
        done = crontab.install(verb, path=str(empty))
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "apt-get install cron" in done.err


def test_make_passes_its_variables_on(crontab: Crontab) -> None:
    """The environment is taken to be there: `-o` keeps make from filling it."""
    make = ["make", "-o", ".venv/.stamps/run", "--no-print-directory", f"PYTHON={sys.executable}"]
    given = ["SCHEDULE=3 5 * * 1-5", "SITES=/etc/khabar/sites", "OUTPUT=/var/lib/khabar/output"]
    path = f"{crontab.folder}:/usr/bin:/bin"
    done = command([*make, "install-cron", *given], path)
    assert done.code == 0, done.err
    example = (ROOT / "deploy" / "cron" / "crontab").read_bytes().split(b"\n", 1)[1]
    assert crontab.lines is not None
    assert (
        crontab.lines.replace(bytes(ROOT), b"/opt/khabar").replace(b"3 5 * * 1-5", b"17 * * * *") == example
    )
    assert command([*make, "install-cron", "REMOVE=1"], path).code == 0
    assert crontab.lines is None
    command([*make, "install-cron"], path)
    assert command([*make, "uninstall-cron"], path).code == 0
    assert crontab.lines is None


LINES = st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=5)


@given(LINES, LINES)
def test_lines_of_others_survive_byte_for_byte(above: list[bytes], below: list[bytes]) -> None:
    before, after = (b"".join(line + b"\n" for line in some) for some in (above, below))
    new = block(PROJECT, "@daily", [])
    other = block(Path("/srv/another"), "@daily", [])
    crontab = before + new + other + after
    assert without(crontab, PROJECT) == before + other + after
    assert added(crontab, PROJECT, new) == before + other + after + new


@pytest.mark.parametrize("output", ["a\nb", "a\x1bb", "a\\%b"])
def test_what_cron_would_read_as_something_else_is_refused(output: str) -> None:
    with pytest.raises(CannotInstall, match="no control characters"):
        block(PROJECT, "@daily", ["-s", f"NEWS_OUTPUT={output}"])


def real_crontab() -> bytes | None:
    """What the machine's own user has; None when there is no cron, or something that is not ours to touch."""
    if not shutil.which("crontab") or not is_root():
        return None
    done = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    return b"" if b"no crontab for" in done.stderr else None


@pytest.mark.skipif(real_crontab() is None, reason="needs Debian's cron, and root with no crontab")
def test_debians_crontab_takes_and_gives_back_the_lines(crontab: Crontab) -> None:
    path = os.environ["PATH"]
    try:
        assert crontab.install("add", *HOURLY, path=path).code == 0
        listed = subprocess.run(["crontab", "-l"], capture_output=True, check=True)
        assert listed.stdout == block(
            PROJECT, "17 * * * *", ["-a", "sites=sites", "-s", "NEWS_OUTPUT=output"]
        )
        refused = crontab.install("add", "--schedule", "99 * * * *", path=path)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "bad minute" in refused.err
        assert crontab.install("remove", path=path).code == 0
        assert real_crontab() == b""
    finally:
        subprocess.run(["crontab", "-r"], capture_output=True, check=False)


# -- the job


@dataclass(frozen=True)
class Job:
    """A project of its own folder, so that its log and output are the test's."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log" / "khabar.log"

    def run(self, *arguments: str, **environment: str) -> Finished:
        """As cron would, and with less: no HOME, no PATH, another folder."""
        done = subprocess.run(
            [self.folder / "deploy" / "khabar-crawl", *arguments],
            cwd="/", env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    folder = tmp_path / "the project"
    (folder / "deploy").mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "khabar-crawl", folder / "deploy" / "khabar-crawl")
    for name in ("crawler", "pipelines", "scrapy.cfg"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return Job(folder)


def test_the_job_crawls_from_an_empty_environment_and_mails_nothing(demo_crawl: DemoCrawl, job: Job) -> None:
    hosts = ",".join(urlsplit(start).netloc for start in demo_crawl.newsroom.starts().values())
    common = ["-s", f"NEWS_ALLOW_PRIVATE={hosts}", "-s", "DOWNLOAD_DELAY=0", "-a", "site=sahifa-east"]
    done = job.run("-a", f"sites={demo_crawl.sites}", *common, LANG="C")
    assert (done.code, done.out, done.err) == (0, "", ""), job.log.read_text(encoding="utf-8")
    assert {row["site"] for row in rows(job.folder / "output", "articles")} == {"sahifa-east"}
    log = job.log.read_text(encoding="utf-8")
    assert "new articles from 1 sites" in log
    assert "Spider closed (finished)" in log


def test_a_mistake_is_one_short_text_with_the_crawls_exit_code(job: Job) -> None:
    done = job.run("-a", "sites=nowhere.toml")
    assert (done.code, done.err) == (2, "")
    first, said, where = done.out.splitlines()
    assert first.startswith("khabar-crawl: exit code 2: wrong arguments")
    assert "nowhere.toml" in said
    assert where == f"All of it: {job.log}"


def test_a_site_that_falls_short_is_mailed_without_the_rest(job: Job, tmp_path: Path) -> None:
    site = tmp_path / "closed.toml"
    site.write_text('name = "closed"\nstart = "http://127.0.0.2:9/"\n', encoding="utf-8")
    done = job.run("-a", f"sites={site}", "-s", "RETRY_TIMES=0", "-s", "NEWS_ALLOW_PRIVATE=127.0.0.2:9")
    assert done.code == 5
    assert "Short of expectations: closed: nothing found" in done.out
    assert "Spider closed" not in done.out


def test_a_run_that_meets_another_says_nothing(job: Job) -> None:
    """Cron mails what is printed, whatever the exit code; there will be another run in an hour."""
    from pipelines.store.lock import RunLock

    state = job.folder / "output" / ".state"
    lock = RunLock(state, state / "ledger.sqlite", "run of a test", "output")
    try:
        done = job.run("-a", f"sites={ROOT / 'sites'}")
    finally:
        lock.release()
    assert (done.code, done.out, done.err) == (3, "", "")
    assert "run of a test" in job.log.read_text(encoding="utf-8")


def test_a_log_that_grew_is_put_aside(job: Job) -> None:
    job.log.parent.mkdir()
    job.log.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    job.run("-a", "sites=nowhere.toml")
    assert job.log.stat().st_size < 10_000
    assert job.log.with_name("khabar.log.1").stat().st_size > 10 * 1024 * 1024


def test_without_an_environment_it_says_how_to_make_one(job: Job) -> None:
    (job.folder / ".venv").unlink()
    done = job.run()
    assert (done.code, done.err, done.out.count("\n")) == (2, "", 1)
    assert "make crawl" in done.out


def test_the_log_may_be_elsewhere(job: Job, tmp_path: Path) -> None:
    assert job.run("-a", "sites=nowhere.toml", KHABAR_LOG=str(tmp_path / "logs")).code == 2
    assert (tmp_path / "logs" / "khabar.log").exists()
    (tmp_path / "file").touch()
    done = job.run("-a", "sites=nowhere.toml", KHABAR_LOG=str(tmp_path / "file"))
    assert (done.code, done.err, done.out.count("\n")) == (2, "", 1)
    assert "KHABAR_LOG" in done.out
