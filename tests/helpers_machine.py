"""A machine that refuses: small disks, read-only folders, other users."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from demo.crawl import environment
from tests.crawling import ROOT, Finished, is_root, run

# A user and a mount namespace of one's own, where one may mount; many containers forbid it.
_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]
_NOBODY = 65534


@cache
def can_mount() -> bool:
    """Whether this machine lets us mount a disk of our own."""
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        mount = f"mount -t tmpfs -o size=64k khabar {shlex.quote(folder)}"
        return (
            subprocess.run([*_UNSHARE, "sh", "-c", mount], capture_output=True, check=False).returncode == 0
        )


def run_on_small_disk(command: list[str], output: Path, kibibytes: int, kept: Path) -> Finished:
    """The command with a disk of this size at `output`; what it left there is copied to `kept`."""
    disk = f"mount -t tmpfs -o size={kibibytes}k khabar {shlex.quote(str(output))}"
    keep = f"cp -a {shlex.quote(str(output))} {shlex.quote(str(kept))}"
    output.mkdir()
    return run([*_UNSHARE, "sh", "-c", f'{disk} && "$@"; code=$?; {keep}; exit $code', "sh", *command])


def run_with_small_files(command: list[str], kibibytes: int) -> Finished:
    """The command, none of whose files grows beyond this size; the kernel's own error, as of a full disk."""
    return run(["sh", "-c", f'ulimit -f {2 * kibibytes} && exec "$@"', "sh", *command])


def run_with_read_only(command: list[str], folder: Path) -> Finished:
    """The command with `folder` mounted read-only, which holds for root, too."""
    place = shlex.quote(str(folder))
    mount = f"mount --bind {place} {place} && mount -o remount,ro,bind {place}"
    return run([*_UNSHARE, "sh", "-c", f'{mount} && exec "$@"', "sh", *command])


@cache
def can_be_another() -> bool:
    """Whether some user for whom permissions hold may run this interpreter; any but root is one already."""
    return not is_root() or _as_nobody([sys.executable, "-c", "import scrapy, pipelines, demo"]).code == 0


def run_as_another(command: list[str]) -> Finished:
    """The command as somebody for whom permissions hold."""
    return _as_nobody(command) if is_root() else run(command)


def _as_nobody(command: list[str]) -> Finished:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment() | {"HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        user=_NOBODY,
        group=_NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
