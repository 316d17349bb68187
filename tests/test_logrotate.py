"""Log rotation: Debian's logrotate takes the file, and nothing that a run under way writes is lost."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.crawling import ROOT

RULES = (ROOT / "deploy" / "logrotate" / "khabar").read_text(encoding="utf-8")
LOGROTATE = shutil.which("logrotate", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

pytestmark = pytest.mark.skipif(LOGROTATE is None, reason="there is no logrotate here")


def logrotate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    us = f"su {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}"
    rules = RULES.replace("/opt/khabar/log", str(folder / "log")).replace("su khabar khabar", us)
    (folder / "rules").write_text(rules, encoding="utf-8")
    (folder / "rules").chmod(0o644)
    assert LOGROTATE is not None  # else skipped
    words = [LOGROTATE, "-s", str(folder / "state"), *options, str(folder / "rules")]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_logrotate_has_nothing_to_say_about_the_rules(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir(mode=0o755)
    (tmp_path / "log" / "khabar.log").write_text("a line\n", encoding="utf-8")
    done = logrotate(tmp_path, "-d")
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower()
    assert "khabar.log" in done.stderr


def test_a_run_under_way_writes_on(tmp_path: Path) -> None:
    (folder := tmp_path / "log").mkdir(mode=0o755)
    log = folder / "khabar.log"
    with log.open("a", encoding="utf-8") as under_way:
        under_way.write("first\n")
        under_way.flush()
        assert logrotate(tmp_path, "-f").returncode == 0
        under_way.write("second\n")
    assert not log.exists(), "the next run makes it"
    assert (folder / "khabar.log.1").read_text(encoding="utf-8") == "first\nsecond\n"
    log.write_text("third\n", encoding="utf-8")
    assert logrotate(tmp_path, "-f").returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == ["khabar.log.1", "khabar.log.2.gz"]
