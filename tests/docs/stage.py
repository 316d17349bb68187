"""A folder as a reader has it who has cloned the project, and the blocks of a page typed there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from crawler.sites import load_site
from demo.content import DEFAULT_PORT, write_site_files
from demo.crawl import environment
from tests.crawling import ROOT
from tests.docs.blocks import Block, Command, commands, says

_LINKED = (
    "Makefile",
    "crawler",
    "deploy",
    "docs",
    "pipelines",
    "pyproject.toml",
    "requirements",
    "scrapy.cfg",
)
# The newsroom of the pages stands at a port of its own, so that tests do not meet each other there.
_PYTHON = """\
#!/bin/sh
case "$1 $2 $3" in "-m demo serve" | "-m demo crawl" | "-m demo sites") set -- "$@" --port {port} ;; esac
exec {python} "$@"
"""
# A page that installs something into a crontab must not do so to ours.
_CRONTAB = """\
#!/bin/sh
case "$1" in
-l) cat '{crontab}' 2> /dev/null || {{ echo "no crontab for you" >&2; exit 1; }} ;;
-r) rm '{crontab}' ;;
*) cat "${{1:--}}" > '{crontab}.new' && mv '{crontab}.new' '{crontab}' ;;
esac
"""
_SCRAPY = '#!/bin/sh\nexec {python} -m scrapy "$@"\n'
_SQL = "import sys, duckdb; found = duckdb.sql(sys.stdin.read()); found is None or found.show()"
_OF_MAKE = frozenset({"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"})
_SITE = 'name = "a"\nstart = "https://a.test/"\n'


class PageError(AssertionError):
    """What a page says is not what happens."""


@dataclass
class Stage:
    """The folder; `printed` is what the last block printed there."""

    folder: Path
    port: int
    printed: str = ""
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def set_up(cls, folder: Path, port: int, output: Path | None = None) -> Stage:
        """A clone whose environment is ours; `output` is copied to where crawls publish."""
        for name in _LINKED:
            (folder / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "demo", folder / "demo", ignore=shutil.ignore_patterns("__pycache__"))
        for sites in ("demo/sites", "sites"):  # not those of the project: no page may ask the web
            write_site_files(folder / sites, port)
        if output is not None:
            shutil.copytree(output, folder / "output", symlinks=True)
        _environment(folder / ".venv", port)
        return cls(folder, port)

    def do(self, block: Block) -> None:
        """What a reader does with the block; `PageError` where it does not do what the page says."""
        text = self._here(block.text)
        if block.marker == "not run":
            return
        if block.marker == "file":
            (file := self.folder / block.about).parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif block.marker == "output":
            self._expect(block, tuple(block.text.splitlines()), self.printed)
        elif block.marker == "second terminal":
            self._leave_running(block)
        elif block.language == "console":
            self._type(block)
        elif block.language == "python":
            self._finish(block, ["python", "-c", text])
        elif block.language == "sql":
            self._finish(block, ["python", "-c", _SQL], text)
        elif block.language == "toml":
            self._load(block, text)
        elif block.language == "json":
            json.loads(text)

    def tear_down(self) -> None:
        """End what still runs in other terminals."""
        for process in self._running:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=60)

    def _type(self, block: Block) -> None:
        """In one shell, so that variables of the block hold; a failure must be shown by `echo $?`."""
        typed = commands(block)
        script = "exec 2>&1\n" + "\n".join(
            f"{self._here(command.typed)}\n_code=$?; printf '\\0%s\\0' $_code; (exit $_code)"
            for command in typed
        )
        done = self._run(["bash", "-c", script])
        said = done.stdout.split("\0")
        self.printed = "".join(said[::2])
        for number, command in enumerate(typed):
            if len(said) < 2 * number + 2:
                raise PageError(f"{block.place}: the shell ended at $ {command.typed}\n{self.printed}")
            asked = [each.typed for each in typed[number + 1 :][:1]] == ["echo $?"]
            self._judge(block, command, said[2 * number], said[2 * number + 1] == "0" or asked)

    def _judge(self, block: Block, command: Command, printed: str, well: bool) -> None:
        if not well:
            raise PageError(f"{block.place}: $ {command.typed}\nfails:\n{printed}")
        if command.shown:
            self._expect(block, command.shown, self._there(printed), f"$ {command.typed}")

    def _expect(self, block: Block, shown: tuple[str, ...], printed: str, what: str = "") -> None:
        if not says(shown, printed):
            raise PageError(f"{block.place}: {what}\nprints\n{printed}\nand not\n" + "\n".join(shown))

    def _leave_running(self, block: Block) -> None:
        (command,) = commands(block)
        process = subprocess.Popen(
            ["bash", "-c", self._here(command.typed)],
            cwd=self.folder,
            env=self._variables(),
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._running.append(process)
        assert process.stdout is not None
        printed = "".join(process.stdout.readline() for _ in command.shown)
        self._expect(block, command.shown, self._there(printed), f"$ {command.typed}")

    def _finish(self, block: Block, command: list[str], given: str = "") -> None:
        done = self._run(command, given)
        self.printed = self._there(done.stdout)
        if done.returncode:
            raise PageError(f"{block.place}: ends with {done.returncode}:\n{done.stdout}{done.stderr}")

    def _load(self, block: Block, text: str) -> None:
        """A site file, or keys of one."""
        (file := self.folder / "block.toml").write_text(
            text if re.search(r"^name *=", text, re.MULTILINE) else _SITE + text, encoding="utf-8"
        )
        load_site(file)
        file.unlink()

    def _run(self, command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._variables(),
            input=given,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def _variables(self) -> dict[str, str]:
        path = f"{self.folder / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        # Tests that `make` began would have it say more than a reader's.
        there = {name: value for name, value in environment().items() if name not in _OF_MAKE}
        return there | {"PATH": path, "PYTHONUNBUFFERED": "1", "COLUMNS": "100"}

    def _here(self, text: str) -> str:
        return text.replace(f":{DEFAULT_PORT}", f":{self.port}")

    def _there(self, text: str) -> str:
        return text.replace(f":{self.port}", f":{DEFAULT_PORT}")


def _environment(folder: Path, port: int) -> None:
    """What `make` takes for an environment that is filled: this interpreter's."""
    (folder / "bin").mkdir(parents=True)
    python = shlex.quote(sys.executable)
    given = {"python": python, "port": port, "crontab": folder / "crontab"}
    for name, text in (("python", _PYTHON), ("scrapy", _SCRAPY), ("crontab", _CRONTAB), ("activate", "")):
        (file := folder / "bin" / name).write_text(text.format(**given), encoding="utf-8")
        file.chmod(0o755)
    (folder / ".stamps").mkdir()
    for name in ("venv", *(lock.stem for lock in (ROOT / "requirements").glob("*.lock"))):
        (folder / ".stamps" / name).touch()
