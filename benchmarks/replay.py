"""Serves stored pages under their own URLs: a forward proxy on loopback that contacts nothing.

python -m benchmarks.replay --data DIR --sets seeds,rtl [--port 0] [--urls FILE] [--ready FILE]
                            [--ca FILE] [--log FILE]

A set is a folder with a `gold.jsonl` and one `<id>.html.gz` per line of it. A crawler started with
http_proxy and https_proxy naming the port, and SSL_CERT_FILE naming the CA file, gets real pages
with real URLs and no network, so that whole crawls can be measured and repeated.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import signal
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from benchmarks._tls import ADDRESS, Answer, Authority, ProxyServer, Record, Reply

_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_DELIMITERS = b"%/?#&=+"  # escaped or not, these mean different things
# The stored bytes are decoded and framed anew, so what the gold says of that would be untrue.
_FRAMING = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
_HTML = ("Content-Type", "text/html")  # no charset: none was recorded, and cleaners must cope
_MISSING = Reply(404, (_HTML,), b"<!DOCTYPE html><title>Not found</title><p>No such page here.")
_BAD_ENTRY = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError)


class ReplayError(Exception):
    """Data or arguments that cannot be served; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One page as collected; `url` differs from `gold_url` where that could not be served."""

    data_set: str
    id: str
    gold_url: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def folded(url: str) -> str | None:
    """One spelling for all that name the same page; None for what is no http(s) URL.

    >>> folded("HTTPS://Example.org:443/a b/%d9%85?q=é#top")
    'https://example.org/a%20b/%D9%85?q=%C3%A9'
    """
    try:
        parts = urlsplit(url.strip())
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, _PORTS[parts.scheme]):
        netloc += f":{port}"
    path, query = _escaped(parts.path) or "/", _escaped(parts.query)
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def _ascii_host(host: str) -> str:
    plain = unquote(host).lower()
    return plain if plain.isascii() else plain.encode("idna").decode("ascii")


def _escaped(part: str) -> str:
    def one(match: re.Match[bytes]) -> bytes:
        char = bytes.fromhex(match[1].decode("ascii"))
        return match[0].upper() if char in _DELIMITERS else char

    return quote(_ESCAPE.sub(one, part.encode("utf-8", "replace")), safe=_DELIMITERS)


def _without_slash(key: str) -> str:
    path, mark, query = key.partition("?")
    return path.rstrip("/") + mark + query


def _is_robots(key: str) -> bool:
    """Whether a crawler would ask for this by itself: a stored page there would pass for rules."""
    parts = urlsplit(key)
    return parts.path == "/robots.txt" and not parts.query


class Library:
    """Pages by URL in any equivalent spelling, or else but for a final slash."""

    def __init__(self, pages: Iterable[StoredPage]) -> None:
        self._pages = {folded(page.url): page for page in pages}
        self._close = {_without_slash(key): page for key, page in self._pages.items() if key}

    def find(self, url: str) -> StoredPage | None:
        """The page that `url` names, or None; /robots.txt is never a page."""
        key = folded(url)
        if key is None or _is_robots(key):
            return None
        return self._pages.get(key) or self._close.get(_without_slash(key))

    def answer(self, url: str) -> Reply:
        """The page, or a 404 of a few words."""
        page = self.find(url)
        return Reply(200, page.headers, page.body) if page else _MISSING


def read_pages(data: Path, sets: Sequence[str]) -> Iterator[StoredPage]:
    """The pages of the sets in gold order, each under a URL no other page has."""
    if not data.is_dir():
        raise ReplayError(f"no such folder: {data}")
    taken: set[str] = set()
    for name in sets:
        gold = data / name / "gold.jsonl"
        if not name or not gold.is_file():
            raise ReplayError(f"no such set: {name!r} in {data}")
        for number, line in enumerate(gold.read_bytes().split(b"\n"), 1):
            if line.strip():
                yield _read_page(gold, number, line, taken)


def _read_page(gold: Path, number: int, line: bytes, taken: set[str]) -> StoredPage:
    try:
        entry = json.loads(line)
        name = str(entry["id"])
        headers = {str(key): str(value) for key, value in (entry.get("headers") or {}).items()}
        body = gzip.decompress((gold.parent / f"{name}.html.gz").read_bytes())
    except _BAD_ENTRY as error:
        raise ReplayError(f"{gold}:{number}: {error!r}") from error
    given = str(entry.get("url") or "").strip()
    url = _free_url(given if folded(given) else _made_up_url(name), taken)
    return StoredPage(gold.parent.name, name, given, url, _served_headers(headers), body)


def _served_headers(headers: dict[str, str]) -> tuple[tuple[str, str], ...]:
    kept = tuple(pair for pair in headers.items() if pair[0].lower() not in _FRAMING)
    typed = any(name.lower() == "content-type" for name, _ in kept)
    return kept if typed else (*kept, _HTML)


def _made_up_url(name: str) -> str:
    """A URL for a page that came without; not a front page, which cleaners judge differently."""
    return f"http://page-{sha256(name.encode()).hexdigest()[:12]}.test/page.html"


def _free_url(url: str, taken: set[str]) -> str:
    """`url`, with a query added where another page has it already in any spelling."""
    parts = urlsplit(url)
    candidate = url
    for number in count(2):
        key = folded(candidate) or candidate
        if key not in taken and not _is_robots(key):
            break
        query = f"{parts.query}&replay={number}" if parts.query else f"replay={number}"
        candidate = parts._replace(query=query).geturl()
    taken.add(key)
    return candidate


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay that runs: what it serves, and what a client needs in order to use it."""

    pages: tuple[StoredPage, ...]
    port: int
    ca_file: Path

    @classmethod
    @contextmanager
    def load(
        cls,
        data: Path | str,
        sets: Sequence[str],
        *,
        port: int = 0,
        ca_file: Path | None = None,
        log: Path | None = None,
    ) -> Iterator[Self]:
        """Serve the sets under `data` while the context lasts; raises `ReplayError`.

        Port 0 stands for any free port; without a name for it, `ca_file` is temporary.
        """
        pages = tuple(read_pages(Path(data), sets))
        with TemporaryDirectory(prefix="replay-") as folder, _recording(log) as record:
            authority = Authority(Path(folder))
            ca_file = ca_file or Path(folder, "ca.pem")
            ca_file.write_bytes(authority.certificate)
            with _listen(port, authority, Library(pages).answer, record) as server:
                yield cls(pages, server.server_port, ca_file)

    @property
    def urls(self) -> list[str]:
        """Where each page is served, in gold order."""
        return [page.url for page in self.pages]

    @property
    def proxy(self) -> str:
        """The value for http_proxy and https_proxy."""
        return f"http://{ADDRESS}:{self.port}"


