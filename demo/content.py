"""The newsroom's content: loaded from TOML, checked, and drawn up as gold and site files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from demo.dialects import DIALECTS, Dialect
from demo.model import Article, Gold, Outlet, Section
from demo.rules import ContentError, Table

HERE = Path(__file__).resolve().parent
CONTENT = HERE / "content"
DEFAULT_PORT = 8808
ARTICLES_EACH = 12
EVENTS = frozenset(
    [
        "desalination-plant",
        "coast-railway",
        "manuscripts-online",
        "wheat-harvest",
        "cup-final",
        "coast-quake",
    ]
)
NOT_ARTICLES: dict[str, str] = {name: dialect.decoy.path for name, dialect in DIALECTS.items()}
"""Path of the page of each outlet that stands in the sitemap and is no article."""


def load(folder: Path = CONTENT) -> tuple[Outlet, ...]:
    """All outlets in the order of their addresses."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ContentError(f"{folder}: holds no content files (*.toml)")
    outlets = sorted((load_outlet(file) for file in files), key=lambda outlet: outlet.address)
    if len({outlet.address for outlet in outlets}) != len(outlets):
        raise ContentError(f"{folder}: two outlets have the same site.address")
    return tuple(outlets)


def load_outlet(file: Path) -> Outlet:
    """One outlet, strictly validated: the first fault found is raised as ContentError."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{file.name}: not valid UTF-8 TOML: {error}") from None
    root = Table(file.name, "top level", data)
    site = Table(file.name, "site", root.take("site"))
    name = site.slug("name")
    if name != file.stem or name not in DIALECTS:
        raise site.fault("name", f"{name!r} must equal the file's name and be a known outlet")
    offset_text, offset = site.offset("utc_offset")
    address = site.text("address")
    sections = _sections(file.name, root.take("sections"))
    tables = _tables(file.name, "articles", root.take("articles"))
    articles = _Reader(DIALECTS[name], address, offset, sections).read(tables)
    outlet = Outlet(
        name=name,
        title=site.text("title"),
        tagline=site.text("tagline"),
        language=site.text("language"),
        country=site.text("country"),
        address=address,
        utc_offset=offset_text,
        sections=tuple(sections.values()),
        articles=articles,
    )
    site.close()
    root.close()
    return outlet


def _tables(file: str, key: str, data: object) -> list[Table]:
    """A TOML array of tables, each knowing its place for the sake of error lines."""
    if not isinstance(data, list) or not data:
        raise ContentError(f"{file}: {key}: must be one or more [[{key}]] tables")
    return [Table(file, f"{key}[{index}]", entry) for index, entry in enumerate(data, 1)]


def _sections(file: str, data: object) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    for table in _tables(file, "sections", data):
        section = Section(table.slug("slug"), table.text("name"))
        table.close()
        if section.slug in sections:
            raise table.fault("slug", f"{section.slug!r} is given twice")
        sections[section.slug] = section
    return sections


class _Reader:
    """Reads the articles of one outlet, and knows what they all have in common."""

    def __init__(
        self, dialect: Dialect, address: str, offset: timedelta, sections: dict[str, Section]
    ) -> None:
        self.dialect = dialect
        self.address = address
        self.offset = offset
        self.sections = sections

    def read(self, tables: Sequence[Table]) -> tuple[Article, ...]:
        """All articles, with the rules that hold between them."""
        articles = tuple(self._article(table, len(tables) - place) for place, table in enumerate(tables, 1))
        _check_unique(tables, articles)
        _check_order(tables, articles)
        _check_related(tables, articles)
        return articles

    def _article(self, table: Table, rank: int) -> Article:
        slug = table.slug("slug")
        table.key = f"{table.key} ({slug})"
        published = table.moment("published", self.offset)
        number = self.dialect.first_number + rank * self.dialect.step
        image = table.picture("image")
        article = Article(
            slug=slug,
            section=self._section(table),
            event=table.optional("event"),
            title=table.text("title"),
            description=table.text("description"),
            authors=table.texts("authors", 0, 2),
            wire=table.optional("wire"),
            published=published,
            modified=table.moment("modified", self.offset) if table.has("modified") else None,
            tags=table.texts("tags", 2, 4),
            related=table.texts("related", 2, 2),
            image=image,
            caption=table.text("caption"),
            credit=table.text("credit"),
            alt=table.text("alt"),
            blocks=table.blocks("body"),
            address=self.address,
            path=self.dialect.article_path(slug, number, published),
            image_path=self.dialect.picture.format(name=image),
            number=number,
        )
        table.close()
        _check_article(table, article)
        return article

    def _section(self, table: Table) -> Section:
        slug = table.slug("section")
        if slug not in self.sections:
            raise table.fault("section", f"{slug!r} is no section of this outlet")
        return self.sections[slug]


def _check_article(table: Table, article: Article) -> None:
    """Rules on a single article that need more than one of its keys."""
    if article.event is not None and article.event not in EVENTS:
        raise table.fault("event", f"{article.event!r} is not one of the shared events")
    if article.modified is not None and article.modified <= article.published:
        raise table.fault("modified", "is not later than published")
    if article.wire is not None and article.authors:
        raise table.fault("wire", "is given beside authors: agency copy has none")
    if article.alt == article.caption:
        raise table.fault("alt", "equals the caption")
    for key in ("title", "description", "caption"):
        if any(getattr(article, key) in block.text for block in article.blocks):
            raise table.fault(key, "occurs word for word in the body")


def _check_unique(tables: Sequence[Table], articles: Sequence[Article]) -> None:
    for key in ("slug", "title", "published", "event"):
        _check_distinct(tables, key, [getattr(article, key) for article in articles])
    seen: set[str] = set()
    for table, article in zip(tables, articles, strict=True):
        for block in article.blocks:
            if block.text in seen:
                raise table.fault("body", f"a block occurs in two articles: {block.text[:40]!r}")
            seen.add(block.text)


def _check_distinct(tables: Sequence[Table], key: str, values: Iterable[object]) -> None:
    seen: set[object] = set()
    for table, value in zip(tables, values, strict=True):
        if value is not None and value in seen:
            raise table.fault(key, f"{value} is given twice")
        seen.add(value)


def _check_order(tables: Sequence[Table], articles: Sequence[Article]) -> None:
    """Newest first: numbers in addresses count on it."""
    for index in range(1, len(articles)):
        if articles[index].published >= articles[index - 1].published:
            raise tables[index].fault("published", "is not older than the article before it")


def _check_related(tables: Sequence[Table], articles: Sequence[Article]) -> None:
    slugs = {article.slug for article in articles}
    for table, article in zip(tables, articles, strict=True):
        for slug in article.related:
            if slug not in slugs or slug == article.slug:
                raise table.fault("related", f"{slug!r} is no other article of this outlet")


def gold(port: int = DEFAULT_PORT, folder: Path = CONTENT) -> list[Gold]:
    """The right answers for every article, outlet by outlet."""
    return [
        Gold(
            url=article.url(port),
            title=article.title,
            text=_page_text(outlet, article),
            authors=article.authors,
            published=article.published,
            modified=article.modified,
            language=outlet.language,
            section=article.section.name,
            tags=article.tags,
            description=article.description,
            wire=article.wire,
            site=outlet.name,
            image=article.picture(port),
        )
        for outlet in load(folder)
        for article in outlet.articles
    ]


def _page_text(outlet: Outlet, article: Article) -> str:
    """What the page tells the reader: a standfirst shown under the headline is part of it."""
    if DIALECTS[outlet.name].standfirst:
        return f"{article.description}\n\n{article.gold_text}"
    return article.gold_text


def not_articles(port: int = DEFAULT_PORT, folder: Path = CONTENT) -> list[str]:
    """Addresses of the pages that look like articles and are none."""
    return [outlet.start(port).rstrip("/") + NOT_ARTICLES[outlet.name] for outlet in load(folder)]


def site_file(outlet: Outlet, port: int) -> str:
    """The text of a Khabar site file for an outlet."""
    return (
        f'name = "{outlet.name}"\n'
        f'start = "{outlet.start(port)}"\n'
        f'language = "{outlet.language}"\n'
        f'country = "{outlet.country}"\n'
        "\n[expect]\n"
        f"min_articles = {ARTICLES_EACH}\n"
        f'languages = ["{outlet.language}"]\n'
    )


def write_site_files(folder: Path, port: int = DEFAULT_PORT, content: Path = CONTENT) -> list[Path]:
    """Write one site file per outlet, for a newsroom on any port."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for outlet in load(content):
        file = folder / f"{outlet.name}.toml"
        file.write_text(site_file(outlet, port), encoding="utf-8", newline="\n")
        files.append(file)
    return files
