"""The ledger's file: opened, checked, made, brought up to date, and known by a name of its own."""

from __future__ import annotations

import secrets
import sqlite3
from importlib.resources import files
from pathlib import Path

from pipelines.shard import Shard, shard_in
from pipelines.store.errors import LedgerDamaged, StoreError
from pipelines.store.links import path_length
from pipelines.store.states import transition_trigger
from pipelines.urls import article_key

LEDGER_VERSION = 7
# Versions that are brought up to date, by the script that does the next step.
_UPGRADES = {
    1: "ledger_upgrade_3.sql",
    2: "ledger_upgrade_3.sql",
    3: "ledger_upgrade_4.sql",
    4: "ledger_upgrade_5.sql",
    5: "ledger_upgrade_6.sql",
    6: "ledger_upgrade_7.sql",
}
# Without these it is none: their names are damaged, and new ones would know nothing.
_MUST_HAVE = frozenset({"urls", "article_versions", "spool", "files"})
# SQLite's words for bytes that are no database, or no longer one.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def open_ledger(path: Path) -> sqlite3.Connection:
    """The ledger to write in, made where there is none; of one run at a time.

    Raises `LedgerDamaged` when the file cannot be read as a ledger, `StoreError` when it cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(db, path)
        except BaseException:  # raised again: nobody else would close it
            db.close()
            raise
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from None
    return db


def open_read_only(path: Path) -> sqlite3.Connection:
    """The ledger as it is, beside a run under way; nothing is made or changed. Raises `StoreError`."""
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        db.row_factory = sqlite3.Row
        if (found := _version(db)) != LEDGER_VERSION:
            db.close()
            raise StoreError(f"{path} has ledger version {found}, this is {LEDGER_VERSION}")
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from None
    return db


def writer_file(path: Path) -> Path:
    """Beside the ledger, its name: manifests know its files by it, should the ledger itself be lost."""
    return path.with_name(f"{path.name}.writer")


def left_name(path: Path) -> str:
    """The name of the ledger that is or was at `path`; empty when it was lost with it."""
    file = writer_file(path)
    return file.read_text(encoding="utf-8", errors="replace").strip() if file.is_file() else ""


def name_beforehand(path: Path, shard: Shard) -> None:
    """What a ledger of this shard that is made at `path` will be called; one that is there keeps its name."""
    if not path.exists() and shard_in(left_name(path)) != shard:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer_file(path).write_text(f"{shard.new_writer()}\n", encoding="utf-8")


def new_ledger(path: Path, writer: str) -> sqlite3.Connection:
    """An empty ledger of this name in a file of its own; a crash leaves one that nobody can use.

    Raises `sqlite3.Error`.
    """
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous = OFF")
    _upgrade(db, path)
    db.execute("INSERT INTO meta VALUES ('writer', ?)", (writer or secrets.token_hex(4),))
    return db


def _unusable(path: Path, error: Exception) -> StoreError:
    said = f"cannot use the ledger {path}: {error}"
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    # Its schema is no text any more, or of a format that SQLite never had.
    nonsense = isinstance(error, UnicodeDecodeError) or "unsupported file format" in str(error)
    if nonsense or code & 0xFF in _DAMAGE:
        return LedgerDamaged(f"{said}; move it away, and it is rebuilt from what was published")
    return StoreError(said)


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing; only a power cut may lose the last commits, whole.
    db.execute("PRAGMA synchronous = NORMAL")
    db.create_function("article_key", 1, article_key, deterministic=True)
    db.create_function("path_length", 1, path_length, deterministic=True)
    # A damaged page shows only when it is read, which may be after publishing; 1.5 s a GiB.
    if (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise LedgerDamaged(f"cannot use the ledger {path}: {found}")
    if _version(db) == LEDGER_VERSION and (lacks := _MUST_HAVE - _tables(db)):
        raise LedgerDamaged(f"cannot use the ledger {path}: it has no table {min(lacks)}")
    _upgrade(db, path)
    _name(db, path)
    db.execute(transition_trigger())


def _upgrade(db: sqlite3.Connection, path: Path) -> None:
    found = _version(db)
    if found not in {0, *_UPGRADES, LEDGER_VERSION}:
        raise StoreError(f"{path} has ledger version {found}, this is {LEDGER_VERSION}")
    steps = []
    while found in _UPGRADES:
        steps.append(_script(_UPGRADES[found]))
        found = int(_UPGRADES[found].removesuffix(".sql")[-1])
    statements = "\n".join([*steps, _script("ledger.sql"), f"PRAGMA user_version = {LEDGER_VERSION};"])
    db.executescript(f"BEGIN IMMEDIATE;\n{statements}\nCOMMIT;")


def _name(db: sqlite3.Connection, path: Path) -> None:
    """The ledger's own name; a new one takes over that of the ledger that was here."""
    left = left_name(path)
    db.execute("INSERT OR IGNORE INTO meta VALUES ('writer', ?)", (left or secrets.token_hex(4),))
    name = db.execute("SELECT value FROM meta WHERE name = 'writer'").fetchone()[0]
    if name != left:
        writer_file(path).write_text(f"{name}\n", encoding="utf-8")


def _tables(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _script(name: str) -> str:
    return files("pipelines.store").joinpath(name).read_text(encoding="utf-8")
