"""Where each value of an article's metadata came from: which witness gave it, and what the others said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.masking import hidden
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.dates import Setting
from pipelines.metadata.dating.text import read_moment
from pipelines.metadata.images import absolute
from pipelines.normalize import letters
from pipelines.records import Article
from pipelines.urls import credible_canonical


@dataclass(frozen=True, slots=True)
class Origin:
    """One value of the article, the witness that gave it (None: nobody did) and that witness's own words."""

    field: str
    value: str | None
    source: str | None
    said: str | None = None


def origins(article: Article, statements: Statements, setting: Setting) -> tuple[Origin, ...]:
    """One entry for each field of the metadata, in the order of the columns."""
    return tuple(_origins(article, statements, setting))


def _origins(article: Article, statements: Statements, setting: Setting) -> Iterator[Origin]:
    yield Origin("title", article.title, _title_source(article.title, statements))
    yield _named("authors", article.authors, statements.all("author"), "the byline shown")
    instant = article.published_at.isoformat() if article.published_at else None
    day = article.published_date.isoformat() if article.published_date else None
    yield Origin("published", instant or day, article.published_source, article.published_raw)
    yield _modified(article, statements, setting)
    yield _canonical(article, statements)
    yield Origin("wire_source", article.wire_source, "byline or dateline" if article.wire_source else None)
    score = f" {article.language_score:.2f}" if article.language_score is not None else ""
    yield Origin("language", article.language, f"the text{score}")
    for field in ("publisher", "section", "description"):
        first = next(iter(statements.all(field)), None)
        yield Origin(field, getattr(article, field), first.source if first else None)
    yield _named("tags", article.tags, statements.all("tag"), None)
    yield _image(article, statements)
    declared = [c for c in statements.all("type") if article.page_type != "article"]
    yield Origin("page_type", article.page_type, _kind_source(article, declared))
    yield Origin("country", article.country, "site file" if article.country else None)


def _kind_source(article: Article, declared: list[Candidate]) -> str:
    if article.page_type == "article":
        return "the page names no other"
    return declared[0].source if declared else "section, address or shape of the page"


def _title_source(title: str | None, statements: Statements) -> str | None:
    """The witnesses of the headline: those that say just this, else those that say it with more around it."""
    if title is None:
        return None
    said = [c for field in ("h1", "title", "page_title") for c in statements.all(field)]
    equal = [c.source for c in said if letters(c.value) == letters(title)]
    within = [c.source for c in said if letters(title) in letters(c.value)]
    return _joined(equal or within)


def _named(
    field: str, values: tuple[str, ...] | None, said: list[Candidate], otherwise: str | None
) -> Origin:
    """A list of names: the first source that says all of them."""
    if not values:
        return Origin(field, None, None)
    by_source: dict[str, str] = {}
    for candidate in said:
        by_source[candidate.source] = by_source.get(candidate.source, "") + letters(candidate.value)
    wanted = [letters(value) for value in values]
    sources = (source for source, text in by_source.items() if all(name in text for name in wanted))
    return Origin(field, ", ".join(values), next(sources, otherwise))


def _modified(article: Article, statements: Statements, setting: Setting) -> Origin:
    if article.modified_at is None:
        return Origin("modified", None, None)
    for candidate in (*statements.all("modified"), *statements.all("page_modified")):
        moment = read_moment(candidate.value, setting.place)
        if moment and moment.instant(setting.zone) == article.modified_at:
            return Origin("modified", article.modified_at.isoformat(), candidate.source, candidate.value)
    return Origin("modified", article.modified_at.isoformat(), None)


def _canonical(article: Article, statements: Statements) -> Origin:
    said = statements.all("canonical")
    for one in said:
        if credible_canonical(one.value, article.url) == article.url_canonical:
            return Origin("url_canonical", article.url_canonical, one.source, hidden(one.value))
    stated = next(iter(said), None)
    why = "the address fetched" + ("; the page's own is not believed" if stated else "")
    return Origin("url_canonical", article.url_canonical, why, hidden(stated.value) if stated else None)


def _image(article: Article, statements: Statements) -> Origin:
    for candidate in statements.all("image"):
        if article.image_url and absolute(candidate.value, article.url) == article.image_url:
            return Origin("image_url", article.image_url, candidate.source)
    return Origin("image_url", article.image_url, None)


def _joined(sources: Iterable[str]) -> str | None:
    return ", ".join(dict.fromkeys(sources)) or None
