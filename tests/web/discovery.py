"""Hosts that differ in how their articles can be found, and in how many names each has."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

from tests.web import pages
from tests.web.hosts import Made, Outlet, html, text_file, xml
from tests.web.outlets import Story
from tests.web.pages import PLAIN, Head, Item
from tests.web.server import Answer, Entry


class RssLinked(Outlet):
    """Home names an RSS feed that has more than the home page; everything has an ETag."""

    behaviour = "RSS 2.0 by link rel=alternate; ETag"
    count = 12
    validator = "etag"

    def home(self) -> Answer:
        feed = '<link rel="alternate" type="application/rss+xml" title="RSS" href="/syndication/latest">'
        return self.list_page(self.stories[: self.on_home], head=[feed])

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        feed = pages.rss(self.language, self.origin, self.items())
        yield "/syndication/latest", xml(feed, "application/rss+xml; charset=utf-8")


class AtomUsual(Outlet):
    """An Atom feed where one would look, which no page names; slugs in Persian; Last-Modified."""

    behaviour = "Atom at /feed, named nowhere; Last-Modified"
    language = "fa"
    count = 10
    validator = "modified"

    def path(self, told: Story) -> str:
        return f"/خبر/{told.number + 4_400}/{'-'.join(told.title.split())}"

    def items(self, some: Sequence[Story] | None = None) -> list[Item]:
        return [(f"{self.origin}{quote(self.path(told))}", told) for _, told in super().items(some)]

    def paths(self) -> set[str]:
        return {quote(self.path(told)) for told in self.stories}

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        feed = xml(pages.atom(self.language, self.origin, self.items()), "application/atom+xml")
        yield "/feed", feed
        yield "/feed/", feed


class JsonLinked(Outlet):
    """Home names a JSON Feed."""

    behaviour = "JSON Feed by link rel=alternate"
    language = "en"
    count = 9
    start = 20

    def home(self) -> Answer:
        feed = '<link rel="alternate" type="application/feed+json" href="/feeds/everything">'
        return self.list_page(self.stories[: self.on_home], head=[feed])

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        feed = pages.json_feed(self.language, self.origin, self.items())
        yield "/feeds/everything", xml(feed, "application/feed+json")


class SitemapIndexed(Outlet):
    """robots.txt names an index of gzip sitemaps that lists itself; one has news fields, both pictures."""

    behaviour = "robots.txt -> sitemap index (lists itself) -> gzip sitemaps, news fields, image entries"
    language = "he"
    count = 12
    start = 5
    on_home = 0
    robots = "User-agent: *\nDisallow: /search\nSitemap: {origin}/sitemaps/index.xml\n"

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        names = ("index.xml", "news.xml.gz", "2026-11.xml.gz")
        index = pages.sitemap_index(f"{self.origin}/sitemaps/{name}" for name in names)
        yield "/sitemaps/index.xml", xml(index)
        yield "/sitemaps/news.xml.gz", _packed(pages.sitemap(self.items()[:6], news=True, images=True))
        yield "/sitemaps/2026-11.xml.gz", _packed(pages.sitemap(self.items()[6:], images=True))

    def violated(self, entries: Sequence[Entry]) -> Iterator[str]:
        for entry in entries:
            if entry.path.endswith("/picture-2026"):
                yield f"{entry.path}: a picture of a sitemap was asked for"


def _packed(text: str) -> Answer:
    return Answer(gzip.compress(text.encode(), mtime=0), content_type="application/x-gzip")


class SectionsOnly(Outlet):
    """No feed, no sitemap: home, desks and their pages, turned by rel=next, by ?page=N and by /page/N/."""

    behaviour = "home, sections and pagination only"
    count = 15
    start = 40
    on_home = 2

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        first, second, third = self.stories[:7], self.stories[7:11], self.stories[11:]
        yield "/desk/1/", self._page(first[:3], "/desk/1/?page=2", "next")
        yield "/desk/1/?page=2", self._page(first[3:5], "/desk/1/?page=3", "next")
        yield "/desk/1/?page=3", self._page(first[5:])
        yield "/desk/2/", self._page(second[:2], "/desk/2/?page=2")
        yield "/desk/2/?page=2", self._page(second[2:], "/desk/2/")
        yield "/desk/3/", self._page(third[:2], "/desk/3/page/2/")
        yield "/desk/3/page/2/", self._page(third[2:], "/desk/3/")

    def _page(self, some: Sequence[Story], further: str | None = None, rel: str | None = None) -> Answer:
        if further is None:
            return self.list_page(some)
        relation = f' rel="{rel}"' if rel else ""
        return self.list_page(some, below=[f'<p><a{relation} href="{further}">2</a></p>'])


class OldEncoding(Outlet):
    """An RSS feed in windows-1256 that does not say so, with a bare ampersand; pages state no facts."""

    behaviour = "RSS in undeclared windows-1256 with a bare &; only it has headlines, dates, authors"
    count = 8
    start = 60

    def __init__(self) -> None:
        super().__init__()
        first = replace(self.stories[0], title=f"{self.stories[0].title} & ما بعده")
        self.stories = (first, *self.stories[1:])

    def article(self, told: Story, head: Head = PLAIN) -> Answer:
        return super().article(told, replace(head, states_facts=False, shows_title=False))

    def home(self) -> Answer:
        # The cards of its home page are pictures: no headline there either.
        cards = [f'<a href="{address}"><img src="/p.jpg" alt=""></a>' for address, _ in self.items()[:3]]
        feed = '<link rel="alternate" type="application/rss+xml" href="/rss.asp">'
        return self.list_page((), head=[feed], below=cards)

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        feed = pages.rss(self.language, self.origin, self.items(), declared="").replace("&amp;", "&")
        yield "/rss.asp", Answer(feed.encode("windows-1256"), content_type="text/xml")


class ManyNames(Outlet):
    """Each article has several addresses; the last one thirty."""

    behaviour = "every article under many addresses, one under 30 slugs without rel=canonical"
    language = "en"
    count = 9
    start = 60
    slugs = 30

    def path(self, told: Story) -> str:
        place = told.number - self.start
        if place == 7:
            return f"/news/خبر-{told.number}"
        return f"/news/{700_000 + told.number}"

    def names(self) -> dict[int, list[str]]:
        """Place of a story -> the addresses its links give, as they stand in href."""
        paths = [self.path(told) for told in self.stories]
        escaped = quote(paths[7])
        return {
            0: [paths[0], f"{paths[0]}?utm_source=x&amp;utm_medium=y", f"{paths[0]}?fbclid=IwAR0"],
            1: [paths[1], f"/amp{paths[1]}"],
            2: [paths[2], f"{paths[2]}?view=print"],
            3: [paths[3], f"{paths[3]}/"],
            4: [paths[4], f"{paths[4]}#comments"],
            5: [paths[5], f"{paths[5]};jsessionid=0A1B2C3D", f"{paths[5]}?PHPSESSID=7f3a"],
            6: [paths[6], f"{paths[6]}?ref=home&amp;utm_campaign=z#top"],
            7: [paths[7], escaped, escaped.lower()],
            8: [f"/story/88123/{slug}" for slug in self._slugs()],
        }

    def _slugs(self) -> list[str]:
        return [f"news-from-the-quay-in-other-words-{number}" for number in range(self.slugs)]

    def home(self) -> Answer:
        links = [
            f'<h2><a href="{name}">{self.stories[place].title}</a></h2>'
            for place, names in self.names().items()
            for name in names
        ]
        return self.list_page((), below=links)

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        for place in (1, 2, 3):
            told = self.stories[place]
            named = self.article(told, Head(canonical=f"{self.origin}{self.path(told)}"))
            for name in self.names()[place]:
                yield name, named
        for name in self.names()[5]:
            yield name, self.article(self.stories[5])
        for name in self.names()[8]:
            yield name, self.article(self.stories[8])


class SoftRobots(Outlet):
    """/robots.txt answers 200 with the page that says "not found"."""

    behaviour = "robots.txt is an HTML page with status 200"
    language = "en"
    count = 6
    start = 80
    on_home = 6
    forbidden = ("/nowhere-at-all",)

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        said = pages.plain_page(self.language, self.origin, "User-agent: * Disallow: / is what we lack.")
        yield "/robots.txt", html(said.replace("<p>", "<p>\nDisallow: /news/\n"))


class _Ruled(Outlet):
    """robots.txt forbids a folder that the home page links to."""

    count = 6
    on_home = 6
    forbidden = ("/search", "/private/")
    rules = "User-agent: Khabar\nDisallow: /private/\nDisallow: /search\n\nUser-agent: *\nDisallow: /\n"

    def home(self) -> Answer:
        secret = [f'<a href="/private/news/{n}/">{self.stories[0].title}</a>' for n in (910001, 910002)]
        return self.list_page(self.stories, below=secret)


class MovedRobots(_Ruled):
    """robots.txt stands elsewhere."""

    behaviour = "robots.txt redirects (301); rules there"
    language = "fa"
    start = 30

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        yield "/robots.txt", Answer(status=301, headers=(("Location", "/r/robots.txt"),))
        yield "/r/robots.txt", text_file(self.rules)


class HugeRobots(_Ruled):
    """robots.txt has 600 KiB; what concerns us stands within the first 500 (RFC 9309, 2.5)."""

    behaviour = "robots.txt of 600 KiB; rules for us before 500 KiB"
    language = "he"
    start = 30

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        line = f"# {'-' * 61}\n"  # 64 bytes
        before, after = line * (480 * 16), line * (120 * 16)
        yield "/robots.txt", text_file(f"{before}{self.rules}{after}")


HOSTS: tuple[type[Outlet], ...] = (
    RssLinked,
    AtomUsual,
    JsonLinked,
    SitemapIndexed,
    SectionsOnly,
    OldEncoding,
    ManyNames,
    SoftRobots,
    MovedRobots,
    HugeRobots,
)
