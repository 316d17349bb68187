"""Signs of the texts as a whole: they grow or shrink, or what is cut of pages is another part of them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
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
    """`boilerplate`: texts are all longer than usual, or all shorter; not some of them."""
    now, usual, deviations = _lengths(of, policy)
    is_far = abs(now - usual) >= policy.length_change and abs(deviations) >= policy.min_deviations
    if is_far and _is_apart(of.now.lengths, [each.lengths for each in of.before]):
        yield Sign(SignKind.BOILERPLATE, f"texts of {_chars(now)} characters, usually {_chars(usual)}")


def removed(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`boilerplate`: hardly anything is cut of pages any more, and texts grow by what was.

    Less is cut, too, where pages are read at known places; their texts stay as they are.
    """
    now, before = _removed(of.now), [_removed(each) for each in of.before]
    usual, deviations = _moved(now, before, policy, policy.removed_spread)
    is_far = usual - now.mean >= policy.removed_change and -deviations >= policy.min_deviations
    if not is_far or _share(usual) < policy.min_removed:
        return
    length, usual_length, grown = _lengths(of, policy)
    growth = length - usual_length
    least = max(policy.min_growth, -math.log2(1 - _share(usual)) / 2)
    if growth >= least and grown >= policy.growth_deviations:
        said = f"{_share(now.mean):.0%} of the characters of pages removed, usually {_share(usual):.0%}"
        yield Sign(SignKind.BOILERPLATE, f"{said}, and texts are {2**growth:.1f} times as long")


def _is_apart(now: Sequence[int], before: Sequence[Sequence[int]]) -> bool:
    """Whether the middle half of `now` lies beside the middle half of all `before`."""
    usual = [sum(counts) for counts in zip(*before, strict=True)]
    return _bin(now, 0.25) > _bin(usual, 0.75) or _bin(now, 0.75) < _bin(usual, 0.25)


def _bin(histogram: Sequence[int], share: float) -> int:
    """The bin below whose end this share of all stand."""
    return bisect_left(list(accumulate(histogram)), share * sum(histogram))


def _lengths(of: Evidence, policy: HealthPolicy) -> tuple[float, float, float]:
    """Mean length in octaves now and usually, and what `_moved` says of it."""
    now = _length(of.now)
    usual, deviations = _moved(now, [_length(each) for each in of.before], policy, policy.length_spread)
    return now.mean, usual, deviations


def _moved(now: Level, before: Sequence[Level], policy: HealthPolicy, assumed: float) -> tuple[float, float]:
    """The usual mean, and how many deviations that of `now` is from it: 0 within all there was `before`."""
    usual = fmean(each.mean for each in before)
    distance = now.mean - usual
    if abs(distance) <= max(abs(each.mean - usual) for each in before):
        return usual, 0.0
    between = max(variance(each.mean for each in before) - fmean(each.variance for each in before), 0.0)
    worth, seen = policy.prior_batches, len(before)
    between = (between * (seen - 1) + assumed**2 * worth) / (seen - 1 + worth)
    return usual, distance / math.sqrt(between * (1 + 1 / seen) + now.variance)


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
