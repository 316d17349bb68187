"""The hostile web as a whole: newsrooms with good articles, and hostile addresses among these.

Hostile pages stand on the newsrooms. What breaks connections has a host of its own, and so has what a host
says of itself (robots.txt, feeds, sitemaps, front pages); each of them has some good articles, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pipelines.records import State
from tests.hostile import content, encodings, injection
from tests.hostile.cases import ANY_TEXT, HTML, Case, Where, merged, written
from tests.hostile.pages import PAGES
from tests.hostile.places import BROKEN, PLACES, XML, Place, Served, flood
from tests.hostile.server import CANARY, NETWORK, Answer, HostileWeb
from tests.hostile.transfers import TRANSFERS
from tests.hostile.wires import WIRES
from tests.web import pages
from tests.web.outlets import Story, story
from tests.web.pages import Furniture

LANGUAGE = "ar"
# What redirects of these lead to is on no list.
_INJECTION = (
    written(case.path, case.body, case.state, headers=case.headers, status=case.status)
    for case in injection.CASES
    if case.path != "/inj/moved"
)
_ENCODED = (
    Case(case.path, case.body, case.state, case.reason, headers=case.headers, text=case.text)
    for case in encodings.CASES
)
SHORT = merged(PAGES, WIRES, TRANSFERS, _INJECTION, _ENCODED)


# What is packed is unpacked on the way here, and a title that is cut leaves the heading to the text.
_OTHERWISE = {
    "/hostile/not-html-gzip": {"state": State.COMMITTED, "reason": None, "text": ANY_TEXT},
    "/hostile/article-with-a-title-of-megabytes": {"text": ANY_TEXT},
}


def _bomb(case: content.Case) -> Case:
    """The case with a story of its own: a second row of one would be none."""
    name = case.path.rpartition("/")[2].replace("-", " ")

    def own(text: str) -> str:
        return text.replace(".</p>", f", says {name}.</p>")

    def body(_: Where) -> bytes:
        return case.body().replace(content.STORY.encode(), own(content.STORY).encode())

    made = Case(case.path, body, case.state, case.reason, headers=case.headers)
    if case.state is State.COMMITTED:
        made = replace(made, text=own(content.STORY).replace("</p><p>", "\n\n")[3:-4])
    elif len(case.accepted) > 1:  # what a fast machine makes of it in time
        made = replace(made, reason=None, or_else=State.COMMITTED)
    return replace(made, **_OTHERWISE.get(case.path, {}))


# With what takes megabytes and seconds.
CASES = merged(SHORT, map(_bomb, content.CASES))
NEWSROOMS = 8
# Good articles beside a case that breaks connections, and on a host that is hostile itself.
_BESIDE, _ON_PLACES = 2, 3
_PLAIN = Place("newsroom")


@dataclass(slots=True)
class Host:
    """A newsroom: `articles` are numbers of stories by path, `cases` have one by path, too."""

    name: str
    address: str
    articles: dict[str, int] = field(default_factory=dict)
    cases: dict[str, tuple[Case, int]] = field(default_factory=dict)
    place: Place = _PLAIN
    where: Where | None = None

    @property
    def origin(self) -> str:
        assert self.where is not None  # the world is open
        return self.where.origin

    def at(self, path: str, number: int | None = None) -> Where:
        """The place of that path, with the page of a story."""
        assert self.where is not None
        url = f"{self.origin}{path}"
        page, text = (
            (self._page(url, number), story(LANGUAGE, number).text) if number is not None else ("", "")
        )
        known = self.where
        return replace(known, url=url, page=page, text=text)

    def _page(self, url: str, number: int) -> str:
        others = [(f"{self.origin}{path}", n) for path, n in self.articles.items() if n != number][:3]
        related = tuple((there, story(LANGUAGE, n)) for there, n in others)
        furniture = Furniture(views=300 + number, related=related)
        return pages.article_page(self.origin, url, story(LANGUAGE, number), furniture)

    # -- what it answers

    def respond(self, target: str) -> Answer:
        """The hostile answer of that path, else that of a good newsroom."""
        path = target.partition("?")[0]
        if served := self.place.routes.get(target):
            return self._filled(served, path)
        if found := self.cases.get(path):
            case, number = found
            where = self.at(path, number)
            return Answer(case.served(where), case.filled(where), case.status)
        if path in self.articles and self.place.name in BROKEN:
            return self._filled(BROKEN[self.place.name], path)
        if (text := self._good(path)) is not None:
            return Answer(text.encode(), XML if path.endswith(".xml") else HTML)
        if path.startswith("/further/"):
            return Answer(b"", (("Location", f"/further/{int(path.rpartition('/')[2]) + 1}"),), 302)
        if self.place.trap:
            return self._filled(self.place.trap(self.at(target)), target)
        return Answer(b"", HTML, 404)

    def _filled(self, served: Served, path: str) -> Answer:
        where = self.at(path)
        headers = tuple((name, where.filled(value)) for name, value in served.headers)
        body = served.body
        if isinstance(body, str):
            body = where.filled(flood(body)).encode()
        elif callable(body):
            body = body(where)
        return Answer(body, headers, served.status)

    def _good(self, path: str) -> str | None:
        if path == "/robots.txt":
            return f"User-agent: *\nDisallow: /search\nSitemap: {self.origin}/sitemap.xml\n"
        if path == "/sitemap.xml":
            more = [f"{self.origin}/sitemap-more.xml"] if "/sitemap-more.xml" in self.place.routes else []
            return pages.sitemap_index((f"{self.origin}/sitemap-news.xml", *more))
        if path == "/sitemap-news.xml":
            return pages.sitemap(self._items(), news=True)
        if path == "/":
            newest = [
                (f"{self.origin}{there}", story(LANGUAGE, n).title) for there, n in self.articles.items()
            ]
            return pages.list_page(LANGUAGE, self.origin, newest[:3])
        number = self.articles.get(path)
        return None if number is None else self._page(f"{self.origin}{path}", number)

    def _items(self) -> list[tuple[str, Story]]:
        listed = self.articles | {path: number for path, (_, number) in self.cases.items()}
        return [(f"{self.origin}{path}", story(LANGUAGE, number)) for path, number in listed.items()]


@dataclass(frozen=True, slots=True)
class World:
    """All hosts, with so many good articles on those that can be reached."""

    hosts: tuple[Host, ...]

    def open(self, web: HostileWeb) -> None:
        """Learn the port, and answer from now on."""
        first = self.hosts[0].address
        for host in self.hosts:
            origin = f"http://{host.address}:{web.port}"
            canary, other = f"http://{CANARY}:{web.port}", f"http://{first}:{web.other_port}"
            host.where = Where(f"{origin}/", origin, canary, web.port, other=other)
        web.hosts = {host.address: cache(host.respond) for host in self.hosts}
        for host in self.hosts:  # bombs take seconds to make, which shall not be a crawl's
            for path in (*host.cases, *host.place.routes):
                web.hosts[host.address](path)

    def articles(self) -> dict[str, str]:
        """URL -> text of every good article that must be stored."""
        return {
            f"{host.origin}{path}": story(LANGUAGE, number).text
            for host in self.hosts
            if host.place.reachable and host.place.name not in BROKEN
            for path, number in host.articles.items()
        }

    def cases(self) -> Iterator[tuple[Case, Where]]:
        """Every hostile address."""
        for host in self.hosts:
            for path, (case, number) in host.cases.items():
                yield case, host.at(path, number)

    def write_site_files(self, folder: Path) -> None:
        """A site file for each host."""
        folder.mkdir()
        for host in self.hosts:
            text = f'name = "{host.name}"\nstart = "{host.origin}/"\nlanguage = "{LANGUAGE}"\n'
            (folder / f"{host.name}.toml").write_text(text, encoding="utf-8")


def build(articles: int, cases: Sequence[Case] = CASES, places: Sequence[Place] = PLACES) -> World:
    """A world with so many good articles that must be stored; hostile hosts have some of them."""
    numbers = iter(range(10**6))
    addresses = (f"{NETWORK}.{last}" for last in range(1, 255))
    rooms = [Host(f"newsroom-{n}", next(addresses)) for n in range(1, NEWSROOMS + 1)]
    hosts = [Host(f"alone-{case.path}", next(addresses)) for case in cases if case.alone]
    for host, case in zip(hosts, (case for case in cases if case.alone), strict=True):
        host.cases[_path(case)] = (case, next(numbers))
        _fill(host, _BESIDE, numbers)
    for place in places:
        hosts.append(Host(place.name, next(addresses), place=place))
        _fill(hosts[-1], _ON_PLACES, numbers)
    good = sum(len(h.articles) for h in hosts if h.place.reachable and h.place.name not in BROKEN)
    _fill_rooms(rooms, [case for case in cases if not case.alone], articles - good, numbers)
    return World((*rooms, *hosts))


def _path(case: Case) -> str:
    return case.path if case.path.startswith("/") else f"/news/{case.path}/"


def _fill(host: Host, count: int, numbers: Iterator[int]) -> None:
    for _ in range(count):
        number = next(numbers)
        host.articles[f"/news/{100_000 + number}/"] = number


def _fill_rooms(rooms: list[Host], cases: list[Case], count: int, numbers: Iterator[int]) -> None:
    """Articles and cases in turn: the newest first is the order of the numbers."""
    turns = max(count, len(cases))
    for turn in range(turns):
        room = rooms[turn % len(rooms)]
        if turn * len(cases) // turns != (turn + 1) * len(cases) // turns:
            case = cases[turn * len(cases) // turns]
            room.cases[_path(case)] = (case, next(numbers))
        if turn < count:
            _fill(room, 1, numbers)


def open_world(articles: int, cases: Sequence[Case]) -> tuple[World, HostileWeb]:
    """A world and the web that will serve it."""
    world = build(articles, cases)
    return world, HostileWeb([host.address for host in world.hosts])
