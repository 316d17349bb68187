"""What the page and its headers say about using it: opt-outs and licences, as seen and without judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from pipelines.masking import hidden
from pipelines.metadata.candidates import Statements
from pipelines.normalize import optional_text
from pipelines.page.outline import Outline
from pipelines.records import Page
from pipelines.tables import read_table

_MAX_CHARS = 500
_MAX_SIGNALS = 50
_PARTS = re.compile(r"[\s,;]+")
_SPACED_COLON = re.compile(r"\s*:\s*")
_AGENT = re.compile(r"[a-z][a-z0-9_.*-]{0,60}")
# Directives with a value of their own; before any other colon stands the name of a robot.
_VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})


def rights(statements: Statements, page: Page, outline: Outline | None = None) -> tuple[str, ...]:
    """Signals in the order: robots, tdm, licence; each once, at most 50, none longer than 500 characters.

    `robots:noai` and `x-robots-tag:noai` hold for all robots, `gptbot:noindex` and
    `x-robots-tag:gptbot:noindex` for the one that is named; `tdm-reservation:1`, `tdm-policy:URL` and
    `license:URL` are what they say. Meta elements of single robots are read when `outline` is given.
    """
    seen: dict[str, None] = {}
    for signal in _signals(statements, page, outline):
        if (cleaned := optional_text(hidden(signal), _MAX_CHARS)) and len(seen) < _MAX_SIGNALS:
            seen[cleaned] = None
    return tuple(seen)


def _signals(statements: Statements, page: Page, outline: Outline | None) -> Iterator[str]:
    for candidate in statements.all("robots"):
        yield from _directives("robots", candidate.value)
    for name, content in _agents_meta(outline):
        yield from _directives(name, content)
    for name, header in page.headers:
        if name == "x-robots-tag":
            yield from _directives(name, header)
    for name, field in (("tdm-reservation", "tdm"), ("tdm-policy", "tdm_policy")):
        stated = (statements.first(field), page.header(name))
        yield from (f"{name}:{value.strip()}" for value in stated if value and value.strip())
    for candidate in statements.all("license"):
        yield f"license:{candidate.value}"


def _agents_meta(outline: Outline | None) -> Iterator[tuple[str, str]]:
    for element in [outline.elements[at] for at in outline.all("meta")] if outline else ():
        name = (element.get("name") or "").strip().lower()
        if name in _data()[0] and (content := element.get("content")):
            yield name, content


def _directives(place: str, value: str) -> Iterator[str]:
    """Directives of one element or header; a robot's name holds for those that follow it."""
    agent = ""
    for part in _PARTS.split(_SPACED_COLON.sub(":", value[:5_000].lower()).strip()):
        word = part
        name, colon, rest = part.partition(":")
        if colon and name not in _VALUED and _AGENT.fullmatch(name):
            agent, word = f"{name}:", rest
        elif colon and not name:
            word = rest
        if word in _data()[1]:
            yield f"{place}:{agent}{word}"


@cache
def _data() -> tuple[frozenset[str], frozenset[str]]:
    """Names of robots and directives."""
    data = read_table("pipelines.metadata", "rights.toml")
    return frozenset(data["agents"].split()), frozenset(data["directives"].split())
