"""Figures of the report: of one run on one site, of a site's last runs, and their order in the table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from statistics import median

from pipelines.health.figures import FIELDS, SiteRun, ended
from pipelines.report.records import Point, SiteHealth

# Earlier runs that show what is usual: a second run an hour after the first finds nothing new anywhere.
_KNOWN_RUNS = 3


def point_of(run: SiteRun) -> Point:
    """The run in little."""
    turned_away, failed = sum(run.rejected.values()), sum(run.failed.values())
    return Point(
        run.run_id,
        run.started_at,
        asked=ended(run) + failed,
        stored=run.stored,
        changed=run.changed,
        turned_away=turned_away,
        failed=failed,
        chars=run.kept_chars / run.stored if run.stored else None,
        lag=median_bin(run.lags),
        filled=share_filled(run.filled, run.stored),
    )


def median_bin(histogram: Sequence[int]) -> int | None:
    """The bin that the middle one of what was counted is in; None where nothing was.

    >>> median_bin([0, 3, 1, 1]), median_bin([0, 0])
    (1, None)
    """
    sums = list(accumulate(histogram))
    return bisect_left(sums, sums[-1] / 2) if sums and sums[-1] else None


def share_filled(filled: Mapping[str, int], articles: int) -> float | None:
    """Of the values that `articles` could have in `FIELDS` the share that is known, 0..1."""
    return sum(filled.get(name, 0) for name in FIELDS) / (articles * len(FIELDS)) if articles else None


def usual(site: SiteHealth) -> float | None:
    """New articles of a run in the middle of the site's earlier ones; None where there was none.

    The latest run itself is not counted.
    """
    earlier = _earlier(site)
    return median(earlier) if earlier else None


def _earlier(site: SiteHealth) -> list[int]:
    latest = site.latest.run_id if site.latest else None
    return [point.stored for point in site.points if point.run_id != latest]


def state(site: SiteHealth, alarmed: bool) -> str:
    """What a person should know first: alarm, held back, not visited, silent, or in order.

    Silent is a site that gave nothing new in the latest run, of which a few runs show that it usually does.
    """
    if alarmed:
        return "alarm"
    if site.latest is None:
        return "not visited"
    if site.latest.held_back is not None:
        return "held back"
    known = len(_earlier(site)) >= _KNOWN_RUNS and (usual(site) or 0) >= 1
    return "silent" if known and not site.latest.stored else "in order"


# The worst first, as they stand in the table.
STATES = ("alarm", "held back", "silent", "not visited", "in order")


def by_need(sites: Sequence[SiteHealth], alarmed: frozenset[str]) -> list[SiteHealth]:
    """The sites in the order in which people should look at them: by state, and by what fell the most."""
    return sorted(sites, key=lambda each: (STATES.index(state(each, each.name in alarmed)), *_fall(each)))


def _fall(site: SiteHealth) -> tuple[float, str]:
    before, now = usual(site), site.latest.stored if site.latest else 0
    return (now / before if before else 1.0, site.name)
