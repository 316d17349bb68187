"""`python -m pipelines COMMAND`: what needs no crawler."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_USAGE = """usage: python -m pipelines COMMAND ...

  reclean   clean WARC archives into an output of its own, with one process, several, or a Ray cluster

python -m pipelines COMMAND --help says more."""


def main(argv: Sequence[str]) -> int:
    """The command's exit code; 2 for one that is not known."""
    match argv:
        case ["reclean", *rest]:
            from pipelines.archive.command import reclean  # noqa: PLC0415  it takes a second to load

            return reclean(rest)
        case ["-h" | "--help"]:
            print(_USAGE)
            return 0
        case _:
            print(_USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
