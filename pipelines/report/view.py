"""What stands in the page, part by part: words and charts, made of the report's data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from markupsafe import Markup

from pipelines.health.figures import SiteTally, ended
from pipelines.health.waterfall import Ends, Step, of_ends, of_runs
from pipelines.report.charts import calendar, step_bar
from pipelines.report.distributions import latest_tally
from pipelines.report.measures import STATES, by_need, median_bin, point_of, state, usual
from pipelines.report.reading_order import Piece, pieces
from pipelines.report.records import NewArticle, Point, ReportData, SiteHealth
from pipelines.report.sparkline import sparkline
from pipelines.report.words import LAGS, number, outcome_words, percent, short

# Sites that have all sparklines; the others have the one of their articles.
_WITH_DETAILS = 100
# Characters of an article that are shown, and of a block that was cut.
_ARTICLE_CHARS = 5_000
_CUT_CHARS = 240
# What is followed from run to run, and what its line is called.
_TRENDS = {
    "stored": "New articles",
    "changed": "Changed articles",
    "asked": "Pages asked for",
    "turned_away": "Pages turned away",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure; `note` sets it against what is usual."""

    label: str
    value: str
    note: str
    spark: Markup | None = None


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of a waterfall with its bar."""

    step: Step
    share: float
    bar: Markup


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site's line in the table, at its `place` by need; `sparks` by the name of their column."""

    place: int
    site: SiteHealth
    state: str
    stored: int
    usual: float | None
    last: Point | None
    last_article: datetime | None
    refused: float | None
    sparks: dict[str, Markup]


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article with its pieces, as many as are shown; `more` were left out."""

    article: NewArticle
    pieces: tuple[Piece, ...]
    more: int


def tiles(data: ReportData) -> tuple[Tile, ...]:
    """The headline figures of the latest run."""
    now, runs = latest_tally(data), _by_run(data)
    visited = [site.latest for site in data.sites if site.latest is not None]
    giving = sum(1 for run in visited if run.stored)
    days = "day" if len(data.rows) == 1 else "days"
    return (
        Tile("New articles", number(now.stored), _usually(runs, "stored"), _trend(runs, "stored")),
        Tile("Changed articles", number(now.changed), _usually(runs, "changed"), _trend(runs, "changed")),
        Tile("Sites with something new", f"{giving:,}", f"of {len(visited):,} visited"),
        *_page_tiles(now, runs),
        *_text_tiles(now),
        Tile("Rows in all", number(sum(data.rows.values())), f"on {len(data.rows):,} {days}"),
    )


def _page_tiles(now: SiteTally, runs: Sequence[Counter[str]]) -> Iterator[Tile]:
    """How many pages were asked for, and how many of those that came were no articles."""
    failed, refused = now.failed.total(), now.rejected.total()
    pages = ended(now)
    without = f"{number(failed)} gave no page"
    yield Tile("Pages asked for", number(pages + failed), without, _trend(runs, "asked"))
    share = percent(refused / pages) if pages else "–"
    yield Tile(
        "Turned away", share, f"{number(refused)} of {number(pages)} pages", _trend(runs, "turned_away")
    )


def _text_tiles(now: SiteTally) -> Iterator[Tile]:
    """What was cut around the texts, and how old they were."""
    chars, lag = now.kept_chars + now.removed_chars, median_bin(now.lags)
    share = percent(now.removed_chars / chars) if chars else "–"
    yield Tile("Boilerplate removed", share, f"of the characters, {number(now.rules.total())} blocks")
    age = LAGS[lag] if lag is not None else "–"
    yield Tile("From publication to us", age, f"median of {sum(now.lags):,} dated")


def _by_run(data: ReportData) -> list[Counter[str]]:
    """The sites' points added up by run, the oldest first; shards that ran in the same hour are one."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for site in data.sites:
        for point in site.points:
            key = point.started_at.isoformat() if len(data.latest) == 1 else f"{point.started_at:%Y-%m-%dT%H}"
            for name in _TRENDS:
                found[key][name] += getattr(point, name)
    return [found[key] for key in sorted(found)]


