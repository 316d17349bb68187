"""Command line of the demo newsroom: python -m demo serve | crawl | gold | sites."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from demo.content import DEFAULT_PORT, gold, write_site_files
from demo.crawl import crawl
from demo.rules import ContentError
from demo.server import Newsroom


def _port(text: str) -> int:
    """A port number; 0 asks for any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="The demo newsroom.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the six outlets until stopped")
    serve.add_argument("--log", type=Path, help="append a JSON line for each request")
    serve.add_argument("--ready", type=Path, help="written once all outlets listen")
    visit = commands.add_parser("crawl", help="serve, crawl into a folder, and stop")
    visit.add_argument("--output", type=Path, default=Path("output"))
    answers = commands.add_parser("gold", help="print the right answers as JSON lines")
    sites = commands.add_parser("sites", help="write site files for another port")
    sites.add_argument("folder", type=Path)
    for command in (serve, visit, answers, sites):
        command.add_argument("--port", type=_port, default=DEFAULT_PORT)
    return parser.parse_args(argv)


def _write_whole(file: Path, text: str) -> None:
    """Write under another name and rename, so that no reader meets half a file."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def serve(port: int, log: Path | None, ready: Path | None) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with Newsroom(port, log) as newsroom:
        for name, start in newsroom.starts().items():
            print(f"{name:18} {start}", flush=True)
        if ready is not None:
            state = {"port": newsroom.port, "sites": newsroom.starts()}
            _write_whole(ready, json.dumps(state) + "\n")
        stop.wait()


def _as_text(value: object) -> str:
    """JSON form of the one type that json does not know."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def print_gold(port: int) -> None:
    """One JSON line per article."""
    for entry in gold(port):
        print(json.dumps(asdict(entry), ensure_ascii=False, default=_as_text))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; faults of the content or of the port are one line and exit 2."""
    arguments = _arguments(argv)
    try:
        if arguments.command == "serve":
            serve(arguments.port, arguments.log, arguments.ready)
        elif arguments.command == "crawl":
            return crawl(arguments.output, arguments.port)
        elif arguments.command == "gold":
            print_gold(arguments.port)
        else:
            write_site_files(arguments.folder, arguments.port)
    except (ContentError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
