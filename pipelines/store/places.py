"""The ledger's memory of where links are found: what a place answered last, and when it is asked again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pipelines.store.clock import LONGEST_REST
from pipelines.store.ledger import Ledger

# The second answer in a row that brings nothing new earns a rest, each further one twice as long.
_FIRST_REST = timedelta(minutes=10)
# More than these rest no longer.
_MOST_UNCHANGED = 12
# Places of one kind and site that are remembered to be visited again.
_MAX_PLACES = 50
_LISTED_BELOW = """
    WITH RECURSIVE below (url) AS (
        SELECT value FROM json_each(?3)
        UNION SELECT places.url FROM places JOIN below ON named_by = below.url WHERE site = ?1 AND kind = ?2
    )
    SELECT url FROM places JOIN below USING (url) WHERE NOT missing AND named_by IS NOT NULL
    ORDER BY unchanged, url LIMIT ?4
"""
_ITS_INDEXES_BROUGHT_IT = """
    WITH RECURSIVE above (url) AS (
        SELECT named_by FROM places WHERE url = ?
        UNION SELECT named_by FROM places JOIN above USING (url)
    )
    UPDATE places SET unchanged = 0, rest_until = NULL WHERE url IN above AND NOT missing
"""


class PlaceKind(StrEnum):
    """What a place is; the value is in the `kind` column."""

    START = "start"
    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    PAGE = "page"  # a further page of a section; found anew from its section, not remembered


@dataclass(frozen=True, slots=True)
class Place:
    """A place as its last answer left it."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    changed: str | None = None
    rest_until: datetime | None = None
    unchanged: int = 0
    missing: bool = False

    def rests(self, now: datetime) -> bool:
        """Whether it is too early to ask again."""
        return self.rest_until is not None and now < self.rest_until


class Places:
    """The table `places` of `ledger`; all times are aware UTC."""

    def __init__(self, ledger: Ledger) -> None:
        self._db = ledger.connection

    def place(self, url: str) -> Place:
        """What is known of `url`; nothing of one never asked."""
        row = self._db.execute(
            "SELECT url, etag, last_modified, changed, rest_until, unchanged, missing FROM places "
            "WHERE url = ?",
            (url,),
        ).fetchone()
        if row is None:
            return Place(url)
        until = datetime.fromisoformat(row["rest_until"]) if row["rest_until"] else None
        return Place(
            row["url"],
            row["etag"],
            row["last_modified"],
            row["changed"],
            until,
            row["unchanged"],
            bool(row["missing"]),
        )

    def known(self, site: str, kind: PlaceKind) -> list[str]:
        """Places of the kind that answered before, those that brought something last first."""
        query = (
            "SELECT url FROM places WHERE site = ? AND kind = ? AND NOT missing "
            "ORDER BY unchanged, url LIMIT ?"
        )
        return [row["url"] for row in self._db.execute(query, (site, kind, _MAX_PLACES))]

    def below(self, site: str, indexes: Iterable[str]) -> list[str]:
        """Sitemaps that these indexes list, directly or by others, in the order of `known`."""
        named = json.dumps(list(indexes))
        given = (site, PlaceKind.SITEMAP, named, _MAX_PLACES)
        return [row["url"] for row in self._db.execute(_LISTED_BELOW, given)]

    def expect(self, site: str, kind: PlaceKind, url: str) -> None:
        """`url` is about to be asked for the first time: a kill must not make it forgotten.

        The place that named it may answer the next run that it did not change, and name it no more.
        """
        self._db.execute("INSERT OR IGNORE INTO places (url, site, kind) VALUES (?, ?, ?)", (url, site, kind))

    def listed(self, index: str, urls: Iterable[str]) -> None:
        """Note that `index` lists these sitemaps, of those that are known."""
        self._db.executemany(
            "UPDATE places SET named_by = ?1 WHERE url = ?2 AND named_by IS NOT ?1",
            ((index, url) for url in urls),
        )

    def answered(
        self,
        site: str,
        kind: PlaceKind,
        place: Place,
        now: datetime,
        *,
        brought: int,
    ) -> None:
        """Note the validators of `place` and what it brought; one that never changes is asked less often.

        What a sitemap brings the index that names it has brought.
        """
        unchanged = 0 if brought else min(self.place(place.url).unchanged + 1, _MOST_UNCHANGED)
        until = now + rest(unchanged) if kind is not PlaceKind.START else None
        self._db.execute(
            "INSERT OR REPLACE INTO places VALUES "
            "(?1, ?, ?, ?, ?, ?, ?, ?, ?, 0, (SELECT named_by FROM places WHERE url = ?1))",
            (place.url, site, kind, place.etag, place.last_modified, place.changed, now.isoformat(),
             unchanged, until.isoformat() if until else None),
        )  # fmt: skip
        if brought:
            self._db.execute(_ITS_INDEXES_BROUGHT_IT, (place.url,))

    def missing(self, site: str, kind: PlaceKind, url: str, now: datetime) -> None:
        """There is nothing at `url`; it rests as long as any."""
        until = (now + LONGEST_REST).isoformat()
        self._db.execute(
            "INSERT OR REPLACE INTO places (url, site, kind, asked_at, rest_until, missing) "
            "VALUES (?, ?, ?, ?, ?, 1)",
            (url, site, kind, now.isoformat(), until),
        )


def rest(unchanged: int) -> timedelta:
    """How long a place rests after so many answers in a row without anything new.

    >>> [str(rest(answers)) for answers in (0, 1, 2, 3, 20)]
    ['0:00:00', '0:00:00', '0:10:00', '0:20:00', '1 day, 0:00:00']
    """
    if unchanged < 2:
        return timedelta()
    return min(_FIRST_REST * 2 ** (min(unchanged, _MOST_UNCHANGED) - 2), LONGEST_REST)
