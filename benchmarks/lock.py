"""Pin the dependencies of pyproject.toml with hashes, one file for each size of environment.

Each is made with the one before as constraints, so that one environment can grow from `run` to `all`, and any
of them by `render`. `python -m benchmarks.lock` takes the newest versions; it needs a package index.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path("requirements")
# name -> dependency group, each a superset of the one before; the last is `run` and a part of `all`.
LOCKS = {"run": None, "query": "query", "dev": "dev", "all": "all", "render": "render"}
_HEADER = "# Made by `make lock` from pyproject.toml; do not edit.\n"


def compile_command(group: str | None, output: Path, constraint: Path | None) -> list[str]:
    """The uv call for one lock file: every platform, Python 3.11 and newer, no word of an index."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--upgrade", "--output-file", str(output)]
    if group is not None:
        command += ["--group", group]
    if constraint is not None:
        command += ["--constraint", str(constraint)]
    return command


def main() -> int:
    """Write all lock files; the exit code of the first uv call that fails."""
    FOLDER.mkdir(exist_ok=True)
    previous: Path | None = None
    for name, group in LOCKS.items():
        output = FOLDER / f"{name}.lock"
        done = subprocess.run(compile_command(group, output, previous), check=False)
        if done.returncode:
            return done.returncode
        output.write_text(_HEADER + output.read_text(encoding="utf-8"), encoding="utf-8")
        previous = output
    return 0


if __name__ == "__main__":
    sys.exit(main())
