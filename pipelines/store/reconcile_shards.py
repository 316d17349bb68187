"""The balance of an output that is crawled in shards: each shard's, and that no row stands in two of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.shard import Shard, shard_in
from pipelines.store.balance import SiteBalance, total
from pipelines.store.checks import FILES
from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Files, Output
from pipelines.store.reconcile import Imbalance, Reconciled, UnknownSite, reconcile
from pipelines.store.row_ids import UNREADABLE, identities, why_unreadable

_TABLE = """
CREATE TABLE rows (
    dataset TEXT, id TEXT, shard TEXT, site TEXT, path TEXT,
    PRIMARY KEY (dataset, id, shard)
) WITHOUT ROWID
"""
_DOUBLED = """
SELECT site, count(*), min(id || ' in ' || paths) FROM (
    SELECT min(site) AS site, id, group_concat(path, ' and ') AS paths
    FROM rows GROUP BY dataset, id HAVING count(*) > 1)
GROUP BY 1
"""
_NO_LEDGER = "look from the machine that has it; if it is lost, the shard's next run makes it anew"
_IN_TWO = (
    "its site changed its domain, and so its shard, or other hands changed a ledger: keep one of the rows"
)
_OF_NONE = "who else publishes here? Move the files to an output of their own"
# Removed blocks go with their articles.
_OF_SHARDS = ("articles", "rejected")


@dataclass(frozen=True, slots=True)
class AllReconciled:
    """What each shard comes to, by shard; `imbalances` are those of all of them and those between them."""

    shards: tuple[tuple[Shard, Reconciled], ...]
    total: SiteBalance
    imbalances: tuple[Imbalance, ...]


def reconcile_shards(
    places: Mapping[Shard, tuple[Path, Output]], output: Output, site: str | None = None
) -> AllReconciled:
    """The balance of the ledgers at `places`, each with its shard's own view of the `output`.

    A ledger that is missing, damaged or elsewhere is an imbalance. Raises `StoreError` for an unknown `site`.
    """
    found: list[tuple[Shard, Reconciled]] = []
    wrong: list[Imbalance] = []
    has_site = site is None
    for shard, (path, own) in places.items():
        try:
            each = _reconciled(path, own, site)
        except UnknownSite:
            continue
        except StoreError as error:
            wrong.append(
                Imbalance("ledger", f"shard {shard}", "it has no ledger here", str(error), _NO_LEDGER)
            )
            continue
        has_site = True
        found.append((shard, each))
        wrong += [replace(one, site=f"shard {shard}, {one.site}") for one in each.imbalances]
    if not has_site:
        raise UnknownSite(f"there is no site {site!r} in the ledgers of these shards")
    wrong += _between(output, set(places), {shard for shard, _ in found})
    return AllReconciled(tuple(found), total(each.total for _, each in found), tuple(wrong))


def _reconciled(path: Path, output: Output, site: str | None) -> Reconciled:
    if not path.exists():
        raise StoreError(f"there is no {path}")
    return reconcile(path, output, site)


def _between(output: Output, known: set[Shard], seen: set[Shard]) -> Iterator[Imbalance]:
    """What no single shard can see; the rows are those of all files listed, whoever has their ledger."""
    listed = _listed(output)
    foreign = [each for each in listed if shard_in(each.writer) not in known]
    if foreign:
        wrong = f"{len(foreign)} files are of no shard of this output"
        yield Imbalance("writer", "(no site)", wrong, foreign[0].path, _OF_NONE)
    with closing(sqlite3.connect("")) as db:  # SQLite's own temporary file: there may be millions
        db.execute(_TABLE)
        unread = [each for each in _collect(db, output, listed) if shard_in(each[0].writer) not in seen]
        for name, count, example in db.execute(_DOUBLED):
            said = f"{count} rows of articles or rejected stand in the files of two shards"
            yield Imbalance("row in two shards", name, said, example, _IN_TWO)
    still = {each.path for each in _listed(output)} if unread else set()
    for file, why in unread:
        if file.path in still:  # and no compaction has replaced it meanwhile
            yield Imbalance("file", "(no site)", "1 file cannot be read", f"{file.path} {why}", FILES)


def _listed(output: Output) -> Files:
    """`scrapy verify` tells when the manifest is damaged."""
    with suppress(StoreError):
        return output.listed()
    return ()


def _collect(db: sqlite3.Connection, output: Output, listed: Files) -> Iterator[tuple[PublishedFile, str]]:
    """Fill the table; each file that could not be read, and why."""
    for each in listed:
        if each.dataset not in _OF_SHARDS:
            continue
        shard = str(shard_in(each.writer) or each.writer)
        try:
            for rows in identities(output, each.path):
                db.executemany(
                    "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?)",
                    [(each.dataset, id_, shard, site, each.path) for id_, site in rows],
                )
        except UNREADABLE as error:
            yield each, why_unreadable(error)