def _trend(runs: Sequence[Counter[str]], name: str) -> Markup | None:
    what = _TRENDS[name]
    return sparkline([run[name] for run in runs], what, width=132, area=True) if len(runs) > 1 else None


def _usually(runs: Sequence[Counter[str]], name: str) -> str:
    before = [run[name] for run in runs[:-1]]
    return f"usually {number(median(before))}" if before else "the first run"


def run_flow(data: ReportData) -> tuple[StepView, ...]:
    """Of the latest run."""
    return _flow(of_runs(site.latest for site in data.sites if site.latest is not None))


def ledger_flow(data: ReportData) -> tuple[StepView, ...]:
    """Of every URL that the ledgers know."""
    total = Ends()
    for site in data.sites:
        total.add(site.ends)
    return _flow(of_ends(total))


def _flow(steps: Sequence[Step]) -> tuple[StepView, ...]:
    first = steps[0].count
    before = [first, *(step.count for step in steps)]
    return tuple(
        StepView(step, step.count / first if first else 0.0, step_bar(came, step.count, first))
        for came, step in zip(before, steps, strict=False)
    )


def site_rows(data: ReportData) -> Iterator[SiteRow]:
    """Those that need a look first."""
    alarmed = frozenset(alarm.site for alarm in data.alarms if alarm.ended_at is None)
    for place, site in enumerate(by_need(data.sites, alarmed)):
        last = point_of(site.latest) if site.latest else None
        pages = last.asked - last.failed if last else 0
        yield SiteRow(
            place=place,
            site=site,
            state=state(site, site.name in alarmed),
            stored=last.stored if last else 0,
            usual=usual(site),
            last=last,
            last_article=next((p.started_at for p in reversed(site.points) if p.stored), None),
            refused=last.turned_away / pages if last and pages else None,
            sparks=_sparks(site.points, everything=place < _WITH_DETAILS),
        )


def _sparks(points: Sequence[Point], *, everything: bool) -> dict[str, Markup]:
    if len(points) < 2:
        return {}
    sparks = {"stored": sparkline([point.stored for point in points], "New articles")}
    if everything:
        chars = [point.chars for point in points]
        sparks["chars"] = sparkline(chars, "Characters of an article", say=lambda mean: f"{mean:,.0f}")
        lags = [point.lag for point in points]
        sparks["lag"] = sparkline(lags, "Lag", most=len(LAGS) - 1, say=lambda at: LAGS[int(at)])
        filled = [point.filled for point in points]
        sparks["filled"] = sparkline(filled, "Fields filled", most=1, say=percent)
    return sparks


def noticed(rows: Sequence[SiteRow]) -> list[tuple[str, int]]:
    """How many sites are in each state between alarm and order, the worst first."""
    found = Counter(row.state for row in rows)
    return [(name, found[name]) for name in STATES[1:-1] if found[name]]


def article_views(data: ReportData) -> Iterator[ArticleView]:
    """The newest articles, cut to a length that can be looked at."""
    for article in data.published.articles:
        found, taken, room = pieces(article), 0, _ARTICLE_CHARS
        shown = []
        for piece in found:
            text = short(piece.text, _CUT_CHARS if piece.rule else room)
            room -= len(text)
            taken += 1
            shown.append(Piece(text, piece.rule))
            if room <= 0:
                break
        yield ArticleView(article, tuple(shown), len(found) - taken)


def run_calendar(data: ReportData) -> Markup:
    """Half a year of days."""
    bad: dict[date, str] = {
        run.started_at.date(): f"a run {outcome_words(run.outcome)}"
        for run in data.runs
        if run.outcome != "ok"
    }
    return calendar(data.rows, bad, data.made_at.date())


def stored_by_run(data: ReportData) -> dict[str, int]:
    """Run -> new articles, as far back as sparklines go."""
    found: Counter[str] = Counter()
    for site in data.sites:
        for point in site.points:
            found[point.run_id] += point.stored
        if site.latest and not any(point.run_id == site.latest.run_id for point in site.points):
            found[site.latest.run_id] += site.latest.stored
    return dict(found)
