"""Sites made for the tests of site memory: articles that differ, and what the site or its writers repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from benchmarks.adapter import clean_site
from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY, Policy
from tests.helpers_clean import cleaned, document, paragraphs

_WHO = ("The harbour master", "A baker on the quay", "The council", "An engineer", "The school", "Her uncle")
_DID = ("asked for", "counted", "repaired", "sold", "painted", "looked after", "described", "sent back")
_WHAT = (
    "the old cranes",
    "nine small boats",
    "a row of lamps",
    "the wooden ramp",
    "two bells",
    "a stone wall",
)
_WHEN = ("before the winter came", "while the tide was out", "on a quiet morning", "after the long meeting")
NO_PHRASES = replace(DEFAULT_POLICY, rules_off=frozenset({"phrase"}))


def sentence(number: int) -> str:
    """One of many sentences, no two of them alike."""
    parts = [number % len(_WHO), number // 6 % len(_DID), number // 5 % len(_WHAT), number // 7 % len(_WHEN)]
    who, did, what, when = (some[at] for some, at in zip((_WHO, _DID, _WHAT, _WHEN), parts, strict=True))
    return f"{who} {did} {what} {when}, as it was told in house number {number} of the lower street."


@dataclass(frozen=True)
class Story:
    """An article: `own` paragraphs, and mark-up put in before paragraph `at` (negative: from the end)."""

    number: int
    own: int = 6
    extras: tuple[tuple[int, str], ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        """Its own text."""
        return [sentence(self.number * 40 + at) for at in range(self.own)]

    def markup(self, before: str = "", after: str = "", name: str = "entry") -> str:
        """Its page; `before` and `after` stand in the body on every page of the site."""
        inside = [paragraphs(text) for text in self.paragraphs]
        for at, markup in sorted(self.extras, reverse=True):
            inside.insert(at if at >= 0 else len(inside) + 1 + at, markup)
        title = f"Story {self.number} of the harbour"
        return document(
            f'<main><article><h1>{title}</h1><div class="{name}">{before}{"".join(inside)}{after}</div>'
            f"</article></main>",
            title,
        )


def history_of(pages: Iterable[str], policy: Policy = DEFAULT_POLICY) -> SiteHistory:
    """What is remembered after these pages."""
    views = (cleaned(page).view for page in pages)
    return SiteHistory(policy, (view for view in views if view))


def run_over(pages: Sequence[str], policy: Policy = DEFAULT_POLICY) -> list[list[str]]:
    """Paragraphs of each page as a run over the site gives them."""
    given = [(f"http://news.test/{number}", page.encode(), {}) for number, page in enumerate(pages)]
    return [result["text"].split("\n\n") if result else [] for result in clean_site(given, policy)]
