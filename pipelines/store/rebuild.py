"""A lost or damaged ledger, made anew from what was published and from the WARC.

What is published proves itself (`rebuild_files`); its rows say which URLs have which articles
(`rebuild_rows`) and what new ones are compared with (`rebuild_near`); pages in the WARC without a row wait to
be cleaned (`rebuild_pages`); the rest follows (`rebuild_urls`). What is not known again is learnt again:
places and when they rest, hosts, site memory, URLs found and never answered.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.policy import DEFAULT_POLICY
from pipelines.recheck import Recheck
from pipelines.shard import Shard
from pipelines.store.durable import sync_folder
from pipelines.store.errors import StoreError
from pipelines.store.ledger_file import left_name, new_ledger
from pipelines.store.manifest import overtaken_by
from pipelines.store.output import Files, FolderOutput, Output
from pipelines.store.rebuild_files import ALL, Owners, listed_files, our_files
from pipelines.store.rebuild_near import fill_near
from pipelines.store.rebuild_pages import Pages, warc_files
from pipelines.store.rebuild_rows import SCRATCH, Found, Rows
from pipelines.store.rebuild_urls import Unpublished, fill_runs, fill_urls
from pipelines.store.warc_files import owner, run_of

# One page, at the least; of fewer bytes SQLite may make an empty database.
_SMALLEST = 512
# Of SQLite's files, those that belong to the first one.
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found again. `damaged` and `doubled` files are left where they are, and not adopted.

    `moved` is where the old ledger is; None when there was none. `replaces` are the paths that the manifest
    lists for other ledgers of the same shard: the new one answers for them.
    """

    articles: int
    rejected: int
    files: int
    to_clean: int
    to_fetch: int
    unknown_pages: int
    damaged: tuple[str, ...]
    doubled: tuple[str, ...]
    moved: Path | None
    replaces: frozenset[str] = frozenset()


def is_lost(path: Path, output: Output, shard: Shard | None = None) -> bool:
    """Whether there is no ledger at `path` although there are part files or pages in the WARC that one knew.

    On an object store a machine whose ledger had no name is a new one: the files may be another's. What is a
    shard's shows in its name. Raises `StoreError`.
    """
    if path.exists() and path.stat().st_size >= _SMALLEST:
        return False
    try:
        claim = _claim(path, output, "", shard)
        files = our_files(output, claim.listed, claim.parts)
        return next(files, None) is not None or next(warc_files(output, claim.pages), None) is not None
    except OSError as error:
        raise StoreError(f"cannot read {output.name}: {error}") from None


def writers(output: Output) -> dict[str, int]:
    """The ledgers that the manifest names, and how many files each has."""
    found: dict[str, int] = {}
    for entry in _listed(output):
        found[entry.writer] = found.get(entry.writer, 0) + 1
    return found


def rebuild(
    path: Path,
    output: Output,
    recheck: Recheck,
    now: datetime,
    writer: str = "",
    *,
    shard: Shard | None = None,
) -> Rebuilt:
    """Put a new ledger at `path` that knows what `output` has; the old one is moved aside, never deleted.

    `writer` names the ledger whose files are taken over, or `ALL`; by default it is the one that was here,
    and where nobody knows its name, of a folder all. The ledger of a `shard` takes over what any ledger of
    the shard has published, on whatever machine, and gets a new name, so that those notice. A kill leaves the
    old one, or none: it is done anew.
    Raises `StoreError`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        claim = _claim(path, output, writer, shard)
        found, left = _build(path, output, recheck, now, claim)
        moved = _move_aside(path, now)
        _building(path).rename(path)
        sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot rebuild the ledger {path}: {error}") from None
    return Rebuilt(
        articles=found.rows["articles"],
        rejected=found.rows["rejected"],
        files=found.files,
        to_clean=left.fetched,
        to_fetch=left.pending,
        unknown_pages=found.unknown_pages,
        damaged=tuple(found.damaged),
        doubled=tuple(found.doubled),
        moved=moved,
        replaces=frozenset(each.path for each in overtaken_by(claim.name, (), claim.listed)),
    )


def sweep(path: Path) -> None:
    """Remove what a killed rebuild left half-made. Raises `OSError`."""
    for half_made in (_building(path), _scratch(path)):
        for ending in ("", *_BESIDE):
            half_made.with_name(f"{half_made.name}{ending}").unlink(missing_ok=True)


def _building(path: Path) -> Path:
    return path.with_name(f"{path.name}.rebuilding")


def _scratch(path: Path) -> Path:
    return path.with_name(f"{path.name}.scratch")


@dataclass(frozen=True, slots=True)
class _Claim:
    """The name of the new ledger, what is listed, and whose the part files and the WARC files are."""

    name: str
    listed: Files
    parts: Owners
    pages: Owners


def _claim(path: Path, output: Output, writer: str, shard: Shard | None) -> _Claim:
    if shard is not None:
        return _claim_of(shard, output)
    own, known, is_folder = left_name(path), _listed(output), isinstance(output, FolderOutput)
    named = {entry.writer for entry in known} - {""}
    wanted = writer or own or (ALL if is_folder else "")
    name = own if wanted == ALL else wanted
    if wanted == ALL and not own and len(named) == 1:
        (name,) = named
    runs = {entry.run_id: entry.writer for entry in known if entry.writer} | _owners_of_runs(output)
    is_alone = named <= {wanted}
    return _Claim(name, known, Owners(wanted, runs, is_folder or is_alone), Owners(wanted, runs, is_alone))


def _claim_of(shard: Shard, output: Output) -> _Claim:
    """Nothing that does not say so is a shard's: others publish into the same output at this moment."""
    known, name = _listed(output), shard.new_writer()
    runs = {entry.run_id: entry.writer for entry in known if entry.writer}
    owners = Owners(name, runs, alone=False)
    return _Claim(name, known, owners, owners)


def _listed(output: Output) -> Files:
    """A damaged manifest is no reason to lose a folder; elsewhere it alone says which files are another's."""
    return listed_files(output, must_read=not isinstance(output, FolderOutput))


def _owners_of_runs(output: Output) -> dict[str, str]:
    """Runs whose WARC files are on this machine, and the ledgers that these name."""
    found = {}
    for name in output.raw_names():
        path = output.raw_folder / name
        if (run_id := run_of(name)) and path.exists():
            with path.open("rb") as file:
                if known := owner(file):
                    found[run_id] = known
    return found


def _build(
    path: Path, output: Output, recheck: Recheck, now: datetime, claim: _Claim
) -> tuple[Found, Unpublished]:
    """The new ledger, whole and durable, beside `path`."""
    found, building, scratch = Found(), _building(path), _scratch(path)
    with closing(new_ledger(building, claim.name)) as db:
        db.execute("ATTACH ? AS seen", (str(scratch),))
        db.execute("PRAGMA seen.synchronous = OFF")
        db.executescript(SCRATCH)
        Rows(db, output, found).take(our_files(output, claim.listed, claim.parts))
        Pages(db, output, found).take(claim.pages)
        fill_near(db, output, now, DEFAULT_POLICY)
        left = fill_urls(db, recheck)
        fill_runs(db, found, now)
    scratch.unlink()
    with building.open("rb") as file:
        os.fsync(file.fileno())
    return found, left


def _move_aside(path: Path, now: datetime) -> Path | None:
    """SQLite's log first: beside a new ledger it would be taken for that one's."""
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S.%fZ}")
    for ending in (*_BESIDE, ""):
        file = path.with_name(f"{path.name}{ending}")
        if file.exists():
            file.rename(aside.with_name(f"{aside.name}{ending}"))
    return aside if aside.exists() else None
