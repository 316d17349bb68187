"""What cleaning stored pages again came to so far: a rerun does only what is missing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipelines.loss import Loss
from pipelines.records import Article, Reason, RemovedBlock, values_of
from pipelines.rowdiff import RowDiff
from pipelines.store.errors import StoreError
from pipelines.store.rows import article_of, dumps, loads, to_row

_VERSION = 1
# What a page does to its worker may be the machine's doing: it is tried again.
_OF_THE_MACHINE = (Reason.EXTRACT_TIMEOUT, Reason.WORKER_MEMORY, Reason.WORKER_CRASH, Reason.INTERNAL_ERROR)


class Kind(StrEnum):
    """What is stored of a page."""

    ARTICLE = "article"
    REJECTED = "rejected"


class Status(StrEnum):
    """What cleaning a page again came to."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GAINED = "gained"  # a page turned away is an article now
    LOST = "lost"  # an article would be turned away now; it stays
    REFUSED = "refused"  # turned away before, and now
    UNREADABLE = "unreadable"  # its bytes are missing or damaged
    RELEASED = "released"  # its bytes are not kept any more


_FINAL = (Status.UNCHANGED, Status.CHANGED, Status.GAINED, Status.LOST, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one page. `row` and `removed` are there for what can be published, `diff` where there is one.

    `letters` are those of the stored text, `detail` a reason or what could not be read.
    """

    kind: Kind
    id: str
    stamp: str
    status: Status
    site: str
    url: str
    language: str | None = None
    detail: str | None = None
    warc_file: str | None = None
    letters: int = 0
    change: RowDiff = field(default_factory=lambda: RowDiff(()))
    diff: dict[str, Any] | None = None
    row: Article | None = None
    removed: tuple[RemovedBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What was seen of one site, of one language, or of all."""

    name: str
    rows: int = 0
    unchanged: int = 0
    changed: int = 0
    text: int = 0
    paragraphs_gained: int = 0
    paragraphs_lost: int = 0
    letters: int = 0
    letters_gained: int = 0
    letters_lost: int = 0
    title: int = 0
    date: int = 0
    other: int = 0
    gained: int = 0
    lost: int = 0
    refused: int = 0
    unreadable: int = 0
    released: int = 0

    @property
    def loss(self) -> Loss:
        """What counts against the budget; what could not be read is not lost."""
        read = self.unchanged + self.changed + self.lost
        return Loss(read, self.lost, self.letters, self.letters_lost)


@dataclass(frozen=True, slots=True)
class Recleaned:
    """What can be published: `id` is that of the version before, or the key of a URL turned away."""

    kind: Kind
    id: str
    article: Article
    removed: tuple[RemovedBlock, ...]


_COUNTED = ("unchanged", "changed", "gained", "lost", "refused", "unreadable", "released")
_SUMMED = tuple(each.name for each in fields(Tally) if each.name not in ("name", "rows", *_COUNTED))
_TALLY = ", ".join(
    [
        "count(*) FILTER (WHERE kind = 'article') AS rows",
        *(f"count(*) FILTER (WHERE status = '{name}') AS {name}" for name in _COUNTED),
        *(f"coalesce(sum({name}), 0) AS {name}" for name in _SUMMED),
    ]
)


class Work:
    """Opened by one call of the command, `job`; a file that cannot be read is begun anew.

    Raises `StoreError` where the disk refuses.
    """

    def __init__(self, path: Path, job: str) -> None:
        self.path = path
        self.job = job
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _opened(path)
        except sqlite3.DatabaseError:
            remove(path)
            self._db = _opened(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def is_done(self, kind: Kind, id_: str, stamp: str) -> bool:
        """Whether an earlier call came to an outcome that holds still; it is this call's then."""
        machine = ", ".join(f"'{reason}'" for reason in _OF_THE_MACHINE)
        final = ", ".join(f"'{status}'" for status in _FINAL)
        query = (
            f"UPDATE outcomes SET job = ? WHERE kind = ? AND id = ? AND stamp = ? AND status IN ({final}) "  # noqa: S608  constants only
            f"AND coalesce(detail, '') NOT IN ({machine})"
        )
        return self._db.execute(query, (self.job, kind, id_, stamp)).rowcount > 0

    def add(self, outcome: Outcome) -> None:
        """Remember it, in place of what was known of the page."""
        change = outcome.change
        kinds = set(change.kinds)
        row = {name: value for name, value in values_of(outcome).items() if name != "change"}
        row |= {
            "job": self.job,
            "letters_lost": change.letters_lost,
            "letters_gained": change.letters_gained,
            "paragraphs_lost": len(change.paragraphs_lost),
            "paragraphs_gained": len(change.paragraphs_gained),
            "text": "text" in kinds,
            "title": "title" in kinds,
            "date": "date" in kinds,
            "other": bool(kinds - {"text", "title", "date"}),
            "diff": json.dumps(outcome.diff, ensure_ascii=False) if outcome.diff else None,
            "row": dumps(to_row(outcome.row)) if outcome.row else None,
            "removed": json.dumps([values_of(block) for block in outcome.removed], ensure_ascii=False),
        }
        names = ", ".join(row)
        self._db.execute(
            f"INSERT OR REPLACE INTO outcomes ({names}) VALUES ({', '.join(f':{n}' for n in row)})",  # noqa: S608  names of fields
            row,
        )

    def forget_published(self) -> None:
        """What could be published is, or is no longer what it was."""
        self._db.execute(
            "DELETE FROM outcomes WHERE job = ? AND status IN (?, ?)",
            (self.job, Status.CHANGED, Status.GAINED),
        )

    def forget_others(self) -> None:
        """Pages that a call which looked at all of them did not come across: they are stored no more."""
        self._db.execute("DELETE FROM outcomes WHERE job <> ?", (self.job,))

    def total(self) -> Tally:
        """All that this call looked at."""
        return next(self._tallies("'all'"))

    def by_site(self) -> list[Tally]:
        """The same for each site, by name."""
        return list(self._tallies("site"))

    def by_language(self) -> list[Tally]:
        """The same for each language that is known, by its code."""
        return [tally for tally in self._tallies("coalesce(language, '')") if tally.name]

    def _tallies(self, name: str) -> Iterator[Tally]:
        query = f"SELECT {name} AS name, {_TALLY} FROM outcomes WHERE job = ? GROUP BY 1 ORDER BY 1"  # noqa: S608  constants only
        found = [Tally(**dict(row)) for row in self._db.execute(query, (self.job,))]
        return iter(found or [Tally("all")])

    def diffs(self) -> Iterator[dict[str, Any]]:
        """Rows of the diff, by site and URL."""
        query = "SELECT diff FROM outcomes WHERE job = ? AND diff NOT NULL ORDER BY site, url, kind, id"
        return (json.loads(row["diff"]) for row in self._db.execute(query, (self.job,)))

    def worst(self, count: int) -> list[dict[str, Any]]:
        """The diffs that lose the most letters."""
        query = (
            "SELECT diff FROM outcomes WHERE job = ? AND letters_lost > 0 "
            "ORDER BY letters_lost DESC, site, url LIMIT ?"
        )
        return [json.loads(row["diff"]) for row in self._db.execute(query, (self.job, count))]

    def unread(self, status: Status) -> list[tuple[str, int, str]]:
        """WARC files with pages of this status: name, pages, what was wrong with one of them."""
        query = (
            "SELECT coalesce(warc_file, '') AS name, count(*) AS pages, min(coalesce(detail, '')) AS said "
            "FROM outcomes WHERE job = ? AND status = ? GROUP BY 1 ORDER BY 1"
        )
        return [tuple(row) for row in self._db.execute(query, (self.job, status))]

    def publishable(self) -> Iterator[Recleaned]:
        """What changed or was gained, in an order that does not depend on the one it was cleaned in."""
        query = (
            "SELECT kind, id, row, removed FROM outcomes WHERE job = ? AND status IN (?, ?) "
            "ORDER BY site, url, kind, id"
        )
        for row in self._db.execute(query, (self.job, Status.CHANGED, Status.GAINED)):
            removed = tuple(RemovedBlock(**each) for each in json.loads(row["removed"]))
            yield Recleaned(Kind(row["kind"]), row["id"], article_of(loads(row["row"])), removed)


def remove(path: Path) -> None:
    """Take the file away, with what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)


def _check(db: sqlite3.Connection) -> None:
    known = db.execute("PRAGMA user_version").fetchone()[0] in (0, _VERSION)
    if not known or db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("not what was written")


def _opened(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"cannot write {path}: {error}") from None
    db.row_factory = sqlite3.Row
    try:
        _check(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")  # a power cut may cost the work, and nothing else
        db.executescript(files("pipelines.store").joinpath("reclean_work.sql").read_text(encoding="utf-8"))
    except BaseException:  # raised again: nobody else would close it
        db.close()
        raise
    return db
