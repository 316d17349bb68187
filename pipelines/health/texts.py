"""Signs of the texts as a whole: they grow or shrink, or what is cut of pages is another part of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from pipelines.health.alarms import Sign, SignKind
from pipelines.health.baseline import Evidence
from pipelines.health.figures import LENGTH_EDGES, SiteTally
from pipelines.health.policy import HealthPolicy

# What is cut of one page differs from that of another by so much: variance of its logit, of usual furniture.
_PAGE_VARIANCE = 1.0
# Shares of 0 and 1 have no logit.
_LEAST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Level:
    """A batch's mean, and how far chance alone moves it (variance)."""

    mean: float
    variance: float


def lengths(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`boilerplate`: texts are half as long as usual, or twice."""
    now, before = _length(of.now), [_length(each) for each in of.before if sum(each.lengths) > 1]
    usual = _moved(now, before, policy, policy.length_change, policy.length_spread)
    if usual is not None:
        said = f"texts of {_chars(now.mean)} characters, usually {_chars(usual)}"
        yield Sign(SignKind.BOILERPLATE, said)


def removed(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`boilerplate`: much less is cut of pages than usual, or much more."""
    now, before = _removed(of.now), [_removed(each) for each in of.before]
    usual = _moved(now, before, policy, policy.removed_change, policy.removed_spread)
    if usual is not None and max(_share(usual), _share(now.mean)) >= policy.min_removed:
        said = f"{_share(now.mean):.0%} of the characters of pages removed, usually {_share(usual):.0%}"
        yield Sign(SignKind.BOILERPLATE, said)


def _moved(
    now: Level, before: Sequence[Level], policy: HealthPolicy, change: float, assumed: float
) -> float | None:
    """The usual mean, where that of `now` is outside all `before`, far enough to matter and no chance."""
    if len(before) < policy.min_batches:
        return None
    usual = fmean(each.mean for each in before)
    distance = abs(now.mean - usual)
    if distance < change or distance <= max(abs(each.mean - usual) for each in before):
        return None
    between = max(variance(each.mean for each in before) - fmean(each.variance for each in before), 0.0)
    worth, seen = policy.prior_batches, len(before)
    between = (between * (seen - 1) + assumed**2 * worth) / (seen - 1 + worth)
    deviation = math.sqrt(between * (1 + 1 / seen) + now.variance)
    return usual if distance >= policy.min_deviations * deviation else None


def _length(of: SiteTally) -> Level:
    """Of the logarithms of lengths, in octaves; a bin is half of one."""
    total = sum(of.lengths)
    mean = sum(place * count for place, count in enumerate(of.lengths)) / total / 2
    spread = sum(count * (place / 2 - mean) ** 2 for place, count in enumerate(of.lengths)) / max(
        total - 1, 1
    )
    return Level(mean, (spread + 1 / 48) / total)  # 1/48: the variance within a bin half an octave wide


def _removed(of: SiteTally) -> Level:
    share = of.removed_chars / max(of.removed_chars + of.kept_chars, 1)
    share = min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
    return Level(math.log(share / (1 - share)), _PAGE_VARIANCE / max(of.stored, 1))


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _chars(octaves: float) -> str:
    """About how many characters the mean is; a bin's place is half an octave above its lower edge."""
    return f"{LENGTH_EDGES[0] * 2 ** (octaves - 0.25):.0f}"
