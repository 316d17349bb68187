"""README.md beside the data: what it is, how it was made, what is in it, and what it may be used for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from pipelines.card.columns import ABOUT, STARS, column_table
from pipelines.card.data import MARK, CardData
from pipelines.card.figures import Cell, by_kind, by_site, summed
from pipelines.card.header import NAME, header, languages
from pipelines.card.markdown import escaped, isolated, table
from pipelines.card.notes import with_notes
from pipelines.card.scores import FIGURES, KINDS, Scores, SetScores
from pipelines.card.text import said
from pipelines.health.waterfall import Step
from pipelines.store.schema import SCHEMAS

# Rows of the table of sites, and reasons at a step: a card is to be read.
_MOST_SITES = 1_000
_MOST_REASONS = 12
_MOST_LINES = 50

Item = TypeVar("Item")


def card(data: CardData, scores: Scores, notes: str | None = None) -> str:
    """The whole file; `notes` are the user's own."""
    parts = [
        [f"# {NAME}", "", f"<!-- {MARK} -->", *_about(data)],
        [with_notes(notes), ""],
        list(_missing(data)),
        list(_made(data)),
        list(_sites(data)),
        list(_languages(data)),
        list(_waterfall(data.steps)),
        list(_reasons(data)),
        list(_scores(data, scores)),
        list(_columns()),
        ["## How to read it", "", said("reading"), ""],
        ["## Known limits", "", said("limits"), ""],
        ["## Rights and personal data", "", said("rights"), ""],
        list(_citation(data)),
    ]
    return header(data) + "\n" + "\n".join(line for part in parts for line in part)


def _about(data: CardData) -> Iterator[str]:
    total = summed(data.counted.cells("articles"))
    yield ""
    if not total.rows:
        yield "Nothing has been published here yet." if not data.files else "No article could be counted."
    else:
        sites = len(by_site(data.counted.cells("articles")))
        found = len(languages(data.counted.cells("articles")))
        yield (
            f"**{total.articles:,} articles** in {_number(total.rows, 'version')}, "
            f"from {_number(sites, 'site')} and in {_number(found, 'language')}: "
            f"{total.words:,} words, {total.chars:,} characters. "
            f"Published {_span(total.first_published, total.last_published)}, "
            f"fetched {_span(total.first_fetched[:10], total.last_fetched[:10])}."
        )
    yield ""
    yield said("about")
    yield ""


def _missing(data: CardData) -> Iterator[str]:
    if not data.not_counted:
        return
    yield "## Not counted"
    yield ""
    yield "What could not be read is in none of the figures:"
    yield ""
    shown, more = _cut(data.not_counted, _MOST_LINES)
    yield from (f"- {escaped(line, 300)}" for line in shown)
    if more:
        yield f"- and {more:,} more"
    yield ""


def _made(data: CardData) -> Iterator[str]:
    made = ", ".join(map(escaped, sorted(data.counted.extractors))) or data.version
    last = f"run {escaped(data.last_run)}"
    runs = (
        f"{data.runs:,} runs, the last of them {last}" if data.runs > 1 else last if data.runs else "others"
    )
    yield "## How it was made"
    yield ""
    yield (
        "Fetched as robots.txt allows and at a pace that suits each host, or read from archives; "
        f"cleaned by {made}, published by {runs}. "
        f"This card was written at {data.made_at:%Y-%m-%d %H:%M} UTC by {data.version}."
    )
    yield ""
    rows = []
    for name in SCHEMAS:
        files = data.of(name)
        total = summed(data.counted.cells(name))
        size = f"{sum(file.bytes for file in files) / 2**20:,.1f}"
        rows.append([f"`{name}`", ABOUT[name], f"{total.rows:,}", f"{len(files):,}", size])
    yield from table(["dataset", "", "rows", "files", "MiB"], rows, words=(0, 1))


def _sites(data: CardData) -> Iterator[str]:
    cells = by_site(data.counted.cells("articles"))
    refused = {cell.site: cell.rows for cell in by_site(data.counted.cells("rejected"))}
    cells += [Cell(site, "") for site in sorted(refused.keys() - {cell.site for cell in cells})]
    if not cells:
        return
    names = data.counted.publishers
    shown, more = _cut(cells, _MOST_SITES)
    yield "## Sites"
    yield ""
    rows = [
        [
            escaped(cell.site),
            isolated(names.get(cell.site, "")),
            *_figures(cell),
            f"{refused.get(cell.site, 0):,}",
            _span(cell.first_published, cell.last_published),
            cell.last_fetched[:10],
        ]
        for cell in shown
    ]
    head = ["site", "publisher", *_HEAD, "refused", "published", "last fetched"]
    yield from table(head, rows, words=(0, 1, len(head) - 2, len(head) - 1))
    if more:
        rest = summed(cells[_MOST_SITES:])
        yield f"And {more:,} sites more, with {rest.articles:,} articles."
        yield ""


