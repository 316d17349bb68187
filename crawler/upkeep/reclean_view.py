"""What cleaning stored pages again came to, as lines for a person and as one object for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from crawler.errors import ExitCode
from crawler.storecommand import table
from crawler.terminal import Terminal, harmless
from pipelines.loss import LossBudget
from pipelines.store.reclean_publish import Taken
from pipelines.store.reclean_rows import StoredPages
from pipelines.store.reclean_work import Kind, Status, Tally, Work
from pipelines.store.warc_files import run_of

_WORST = 20
# Files with pages that cannot be read: so many are named.
_NAMED = 20
_SHOWN_LETTERS = 120
_COLUMNS = (
    *("rows", "unchanged", "text", "par. +", "par. -", "letters +", "letters -"),
    *("titles", "dates", "other", "gained", "lost", "unreadable"),
)
_FIELDS = (
    *("rows", "unchanged", "text", "paragraphs_gained", "paragraphs_lost", "letters_gained", "letters_lost"),
    *("title", "date", "other", "gained", "lost", "unreadable"),
)


@dataclass(slots=True)
class Report:
    """All there is to say. `beyond` are lines of what exceeds the budget, `unread` what could not be read."""

    total: Tally
    sites: list[Tally]
    languages: list[Tally]
    worst: list[dict[str, Any]]
    unread: list[str]
    beyond: list[str]
    diff: Path
    diff_rows: int
    waiting: int
    publish: bool
    taken: Taken | None = None

    @classmethod
    def of(
        cls,
        work: Work,
        pages: StoredPages,
        waiting: int,
        budget: LossBudget,
        diff: tuple[Path, int],
        *,
        publish: bool,
    ) -> Report:
        """Of what `work` holds of this call."""
        total, sites = work.total(), work.by_site()
        named = [*((f"site {each.name}", each.loss) for each in sites), ("all sites", total.loss)]
        files = [
            f"{f'raw/{name}' if run_of(name) else name}: {count} pages cannot be read: {said}"
            for name, count, said in work.unread(Status.UNREADABLE)
        ]
        return cls(
            total=total,
            sites=sites,
            languages=work.by_language(),
            worst=work.worst(_WORST),
            unread=[*(f"{path} {wrong}" for path, wrong in pages.unread), *files],
            beyond=list(chain.from_iterable(budget.exceeded(*each) for each in named)),
            diff=diff[0],
            diff_rows=diff[1],
            waiting=waiting,
            publish=publish,
        )

    @property
    def exit_code(self) -> ExitCode:
        """Of the worst that happened: pages given up, then a loss that kept us from publishing."""
        if self.unread:
            return ExitCode.UNFINISHED
        return ExitCode.SHORTFALL if self.publish and self.beyond else ExitCode.OK


def plain(report: Report) -> dict[str, object]:
    """For JSON."""
    taken = report.taken
    return {
        "total": asdict(report.total),
        "sites": [asdict(each) for each in report.sites],
        "languages": [asdict(each) for each in report.languages],
        "worst": report.worst,
        "unread": report.unread,
        "beyond_budget": report.beyond,
        "diff": {"file": str(report.diff), "rows": report.diff_rows},
        "waiting": report.waiting,
        "published": None
        if taken is None
        else {
            "versions": taken.rows[Kind.ARTICLE],
            "gained": taken.rows[Kind.REJECTED],
            "stale": taken.stale,
            "files": list(taken.published.files) if taken.published else [],
        },
    }


def view(report: Report, terminal: Terminal) -> Iterator[str]:
    """Lines for a person: tables, the worst losses, what could not be read, what was published."""
    yield from _table("site", [*report.sites, _named(report.total, "total")], terminal)
    if report.languages:
        yield ""
        yield from _table("language", report.languages, terminal)
    yield ""
    yield from _worst(report.worst, terminal)
    yield from _notes(report)
    for line in _some(report.unread):
        yield terminal.paint(harmless(line), "red")
    yield f"The diff has {report.diff_rows:,} rows: {harmless(str(report.diff))}"
    yield from _verdict(report, terminal)


def _table(kind: str, tallies: Sequence[Tally], terminal: Terminal) -> Iterator[str]:
    rows = [[each.name, *(f"{getattr(each, name):,}" for name in _FIELDS)] for each in tallies]
    header, *lines = table([(kind, *_COLUMNS), *rows])
    yield terminal.paint(header, "bold")
    yield from map(harmless, lines)


def _named(tally: Tally, name: str) -> Tally:
    return Tally(**asdict(tally) | {"name": name})


def _worst(rows: Sequence[dict[str, Any]], terminal: Terminal) -> Iterator[str]:
    if not rows:
        return
    yield terminal.paint("Most letters lost", "bold")
    for row in rows:
        why = f" (would be turned away: {row['reason']})" if row["outcome"] == Status.LOST else ""
        yield harmless(f"{row['letters_lost']:>8,}  {row['site']}  {row['url']}{why}")
        for paragraph in row["paragraphs_lost"][:1]:
            more = len(row["paragraphs_lost"]) - 1
            rest = f" (and {more} more)" if more else ""
            yield f"          - {harmless(_short(paragraph))}{rest}"
    yield ""


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS].rstrip()} ..."


def _notes(report: Report) -> Iterator[str]:
    if report.total.refused:
        yield f"{report.total.refused:,} pages are turned away as they were"
    if report.total.released:
        yield f"{report.total.released:,} pages are not kept any more, and stay as they are"
    if report.waiting:
        yield f"{report.waiting:,} rows wait to be published by the next run, and were not looked at"


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_NAMED]
    if len(lines) > _NAMED:
        yield f"... and {len(lines) - _NAMED} files more"


def _verdict(report: Report, terminal: Terminal) -> Iterator[str]:
    for line in _some(report.beyond):
        yield terminal.paint(f"Beyond the loss budget: {harmless(line)}", "red")
    found = report.total.changed + report.total.gained
    if report.taken is not None:
        versions, gained = report.taken.rows[Kind.ARTICLE], report.taken.rows[Kind.REJECTED]
        yield f"Published {versions:,} new versions and {gained:,} gained pages"
        if report.taken.stale:
            yield f"{report.taken.stale:,} pages were changed by a run meanwhile: run reclean again for them"
    elif report.publish:
        yield "Nothing was published: look at the diff, then say how much may go, as with --budget 5%"
    elif found:
        yield f"Nothing was published; --publish makes {found:,} rows new versions"
    else:
        yield "Nothing would change"
