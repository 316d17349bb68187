"""A machine that refuses: small disks, read-only folders, other users."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.crawling import Finished, is_root, run

# A user and a mount namespace of one's own, where one may mount; many containers forbid it.
_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


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
def permissions_hold() -> bool:
    """Whether a command can be run that permissions hold for: ours do, root's without its privileges."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        probe = ["sh", "-c", f"! touch {shlex.quote(folder)}/file"]
        return not is_root() or run_unprivileged(probe).code == 0


def run_unprivileged(command: list[str]) -> Finished:
    """The command as somebody for whom permissions hold."""
    if not is_root():
        return run(command)
    if shutil.which("setpriv") is None:
        return Finished(127, "", "")
    return run(["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search", *command])
