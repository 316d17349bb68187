"""The balance of a ledger: every URL accounted for, every row where the ledger says, nothing twice.

Nothing is taken on one witness's word: the headings are added up against a counter kept apart, and the ids in
the published files against the ledger's articles. Works beside a run under way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.store.balance import SiteBalance, site_balances, total
from pipelines.store.checks import CHECKS, LEDGER, Check
from pipelines.store.errors import StoreError
from pipelines.store.ledger_file import open_read_only
from pipelines.store.output import Output
from pipelines.store.row_ids import collect_rows, prepare
from pipelines.store.unsettled import unsettled

_GROUPED = "WITH found (site, example) AS ({}) SELECT site, count(*), min(example) FROM found GROUP BY 1"


class UnknownSite(StoreError):
    """The ledger knows no site of this name."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """One thing that does not add up; `example` is a URL, an id or a file."""

    check: str
    site: str
    wrong: str
    example: str
    mend: str

    def __str__(self) -> str:
        return f"{self.site}: {self.wrong}, such as {self.example}: {self.mend}"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What `reconcile` found; balanced where there are no imbalances."""

    sites: tuple[SiteBalance, ...]
    total: SiteBalance
    imbalances: tuple[Imbalance, ...]


def reconcile(path: Path, output: Output, site: str | None = None) -> Reconciled:
    """The balance of the ledger at `path`, of one `site` or of all.

    An imbalance counts when it is seen twice: files change under a run. Raises `StoreError` when the ledger
    cannot be read.
    """
    found = _once(path, output, site)
    if not found.imbalances:
        return found
    first = {(each.check, each.site) for each in found.imbalances}
    again = _once(path, output, site)
    seen_twice = tuple(each for each in again.imbalances if (each.check, each.site) in first)
    return Reconciled(again.sites, again.total, seen_twice)


def _once(path: Path, output: Output, site: str | None) -> Reconciled:
    listed = _listed(output)  # before the ledger, which knows every file before the manifest does
    with closing(open_read_only(path)) as db:
        try:
            db.execute("BEGIN")  # one state of the ledger, whatever a run does meanwhile
            return _balance(db, output, listed, site)
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot read the ledger {path}: {error}; "
                "if it is damaged, move it away, and it is rebuilt from what was published"
            ) from None


def _listed(output: Output) -> list[tuple[str, str]]:
    """(path, writer) of the manifest's files; `scrapy verify` tells when it is damaged."""
    with suppress(StoreError):
        return [(each.path, each.writer) for each in output.listed()]
    return []


def _balance(
    db: sqlite3.Connection, output: Output, listed: list[tuple[str, str]], site: str | None
) -> Reconciled:
    prepare(db)
    collect_rows(db, output, _paths(db, listed))
    sites = [each for each in site_balances(db) if site in (None, each.site)]
    if site is not None and not sites:
        raise UnknownSite(f"there is no site {site!r} in the ledger")
    wrong = [*_uncounted(sites), *(each for check in CHECKS for each in _violations(db, check, site))]
    return Reconciled(tuple(sites), total(sites), tuple(wrong))


def _paths(db: sqlite3.Connection, listed: list[tuple[str, str]]) -> list[str]:
    """Files that stand for rows: the ledger's, and what the manifest lists under its name beside them."""
    mine = {path for (path,) in db.execute("SELECT path FROM files WHERE published = 1")}
    known = mine | unsettled(db)
    name = db.execute("SELECT value FROM meta WHERE name = 'writer'").fetchone()
    extra = [path for path, writer in listed if name and writer == name[0] and path not in known]
    return sorted([*mine, *extra])


def _uncounted(sites: list[SiteBalance]) -> Iterator[Imbalance]:
    for each in sites:
        if each.discovered != each.accounted:
            yield Imbalance(
                "discovered",
                each.site,
                f"{each.discovered} URLs were discovered and {each.accounted} are accounted for",
                f"a difference of {abs(each.discovered - each.accounted)}",
                LEDGER,
            )


def _violations(db: sqlite3.Connection, check: Check, site: str | None) -> Iterator[Imbalance]:
    """One imbalance a site, however many violations there are."""
    query = _GROUPED.format(check.query)
    for name, count, example in db.execute(query):
        if site in (None, name):
            yield Imbalance(check.name, name, check.wrong.format(count=count), example, check.mend)
