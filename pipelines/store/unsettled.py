"""Files that a publication or compaction has begun and not finished with."""

from __future__ import annotations

import sqlite3

_QUERY = """
SELECT path FROM files WHERE published = 0
UNION SELECT path FROM retired
UNION SELECT coalesce(value ->> '$.path', value ->> '$[0]') FROM compactions, json_each(added)
UNION SELECT value FROM compactions, json_each(removed)
"""


def unsettled(db: sqlite3.Connection) -> frozenset[str]:
    """Their paths; the run under way or the next one settles them."""
    return frozenset(path for (path,) in db.execute(_QUERY))
