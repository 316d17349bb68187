"""Outlets that publish day by day, and that can go wrong: one decay a day, from a day on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from html import escape

from tests.web import pages
from tests.web.outlets import WORDS, Story, story
from tests.web.pages import Furniture, Head, Item
from tests.web.server import Answer, Request

FIRST_DAY = date(2026, 10, 8)  # a Thursday
_NAMELESS = Head(states_facts=False, shows_title=False)
_LONG_AGO = timedelta(days=400)


class Decay(StrEnum):
    """What can become of an outlet."""

    SILENT = "silent"  # it publishes no more
    FACTS = "facts"  # pages state neither title nor author nor date
    BODIES = "bodies"  # pages hold their text where only scripts find it
    FURNITURE = "furniture"  # teasers and menus stand among the paragraphs, as paragraphs
    LANGUAGE = "language"  # it is an English outlet now
    FORBIDDEN = "forbidden"  # 403 on every article
    OLD = "old"  # its news are reprints of last year's


class Outlet:
    """A host with so many stories a day; `day` is set between the crawls.

    It `decays` in a way, from day `decays_on` to before `heals_on`, if it does.
    """

    listens = True

    def __init__(self, name: str, per_day: int = 10, language: str = "ar", number: int = 0) -> None:
        self.name, self.language = name, language
        self.address = self.origin = ""
        self.day = 0
        self.decays: Decay | None = None
        self.decays_on = self.heals_on = 0
        self._per_day = per_day
        self._first = number * 10_000  # of its stories: outlets tell different ones

    def open(self, origin: str) -> None:
        """Learn the address."""
        self.origin = origin

    def decay(self, how: Decay, on: int, heals_on: int = 1_000) -> None:
        """Go wrong from a day on."""
        self.decays, self.decays_on, self.heals_on = how, on, heals_on

    # -- what it tells

    def published(self, day: int) -> int:
        """How many stories; fewer on Fridays, and never quite the same."""
        if self.decay_on(day) is Decay.SILENT:
            return 0
        chance = random.Random(f"{self.name} {day}")
        usual = self._per_day * (0.7 if (FIRST_DAY + timedelta(days=day)).weekday() == 4 else 1.0)
        return max(1, round(usual * chance.uniform(0.85, 1.15)))

    def decay_on(self, day: int) -> Decay | None:
        """What is wrong with what was published on a day."""
        return self.decays if self.decays_on <= day < self.heals_on else None

    def items(self, day: int) -> list[Item]:
        """(address, story) of a day, the newest first."""
        return [(self.origin + self._path(day, n), self.told(day, n)) for n in range(self.published(day))]

    @staticmethod
    def _path(day: int, number: int) -> str:
        return f"/news/{100_000 + day * 1_000 + number}/"

    def told(self, day: int, number: int) -> Story:
        """A story of the day; its midnight is the crawl's of the next morning."""
        decay = self.decay_on(day)
        found = story("en" if decay is Decay.LANGUAGE else self.language, self._first + day * 40 + number)
        midnight = datetime.combine(FIRST_DAY + timedelta(days=day), time(), UTC)
        at = midnight - timedelta(minutes=25 * (number + 1))
        return replace(found, published=at - _LONG_AGO if decay is Decay.OLD else at)

    # -- what it answers

    def respond(self, request: Request) -> Answer:
        """As Scrapy asks."""
        path = request.path.partition("?")[0]
        if path == "/robots.txt":
            return Answer(b"User-agent: *\nDisallow: /search\n", content_type="text/plain; charset=utf-8")
        if path == "/":
            return self._front()
        for day in range(self.day, -1, -1):
            for number in range(self.published(day)):
                if path == self._path(day, number):
                    return self._article(day, number)
        return Answer(b"", 404)

    def _front(self) -> Answer:
        """The newest stories of all days."""
        items = [item for day in range(self.day, -1, -1) for item in self.items(day)][: 2 * self._per_day]
        cards = [(address, told.title) for address, told in items]
        return _html(pages.list_page(self.language, self.origin, cards))

    def _article(self, day: int, number: int) -> Answer:
        decay, told = self.decay_on(day), self.told(day, number)
        address = self.origin + self._path(day, number)
        if self.decay_on(self.day) is Decay.FORBIDDEN:  # older articles, too
            return Answer(b"<h1>Forbidden</h1>", 403)
        if decay is Decay.BODIES:
            bare = replace(told, paragraphs=())
            return _html(pages.article_page(self.origin, address, bare, Furniture()))
        if decay is Decay.FURNITURE:
            return _html(_unmarked(told, list(self._teasers(day, number))))
        head = _NAMELESS if decay is Decay.FACTS else pages.PLAIN
        return _html(pages.article_page(self.origin, address, told, self._furniture(day, number), head))

    def _furniture(self, day: int, number: int) -> Furniture:
        others = [self.told(day, n) for n in range(self.published(day)) if n != number]
        items = [(self.origin + "/news/1/", other) for other in others]
        return Furniture(views=300 + number, related=tuple(items[:3]), popular=tuple(items[-4:]))

    def _teasers(self, day: int, number: int) -> Iterator[str]:
        """Paragraphs of other stories, of which no two pages have the same."""
        for n in range(12):
            other = story(self.language, self._first + 5_000 + day * 400 + number * 12 + n)
            yield f"{other.title}. {other.paragraphs[0]}"


def _unmarked(told: Story, teasers: Sequence[str]) -> str:
    """A page of paragraphs, in which nothing says what belongs to the story."""
    texts = [text for pair in zip(told.paragraphs, teasers, strict=False) for text in pair]
    body = "\n".join(f"<p>{escape(text)}</p>" for text in [*texts, *teasers[len(told.paragraphs) :]])
    stated = f'<meta name="author" content="{escape(told.author)}">'
    stated += f'<meta property="article:published_time" content="{told.published.isoformat()}">'
    stated += f'<meta name="description" content="{escape(told.description)}">'
    words = WORDS[told.language]
    return (
        f'<!DOCTYPE html><html lang="{told.language}" dir="{words["direction"]}"><head><meta charset="utf-8">'
        f"<title>{escape(told.title)}</title>{stated}</head><body><main><article>"
        f"<h1>{escape(told.title)}</h1>{body}</article></main></body></html>"
    )


def _html(text: str) -> Answer:
    data = text.encode()
    return Answer(data, etag=f'"{sha256(data).hexdigest()[:20]}"')
