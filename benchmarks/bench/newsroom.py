"""Thousands of distinct articles on loopback: real texts in the demo newsroom's pages, rendered beforehand.

`python -m benchmarks.bench.newsroom FOLDER ...` is the server's process: one asyncio loop that reads pages
from one file, so that it takes little of the cores that the crawl is measured on.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import gzip
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.dialects import DIALECTS
from demo.model import Article, Block, Outlet, Section
from demo.pages import GALLERY, Page, Site

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT.parent / "shared" / "texts"
# Few sites whose first articles are cleaned twice; far below the links that are taken of one sitemap.
ARTICLES_EACH = 500
# The texts are Arabic, and so is what stands around them.
_DESIGNS = ("sahifa-east", "bawabat-alkhalij", "alrasid")
_MIN_CHARS = 500
_DESCRIPTION_CHARS = 160
_MAX_BYLINE_CHARS = 40
_BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
_DESKS = (Section("world", "العالم"), Section("local", "محليات"), Section("sport", "رياضة"))
_TRIES = 50
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Text:
    """A newspaper's article as the files of texts have it."""

    title: str
    author: str
    paragraphs: tuple[str, ...]


def load_texts(folder: Path = TEXTS) -> Iterator[Text]:
    """Distinct articles of some length, in the order of the files."""
    seen: set[int] = set()
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                content: str = said["content"].strip()
                mark = hash(content)
                title = _BLANK.sub(" ", said["title"]).strip()
                if len(content) < _MIN_CHARS or mark in seen or not title:
                    continue
                seen.add(mark)
                paragraphs = (_BLANK.sub(" ", part).strip() for part in content.split("\n"))
                yield Text(title, said["author"].strip(), tuple(part for part in paragraphs if part))


def varied(texts: Sequence[Text]) -> Iterator[Text]:
    """The texts, and then the same ones again and again, each paragraph with a sentence of its own."""
    yield from texts
    for edition in count(2):
        for text in texts:
            own = (f"{part} ({edition}.{at})" for at, part in enumerate(text.paragraphs, 1))
            yield Text(f"{text.title} ({edition})", text.author, tuple(own))


# -- outlets


def outlets(texts: Iterable[Text]) -> Iterator[Outlet]:
    """Outlets of `ARTICLES_EACH` articles; the first are at 127.1.0.1 and on."""
    source = iter(texts)
    for number in count():
        some = list(islice(source, ARTICLES_EACH))
        if len(some) < 3:  # an article names two others
            return
        yield _outlet(number, some)


def _outlet(number: int, texts: Sequence[Text]) -> Outlet:
    name = _DESIGNS[number % len(_DESIGNS)]
    address = f"127.1.{number // 250}.{number % 250 + 1}"
    slugs = [f"story-{number:03d}-{at:04d}" for at in range(len(texts))]
    articles = tuple(_article(name, address, slugs, at, text) for at, text in enumerate(texts))
    return Outlet(
        name=name,
        title=f"صحيفة {number + 1}",
        tagline="أخبار الساعة",
        language="ar",
        country="SA",
        address=address,
        utc_offset="+03:00",
        sections=_DESKS,
        articles=articles,
    )


def _article(name: str, address: str, slugs: Sequence[str], at: int, text: Text) -> Article:
    dialect, rank = DIALECTS[name], len(slugs) - at
    number = dialect.first_number + 1_000 + rank * dialect.step  # past the page that is no article
    published = _BEGIN + timedelta(minutes=37 * rank)
    image = GALLERY[at % len(GALLERY)]
    return Article(
        slug=slugs[at],
        section=_DESKS[at % len(_DESKS)],
        event=None,
        title=text.title,
        description=text.paragraphs[0][:_DESCRIPTION_CHARS],
        authors=(text.author,) if 0 < len(text.author) <= _MAX_BYLINE_CHARS else (),
        wire=None,
        published=published,
        modified=None,
        tags=("أخبار", _DESKS[at % len(_DESKS)].name),
        related=(slugs[at - 1], slugs[at - 2]),
        image=image,
        caption=f"صورة من الأرشيف رقم {at}",
        credit="أرشيف",
        alt="صورة",
        blocks=tuple(Block("paragraph", part) for part in text.paragraphs),
        address=address,
        path=dialect.article_path(slugs[at], number, published),
        image_path=dialect.picture.format(name=image),
        number=number,
    )


def site_name(outlet: Outlet) -> str:
    """Name of the outlet's site file: designs are shared, addresses are not."""
    return f"{outlet.name}-{outlet.address.replace('.', '-')}"


# -- pages rendered beforehand


