"""How the new articles are spread: languages, lengths, publication lag, and the fields that are filled."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from pipelines.health.figures import FIELDS, SiteTally, added
from pipelines.report.charts import histogram, level, stacked_bar
from pipelines.report.records import ReportData, SiteHealth
from pipelines.report.words import FIELD_NAMES, LAGS, LENGTHS, language_name

# Languages with a colour of their own; rows of the table of fields.
_LANGUAGES = 6
_ROWS = 24
_LENGTH_TICKS = {1: "64", 5: "256", 9: "1,024", 13: "4,096", 17: "16,384"}
_LAG_TICKS = {1: "0", 3: "3 h", 5: "12 h", 7: "2 d", 9: "7 d", 11: "1 y"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one site: the share that is filled, 0..1, and its shade, 0 to 4."""

    share: float
    level: int


@dataclass(frozen=True, slots=True)
class FieldRow:
    """The fields of a site, or of all when `site` is None."""

    site: str | None
    articles: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """`place` chooses the colour; `code` is empty for all that have none of their own."""

    code: str
    name: str
    count: int
    place: int


@dataclass(frozen=True, slots=True)
class Distributions:
    """Of the latest run, or of the runs before it when that stored nothing (`of_latest` says which)."""

    articles: int
    of_latest: bool
    languages: tuple[Language, ...]
    language_bar: Markup
    lengths: Markup
    lags: Markup
    dated: int
    fields: tuple[str, ...]
    rows: tuple[FieldRow, ...]
    rows_left_out: int


def latest_tally(data: ReportData) -> SiteTally:
    """What the latest run came to on all sites."""
    return added(site.latest for site in data.sites if site.latest is not None)


def distributions(data: ReportData) -> Distributions:
    """All of them."""
    latest = latest_tally(data)
    tally, before = (latest, data.earlier) if latest.stored else (data.earlier, SiteTally())
    languages = _languages(tally)
    with_articles = [site for site in data.sites if site.latest is not None and site.latest.stored]
    rows = sorted((row for site in with_articles if (row := _field_row(site))), key=_emptiest)
    return Distributions(
        articles=tally.stored,
        of_latest=latest.stored > 0,
        languages=languages,
        language_bar=stacked_bar([(each.name, each.count) for each in languages], "Languages"),
        lengths=histogram(tally.lengths, LENGTHS, _LENGTH_TICKS, "Characters", before.lengths),
        lags=histogram(tally.lags, LAGS, _LAG_TICKS, "Publication lag", before.lags),
        dated=sum(tally.lags),
        fields=tuple(FIELD_NAMES[name] for name in FIELDS),
        rows=(_fields(None, tally), *rows[:_ROWS]),
        rows_left_out=len(rows[_ROWS:]),
    )


def _languages(tally: SiteTally) -> tuple[Language, ...]:
    most = tally.languages.most_common()
    shown = len(most) if len(most) <= _LANGUAGES + 1 else _LANGUAGES
    found = [
        Language(code, language_name(code), count, place) for place, (code, count) in enumerate(most[:shown])
    ]
    if rest := most[shown:]:
        found.append(Language("", f"{len(rest)} others", sum(count for _, count in rest), shown))
    return tuple(found)


def _field_row(site: SiteHealth) -> FieldRow | None:
    return _fields(site.name, added([site.latest])) if site.latest else None


def _fields(site: str | None, tally: SiteTally) -> FieldRow:
    shares = [tally.filled[name] / tally.stored if tally.stored else 0.0 for name in FIELDS]
    return FieldRow(site, tally.stored, tuple(Cell(share, level(share)) for share in shares))


def _emptiest(row: FieldRow) -> tuple[float, str]:
    return sum(cell.share for cell in row.cells), row.site or ""
