"""The units of deploy/systemd: systemd has nothing to say, and they work from an empty environment."""

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
SERVICE = (UNITS / "khabar-shard@.service").read_text(encoding="utf-8")
PYTHON = "/opt/khabar/.venv/bin/python"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace(PYTHON, sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / f"khabar-shard@.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "khabar" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-escape"), reason="there is no systemd-escape here")
def test_the_instance_is_the_shard() -> None:
    """As %I has it; a slash cannot stand in the name of a unit."""
    said = subprocess.run(["systemd-escape", "--unescape", "2-8"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "2/8"
    assert " -a shard=%I " in SERVICE


def environment() -> dict[str, str]:
    """What `Environment=` of the unit gives."""
    lines = re.findall(r"^Environment=(.*)$", SERVICE, re.MULTILINE)
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def test_the_units_command_works_from_an_empty_environment(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    site = 'name = "sahifa"\nstart = "http://127.0.0.2:9/"\n'  # of shard 2/8
    (tmp_path / "sites" / "sahifa.toml").write_text(site, encoding="utf-8")
    given = environment() | {"SITES": str(tmp_path / "sites"), "OUTPUT": str(tmp_path / "output")}
    given["PYTHONPATH"] = given["PYTHONPATH"].replace("/opt/khabar", str(ROOT))
    command = re.search(r"^ExecStart=((?:.*\\\n)*.*)$", SERVICE, re.MULTILINE)
    assert command is not None
    words = command[1].replace("\\\n", " ").replace(PYTHON, sys.executable).replace("%I", "1/8").split()
    filled = [re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], word) for word in words]
    done = subprocess.run(filled, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Shard 1/8 has none of the 1 sites")
    assert (tmp_path / "output" / ".state" / "shard-1-of-8" / "ledger.sqlite").exists()
