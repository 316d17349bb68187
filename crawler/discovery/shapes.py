"""Shapes of addresses, and what a site's own pages taught about them: pure, counts in and counts out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import unquote, urlsplit

from pipelines.urls import BadUrl, canonical_url

# A site has a few dozen shapes of addresses; what comes beyond is noise of parameters.
MAX_SHAPES = 200
# Outcomes of a shape are halved beyond this, so that a redesign is learnt within days.
_MAX_OUTCOMES = 400
# Few outcomes make nobody wise: fewer than these leave the judgement to the page.
_ENOUGH_GOOD = 3
_ENOUGH_BAD = 5
_GOOD = 0.7
_BAD = 0.1
# One address in this many of a shape known as bad is tried all the same: a day of paywalls must not blind us.
_SAMPLE = 20
_TOKENS = re.compile(r"""\d+|[^\s\d_\-+,.;:|~!?()'"«»&=*]+""")
_ENDING = re.compile(r"\.([a-z]{2,5})$", re.IGNORECASE)
_MIXED = re.compile(r"(?=[a-z0-9]*\d[a-z]+\d)[a-z0-9]{8,}", re.IGNORECASE)
_LONG_WORD = 20
_LONG_NAME = 25
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[a-z]{2})?")


class SiteShapes:
    """How many addresses of each shape turned out articles, for one site.

    `counts` maps a shape to (articles, others), as `as_counts` gives them.
    """

    def __init__(self, counts: Mapping[str, tuple[int, int]] | None = None) -> None:
        self._counts = dict(counts or {})

    def learn(self, url: str, is_article: bool) -> None:
        """Take in what `url` turned out to be; a URL that is none teaches nothing."""
        shape = shape_of(url)
        if shape is None:
            return
        good, bad = self._counts.pop(shape, (0, 0))
        if good + bad >= _MAX_OUTCOMES:
            good, bad = good // 2, bad // 2
        self._counts[shape] = (good + is_article, bad + (not is_article))
        if len(self._counts) > MAX_SHAPES:
            self._forget_one(shape)

    def _forget_one(self, but: str) -> None:
        """The shape with the fewest outcomes goes, of equal ones the one seen least lately."""
        others = (shape for shape in self._counts if shape != but)
        del self._counts[min(others, key=lambda shape: sum(self._counts[shape]))]

    def score(self, url: str) -> float | None:
        """Smoothed share of articles among addresses of this shape, None when none was seen."""
        return self._score(shape_of(url))

    def verdict(self, url: str, shape: str | None = None) -> bool | None:
        """Whether addresses of this shape are articles, None when that is unknown or this one is a sample.

        `shape` spares the work when the caller knows it.
        """
        shape = shape or shape_of(url)
        score = self._score(shape)
        if shape is None or score is None:
            return None
        outcomes = sum(self._counts[shape])
        if outcomes >= _ENOUGH_GOOD and score >= _GOOD:
            return True
        if outcomes >= _ENOUGH_BAD and score < _BAD and not is_sample(url):
            return False
        return None

    def _score(self, shape: str | None) -> float | None:
        good, bad = self._counts.get(shape or "", (0, 0))
        return (good + 0.5) / (good + bad + 1) if good + bad else None

    def as_counts(self) -> dict[str, tuple[int, int]]:
        """Shape -> (articles, others), the ones seen longest ago first."""
        return dict(self._counts)


def is_sample(url: str) -> bool:
    """Whether this address is tried though its shape is known as bad: always the same ones."""
    return sha256(url.encode("utf-8", "replace")).digest()[0] % _SAMPLE == 0


def shape_of(url: str) -> str | None:
    """Pattern of an address without its host; None for what is no http(s) URL.

    Folders but the first become patterns: digits by how many, words by how many.

    >>> shape_of("https://example.org/news/2026/11/03/rain-on-the-coast-1234567.html?b=1&utm_source=x")
    '/news/Y/9/9/w4-9L.html?b'
    """
    try:
        return shape_of_key(canonical_url(url))
    except BadUrl:
        return None


def shape_of_key(key: str) -> str:
    """The same of an address that is canonical already."""
    parts = urlsplit(key)
    segments = [part for part in unquote(parts.path).casefold().split("/") if part]
    keys = sorted(
        {unquote(pair.partition("=")[0]).casefold()[:20] for pair in parts.query.split("&") if pair}
    )
    return "/" + "/".join(_patterns(segments)) + ("?" + "&".join(keys[:8]) if keys else "")


def _patterns(segments: list[str]) -> Iterator[str]:
    literal = True
    for place, segment in enumerate(segments):
        folder = place < len(segments) - 1
        is_name = len(segment) < _LONG_NAME and not any(map(str.isdigit, segment))
        if literal and folder and is_name:
            yield segment
            # Below the folder of a language the next one is the site's first.
            literal = bool(_LANGUAGE.fullmatch(segment))
        else:
            literal = False
            yield _pattern(segment)


def _pattern(segment: str) -> str:
    ending = _ENDING.search(segment)
    name = segment[: ending.start()] if ending else segment
    if _MIXED.fullmatch(name):
        return "x" + (ending[0] if ending else "")
    runs: list[str] = []
    words = 0
    for token in _TOKENS.findall(name):
        if token.isdigit():
            if words:
                runs.append(_words(words, name))
            runs.append(_digits(token))
            words = 0
        else:
            words += 1
    if words:
        runs.append(_words(words, name))
    return "-".join(_folded(runs)) + (ending[0] if ending else "")


def _folded(runs: list[str]) -> list[str]:
    """Numbers within a headline are no part of its shape; those at its ends are."""
    if len(runs) <= 3:
        return runs
    inner = [run for run in runs if run.startswith("w")]
    ends = [run for run in (runs[0], runs[-1]) if not run.startswith("w")]
    middle = ["w4"] if inner else ["9"]
    return [*ends[:1], *middle, *ends[1:]] if runs[0] in ends else [*middle, *ends]


def _words(count: int, name: str) -> str:
    if count == 1:
        return "w" if len(name) < _LONG_WORD else "w4"
    return "w2" if count <= 3 else "w4"


def _digits(token: str) -> str:
    if len(token) == 4 and token[:2] in ("19", "20"):
        return "Y"
    return "9" if len(token) <= 3 else "9M" if len(token) == 4 else "9L"
