"""What a newsroom is made of: outlets, sections, articles, and the gold drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

BlockKind = Literal["paragraph", "heading", "quote", "item"]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a body; every list item is its own, as extracted text has one a line."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A desk of an outlet: its slug stands in addresses, its name on pages."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Image:
    """The main picture of an article, as a crawler should report it."""

    url: str
    caption: str
    credit: str


@dataclass(frozen=True, slots=True)
class Article:
    """One story with all that its page shows; immutable, so that pages may share it."""

    slug: str
    section: Section
    event: str | None
    title: str
    description: str
    authors: tuple[str, ...]
    wire: str | None
    published: datetime
    modified: datetime | None
    tags: tuple[str, ...]
    related: tuple[str, ...]
    image: str
    caption: str
    credit: str
    alt: str
    blocks: tuple[Block, ...]
    address: str
    path: str
    image_path: str
    number: int

    @property
    def gold_text(self) -> str:
        """The story and nothing but the story: what a perfect extractor returns."""
        return "\n\n".join(block.text for block in self.blocks)

    @property
    def changed(self) -> datetime:
        """When the page last changed, for Last-Modified and feeds."""
        return self.modified or self.published

    def url(self, port: int) -> str:
        """Absolute address of the page when the newsroom listens on that port."""
        return f"http://{self.address}:{port}{self.path}"

    def picture(self, port: int) -> Image:
        """The main picture with its absolute address."""
        return Image(f"http://{self.address}:{port}{self.image_path}", self.caption, self.credit)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A news site: its identity, its sections, its articles with the newest first."""

    name: str
    title: str
    tagline: str
    language: str
    country: str
    address: str
    utc_offset: str
    sections: tuple[Section, ...]
    articles: tuple[Article, ...]

    @property
    def direction(self) -> str:
        """Writing direction for the html element."""
        return "ltr" if self.language == "en" else "rtl"

    def start(self, port: int) -> str:
        """The home page, where a crawl begins."""
        return f"http://{self.address}:{port}/"

    def article(self, slug: str) -> Article:
        """The article of that slug; the loader has made sure that related slugs exist."""
        return next(article for article in self.articles if article.slug == slug)

    def desk(self, section: Section) -> tuple[Article, ...]:
        """The articles of a section, newest first."""
        return tuple(article for article in self.articles if article.section == section)


@dataclass(frozen=True, slots=True)
class Gold:
    """What a crawler should have found out about one article."""

    url: str
    title: str
    text: str
    authors: tuple[str, ...]
    published: datetime
    modified: datetime | None
    language: str
    section: str
    tags: tuple[str, ...]
    description: str
    wire: str | None
    site: str
    image: Image
