"""The last pages seen of a site, template by template, and the snapshots of memory taken from them.

A window and no counts: what a site does not repeat any more is forgotten with the last page that had it,
and a redesign within the window. What is kept is bounded whatever the site does.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from pipelines.body.learnt import learn
from pipelines.body.marks import Mark, unpack
from pipelines.body.repeats import repeated_keys
from pipelines.body.site_memory import NO_MEMORY, SiteMemory, Template
from pipelines.policy import Policy
from pipelines.records import PageView

# Deciding costs milliseconds, and one page more changes little once many were seen.
_THINK_EVERY = 4


class SiteHistory:
    """What was seen of one site; `pages` counts all its articles ever learnt from."""

    def __init__(self, policy: Policy, views: Iterable[PageView] = ()) -> None:
        self.pages = 0
        self._policy = policy
        self._views: deque[PageView] = deque()
        self._memory = NO_MEMORY
        self._decided = 0
        for view in views:
            self.learn(view)

    @property
    def views(self) -> tuple[PageView, ...]:
        """What is remembered, oldest first."""
        return tuple(self._views)

    @property
    def knows_enough(self) -> bool:
        """Whether pages need not be held back any more."""
        return len(self._views) >= self._policy.memory_hold_pages

    def learn(self, view: PageView) -> bool:
        """See one more article; False for one that was seen already under another address."""
        marks = unpack(view.marks)
        same = [known for known in self._views if known.body == view.body]
        mostly = _longest(marks, self._policy)
        alike = (known for known in same if mostly in known.marks)
        if any(_is_same_text(marks, unpack(known.marks), self._policy) for known in alike):
            return False
        self.pages += 1
        self._views.append(view)
        if len(same) >= self._policy.memory_template_pages:
            self._views.remove(same[0])
        if len(self._views) > self._policy.memory_site_pages:
            self._views.popleft()
        return True

    def snapshot(self) -> SiteMemory:
        """What is known now; once much is known, thought over only every few pages."""
        since = self.pages - self._decided
        if since and (self.pages <= self._policy.memory_recent_pages or since >= _THINK_EVERY):
            self._memory = self._decide()
            self._decided = self.pages
        return self._memory

    def _decide(self) -> SiteMemory:
        """A template repeats what the site does not; a template seen once shares what the site repeats."""
        views = list(self._views)
        templates: dict[str, list[PageView]] = {}
        for view in views:
            templates.setdefault(view.body, []).append(view)
        scopes = [*templates.values(), *([views[-self._policy.memory_recent_pages :]] * (len(templates) > 1))]
        repeated = (
            repeated_keys([view.marks for view in scope], self._policy)
            for scope in scopes
            if len(scope) >= self._policy.memory_min_pages
        )
        return SiteMemory(
            repeated=frozenset[int]().union(*repeated),
            templates=tuple(_template(body, some) for body, some in sorted(templates.items())),
            learnt={
                body: found
                for body, some in sorted(templates.items())
                if (found := learn(some, self._policy)) is not None
            },
        )


def _template(body: str, views: list[PageView]) -> Template:
    headlines = Counter(view.headline for view in views if view.headline)
    usual = headlines.most_common(1)
    return Template(body, usual[0][0] if usual else None, len(views))


def _is_same_text(one: list[Mark], other: list[Mark], policy: Policy) -> bool:
    """Whether neither page has text of its own."""
    return max(_own_letters(one, other), _own_letters(other, one)) < policy.min_restored_letters


def _longest(marks: list[Mark], policy: Policy) -> bytes:
    """What packed marks of a page with the same text must hold; nothing where no block is long enough."""
    own = [mark for mark in marks if mark.inside and not mark.linked]
    longest = max(own, key=lambda mark: mark.letters, default=None)
    if longest is None or longest.letters < policy.min_restored_letters:
        return b""
    return longest.key.to_bytes(8, "big")


def _own_letters(marks: list[Mark], others: list[Mark]) -> int:
    known = {mark.key for mark in others}
    return sum(mark.letters for mark in marks if mark.inside and not mark.linked and mark.key not in known)
