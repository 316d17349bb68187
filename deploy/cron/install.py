"""Puts Khabar's lines into the crontab of the user who calls it, once, and takes them out again.

    python -m deploy.cron.install add --schedule "17 * * * *" --sites sites --output output

`make install-cron` and `make uninstall-cron` call it; `check` only looks whether there is a crontab command.
The lines stand between two marks that name the checkout: others' lines, and those of other checkouts, stay as
they are, byte for byte. Exit codes: 0; 2 with one line when there is no crontab, or it refuses.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_MISSING = "there is no crontab command; install cron (Debian: apt-get install cron) or see deploy/systemd"
# Five fields, or a name such as @daily; what the fields may hold is crontab's to judge.
_SCHEDULE = re.compile(r"@[a-z]+|[\w*,/-]+( +[\w*,/-]+){4}", re.ASCII)


class CannotInstall(Exception):
    """One line for the user."""


def block(project: Path, schedule: str, options: Sequence[str]) -> bytes:
    """The lines for a crontab: marks around one job.

    >>> print(block(Path("/opt/khabar"), "17 * * * *", ["-s", "NEWS_OUTPUT=/data"]).decode(), end="")
    # BEGIN khabar /opt/khabar (make uninstall-cron removes it)
    17 * * * * /opt/khabar/deploy/khabar-crawl -s NEWS_OUTPUT=/data
    # END khabar /opt/khabar
    """
    if not _SCHEDULE.fullmatch(schedule):
        raise CannotInstall(f"SCHEDULE={schedule!r}: it must be five fields, such as 17 * * * *, or @daily")
    command = shlex.join([str(project / "deploy" / "khabar-crawl"), *options])
    if not command.isprintable() or "\\" in command:
        raise CannotInstall(f"{command!r}: a crontab takes no control characters and no backslashes")
    command = command.replace("%", r"\%")  # cron would take it for the end of the line
    begin, end = _marks(project)
    return b"\n".join((begin, f"{schedule} {command}".encode(), end, b""))


def _marks(project: Path) -> tuple[bytes, bytes]:
    name = f"khabar {project}"
    return f"# BEGIN {name} (make uninstall-cron removes it)".encode(), f"# END {name}".encode()


def without(crontab: bytes, project: Path) -> bytes:
    """The crontab without the block of this checkout."""
    begin, end = map(re.escape, _marks(project))
    return re.sub(rb"^%s\n(?:.*\n)*?%s(?:\n|\Z)" % (begin, end), b"", crontab, flags=re.MULTILINE)


def added(crontab: bytes, project: Path, new: bytes) -> bytes:
    """The crontab with `new` as the block of this checkout, at the end."""
    rest = without(crontab, project)
    return rest + (b"" if rest.endswith(b"\n") or not rest else b"\n") + new


def read() -> bytes:
    """The user's crontab; empty where there is none."""
    done = _crontab("-l")
    if done.returncode == 0:
        return done.stdout
    if b"no crontab for" in done.stderr:
        return b""
    raise CannotInstall(f"crontab -l: {_said(done)}")


def write(crontab: bytes) -> None:
    """Make it the user's crontab; one without a line is removed."""
    done = _crontab("-", given=crontab) if crontab else _crontab("-r")
    if done.returncode != 0:
        raise CannotInstall(f"crontab refuses: {_said(done)}")


def _crontab(option: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    words = [_program(), option]
    return subprocess.run(words, input=given, capture_output=True, check=False)  # noqa: S603  nobody's but ours


def _program() -> str:
    found = shutil.which("crontab")
    if found is None:
        raise CannotInstall(_MISSING)
    return found


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    words = done.stderr.decode(errors="replace").split()
    return " ".join(words) or f"exit code {done.returncode}"


def add(project: Path, schedule: str, options: Sequence[str]) -> None:
    """Show the lines and have them in the crontab."""
    new, before = block(project, schedule, options), read()
    if new in before:
        print("The crontab has these lines already; nothing changed:")
    elif without(before, project) != before:
        print("These lines take the place of those of this checkout in the crontab:")
    else:
        print("These lines are added to the crontab:")
    print(new.decode(), end="")
    if new not in before:
        write(added(before, project, new))


def remove(project: Path) -> None:
    """Take the lines out, whatever they were."""
    before = read()
    after = without(before, project)
    if after == before:
        print("The crontab has no lines of this checkout; nothing changed.")
        return
    write(after)
    print("The lines of this checkout are out of the crontab.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it; the exit code."""
    given = _parsed(arguments)
    options = ["-a", f"sites={given.sites or 'sites'}", "-s", f"NEWS_OUTPUT={given.output}"]
    if given.contact:
        options += ["-s", f"NEWS_CONTACT={given.contact}"]
    try:
        if given.verb == "add":
            add(PROJECT, given.schedule, options)
        elif given.verb == "remove":
            remove(PROJECT)
        else:
            _program()
    except CannotInstall as error:
        print(f"install-cron: {error}", file=sys.stderr)
        return 2
    return 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.cron.install", description="Khabar's cron job.")
    parser.add_argument("verb", choices=("add", "remove", "check"))
    parser.add_argument("--schedule", default="17 * * * *", help="when, as crontab(5) has it")
    parser.add_argument("--sites", default="", help="folder of site files; default: sites")
    parser.add_argument("--output", default="output", help="NEWS_OUTPUT")
    parser.add_argument("--contact", default="", help="NEWS_CONTACT")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