def render(folder: Path, articles: int, texts: Path, port: int) -> None:
    """Write `pages.bin`, its index, site files and the addresses of the articles below `folder`."""
    known = list(load_texts(texts))
    sites = folder / "sites"
    sites.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "pages.bin").open("wb") as pages,
        (folder / "index.jsonl").open("w", encoding="utf-8") as index,
    ):
        for outlet in outlets(islice(varied(known), articles)):
            site = Site(outlet, port)
            own = {article.path for article in outlet.articles}
            for path in site.paths():
                page = site.page(path)
                if not page.content_type.startswith("image/"):
                    sent = _answer(page)
                    entry = (outlet.address, path, pages.tell(), len(sent), len(page.body), path in own)
                    index.write(json.dumps(entry) + "\n")
                    pages.write(sent)
            file = sites / f"{site_name(outlet)}.toml"
            file.write_text(_site_file(outlet, port), encoding="utf-8")


def _answer(page: Page) -> bytes:
    head = f"HTTP/1.1 {page.status} -\r\nContent-Type: {page.content_type}\r\n"
    return f"{head}Content-Length: {len(page.body)}\r\n\r\n".encode() + page.body


def _site_file(outlet: Outlet, port: int) -> str:
    return (
        f'name = "{site_name(outlet)}"\nstart = "{outlet.start(port)}"\n'
        f'language = "{outlet.language}"\ncountry = "{outlet.country}"\n'
    )


# -- the server


_MISSING = b"HTTP/1.1 404 -\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"


class _Talk(asyncio.Protocol):
    """One connection: GET after GET."""

    def __init__(self, file: int, places: dict[tuple[str, str], tuple[int, int]]) -> None:
        self._file, self._places = file, places
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._address: str = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        *whole, self._waiting = (self._waiting + data).split(b"\r\n\r\n")
        for request in whole:
            target = request.split(b" ", 2)[1].decode("latin-1")
            place = self._places.get((self._address, target))
            self._transport.write(os.pread(self._file, place[1], place[0]) if place else _MISSING)


def _index(folder: Path) -> Iterator[tuple[str, str, int, int, int, bool]]:
    with (folder / "index.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield tuple(json.loads(line))


async def _serve(folder: Path, listening: Sequence[socket.socket]) -> None:
    places = {(address, path): (at, size) for address, path, at, size, _, _ in _index(folder)}
    file = os.open(folder / "pages.bin", os.O_RDONLY)
    loop = asyncio.get_running_loop()
    for each in listening:
        await loop.create_server(lambda: _Talk(file, places), sock=each, backlog=512)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started us closes it


def _bound(addresses: Sequence[str], port: int = 0) -> list[socket.socket]:
    """A listening socket on each address, all on one port; raises `OSError` when none is free on all."""
    for left in reversed(range(_TRIES)):
        found: list[socket.socket] = []
        try:
            for address in addresses:
                found.append(socket.socket())
                found[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                found[-1].bind((address, found[0].getsockname()[1] if len(found) > 1 else port))
        except OSError as error:
            for each in found:
                each.close()
            if error.errno != errno.EADDRINUSE or port or not left:
                raise
        else:
            return found
    raise OSError(errno.EADDRINUSE, "no port is free on all addresses")


def _addresses(articles: int) -> list[str]:
    number = -(-articles // ARTICLES_EACH)
    return [f"127.1.{at // 250}.{at % 250 + 1}" for at in range(number)]


def main() -> None:
    """The server's process: bind, render, say `ready`, serve until standard input is closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, required=True)
    parser.add_argument("--texts", type=Path, default=TEXTS)
    asked = parser.parse_args()
    listening = _bound(_addresses(asked.articles))
    port = listening[0].getsockname()[1]
    print(port, flush=True)
    render(asked.folder, asked.articles, asked.texts, port)
    asyncio.run(_serve(asked.folder, listening))


class Newsroom:
    """The server in a process of its own while the context lasts; `folder` receives pages and site files."""

    def __init__(self, folder: Path, articles: int, texts: Path = TEXTS) -> None:
        self.folder = folder
        self.articles = articles
        self._texts = texts
        self.addresses = _addresses(articles)

    @property
    def sites(self) -> Path:
        """Folder of the site files."""
        return self.folder / "sites"

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def hosts(self) -> Iterator[str]:
        """Every host:port."""
        return (f"{address}:{self.port}" for address in self.addresses)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.bench.newsroom", str(self.folder)]
        command += ["--articles", str(self.articles), "--texts", str(self._texts)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout is not None
        port, said = self._process.stdout.readline(), self._process.stdout.readline()
        if said.strip() != "ready":
            self._process.kill()
            raise RuntimeError("the server of the newsroom ended")
        self.port = int(port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def pages(self, most: int) -> Iterator[tuple[str, bytes]]:
        """Address and body of up to so many articles, spread evenly over all of them."""
        articles = [entry for entry in _index(self.folder) if entry[5]]
        step = max(len(articles) // most, 1)
        with (self.folder / "pages.bin").open("rb") as pages:
            for address, path, at, size, length, _ in islice(articles, 0, step * most, step):
                pages.seek(at + size - length)
                yield f"http://{address}:{self.port}{path}", pages.read(length)


if __name__ == "__main__":
    main()
