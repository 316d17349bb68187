"""The few lines a person reads after a crawl: what was written, and three ways to look at it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from crawler.politeness.hosts import HostLine
from crawler.run import Run


def summary(run: Run) -> Iterator[str]:
    """Lines for the terminal."""
    figures = run.figures
    known = figures.known
    stored, turned_away = figures.stored.total(), figures.rejected.total()
    if figures.fatal:
        yield f"The run could not finish: {figures.fatal}"
    elif not stored and not turned_away and not figures.changed:
        yield f"Nothing new: {known} articles known already, none added."
    else:
        yield f"{stored} new articles from {len(figures.stored)} sites, {known} known already"
        yield from _indented(f"{site}: {count}" for site, count in sorted(figures.stored.items()))
    if figures.copies:
        yield f"{figures.copies} pages hold an article that is stored already"
    if figures.changed:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(figures.changed.items()))
        yield f"{figures.changed.total()} stored articles changed: {kinds}"
    if figures.rechecked:
        outcomes = ", ".join(f"{what.replace('_', ' ')} {n}" for what, n in figures.rechecked.most_common())
        yield f"{figures.rechecked.total()} stored articles looked at again without a new row: {outcomes}"
    if turned_away:
        yield f"{turned_away} pages turned away"
        yield from _indented(f"{reason}: {n}" for reason, n in figures.rejected.most_common())
    if stored:
        yield f"{figures.removed_blocks} blocks of boilerplate removed"
    if figures.published and figures.published.files:
        yield f"{len(figures.published.files)} files written below {run.config.output}"
        yield from _indented(figures.published.files)
    yield from _indented_under("Left alone, for now", map(_host, filter(_is_worth_telling, figures.hosts)))
    traps = (f"{site}: {_counted(found)}" for site, found in sorted(figures.traps.items()))
    yield from _indented_under("Addresses left out as traps or beyond a cap", traps)
    for line in figures.shortfalls:
        yield f"Short of expectations: {line}"
    if not run.config.contact:
        yield "NEWS_CONTACT is not set: site owners cannot reach you (-s NEWS_CONTACT=https://example.org/bot)"


def _is_worth_telling(line: HostLine) -> bool:
    return line.reason is not None or line.refused > 0


def _host(line: HostLine) -> str:
    why = (line.reason or "answers again").replace("_", " ")
    until = f" for {line.seconds:.0f} s" if line.seconds is not None else ""
    return f"{line.host}: {why}{until}; {line.requests} requests sent, {line.refused} held back"


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in found.most_common())


def _indented_under(title: str, lines: Iterable[str]) -> Iterator[str]:
    some = list(lines)
    if some:
        yield title
        yield from _indented(some)


def queries(output: str) -> Iterator[str]:
    """Three ready queries over the published articles; the tests run each of them."""
    files = f"{output}/articles/**/*.parquet"
    python = _python()
    grouped = "site, language, count(*) AS articles, max(published_at) AS newest"
    yield (
        f"""{python} -c "import duckdb; """
        f"""duckdb.sql(\\"FROM '{files}' SELECT {grouped} GROUP BY ALL\\").show()\""""
    )
    yield (
        f"""{python} -c "import polars as pl; print(pl.read_parquet('{files}')"""
        """.group_by('site').agg(pl.len(), pl.col('word_count').mean()))\""""
    )
    yield (
        f"""{python} -c "import pandas as pd; print(pd.read_parquet('{output}/articles')"""
        """[['site', 'published_at', 'title']].sort_values('published_at').tail(10))\""""
    )


def _python() -> str:
    """How to call this interpreter from here."""
    try:
        return str(Path(sys.executable).relative_to(Path.cwd()))
    except ValueError:
        return sys.executable


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
