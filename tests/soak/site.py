"""A loopback newsroom that releases small articles while the crawls of it are killed.

It runs in a process of its own, which outlives them, and writes each request down before it answers: that
log, and not what a crawler says of itself, tells what was fetched twice.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zlib import crc32

from tests.crawling import ROOT
from tests.web import pages
from tests.web.outlets import story
from tests.web.pages import Furniture, Item
from tests.web.server import Answer, Request, Web

LANGUAGE = "ar"
ARTICLES = "/news/"
# Every so many articles an address follows that is none: `rejected` gets rows, too.
_DECOY_EVERY = 10
# Few stand on the front page: the others are found only through the index and its sitemaps.
_ON_FRONT_PAGE = 3
_IN_SITEMAP = 25
# A soak opens so many by itself, and more where a kill needs one.
_USUAL_OUTLETS = 8
# Slow enough that a kill finds requests under way.
_SECONDS_AN_ANSWER = 0.005
# So that sitemap indexes answer first: what they lead to is all they bring.
_SECONDS_A_FRONT_PAGE = 0.1
_START_SECONDS = 60
_XML = "application/xml"
_SITEMAP = re.compile(r"/sitemap-(\d+)\.xml")
_PORT, _RELEASED, _LOG = "site.port", "site.released", "site.requests"


@dataclass(frozen=True, slots=True)
class Part:
    """The articles of one outlet: numbers from `first` to before `end`."""

    first: int
    end: int

    def article_path(self, number: int) -> str:
        return f"{ARTICLES}{100_000 + number}/"

    def articles(self) -> dict[str, int]:
        """Path -> number of the story there."""
        return {self.article_path(number): number for number in range(self.first, self.end)}

    def decoys(self) -> dict[str, int]:
        """The same for the addresses that hold no article."""
        chosen = range(self.first, self.end)[::_DECOY_EVERY]
        return {f"{ARTICLES}{900_000 + number}/": number for number in chosen}

    def sitemaps(self) -> range:
        """Numbers of the sitemaps of the outlet's index."""
        return range(-(-(self.end - self.first) // _IN_SITEMAP))

    def listed(self, sitemap: int) -> dict[str, int]:
        """Articles and decoys of a sitemap."""
        numbers = range(self.first, self.end)[sitemap * _IN_SITEMAP :][:_IN_SITEMAP]
        every = self.articles() | self.decoys()
        return {path: number for path, number in every.items() if number in numbers}


class Outlet:
    """One host. What it has released is read from a file with every request."""

    listens = True
    address = origin = ""

    def __init__(self, folder: Path, number: int) -> None:
        self.name = outlet_name(number)
        self._folder, self._number = folder, number

    def open(self, origin: str) -> None:
        self.origin = origin

    def respond(self, request: Request) -> Answer:
        time.sleep(_SECONDS_A_FRONT_PAGE if request.path == "/" else _SECONDS_AN_ANSWER)
        body, kind = self._body(request.path)
        if body is None:
            return Answer(b"", 404)
        data = body.encode()
        return Answer(data, content_type=f"{kind}; charset=utf-8", etag=f'"{crc32(data):08x}"')

    def _body(self, path: str) -> tuple[str | None, str]:
        part = read_released(self._folder).get(self._number, Part(0, 0))
        if path == "/robots.txt":
            return f"User-agent: *\nDisallow: /search\nSitemap: {self.origin}/sitemap.xml\n", "text/plain"
        if path == "/sitemap.xml":
            return pages.sitemap_index(f"{self.origin}/sitemap-{n}.xml" for n in part.sitemaps()), _XML
        if found := _SITEMAP.fullmatch(path):
            return pages.sitemap(self._items(part.listed(int(found[1]))), news=True), _XML
        if path == "/":
            newest = self._items(part.articles())[: -_ON_FRONT_PAGE - 1 : -1]
            cards = [(address, told.title) for address, told in newest]
            return pages.list_page(LANGUAGE, self.origin, cards), "text/html"
        if (number := part.articles().get(path)) is not None:
            return self._article(part, path, number), "text/html"
        if path in part.decoys():
            return pages.plain_page(LANGUAGE, self.origin, "…"), "text/html"
        return None, ""

    def _items(self, found: dict[str, int]) -> list[Item]:
        return [(self.origin + path, story(LANGUAGE, number)) for path, number in found.items()]

    def _article(self, part: Part, path: str, number: int) -> str:
        before = {there: n for there, n in part.articles().items() if number - 4 < n < number}
        furniture = Furniture(views=300 + number, related=tuple(self._items(before)))
        return pages.article_page(self.origin, self.origin + path, story(LANGUAGE, number), furniture)


def outlet_name(number: int) -> str:
    return f"outlet-{number:02d}"


def read_released(folder: Path) -> dict[int, Part]:
    """Outlet -> what of it can be seen."""
    known = json.loads((folder / _RELEASED).read_text(encoding="utf-8"))
    return {number: Part(*ends) for number, ends in enumerate(known)}


def serve(folder: Path, outlets: int) -> None:
    """Answer until standard input is closed, as the death of the parent does, too."""
    hosts = [Outlet(folder, number) for number in range(outlets)]
    with Web(hosts, log=folder / _LOG) as web:
        origins = json.dumps([host.origin for host in web.hosts])
        (folder / "port.tmp").write_text(origins, encoding="utf-8")
        (folder / "port.tmp").rename(folder / _PORT)
        sys.stdin.read()


class Site:
    """The process, its request log, and what it has released so far."""

    def __init__(self, folder: Path, outlets: int) -> None:
        self._folder, self._outlets = folder, outlets
        self._parts: list[Part] = []
        self._read = 0
        self.origins: list[str] = []
        self.released = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._save()
        command = [sys.executable, "-m", "tests.soak.site", str(self._folder), str(self._outlets)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
        deadline = time.monotonic() + _START_SECONDS
        while not (port := self._folder / _PORT).exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the site did not start")
            time.sleep(0.01)
        self.origins = json.loads(port.read_text(encoding="utf-8"))
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None  # we asked for a pipe
        self._process.stdin.close()
        self._process.wait()

    # -- releasing

    def release(self, count: int, *, in_new_outlet: bool = False) -> None:
        """So many articles more, in the newest outlet or in one that had none so far."""
        if not self._parts or (in_new_outlet and len(self._parts) < self._outlets):
            self._parts.append(Part(self.released, self.released))
        self.released += count
        self._parts[-1] = Part(self._parts[-1].first, self.released)
        self._save()

    def _save(self) -> None:
        file = self._folder / _RELEASED
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps([(part.first, part.end) for part in self._parts]), encoding="utf-8")
        temporary.rename(file)

    def newest_is_full(self, all_articles: int) -> bool:
        """Whether it is time for a new outlet."""
        newest = self._parts[-1] if self._parts else Part(0, 0)
        return newest.end - newest.first >= all_articles / _USUAL_OUTLETS

    def opened(self) -> list[tuple[str, str]]:
        """(name, origin) of the outlets that have articles."""
        return [(outlet_name(number), self.origins[number]) for number in range(len(self._parts))]

    # -- what is true

    def articles(self) -> dict[str, str]:
        """URL -> text of every article released."""
        return {
            origin + path: story(LANGUAGE, number).text
            for origin, part in zip(self.origins, self._parts, strict=False)
            for path, number in part.articles().items()
        }

    def decoys(self) -> set[str]:
        """Listed addresses that hold no article."""
        released = zip(self.origins, self._parts, strict=False)
        return {origin + path for origin, part in released for path in part.decoys()}

    # -- what was asked

    def is_asked(self, prefix: str = "/") -> bool:
        """Whether paths that begin so were asked for since `requests` was called last."""
        return f'"path": "{prefix}'.encode() in self._unread()

    def _unread(self) -> bytes:
        log = self._folder / _LOG
        if not log.exists():
            return b""
        with log.open("rb") as file:
            file.seek(self._read)
            return file.read()

    def requests(self) -> list[str]:
        """URLs asked for since the last call, in order."""
        data = self._unread()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        of = {outlet_name(number): origin for number, origin in enumerate(self.origins)}
        return [of[entry["host"]] + entry["path"] for entry in map(json.loads, whole.splitlines())]


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
