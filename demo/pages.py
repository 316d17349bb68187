"""Renders the pages of an outlet: every response body of the newsroom is made here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo import dates, parts
from demo.model import Article, Outlet, Section
from demo.pictures import picture

TEMPLATES = Path(__file__).resolve().parent / "templates"
FEED_SIZE = 6
GALLERY = tuple(f"img-{number}.jpg" for number in range(2041, 2053))
_KEPT_KEYS = ("id", "cat", "page")
_XML = {"rss": "application/rss+xml", "atom": "application/atom+xml"}


@dataclass(frozen=True, slots=True)
class Page:
    """A response: what the server sends, bar the headers it derives from this."""

    status: int
    content_type: str
    body: bytes
    modified: datetime
    location: str | None = None


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """One environment for all outlets; escaping is on for HTML and XML alike."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters.update(
        iso=datetime.isoformat,
        rfc822=dates.rfc822,
        arabic=dates.arabic,
        weekday_ar=dates.arabic_weekday,
        persian=dates.persian,
        digits_fa=dates.persian_digits,
        hebrew=dates.hebrew,
        english=dates.english,
        views=parts.views,
        minutes=parts.minutes,
        zwnj=parts.zwnj,
    )
    return environment


class Site:
    """One outlet on one port: a table of addresses whose pages are rendered when asked for."""

    def __init__(self, outlet: Outlet, port: int) -> None:
        self.outlet = outlet
        self.links = parts.Links(outlet, port)
        self.newest = max(article.changed for article in outlet.articles)
        self._makers: dict[str, Callable[[], Page]] = dict(self._routes())
        self._made: dict[str, Page] = {}

    def paths(self) -> list[str]:
        """Every address that has a page, for tests and checks."""
        return list(self._makers)

    def page(self, target: str) -> Page:
        """The page of a request target, or the outlet's own 404 page."""
        path, _, query = target.partition("#")[0].partition("?")
        values = parse_qs(query)
        if path == "/search":
            return self._search(values.get("q", [""])[0])
        kept = {key: values[key][0] for key in _KEPT_KEYS if key in values}
        key = f"{path}?{urlencode(kept)}" if kept else path
        if key not in self._makers:
            return self._missing()
        if key not in self._made:
            self._made[key] = self._makers[key]()
        return self._made[key]

    def _routes(self) -> Iterator[tuple[str, Callable[[], Page]]]:
        dialect = self.links.dialect
        yield "/", partial(self._html, "home.html")
        for kind in ("about", "contact"):
            yield f"/{kind}", partial(self._html, "page.html", kind=kind)
        for section in self.outlet.sections:
            for number in range(1, self.links.pages(section) + 1):
                path = self.links.section(section, number)
                yield path, partial(self._section, section, number)
        for article in self.outlet.articles:
            yield article.path, partial(self._article, article)
            yield from self._extras(article)
        yield dialect.decoy.path, partial(self._decoy)
        for name in GALLERY:
            yield self.links.picture(name), partial(self._picture, name)
        yield dialect.feed, self._feed
        yield dialect.sitemap, partial(self._xml, "sitemap.xml", "application/xml", "utf-8")
        if dialect.sitemap_index:
            yield (
                dialect.sitemap_index,
                partial(self._xml, "sitemap-index.xml", "application/xml", "utf-8"),
            )
        yield "/robots.txt", self._robots

    def _extras(self, article: Article) -> Iterator[tuple[str, Callable[[], Page]]]:
        yield article.image_path, partial(self._picture, article.image)
        if self.outlet.name == "khabarnameh":
            yield f"/{article.number}", partial(self._redirect, article)

    def _render(self, template: str, **values: object) -> str:
        return (
            _environment()
            .get_template(template)
            .render(
                site=self.outlet,
                links=self.links,
                decoy=self.links.dialect.decoy,
                newest=self.newest,
                popular=parts.popular(self.outlet),
                **values,
            )
        )

    def _html(
        self, template: str, status: int = 200, modified: datetime | None = None, **values: object
    ) -> Page:
        """An HTML page in the outlet's own encoding; what that lacks becomes a reference."""
        text = self._render(f"{self.outlet.name}/{template}", **values)
        dialect = self.links.dialect
        body = text.encode(dialect.charset, "xmlcharrefreplace")
        return Page(status, dialect.html_type, body, modified or self.newest)

    def _article(self, article: Article) -> Page:
        return self._html(
            "article.html",
            modified=article.changed,
            article=article,
            groups=parts.grouped(article),
            related=[self.outlet.article(slug) for slug in article.related],
            other=parts.another(self.outlet, article),
        )

    def _section(self, section: Section, number: int) -> Page:
        return self._html(
            "section.html",
            section=section,
            number=number,
            articles=self.links.listed(section, number),
        )

    def _decoy(self) -> Page:
        decoy = self.links.dialect.decoy
        return self._html("decoy.html", modified=decoy.published, gallery=GALLERY)

    def _search(self, words: str) -> Page:
        """Made anew for each query: robots.txt forbids it, so only people come here."""
        found = [
            article
            for article in self.outlet.articles
            if words and words in article.title + article.gold_text
        ]
        return self._html("page.html", kind="search", words=words, found=found)

    def _missing(self) -> Page:
        return self._html("page.html", status=404, kind="missing")

    def _redirect(self, article: Article) -> Page:
        """The short link: a second address of an article."""
        location = article.url(self.links.port)
        return Page(301, self.links.dialect.html_type, b"", article.changed, location)

    def _picture(self, name: str) -> Page:
        return Page(200, "image/jpeg", picture(name), self.newest)

    def _xml(self, template: str, content_type: str, charset: str) -> Page:
        articles = self.outlet.articles
        text = self._render(f"_xml/{template}", charset=charset, articles=articles)
        body = text.encode(charset, "xmlcharrefreplace")
        return Page(200, content_type, body, self.newest)

    def _feed(self) -> Page:
        dialect = self.links.dialect
        text = self._render(
            f"_xml/{dialect.feed_kind}.xml",
            charset=dialect.charset,
            articles=self.outlet.articles[:FEED_SIZE],
        )
        body = text.encode(dialect.charset, "xmlcharrefreplace")
        return Page(200, _XML[dialect.feed_kind], body, self.newest)

    def _robots(self) -> Page:
        dialect = self.links.dialect
        sitemap = self.links.full(dialect.sitemap_index or dialect.sitemap)
        text = f"User-agent: *\nDisallow: /search\nDisallow: /admin\n\nSitemap: {sitemap}\n"
        return Page(200, "text/plain; charset=utf-8", text.encode(), self.newest)
