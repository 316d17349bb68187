"""What templates are handed beside the content: grouped bodies, addresses, rankings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote
from zlib import crc32

from markupsafe import Markup, escape

from demo.dialects import DIALECTS, Dialect
from demo.model import Article, BlockKind, Outlet, Section

PAGE_SIZE = 3
_SENTENCE_END = re.compile(r"(?<=[^\W\d]{3}[.؟!]) (?=\S)")


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that share one element: a paragraph, or all items of a list."""

    kind: BlockKind
    texts: tuple[str, ...]
    paragraph: int
    halves: tuple[str, str] | None = None


def grouped(article: Article) -> tuple[Group, ...]:
    """The body in order, list items gathered, paragraphs counted, one of them split."""
    groups: list[Group] = []
    count = 0
    for block in article.blocks:
        if block.kind == "item" and groups and groups[-1].kind == "item":
            groups[-1] = Group("item", (*groups[-1].texts, block.text), 0)
            continue
        count += block.kind == "paragraph"
        groups.append(Group(block.kind, (block.text,), count if block.kind == "paragraph" else 0))
    return _split_one(groups)


def _split_one(groups: list[Group]) -> tuple[Group, ...]:
    """Mark the paragraph a careless editor drops a card into.

    It is the second, or a later one with a sentence end within; failing all, the card goes to
    the end of the second.
    """
    places = [place for place, group in enumerate(groups) if group.kind == "paragraph"]
    for place in places[1:]:
        parts = _SENTENCE_END.split(groups[place].texts[0], maxsplit=1)
        if len(parts) == 2:
            return _with_halves(groups, place, (parts[0], parts[1]))
    place = places[min(1, len(places) - 1)]
    return _with_halves(groups, place, (groups[place].texts[0], ""))


def _with_halves(groups: list[Group], place: int, halves: tuple[str, str]) -> tuple[Group, ...]:
    group = groups[place]
    marked = Group(group.kind, group.texts, group.paragraph, halves)
    return (*groups[:place], marked, *groups[place + 1 :])


def views(article: Article) -> int:
    """A number of readers that never changes, so that pages stay the same byte for byte."""
    return 240 + crc32(article.slug.encode()) % 4700


def minutes(article: Article) -> int:
    """Reading time, rounded as themes do it."""
    return max(1, round(len(article.gold_text.split()) / 200))


def zwnj(text: str, article: Article) -> Markup:
    """Every second page writes the zero-width non-joiner as an entity, as editors' tools do."""
    safe = str(escape(text))
    if article.number % 2:
        safe = safe.replace("\u200c", "&zwnj;")
    return Markup(safe)  # noqa: S704  every part was escaped above


class Links:
    """All addresses of one outlet on one port; templates know no pattern themselves."""

    def __init__(self, outlet: Outlet, port: int) -> None:
        self.outlet = outlet
        self.port = port
        self.dialect: Dialect = DIALECTS[outlet.name]
        self.feed = self.dialect.feed
        self.sitemap = self.dialect.sitemap

    def full(self, path: str) -> str:
        """The absolute form of a path."""
        return self.outlet.start(self.port).rstrip("/") + path

    def section(self, section: Section, page: int = 1) -> str:
        """Path of a section's page."""
        return self.dialect.section_path(section.slug, page)

    def picture(self, name: str) -> str:
        """Path of a picture."""
        return self.dialect.picture.format(name=name)

    def search(self, words: str) -> str:
        """Path of a search result; robots.txt forbids it."""
        return f"/search?q={quote(words)}"

    def share(self, service: str, article: Article) -> str:
        """A share button's target, on a reserved name that leads nowhere."""
        return f"https://share.example/{service}?u={quote(article.url(self.port), safe='')}"

    def pages(self, section: Section) -> int:
        """How many pages a section has: one, or two when its articles overflow the first."""
        return 2 if len(self.outlet.desk(section)) > PAGE_SIZE else 1

    def listed(self, section: Section, page: int) -> tuple[Article, ...]:
        """The articles on a page of a section; the second page has all the rest."""
        desk = self.outlet.desk(section)
        return desk[:PAGE_SIZE] if page == 1 else desk[PAGE_SIZE:]


def popular(outlet: Outlet) -> tuple[Article, ...]:
    """The five most read articles."""
    return tuple(sorted(outlet.articles, key=views, reverse=True)[:5])


def another(outlet: Outlet, article: Article) -> Article:
    """An article to tease that is neither this one nor among its related ones."""
    taken = {article.slug, *article.related}
    rest = [other for other in outlet.articles if other.slug not in taken]
    return rest[article.number % len(rest)] if rest else article
