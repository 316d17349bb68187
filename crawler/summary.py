"""The few lines a person reads after a crawl: what was written, and three ways to look at it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from crawler.figures import Figures
from crawler.politeness.hosts import HostLine
from crawler.run import Run
from crawler.watch import Watched
from pipelines.store.rebuild import Rebuilt

# Of what was given up, as many lines are shown.
_MAX_LINES = 20


def summary(run: Run) -> Iterator[str]:
    """Lines for the terminal."""
    if run.figures.part is not None:
        yield _part(run)
    if run.figures.rebuilt is not None:
        yield from rebuilt_lines(run.figures.rebuilt)
    yield from _archives(run.figures)
    yield from _articles(run.figures)
    if run.figures.published and run.figures.published.files:
        yield f"{len(run.figures.published.files)} files written below {run.config.output}"
        yield from _indented(run.figures.published.files)
    if run.figures.released:
        yield f"{len(run.figures.released)} WARC files were kept long enough and removed (NEWS_RAW_DAYS)"
    yield from _web(run.figures)
    if run.figures.report is not None:
        yield f"The report is {run.figures.report}"
    if run.figures.documents:
        yield f"The data card is {run.config.output}/{run.figures.documents[0]}"
    for line in run.figures.shortfalls:
        yield f"Short of expectations: {line}"
    if run.figures.watched is not None:
        yield from _alarms(run.figures.watched)
    if not run.config.contact and run.figures.archives is None:
        yield "NEWS_CONTACT is not set: site owners cannot reach you (-s NEWS_CONTACT=https://example.org/bot)"


def _alarms(watched: Watched) -> Iterator[str]:
    """What was raised, and how to look at the first page that shows it."""
    for alarm in watched.alarms:
        yield f"Alarm: {alarm.site} is not what it was"
        yield from _indented(sign.said for sign in alarm.signs)
        if alarm.cases:
            yield f"  look at a page: {watched.command(alarm.cases[-1])}"


def rebuilt_lines(rebuilt: Rebuilt) -> Iterator[str]:
    """What a rebuild of the ledger found, in one line, and what it left alone."""
    old = f"the old one is {rebuilt.moved}" if rebuilt.moved else "there was none"
    found = f"{rebuilt.articles} articles and {rebuilt.rejected} rejected pages in {rebuilt.files} files"
    again = f"; {rebuilt.to_clean} pages of the WARC are cleaned again" if rebuilt.to_clean else ""
    asked = f"; {rebuilt.to_fetch} are fetched again" if rebuilt.to_fetch else ""
    yield f"The ledger was rebuilt ({old}): {found} found again{again}{asked}"
    if rebuilt.unknown_pages:
        yield f"{rebuilt.unknown_pages} pages of the WARC do not say of which site they are: left alone"
    for names, what in (
        (rebuilt.damaged, "are damaged and not listed any more; their pages are cleaned again"),
        (rebuilt.doubled, "hold rows of other files and are not listed; remove them"),
    ):
        if names:
            yield f"{len(names)} published files {what}"
            yield from _indented(names)


def _part(run: Run) -> str:
    own, of = run.figures.part or (0, 0)
    return f"Shard {run.config.shard} has {f'{own} of' if own else 'none of'} the {of} sites"


def _articles(figures: Figures) -> Iterator[str]:
    """What became of the pages."""
    known = f"{figures.known} {'pages' if figures.archives else 'articles'}"
    by_site, reasons = figures.stored, figures.rejected
    stored, turned_away = by_site.total(), reasons.total()
    if figures.fatal:
        yield f"The run could not finish: {figures.fatal}"
    elif not stored and not turned_away and not figures.changed:
        yield f"Nothing new: {known} known already, none added."
    else:
        yield f"{stored} new articles from {len(by_site)} sites, {figures.known} known already"
        yield from _indented(f"{site}: {count}" for site, count in sorted(by_site.items()))
    if figures.copies:
        yield f"{figures.copies} pages hold an article that is stored already"
    if figures.changed:
        yield f"{figures.changed.total()} stored articles changed: {_counted(figures.changed)}"
    if figures.rechecked:
        again = figures.rechecked
        yield f"{again.total()} stored articles looked at again without a new version: {_counted(again)}"
    if turned_away:
        yield f"{turned_away} pages turned away"
        yield from _indented(f"{reason}: {n}" for reason, n in reasons.most_common())
    if stored:
        yield f"{figures.removed_blocks} blocks of boilerplate removed"


def _archives(figures: Figures) -> Iterator[str]:
    """What was read of archives, and what could not be."""
    read = figures.archives
    if read is not None:
        before = f", {read.done_before} read before" if read.done_before else ""
        yield f"{read.files} archive files read{before}: {read.outcomes.total()} records"
        yield from _indented(f"{outcome}: {n}" for outcome, n in read.outcomes.most_common())
    if figures.given_up:
        yield f"Given up: {len(figures.given_up)} files or parts of files"
        yield from _indented(figures.given_up[:_MAX_LINES])
        if more := figures.given_up[_MAX_LINES:]:
            yield f"  and {len(more)} more"


def _web(figures: Figures) -> Iterator[str]:
    """What was not asked for, and why."""
    hosts = [_host(line) for line in figures.hosts if line.reason is not None or line.refused]
    if hosts:
        yield "Left alone, for now"
        yield from _indented(hosts)
    if any(figures.traps.values()):
        yield "Addresses left out as traps or beyond a cap"
        found = sorted((site, counts) for site, counts in figures.traps.items() if counts)
        yield from _indented(f"{site}: {_counted(counts)}" for site, counts in found)


def _host(line: HostLine) -> str:
    why = (line.reason or "answers again").replace("_", " ")
    until = f" for {line.seconds:.0f} s" if line.seconds is not None else ""
    return f"{line.host}: {why}{until}; {line.requests} requests sent, {line.refused} held back"


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in found.most_common())


def queries(output: str) -> Iterator[str]:
    """Three ready queries over the published articles; the tests run each of them."""
    python = _python()
    if "://" in output:
        yield from _store_queries(output, python)
        return
    files = f"{output}/articles/**/*.parquet"
    grouped = "site, language, count(*) AS articles, max(published_at) AS newest"
    yield (
        f"""{python} -c "import duckdb; """
        f"""duckdb.sql(\\"FROM '{files}' SELECT {grouped} GROUP BY ALL\\").show()\""""
    )
    yield (
        f"""{python} -c "import polars as pl; print(pl.scan_parquet('{files}')"""
        """.group_by('site').agg(pl.len(), pl.col('word_count').mean()).collect())\""""
    )
    yield (
        f"""{python} -c "import pandas as pd; print(pd.read_parquet('{output}/articles')"""
        """[['site', 'published_at', 'title']].sort_values('published_at').tail(10))\""""
    )


def _store_queries(output: str, python: str) -> Iterator[str]:
    """Through the manifest; what reads it finds credentials where we found them."""
    yield (
        f"""{python} -c "import json, pyarrow.dataset as ds; from pyarrow.fs import FileSystem; """
        f"""store, at = FileSystem.from_uri('{output}'); """
        """listed = json.load(store.open_input_stream(at + '/manifest.json'))['files']; """
        """files = [at + '/' + file['stable_path'] for file in listed if file['dataset'] == 'articles']; """
        """rows = ds.dataset(files, filesystem=store).to_table(columns=['site', 'published_at', 'title']); """
        """print(rows.to_pandas())\""""
    )
    yield f"(DuckDB and Polars read {output}/articles/**/*.parquet once they know the store's credentials)"


def _python() -> str:
    """How to call this interpreter from here."""
    try:
        return str(Path(sys.executable).relative_to(Path.cwd()))
    except ValueError:
        return sys.executable


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
