"""Signs that are shares of a run's pages: fields filled, languages, refusals, failures, copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipelines.health.alarms import Sign, SignKind
from pipelines.health.baseline import Evidence, cleaned
from pipelines.health.chance import share_at_most, share_spread
from pipelines.health.figures import FIELDS, SiteTally
from pipelines.health.policy import HealthPolicy
from pipelines.records import Reason

# Refusals that say that the page is kept from us. All others say that nothing was found on it.
_KEPT_AWAY = frozenset({Reason.BLOCKED, Reason.LOGIN_WALL, Reason.CONSENT_WALL, Reason.JS_SHELL})
# Nobody knows the language of what says next to nothing.
_UNKNOWN_LANGUAGE = "und"
# So many reasons or languages are named.
_NAMED = 3

Part = tuple[int, int]  # count, of so many


def fell(now: Part, before: Sequence[Part], policy: HealthPolicy) -> float | None:
    """The usual share, where that of `now` is far less than in any batch `before`, and not by chance."""
    count, of = now
    total = sum(each for _, each in before)
    usual = (sum(each for each, _ in before) + 0.5) / (total + 1)
    share = count / of
    if usual - share < policy.share_change or share > policy.share_left * usual:
        return None
    if any(each <= share * all_of for each, all_of in before):
        return None
    spread = share_spread(before, usual, policy.share_spread, policy.prior_batches)
    chance = share_at_most(count, of, usual, min(1 / spread - 1, total))
    return usual if chance < policy.share_chance else None


def rose(now: Part, before: Sequence[Part], policy: HealthPolicy) -> float | None:
    """The usual share, where that of `now` is far more than in any batch `before`, and not by chance."""
    usual = fell(_rest(now), [_rest(each) for each in before], policy)
    return None if usual is None else 1 - usual


def _rest(part: Part) -> Part:
    count, of = part
    return of - count, of


def empty_fields(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`layout`: fields that articles had, and have no more."""
    for name in FIELDS:
        now = (of.now.filled[name], of.now.stored)
        usual = fell(now, [(each.filled[name], each.stored) for each in of.before], policy)
        if usual is not None and usual >= policy.min_filled:
            yield Sign(SignKind.LAYOUT, f"{name} on {_said(now)} new articles, usually {usual:.0%}")


def refusals(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`layout` and `blocked`: pages are turned away that were none of them before."""

    def turned_away(found: Mapping[str, int], kept_away: bool) -> Counter[str]:
        return Counter({reason: n for reason, n in found.items() if (reason in _KEPT_AWAY) is kept_away})

    for kind, kept_away in ((SignKind.LAYOUT, False), (SignKind.BLOCKED, True)):
        found = turned_away(of.now.rejected, kept_away)
        now = (found.total(), cleaned(of.now))
        before = [(turned_away(each.rejected, kept_away).total(), cleaned(each)) for each in of.before]
        if (usual := rose(now, before, policy)) is not None:
            yield Sign(kind, f"{_said(now)} pages turned away ({_names(found)}), usually {usual:.0%}")


def failures(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`failing`: pages that were asked for and did not come."""

    def part(each: SiteTally) -> Part:
        return each.failed.total(), each.failed.total() + each.fetched

    now = part(of.now)
    if (usual := rose(now, list(map(part, of.before)), policy)) is not None:
        yield Sign(
            SignKind.FAILING,
            f"{_said(now)} pages did not come ({_names(of.now.failed)}), usually {usual:.0%}",
        )


def foreign(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`language`: articles are not in the language that most had."""
    usual_ones: Counter[str] = sum((each.languages for each in of.before), Counter())
    del usual_ones[_UNKNOWN_LANGUAGE]
    if not usual_ones:
        return
    main = usual_ones.most_common(1)[0][0]

    def part(each: SiteTally) -> Part:
        return each.languages[main], each.languages.total() - each.languages[_UNKNOWN_LANGUAGE]

    now, before = part(of.now), [known for known in map(part, of.before) if known[1]]
    if now[1] and before and (usual := fell(now, before, policy)) is not None:
        said = f"{main} {_said(now)} new articles ({_names(of.now.languages)}), usually {usual:.0%}"
        yield Sign(SignKind.LANGUAGE, said)


def copied(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`boilerplate`: pages hold an article that is stored already."""
    now, before = (of.now.copies, cleaned(of.now)), [(each.copies, cleaned(each)) for each in of.before]
    if (usual := rose(now, before, policy)) is not None:
        yield Sign(SignKind.BOILERPLATE, f"{_said(now)} pages hold a stored article, usually {usual:.0%}")


def alike(of: Evidence, policy: HealthPolicy) -> Iterator[Sign]:
    """`boilerplate`: texts are all of one length."""

    def part(each: SiteTally) -> Part:
        return max(each.lengths), each.stored

    now = part(of.now)
    if (usual := rose(now, list(map(part, of.before)), policy)) is not None:
        yield Sign(SignKind.BOILERPLATE, f"{_said(now)} new articles are of one length, usually {usual:.0%}")


def _said(part: Part) -> str:
    return f"{part[0]} of {part[1]}"


def _names(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in Counter(found).most_common(_NAMED))