def _languages(data: CardData) -> Iterator[str]:
    cells = by_kind(data.counted.cells("articles"))
    if not cells:
        return
    yield "## Languages"
    yield ""
    yield "ISO 639-1 where there is one, else 639-3; `und` where none could be told."
    yield ""
    yield from table(["language", *_HEAD], [[escaped(cell.kind), *_figures(cell)] for cell in cells])


_HEAD = ("articles", "versions", "words", "characters", "dated", "near-duplicates", "with signals")


def _figures(cell: Cell) -> tuple[str, ...]:
    counts = (cell.articles, cell.rows, cell.words, cell.chars)
    shares = (_share(part, cell.rows) for part in (cell.dated, cell.near, cell.signals))
    return (*(f"{count:,}" for count in counts), *shares)


def _waterfall(steps: tuple[Step, ...]) -> Iterator[str]:
    if not steps:
        return
    yield "## From addresses to articles"
    yield ""
    yield "Every address that was ever found, and where those that made no article were lost:"
    yield ""
    yield from table(
        ["step", "addresses", "lost before it", "to"], [_step(step) for step in steps], words=(0, 3)
    )


def _step(step: Step) -> list[str]:
    shown, more = _cut(step.lost, _MOST_REASONS)
    reasons = [f"{escaped(reason)} {count:,}" for reason, count in shown]
    if more:
        reasons.append(f"{more} reasons more")
    lost = sum(count for _, count in step.lost)
    return [step.name, f"{step.count:,}", f"{lost:,}" if lost else "", ", ".join(reasons)]


def _reasons(data: CardData) -> Iterator[str]:
    for name, title in (("rejected", "Pages turned away"), ("removed_blocks", "Blocks cut")):
        cells = by_kind(data.counted.cells(name))
        if cells:
            yield f"## {title}"
            yield ""
            yield from table(["reason", "rows"], [[escaped(cell.kind), f"{cell.rows:,}"] for cell in cells])


def _scores(data: CardData, scores: Scores) -> Iterator[str]:
    yield "## How clean it is"
    yield ""
    other = (
        "" if f"khabar-{scores.version}" in (*data.counted.extractors, data.version) else ", not used here,"
    )
    yield said("scores").format(version=scores.version, other=other, peer=scores.peer)
    yield ""
    rows = [[KINDS[name], f"{each.pages:,}", *_beside(each)] for name, each in scores.sets.items()]
    yield from table(["pages", "number", *FIGURES], rows)
    yield from (f"- **{name}**: {meaning}" for name, meaning in FIGURES.items())
    yield ""


def _beside(scores: SetScores) -> Iterator[str]:
    for name in FIGURES:
        ours, peer = (
            f"{found[name] * 100:.1f}" if name in found else "" for found in (scores.ours, scores.peer)
        )
        yield f"{ours} ({peer})" if peer else ours


def _columns() -> Iterator[str]:
    yield "## Columns"
    yield ""
    yield STARS
    for name, schema in SCHEMAS.items():
        yield from (f"### {name}", "", ABOUT[name], "", *column_table(schema), "")


def _citation(data: CardData) -> Iterator[str]:
    total = summed(data.counted.cells("articles"))
    yield "## Citation"
    yield ""
    yield said("citation").format(
        year=data.made_at.year,
        version=data.version,
        run=f"run {data.last_run}" if data.last_run else "unknown run",
        articles=f"{total.articles:,}",
        sites=len(by_site(data.counted.cells("articles"))),
        first=total.first_fetched[:10] or "never",
        last=total.last_fetched[:10] or "never",
    )
    yield ""


def _cut(items: Iterable[Item], most: int) -> tuple[list[Item], int]:
    """The first `most`, and how many more there are."""
    every = list(items)
    return every[:most], max(len(every) - most, 0)


def _number(count: int, of: str) -> str:
    return f"{count:,} {of}{'' if count == 1 else 's'}"


def _span(first: str, last: str) -> str:
    if not first:
        return "unknown"
    return first if first == last else f"{first} to {last}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""
