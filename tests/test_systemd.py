"""The units of deploy/systemd: systemd has nothing to say, and they work from an empty environment.

Nothing here runs as a service: that takes a machine that systemd started.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawling import ROOT

UNITS = ROOT / "deploy" / "systemd"
WHOLE, SHARD = "khabar.service", "khabar-shard@.service"
PYTHON = "/opt/khabar/.venv/bin/python"
# systemd's own words: below 2 is "OK", a service without any hardening has 9.6.
MOST_EXPOSED = 2.0

needs_analyze = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here"
)


def text(unit: str) -> str:
    return (UNITS / unit).read_text(encoding="utf-8")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with an interpreter that is there."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(text(path.name).replace(PYTHON, sys.executable), encoding="utf-8")
    return tmp_path


@needs_analyze
def test_systemd_has_nothing_to_say_about_the_units(units: Path) -> None:
    done = analyze("verify", "--man=no", *(str(path) for path in units.glob("khabar*")))
    ours = [line for line in done.stderr.splitlines() if "khabar" in line]
    assert (done.returncode, ours) == (0, [])


@needs_analyze
def test_systemd_has_nothing_to_say_about_what_rendering_needs(units: Path) -> None:
    (drop_in := units / f"{WHOLE}.d").mkdir()
    (units / "render.conf").rename(drop_in / "render.conf")
    done = analyze("verify", "--man=no", str(units / WHOLE))
    assert (done.returncode, [line for line in done.stderr.splitlines() if "khabar" in line]) == (0, [])


@needs_analyze
@pytest.mark.parametrize("unit", [WHOLE, SHARD])
def test_the_services_are_hardened(units: Path, unit: str) -> None:
    done = analyze("security", "--offline=true", str(units / unit))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) < MOST_EXPOSED


def test_a_shard_runs_as_the_whole_does() -> None:
    def service(unit: str) -> list[str]:
        lines = text(unit).split("[Service]")[1].replace(" -a shard=%I", "").splitlines()
        return [line for line in lines if not line.startswith("#")]

    assert service(SHARD) == service(WHOLE)


@pytest.mark.skipif(not shutil.which("systemd-escape"), reason="there is no systemd-escape here")
def test_the_instance_is_the_shard() -> None:
    """As %I has it; a slash cannot stand in the name of a unit."""
    said = subprocess.run(["systemd-escape", "--unescape", "2-8"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "2/8"
    assert " -a shard=%I " in text(SHARD)


def environment(unit: str) -> dict[str, str]:
    """What `Environment=` of the unit gives."""
    lines = re.findall(r"^Environment=(.*)$", text(unit), re.MULTILINE)
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def started(unit: str, folder: Path, **others: str) -> subprocess.CompletedProcess[str]:
    """What `ExecStart=` runs, with the words systemd would give it: `${NAME}` is one, `$NAME` any number."""
    (folder / "sites").mkdir()
    site = 'name = "sahifa"\nstart = "http://127.0.0.2:9/"\n'  # of shard 2/8
    (folder / "sites" / "sahifa.toml").write_text(site, encoding="utf-8")
    given = environment(unit) | {"SITES": str(folder / "sites"), "OUTPUT": str(folder / "output")} | others
    given["PYTHONPATH"] = given["PYTHONPATH"].replace("/opt/khabar", str(ROOT))
    command = re.search(r"^ExecStart=((?:.*\\\n)*.*)$", text(unit), re.MULTILINE)
    assert command is not None
    words = command[1].replace("\\\n", " ").replace(PYTHON, sys.executable).replace("%I", "1/8").split()
    filled: list[str] = []
    for word in words:
        if word.startswith("$") and not word.startswith("${"):
            filled += given[word[1:]].split()
        else:
            filled.append(re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], word))
    return subprocess.run(filled, cwd=folder, env=given, capture_output=True, text=True, check=False)


def test_the_shards_command_works_from_an_empty_environment(tmp_path: Path) -> None:
    done = started(SHARD, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Shard 1/8 has none of the 1 sites")
    assert (tmp_path / "output" / ".state" / "shard-1-of-8" / "ledger.sqlite").exists()
    figures = (tmp_path / "output" / "report" / "shard-1-of-8" / "khabar.prom").read_text(encoding="utf-8")
    assert 'khabar_run_exit_code{shard="1/8",spider="news"} 0.0' in figures


def test_the_services_command_works_from_an_empty_environment_with_options(tmp_path: Path) -> None:
    done = started(WHOLE, tmp_path, OPTIONS="-s LOG_LEVEL=ERROR -s RETRY_TIMES=0")
    assert done.returncode == 5, done.stderr  # the address is a private one
    assert done.stdout.startswith("Nothing new")
    assert "INFO" not in done.stderr
    assert (tmp_path / "output" / ".state" / "ledger.sqlite").exists()


def test_only_a_run_that_was_not_needed_is_no_failure() -> None:
    for unit in (WHOLE, SHARD):
        assert re.findall(r"^SuccessExitStatus=(.*)$", text(unit), re.MULTILINE) == ["3"]
        assert "\nOnFailure=khabar-failed@%n.service\n" in text(unit)
