"""Where elements stand: readable paths, and what of them is the same on every page of a template."""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.page.outline import Outline

_OUTERMOST = frozenset({"body", "html"})
# A name of megabytes stands in the path of every block below it.
_MAX_NAME_CHARS = 300
# Themes number their boxes by the article ("post-1234"): the place is the same on all of them.
NUMBERS = re.compile(r"\d+")
# Steps of a path that name a place well enough: what stands further out differs between templates.
_NEAR_STEPS = 3


class Paths:
    """Paths of a page's elements, told by their numbers; what they stand in is looked at once."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._paths: dict[int, str] = {-1: ""}
        self._near: dict[int, str] = {}
        self._named: dict[str, dict[str, list[int]]] = {}

    def of(self, number: int) -> str:
        """Readable place in the tree: tags from below <body>, with the first class or the id of each."""
        paths, outline = self._paths, self.outline
        new = []
        at = number
        while at not in paths:
            new.append(at)
            at = outline.parents[at]
        for at in reversed(new):
            if outline.tags[at] in _OUTERMOST:
                paths[at] = ""
            else:
                paths[at] = f"{paths[outline.parents[at]]}/{self._step(at)}".lstrip("/")
        return paths[number]

    def place(self, number: int) -> str:
        """Where an element stands, the same on every page of its template."""
        return _same(self.of(number))

    def near(self, number: int) -> str:
        """The last steps of `place`."""
        known = self._near.get(number)
        if known is None:
            outline = self.outline
            steps: list[str] = []
            at = number
            while at >= 0 and len(steps) < _NEAR_STEPS and outline.tags[at] not in _OUTERMOST:
                steps.append(self._same_step(at))
                at = outline.parents[at]
            # A name may have a slash in it.
            known = "/".join("/".join(reversed(steps)).rsplit("/", _NEAR_STEPS)[-_NEAR_STEPS:])
            self._near[number] = known
        return known

    def at(self, path: str) -> list[int]:
        """Numbers of the elements at a `place`."""
        tag = path.rsplit("/", 1)[-1].split(".", 1)[0]
        if (named := self._named.get(tag)) is None:
            named = self._named[tag] = self._by_name(tag)
        # Most have other names than the last of the path.
        alike = [some for step, some in named.items() if path.endswith(step)]
        return sorted(number for some in alike for number in some if self.place(number) == path)

    def _by_name(self, tag: str) -> dict[str, list[int]]:
        """Numbers of the elements of a tag, by their step of a `place`."""
        outline = self.outline
        written: dict[tuple[str | None, str | None], list[int]] = {}
        for number in outline.all(tag):
            written.setdefault((outline.classes[number], outline.ids[number]), []).append(number)
        named: dict[str, list[int]] = {}
        for some in written.values():
            named.setdefault(self._same_step(some[0]), []).extend(some)
        return named

    def _same_step(self, at: int) -> str:
        tag, classes, called = self.outline.tags[at], self.outline.classes[at], self.outline.ids[at]
        if len(classes or "") + len(called or "") > _MAX_NAME_CHARS:
            return _same(_step(tag, classes, called))
        return _known_same_step(tag, classes, called)

    def _step(self, at: int) -> str:
        return _step(self.outline.tags[at], self.outline.classes[at], self.outline.ids[at])


def _step(tag: str, classes: str | None, called: str | None) -> str:
    names = (classes or "").split(None, 1) or [called or ""]
    return f"{tag}.{names[0][:_MAX_NAME_CHARS]}" if names[0] else tag


# Pages of a site have the same few hundred.
@lru_cache(maxsize=4_096)
def _known_same_step(tag: str, classes: str | None, called: str | None) -> str:
    return _same(_step(tag, classes, called))


def _same(path: str) -> str:
    """The path on any page of the template: no numbers in names."""
    if not NUMBERS.search(path):
        return path
    steps = (step.partition(".") for step in path.split("/"))
    return "/".join(f"{tag}{dot}{NUMBERS.sub('0', name)}" for tag, dot, name in steps)
