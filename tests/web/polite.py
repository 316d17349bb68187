"""Hosts that say how they want to be asked, or that are in trouble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from tests.web.hosts import SLACK, Made, Outlet, text_file
from tests.web.outlets import Story
from tests.web.server import Answer, Entry, Request

# A host that is in trouble may be asked this often in a run before it is left alone.
PATIENCE = 12


class CrawlDelay(Outlet):
    """robots.txt has a group for us with a delay and forbidden folders; the home page links into them."""

    behaviour = "robots.txt: group for us, Disallow, longer Allow, Crawl-delay 1"
    count = 4
    on_home = 4
    delay = 1.0
    robots = (
        "User-agent: *\nDisallow: /\n\n"
        "User-agent: Khabar\nDisallow: /private/\nDisallow: /*/print$\nAllow: /private/open/\n"
        "Disallow: /search\nDisallow: /about\nDisallow: /desk/\nCrawl-delay: 1\n"
    )
    forbidden = ("/search", "/about", "/desk/")

    def path(self, told: Story) -> str:
        """The last story stands in a folder that is open within a closed one."""
        place = self.stories.index(told)
        return f"/private/open/{120_000 + place}/" if place == 3 else f"/news/{120_000 + place}/"

    def home(self) -> Answer:
        closed = ("/private/news/120900/", "/private/120901/", "/news/120000/print", "/about", "/search?q=1")
        links = [f'<h2><a href="{path}">{self.stories[0].title}</a></h2>' for path in closed]
        return self.list_page(self.stories, below=links)

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        for entry in entries:
            closed = entry.path.startswith("/private/") and not entry.path.startswith("/private/open/")
            if closed or entry.path.endswith("/print"):
                yield f"{entry.path}: forbidden"


class RobotsDown(Outlet):
    """robots.txt answers 503 in the first run."""

    behaviour = "robots.txt 503 in run 1, 200 in run 2"
    language = "en"
    count = 6
    on_home = 6
    start = 90

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        up = text_file(self.robots)
        yield "/robots.txt", lambda request: Answer(status=503) if request.run == 1 else up

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        for entry in entries:
            if entry.run == 1 and entry.path != "/robots.txt":
                yield f"{entry.path}: asked for while robots.txt answered 503"


class _Pausing(Outlet):
    """The third request is answered with a wish to be left alone for a while."""

    count = 6
    on_home = 6
    status = 429

    def wish(self) -> str:
        """Retry-After."""
        raise NotImplementedError

    def until(self, entry: Entry) -> float:
        """Monotonic moment at which the pause after that answer ends."""
        raise NotImplementedError

    def respond(self, request: Request) -> Answer:
        if request.number == 3:
            return Answer(status=self.status, headers=(("Retry-After", self.wish()),))
        return super().respond(request)

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        for place, entry in enumerate(entries):
            if entry.status == self.status:
                for later in entries[place + 1 :]:
                    if later.at < self.until(entry) - SLACK:
                        yield f"{later.path}: asked for within the pause"


class RetryAfterSeconds(_Pausing):
    """429 with seconds."""

    behaviour = "429 with Retry-After: 2 on the third request"
    start = 100

    def wish(self) -> str:
        return "2"

    def until(self, entry: Entry) -> float:
        return entry.at + 2


class RetryAfterDate(_Pausing):
    """503 with a date."""

    behaviour = "503 with Retry-After as a date 3 s ahead on the third request"
    language = "fa"
    start = 50
    status = 503

    def __init__(self) -> None:
        super().__init__()
        self.named = ""

    def wish(self) -> str:
        self.named = format_datetime(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3), True)
        return self.named

    def until(self, entry: Entry) -> float:
        return entry.at + (parsedate_to_datetime(self.named) - entry.wall).total_seconds()


class _Broken(Outlet):
    """Its home page lists many articles, none of which can be had."""

    count = 30
    on_home = 30
    start = 120
    reachable = False

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        for run in {entry.run for entry in entries}:
            # An honest 404 of a place that was worth a try is no trouble.
            asked = sum(entry.run == run and entry.status != 404 for entry in entries)
            if asked > PATIENCE:
                yield f"{asked} requests to a host in trouble in run {run}"


class Silent(_Broken):
    """Accepts every connection and never answers."""

    behaviour = "accepts and never answers, robots.txt included"

    def respond(self, request: Request) -> Answer:
        return Answer(silent=True)


class Refusing(_Broken):
    """Nobody listens."""

    behaviour = "connection refused"
    listens = False


class Stalling(_Broken):
    """Answers for its lists; articles never come."""

    behaviour = "lists are answered, articles never"

    def respond(self, request: Request) -> Answer:
        answer = super().respond(request)
        return replace(answer, silent=True) if request.path.startswith("/news/") else answer


class Failing(_Broken):
    """Answers for its lists; articles are 500 for ever."""

    behaviour = "lists are answered, articles 500 for ever"

    def respond(self, request: Request) -> Answer:
        return Answer(status=500) if request.path.startswith("/news/") else super().respond(request)


class Healthy(Outlet):
    """A neighbour of the broken ones that must not suffer from them."""

    behaviour = "all is well, beside hosts in trouble"
    language = "he"
    start = 60
    count = 8
    on_home = 8


HOSTS: tuple[type[Outlet], ...] = (
    CrawlDelay,
    RobotsDown,
    RetryAfterSeconds,
    RetryAfterDate,
    Silent,
    Refusing,
    Stalling,
    Failing,
    Healthy,
)
