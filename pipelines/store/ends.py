"""Where the URLs of a ledger stand, by site: for people, who need not wait until every row was looked at."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pipelines.health.waterfall import Ends
from pipelines.records import State

_QUERY = """
SELECT site, state, coalesce(reason, 'unknown'), count(*), count(DISTINCT article_id)
FROM urls GROUP BY site, state, iif(state IN ('rejected', 'failed'), reason, NULL)
"""


# Where the URLs of ledgers stand, by the ledger's path and the site: for who has read it already.
KnownEnds = Mapping[Path, Mapping[str, Ends]]
NOTHING_KNOWN: KnownEnds = MappingProxyType({})


def ends_by_site(db: sqlite3.Connection) -> dict[str, Ends]:
    """Site -> where its URLs stand; `scrapy reconcile` proves what this only counts. `sqlite3.Error`."""
    found: defaultdict[str, Ends] = defaultdict(Ends)
    for site, state, reason, count, articles in db.execute(_QUERY):
        ends = found[site]
        ends.states[state] += count
        if state == State.REJECTED:
            ends.rejected[reason] += count
        elif state == State.FAILED:
            ends.failed[reason] += count
        elif state == State.COMMITTED:
            ends.articles += articles
    return dict(found)
