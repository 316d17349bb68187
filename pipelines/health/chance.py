"""How likely a count is on a healthy day: two distributions that know days to differ. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence


def count_at_most(count: int, mean: float, spread: float) -> float:
    """Chance of `count` or fewer where `mean` is usual, with variance mean + spread * mean².

    The negative binomial; Poisson's where `spread` is 0.

    >>> round(count_at_most(0, 10, 0.0), 6), round(count_at_most(0, 10, 0.1), 6)
    (4.5e-05, 0.000977)
    """
    if mean <= 0:
        return 1.0
    spread = max(spread, 1e-9)
    size = 1 / spread
    term = -size * math.log1p(spread * mean)
    logs = [term]
    ratio = math.log(mean) - math.log(mean + size)
    for k in range(count):
        term += math.log(k + size) - math.log(k + 1) + ratio
        logs.append(term)
    return _sum(logs)


def share_at_most(count: int, of: int, share: float, weight: float) -> float:
    """Chance of `count` or fewer `of` pages where `share` is usual, known as if from `weight` pages.

    The beta-binomial: small weights stand for shares that differ from run to run.

    >>> share_at_most(0, 10, 0.98, 20.0) < 1e-6 < share_at_most(0, 10, 0.5, 20.0)
    True
    """
    share = min(max(share, 1e-6), 1 - 1e-6)
    a, b = share * weight, (1 - share) * weight
    whole = math.lgamma(of + 1) - _log_beta(a, b)
    return _sum(
        [
            whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + _log_beta(k + a, of - k + b)
            for k in range(count + 1)
        ]
    )


def share_spread(seen: Sequence[tuple[int, int]], share: float, assumed: float, worth: float) -> float:
    """Correlation of two pages of one batch, from (count, of) of several: 0 when only chance moves shares.

    `assumed` counts as much as `worth` batches.
    """
    variance = share * (1 - share)
    excess = sum((count - of * share) ** 2 - of * variance for count, of in seen)
    scale = sum(of * (of - 1) for _, of in seen) * variance
    found = min(max(excess / scale, 0.0), 1.0) if scale > 0 else 0.0
    return (found * len(seen) + assumed * worth) / (len(seen) + worth)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _sum(logs: Sequence[float]) -> float:
    top = max(logs)
    return min(math.exp(top) * sum(math.exp(each - top) for each in logs), 1.0)
