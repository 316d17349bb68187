"""Hosts that are crawled more than once: what is known, what rests, what changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tests.web import pages
from tests.web.discovery import AtomUsual, RssLinked
from tests.web.hosts import Made, Outlet, html, xml
from tests.web.outlets import Story, sentence, story
from tests.web.pages import Furniture
from tests.web.server import Answer, Request


class Resting(RssLinked):
    """Nothing ever changes."""

    behaviour = "an unchanging feed: 200, 304, 304, then it rests"
    count = 6
    start = 160


class RestingByDate(AtomUsual):
    """Nothing ever changes, and only dates tell."""

    behaviour = "an unchanging Atom feed, Last-Modified alone"
    count = 5
    start = 90


class Thousand(Outlet):
    """A sitemap of a thousand articles."""

    behaviour = "1,000 articles in a sitemap"
    count = 1_000
    on_home = 10
    validator = "etag"
    robots = "User-agent: *\nDisallow: /search\nSitemap: {origin}/sitemap.xml\n"

    def furniture(self, told: Story) -> Furniture:
        place = told.number % (self.count - 8)
        return Furniture(
            related=tuple(self.items(self.stories[place + 1 : place + 4])),
            popular=tuple(self.items(self.stories[:4])),
        )

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        yield "/sitemap.xml", xml(pages.sitemap(self.items(), news=True))


class Budgeted(Outlet):
    """A feed in no order, longer than the budget; home lists the newest three and an evergreen."""

    behaviour = "a feed of 24 in no order, NEWS_HOST_BUDGET smaller"
    language = "en"
    count = 24
    start = 100

    def home(self) -> Answer:
        feed = '<link rel="alternate" type="application/rss+xml" href="/rss">'
        return self.list_page([self.stories[-1], *self.stories[:3]], head=[feed])

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        mixed = random.Random(5).sample(self.items(), self.count)
        yield "/rss", xml(pages.rss(self.language, self.origin, mixed), "application/rss+xml")


# What becomes of each article: in run 2, in run 3 and later. Its place in the list names it.
FATES = (
    "text",  # a paragraph is added
    "furniture",  # weather, clock, counter and related links change, the story does not
    "headline",  # only the headline changes
    "correction",  # a correction note is appended
    "withdrawn",  # the page says that the article was withdrawn
    "http_410",  # gone
    "http_404",  # gone, too
    "steady",  # 304 for ever, by ETag
    "dated",  # 304 for ever, by Last-Modified
    "twice",  # the text changes in run 2 and again in run 3
    "plain",  # same bytes, but the server knows no validators
)
_WRITTEN = datetime.fromisoformat("2026-11-12T18:00:00+00:00")


class Changing(Outlet):
    """Articles that change between the runs, each in a way of its own."""

    behaviour = "articles changed, corrected, withdrawn, gone, steady"
    count = len(FATES)
    on_home = len(FATES)
    validator = "etag"

    def address_of(self, fate: str) -> str:
        """Where the article with that fate stands."""
        return self.origin + self.path(self.stories[FATES.index(fate)])

    def told(self, fate: str, run: int) -> Story:
        """The story as it stands in a run."""
        first = self.stories[FATES.index(fate)]
        if run == 1:
            return first
        if fate == "headline":
            other = story(self.language, first.number + 100)  # its headline stands on no page here
            return replace(first, title=other.title)
        if fate == "correction":
            return replace(first, note=sentence("correction", first))
        if fate == "text" or (fate == "twice" and run == 2):
            return replace(first, paragraphs=(*first.paragraphs, sentence("news", first)))
        if fate == "twice":
            after = sentence("news", story(self.language, first.number + 40))
            return replace(self.told(fate, 2), paragraphs=(*self.told(fate, 2).paragraphs, after))
        return first

    def routes(self) -> Iterator[tuple[str, Made]]:
        yield from super().routes()
        for fate, first in zip(FATES, self.stories, strict=True):
            yield self.path(first), _Fate(self, fate)

    def page(self, fate: str, run: int) -> Answer:
        """The article's page in a run."""
        told = self.told(fate, run)
        around = self.furniture(self.stories[FATES.index(fate)])
        if fate == "furniture":
            around = replace(
                around,
                weather=24 - run,
                clock=f"1{run}:4{run}",
                views=around.views + 311 * run,
                related=around.related[run - 1 :] + around.popular[:run],
            )
        address = self.origin + self.path(told)
        return html(pages.article_page(self.origin, address, told, around))


class _Fate:
    """The answer of one address over the runs."""

    def __init__(self, host: Changing, fate: str) -> None:
        self.host, self.fate = host, fate

    def __call__(self, request: Request) -> Answer:
        host, fate, run = self.host, self.fate, request.run
        if run > 1 and fate.startswith("http_"):
            return html(pages.plain_page(host.language, host.origin, "…"), int(fate.removeprefix("http_")))
        if run > 1 and fate == "withdrawn":
            said = sentence("withdrawn", host.told(fate, 1))
            return replace(html(pages.plain_page(host.language, host.origin, said)), etag='"withdrawn"')
        answer = host.page(fate, run)
        if fate == "plain":
            return replace(answer, bare=True)
        if fate == "dated":
            return replace(answer, modified=_WRITTEN)
        edition = 1 if fate == "steady" else run
        return replace(answer, etag=f'"{fate}-{edition}"')


class ChangingArabic(Changing):
    """In Arabic."""

    start = 170


class ChangingEnglish(Changing):
    """In English."""

    language = "en"
    start = 30


CHANGING: tuple[type[Changing], ...] = (ChangingArabic, ChangingEnglish)
