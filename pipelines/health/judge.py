"""What of a run is out of the ordinary for its site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pipelines.health.alarms import Sign, SignKind
from pipelines.health.baseline import Evidence, Past, Size, articles, asked, cleaned, evidence, is_enough
from pipelines.health.figures import SiteRun
from pipelines.health.policy import DEFAULT_HEALTH_POLICY, HealthPolicy
from pipelines.health.rhythm import silent, stale
from pipelines.health.shares import alike, copied, empty_fields, failures, foreign, refusals
from pipelines.health.texts import lengths, removed

# What each portion of pages is asked, and of which kinds the answers are.
Measure = Callable[[Evidence, HealthPolicy], Iterator[Sign]]
_MEASURES: tuple[tuple[Size, tuple[Measure, ...], tuple[SignKind, ...]], ...] = (
    (asked, (failures,), (SignKind.FAILING,)),
    (cleaned, (refusals,), (SignKind.LAYOUT, SignKind.BLOCKED)),
    (cleaned, (copied,), ()),  # articles tell more of what is boilerplate
    (articles, (empty_fields,), (SignKind.LAYOUT,)),
    (articles, (foreign,), (SignKind.LANGUAGE,)),
    (articles, (lengths, removed, alike), (SignKind.BOILERPLATE,)),
)
# A site whose pages do not come, or are turned away, has no new articles either: that is no sign of its own.
_MAKES_SILENT = frozenset({SignKind.FAILING, SignKind.LAYOUT, SignKind.BLOCKED, SignKind.BOILERPLATE})


@dataclass(frozen=True, slots=True)
class Judgement:
    """Signs, and the kinds of which there was evidence: what is not among them was not seen to be well."""

    signs: tuple[Sign, ...] = ()
    judged: frozenset[str] = frozenset()

    @property
    def kinds(self) -> frozenset[str]:
        """Of its signs."""
        return frozenset(sign.kind for sign in self.signs)


def judge(
    run: SiteRun,
    past: Past,
    policy: HealthPolicy = DEFAULT_HEALTH_POLICY,
    doubted: Iterable[str] = (),
) -> Judgement:
    """Compare a complete run with what is usual; kinds that are `doubted` have to look well again."""
    if not is_enough(past.usual, policy):
        return Judgement()
    found, open_kinds = _judge(run, past, policy), frozenset(doubted)
    if not open_kinds:
        return found
    again = _judge(run, past, policy.to_recover())
    known = (sign for sign in again.signs if sign.kind in open_kinds)
    new = (sign for sign in found.signs if sign.kind not in open_kinds)
    return Judgement((*known, *new), (found.judged - open_kinds) | (again.judged & open_kinds))


def signs(run: SiteRun, history: Sequence[SiteRun]) -> tuple[Sign, ...]:
    """What of a run is out of the ordinary after these runs, the oldest first."""
    return judge(run, Past(tuple(history))).signs


def _judge(run: SiteRun, past: Past, policy: HealthPolicy) -> Judgement:
    found: list[Sign] = []
    judged: set[str] = set()

    @cache  # several measures look at the same pages
    def seen(size: Size, least: int) -> Evidence | None:
        return evidence(run, past, size, least, policy)

    for size, measures, kinds in _MEASURES:
        of_texts = SignKind.BOILERPLATE in kinds
        for least in policy.text_portions if of_texts else policy.portions:
            pages = seen(size, least)
            if pages is None:
                break
            judged.update(kinds)
            new = [sign for measure in measures for sign in measure(pages, policy)]
            if new:  # more pages would say the same
                found += new
                break
    quiet, was_judged = silent(run, past, policy)
    if was_judged:
        judged.add(SignKind.SILENT)
    if quiet and not any(sign.kind in _MAKES_SILENT for sign in found):
        found.append(quiet)
    if quiet is None:
        old, was_judged = stale(run, past, policy)
        judged.update([SignKind.STALE] if was_judged else [])
        found += [old] if old else []
    return Judgement(tuple(found), frozenset(judged))
