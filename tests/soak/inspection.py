"""What can be seen from outside after a kill: the files as readers find them, the ledger's states."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyarrow import ArrowException

# States of a URL whose page need not be fetched any more.
DONE = frozenset({"fetched", "staged", "committed", "rejected"})
# Where URLs end; the others belong to a run under way.
_ENDS = frozenset({"committed", "rejected"})
# What makes a row one, by dataset; of the others nothing is known here.
_IDENTITY = {"articles": ("id",), "rejected": ("url",), "removed_blocks": ("article_id", "order")}
# Seconds after which whoever lists a folder finds it as it is meant to be.
_EXCHANGED = 2.0


@dataclass(frozen=True, slots=True)
class File:
    """A published file, read whole with all checksums."""

    dataset: str
    identities: tuple[tuple[Any, ...], ...]
    texts: tuple[tuple[str, str], ...]  # (url, text) of articles


@dataclass(slots=True)
class Output:
    """The output folder; files do not change under their names, so each is read once until `forget`."""

    folder: Path
    unreadable: list[str] = field(default_factory=list)
    _files: dict[tuple[str, int, int], File] = field(default_factory=dict)

    def forget(self) -> None:
        """Read everything again the next time."""
        self._files.clear()

    def look(self) -> None:
        """Read what a reader's pattern matches, again where a folder was just being exchanged."""
        for _ in range(2):
            self._look()
            if not self.unreadable:
                return
            time.sleep(_EXCHANGED)

    def _look(self) -> None:
        self.unreadable, found = [], {}
        for path in sorted(self.folder.glob("*/**/*.parquet")):
            name = path.relative_to(self.folder)
            if name.parts[0].startswith("."):
                continue
            known = (name.as_posix(), path.stat().st_ino, path.stat().st_mtime_ns)
            try:
                found[known] = self._files.get(known) or read(path, name.parts[0])
            except (OSError, ArrowException) as error:
                self.unreadable.append(f"{name}: {str(error).splitlines()[0]}")
        self._files = found

    def duplicates(self) -> list[str]:
        """Rows that are there more than once, and articles with more than one row."""
        rows = Counter((file.dataset, *key) for file in self._files.values() for key in file.identities)
        urls = Counter(("articles", url) for url, _ in self.texts())
        return [f"{key} is there {times} times" for key, times in (rows + urls).items() if times > 1]

    def texts(self) -> list[tuple[str, str]]:
        """(url, text) of all rows of `articles`."""
        return [row for file in self._files.values() for row in file.texts]

    def rejected(self) -> set[str]:
        """URLs in `rejected`."""
        files = (file for file in self._files.values() if file.dataset == "rejected")
        return {url for file in files for (url,) in file.identities}


def read(path: Path, dataset: str) -> File:
    """All of a file, every page's checksum verified; raises what pyarrow raises."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        rows = file.read().to_pylist()
    key = _IDENTITY.get(dataset, ())
    identities = tuple(tuple(row[name] for name in key) for row in rows) if key else ()
    texts = tuple((row["url"], row["text"]) for row in rows) if dataset == "articles" else ()
    return File(dataset, identities, texts)


def states(output: Path) -> dict[str, str]:
    """URL -> state in the ledger; empty where there is none yet."""
    ledger = output / ".state" / "ledger.sqlite"
    if not ledger.exists():
        return {}
    with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as db:
        try:
            return dict(db.execute("SELECT url, state FROM urls"))
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # killed before it was made
                return {}
            raise


def end_rests(output: Path) -> None:
    """Places that brought nothing rest for minutes to a day: the soak's minutes stand for days."""
    ledger = output / ".state" / "ledger.sqlite"
    if ledger.exists():
        with closing(sqlite3.connect(ledger)) as db, suppress(sqlite3.OperationalError), db:
            db.execute("UPDATE places SET rest_until = NULL WHERE NOT missing")


def unended(known: dict[str, str]) -> list[str]:
    """URLs that stand anywhere but at an end with a row."""
    return [f"{url} is {state}" for url, state in known.items() if state not in _ENDS]