@contextmanager
def _recording(file: Path | None) -> Iterator[Record]:
    """What writes a request to the log, whole lines only, or does nothing without a file."""
    if file is None:
        yield lambda _method, _url, _status: None
        return
    lock = threading.Lock()
    with file.open("a", encoding="utf-8", buffering=1, newline="\n") as stream:

        def record(method: str, url: str, status: int) -> None:
            line = json.dumps({"method": method, "url": url, "status": status}, ensure_ascii=False)
            with lock:
                stream.write(line + "\n")

        yield record


def _listen(port: int, authority: Authority, answer: Answer, record: Record) -> ProxyServer:
    try:
        return ProxyServer(port, authority, answer, record)
    except (OSError, OverflowError) as error:
        raise ReplayError(f"cannot listen on {ADDRESS}:{port}: {error}") from error


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description="Serve stored pages.")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the sets")
    parser.add_argument("--sets", required=True, help="names of sets, comma-separated")
    parser.add_argument("--port", type=int, default=0, help="0, the default, is any free port")
    parser.add_argument("--urls", type=Path, help="gets the URLs, one a line, in gold order")
    parser.add_argument("--ready", type=Path, help="gets the port number once it listens")
    parser.add_argument("--ca", type=Path, help="gets the certificate that clients must trust")
    parser.add_argument("--log", type=Path, help="append a JSON line for each request")
    return parser.parse_args(argv)


def _write_whole(file: Path, text: str) -> None:
    """Write under another name and rename, so that no reader meets half a file."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(file)


def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if arguments.ready is not None:
        arguments.ready.unlink(missing_ok=True)  # an earlier run's would name a dead port
    sets = [name.strip() for name in arguments.sets.split(",")]
    with Replay.load(
        arguments.data, sets, port=arguments.port, ca_file=arguments.ca, log=arguments.log
    ) as replay:
        renamed = sum(page.url != page.gold_url for page in replay.pages)
        print(f"{len(replay.pages)} pages at {replay.proxy}, {renamed} under another URL", flush=True)
        if arguments.urls is not None:
            _write_whole(arguments.urls, "".join(f"{url}\n" for url in replay.urls))
        if arguments.ready is not None:
            _write_whole(arguments.ready, f"{replay.port}\n")
        stop.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; bad input is one line and exit 2."""
    try:
        serve(_arguments(argv))
    except (ReplayError, OSError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
