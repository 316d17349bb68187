"""Hosts without end: whoever follows every link never comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from tests.web import pages
from tests.web.hosts import Outlet, html, xml
from tests.web.server import Answer, Entry, Request

# Most requests a trap may have cost beside its articles: the places to look that one page may name (50 are
# more than the sections of any outlet we know), and as many pages again that lie behind them.
MOST_PLACES = 100


class _Trap(Outlet):
    """Eight articles on the home page, and somewhere a way that never ends."""

    count = 8
    on_home = 8
    first = "/topics/"

    def home(self) -> Answer:
        return self.list_page(self.stories, below=[f'<p><a href="{self.first}">…</a></p>'])

    def linked(self, *targets: str, rel: str = "") -> Answer:
        """A page of links without a story."""
        relation = f' rel="{rel}"' if rel else ""
        links = [f'<p><a{relation} href="{target}">›</a></p>' for target in targets]
        return html(pages.list_page(self.language, self.origin, (), below=links))

    def deeper(self, path: str) -> Answer | None:
        """What lies on the way without end, or None beside it."""
        raise NotImplementedError

    def respond(self, request: Request) -> Answer:
        return self.deeper(request.path) or super().respond(request)

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        if len(entries) > self.count + MOST_PLACES:
            yield f"{len(entries)} requests for {self.count} articles"


class Calendar(_Trap):
    """Months with days, before and after this one, for ever; twice: once with dates, once with numbers."""

    behaviour = "calendar without end"
    start = 200
    first = "/calendar/2026/11/"

    def home(self) -> Answer:
        months = (self.first, "/agenda/m5/")
        return self.list_page(self.stories, below=[f'<p><a href="{month}">…</a></p>' for month in months])

    def deeper(self, path: str) -> Answer | None:
        parts = path.strip("/").split("/")
        if parts[0] == "calendar" and len(parts) == 3:
            month = int(parts[1]) * 12 + int(parts[2]) - 1
            beside = [f"/calendar/{there // 12}/{there % 12 + 1}/" for there in (month - 1, month + 1)]
            return self.linked(*beside, *(f"{path}{day}/" for day in range(1, 31)))
        if parts[0] == "agenda" and len(parts) == 2:
            month = int(parts[1][1:])
            beside = [f"/agenda/m{month - 1}/", f"/agenda/m{month + 1}/"]
            return self.linked(*beside, *(f"/agenda/m{month}/d{day}/" for day in range(1, 31)))
        return self.linked("/") if parts[0] in ("calendar", "agenda") else None


class RepeatedSegments(_Trap):
    """A relative link that adds to the path each time: /topics/more/less/more/less/…"""

    behaviour = "relative links that lengthen the path for ever"
    language = "en"
    start = 130

    def deeper(self, path: str) -> Answer | None:
        return self.linked("more/", "more/less/", "less/") if path.startswith("/topics/") else None


class Parameters(_Trap):
    """A list that can be sorted, filtered and turned in every combination."""

    behaviour = "parameter explosion: sort, filter, view, page"
    language = "fa"
    start = 70
    first = "/list/"

    def deeper(self, path: str) -> Answer | None:
        if not path.startswith("/list/"):
            return None
        kept = path.partition("?")[2]
        every = product(("new", "old", "views"), ("all", "week", "video"), ("grid", "rows"))
        queries = [f"sort={sort}&amp;filter={some}&amp;view={view}" for sort, some, view in every]
        added = [f"/list/?{kept}&amp;also={number}" for number in range(4)]
        return self.linked(*(f"/list/?{query}" for query in queries), *added, rel="next")


class SitemapLoop(_Trap):
    """A sitemap index that lists itself, and indexes that list ever new ones; one leads to the articles."""

    behaviour = "sitemap index with itself and ever new indexes as children"
    language = "he"
    start = 80
    on_home = 0
    robots = "User-agent: *\nDisallow: /search\nSitemap: {origin}/maps/0.xml\n"

    def home(self) -> Answer:
        return self.list_page(())

    def deeper(self, path: str) -> Answer | None:
        if not path.startswith("/maps/"):
            return None
        if path == "/maps/articles.xml":
            return xml(pages.sitemap(self.items()))
        number = int(path.removeprefix("/maps/").removesuffix(".xml"))
        names = ["articles", 0, number, *range(10 * number + 1, 10 * number + 6)]
        return xml(pages.sitemap_index(f"{self.origin}/maps/{name}.xml" for name in names))


class TenThousandLinks(_Trap):
    """A home page with almost ten thousand links to topics, its articles above and below them."""

    behaviour = "home page with 10,000 links"
    language = "ar"
    start = 220

    def home(self) -> Answer:
        # No number of four digits: nothing about such an address speaks of an article.
        topics = [f'<a href="/topic/{n // 100}/{n % 100}/">#{n}</a>' for n in range(9_900)]
        above, below = self.items(self.stories[:4]), self.items(self.stories[4:])
        cards = [(address, told.title) for address, told in above]
        late = [f'<h2><a href="{address}">{told.title}</a></h2>' for address, told in below]
        return html(pages.list_page(self.language, self.origin, cards, below=[*topics, *late]))

    def deeper(self, path: str) -> Answer | None:
        return self.linked("/topic/") if path.startswith("/topic/") else None


class EndlessPages(_Trap):
    """Pages of a list that never end and always list the same."""

    behaviour = "pagination without end that lists the same articles"
    language = "en"
    start = 140
    first = "/latest/"

    def deeper(self, path: str) -> Answer | None:
        if not path.startswith("/latest/"):
            return None
        number = int(path.partition("page=")[2] or 1)
        further = f'<p><a rel="next" href="/latest/?page={number + 1}">›</a></p>'
        return self.list_page(self.stories, below=[further])


HOSTS: tuple[type[Outlet], ...] = (
    Calendar,
    RepeatedSegments,
    Parameters,
    SitemapLoop,
    TenThousandLinks,
    EndlessPages,
)
