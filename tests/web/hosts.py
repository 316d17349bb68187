"""What every host has in common, and how the log is held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from urllib.parse import unquote

from tests.web import pages
from tests.web.outlets import Story, stories
from tests.web.pages import PLAIN, Furniture, Head, Item
from tests.web.server import Answer, Entry, Request

# How much earlier than it was sent a request may seem to come: a busy machine wakes the server late.
SLACK = 0.15
# ... and how late it may come: what is sent after it keeps its distance from when it should have come.
LATE = 0.3
_UNCHANGED_SINCE = datetime(2026, 11, 12, 17, tzinfo=UTC)
Made = Answer | Callable[[Request], Answer]


def html(text: str, status: int = 200) -> Answer:
    """A page."""
    return Answer(text.encode(), status)


def text_file(text: str) -> Answer:
    """A robots.txt."""
    return Answer(text.encode(), content_type="text/plain; charset=utf-8")


def xml(text: str, kind: str = "application/xml") -> Answer:
    """A feed or sitemap."""
    return Answer(text.encode(), content_type=kind)


def spacings(entries: Iterable[Entry]) -> list[float]:
    """Seconds between requests in a row; robots.txt, which states the delay, is left out."""
    at = sorted(entry.at for entry in entries if entry.path != "/robots.txt")
    return [later - earlier for earlier, later in pairwise(at)]


def hurried(entries: Iterable[Entry], delay: float) -> list[float]:
    """Seconds between requests in a row that are too few, unless the first of the two came late.

    By how much it did shows in the time since the one before; the first page comes right after robots.txt.
    """
    mine = sorted(entries, key=lambda entry: entry.at)
    stated = [entry.at for entry in mine if entry.path == "/robots.txt"]
    first = next((entry.at for entry in mine if entry.path != "/robots.txt"), 0.0)
    late = min(LATE, max(0.0, first - stated[0])) if stated else 0.0
    found = []
    for gap in spacings(mine):
        if gap + late < delay - SLACK:
            found.append(gap)
        late = min(LATE, max(0.0, gap - delay))
    return found


class Outlet:
    """A host with stories, a home page that lists the newest, three empty desks, and a robots.txt.

    Subclasses add addresses in `routes` and say in `violated` what a polite crawler never does to them.
    """

    behaviour = "a plain outlet"
    language = "ar"
    count = 8
    start = 0  # number of the first story
    on_home = 3
    validator: str | None = None  # "etag" or "modified"
    delay = 0.0  # seconds that robots.txt asks for
    listens = True
    robots = "User-agent: *\nDisallow: /search\n"
    forbidden: tuple[str, ...] = ("/search",)
    reachable = True  # whether a crawl can get its stories at all

    def __init__(self) -> None:
        self.address = self.origin = ""
        self.stories: tuple[Story, ...] = stories(self.language, self.count, self.start)
        self._routes: dict[str, Made] = {}

    @property
    def name(self) -> str:
        """Site name: the class's own in lower case."""
        words = "".join(f"-{c.lower()}" if c.isupper() else c for c in type(self).__name__)
        return words.strip("-")

    def open(self, origin: str) -> None:
        """Learn the address and lay out the pages."""
        self.origin = origin
        self._routes = dict(self.routes())

    # -- pages

    def path(self, told: Story) -> str:
        """Where a story stands."""
        return f"/news/{100_000 + told.number}/"

    def items(self, some: Sequence[Story] | None = None) -> list[Item]:
        """(address, story) of some stories, or of all, newest first."""
        return [(self.origin + self.path(told), told) for told in (self.stories if some is None else some)]

    def furniture(self, told: Story) -> Furniture:
        """What stands around the story."""
        others = [other for other in self.stories if other is not told]
        place = self.stories.index(told)
        turned = others[place:] + others[:place]
        return Furniture(
            views=300 + told.number,
            related=tuple(self.items(turned[:3])),
            popular=tuple(self.items(others[-4:])),
        )

    def article(self, told: Story, head: Head = PLAIN) -> Answer:
        """The page of a story."""
        address = self.origin + self.path(told)
        return html(pages.article_page(self.origin, address, told, self.furniture(told), head))

    def list_page(
        self,
        some: Sequence[Story],
        *,
        head: Sequence[str] = (),
        below: Sequence[str] = (),
    ) -> Answer:
        """A page that lists stories."""
        items = [(address, told.title) for address, told in self.items(some)]
        return html(pages.list_page(self.language, self.origin, items, head=head, below=below))

    def home(self) -> Answer:
        """The start page."""
        return self.list_page(self.stories[: self.on_home])

    def routes(self) -> Iterator[tuple[str, Made]]:
        """(path, answer) of everything there is; later ones win."""
        yield "/robots.txt", text_file(self.robots.format(origin=self.origin))
        yield "/", self.home()
        yield "/about", html(pages.plain_page(self.language, self.origin, "…"))
        for desk in (1, 2, 3):
            yield f"/desk/{desk}/", self.list_page(())
        for told in self.stories:
            yield self.path(told), self.article(told)

    def respond(self, request: Request) -> Answer:
        """The page of that very target, else of its path: unknown parameters change nothing."""
        target = unquote(request.path)
        made = self._routes.get(target) or self._routes.get(target.partition("?")[0])
        if made is None:
            return html(pages.plain_page(self.language, self.origin, "404"), 404)
        answer = made(request) if callable(made) else made
        return self._validated(answer) if request.path != "/robots.txt" else answer

    def _validated(self, answer: Answer) -> Answer:
        if answer.status != 200 or answer.etag or answer.modified or answer.bare or not self.validator:
            return answer
        if self.validator == "etag":
            return replace(answer, etag=f'"{sha256(answer.body).hexdigest()[:20]}"')
        return replace(answer, modified=_UNCHANGED_SINCE)

    # -- what a crawl owes

    def expected(self) -> tuple[Story, ...]:
        """The stories a crawl should store, each once."""
        return self.stories if self.reachable else ()

    def paths(self) -> set[str]:
        """Paths of the articles, as the log has them."""
        return {self.path(told) for told in self.stories}

    def violations(self, entries: Sequence[Entry]) -> list[str]:
        """What of the log of this host a polite crawler would not have done; one line each."""
        mine = sorted((entry for entry in entries if entry.host == self.name), key=lambda entry: entry.at)
        found = [f"{e.path}: forbidden" for e in mine if unquote(e.path).startswith(self.forbidden)]
        strange = {e.headers.get("user-agent", "") for e in mine}
        found += [f"user agent {agent!r}" for agent in strange if not agent.startswith("Khabar/")]
        for run in {e.run for e in mine}:
            gaps = hurried((e for e in mine if e.run == run), self.delay)
            found += [f"{gap:.2f} s after the request before" for gap in gaps]
        return found + list(self.violated(mine))

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        """What this kind of host alone forbids; its own log, in order."""
        yield from ()
