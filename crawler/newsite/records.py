"""What a first visit to a site found, before a site file is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.records import Article, Cleaned
from pipelines.store.links import Link


@dataclass(frozen=True, slots=True)
class Answer:
    """A feed or sitemap that was asked: the articles it gave, or why there is no answer.

    `named` is whether the site names it, and not only custom; `places` is how many sitemaps an index names.
    """

    url: str
    named: bool
    links: tuple[Link, ...] = ()
    places: int = 0
    failed: str | None = None

    @property
    def works(self) -> bool:
        """Whether it leads to articles."""
        return bool(self.links or self.places)


@dataclass(frozen=True, slots=True)
class Look:
    """One page that should be an article: what cleaning made of it, or why there is nothing to clean."""

    url: str
    cleaned: Cleaned | None = None
    failed: str | None = None

    @property
    def article(self) -> Article | None:
        """The article, if it is one."""
        result = self.cleaned.result if self.cleaned else None
        return result if isinstance(result, Article) else None


@dataclass(frozen=True, slots=True)
class Surveyed:
    """`start` is the front page after redirects, `language` what it declares.

    `listed` is how many articles were linked from all that was read.
    """

    asked: str
    start: str
    language: str | None
    feeds: tuple[Answer, ...]
    sitemaps: tuple[Answer, ...]
    sections: tuple[str, ...]
    listed: int
    looks: tuple[Look, ...]

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles among the pages looked at."""
        return tuple(look.article for look in self.looks if look.article)
