"""Addresses without end: calendars, loops of folders, products of parameters. Pure; nothing is fetched."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from crawler.discovery.shapes import shape_of
from pipelines.urls import BadUrl, canonical_url

# The sitemap protocol's limit; an Arabic headline of 300 letters, escaped, stays below.
_MAX_CHARS = 2_048
# The deepest of 1,988 addresses of real pages has 9.
_MAX_SEGMENTS = 12
# The most parameters among them, trackers apart: 3, and 10 of one picture search.
_MAX_PARAMETERS = 8
_MAX_FACETS = 2
_MAX_SAME = 3
_MAX_REPEATS = 3
_MAX_PERIOD = 4
_CALENDAR = frozenset(
    "calendar calendars kalender calendrier calendario calendari kalendarz takvim agenda events "
    "event-calendar تقويم التقويم رزنامة تقویم".split()
)
_CALENDAR_KEYS = frozenset(
    "month year day date week m y d mon yr calendar cal caldate tribe-bar-date eventdate eventdisplay "
    "ical".split()
)
# Alone they may count pages or name a story; a calendar has one of these with them.
_SURE_CALENDAR_KEYS = _CALENDAR_KEYS - frozenset("m y d date cal".split())
_FACETS = frozenset(
    "sort sortby sort_by orderby order dir filter filters facet facets view display layout limit "
    "per_page perpage pagesize color colour size price min_price max_price brand rating".split()
)
_SESSION_KEYS = frozenset("sid s sess session sessid token zenid oscsid osid cfid cftoken".split())
_SESSION = re.compile(r"[0-9a-f]{24,}", re.IGNORECASE)
_PATH_SESSION = re.compile(r"/\(S\([a-z0-9]{20,}\)\)/|;jsessionid=", re.IGNORECASE)
_DATE_PART = re.compile(r"(?:19|20|21)\d\d(?:-\d\d?){0,2}|\d{1,2}")


def trap(url: str) -> str | None:
    """The name of the trap `url` belongs to by its look, or None.

    >>> trap("https://example.org/calendar/2031/05"), trap("https://example.org/2026/11/03/rain")
    ('calendar', None)
    """
    if len(url) > _MAX_CHARS:
        return "long"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "bad"
    segments = [part for part in unquote(parts.path).casefold().split("/") if part]
    pairs = [pair.partition("=")[::2] for pair in parts.query.split("&") if pair]
    keys = [unquote(key).casefold() for key, _ in pairs]
    if len(segments) > _MAX_SEGMENTS:
        return "deep"
    if _repeats(segments):
        return "repeats"
    if _PATH_SESSION.search(parts.path) or _has_session(keys, [value for _, value in pairs]):
        return "session"
    if _explodes(keys):
        return "parameters"
    return "calendar" if _is_calendar(segments, keys) else None


def _has_session(keys: list[str], values: list[str]) -> bool:
    named = zip(keys, values, strict=True)
    return any(key in _SESSION_KEYS and _SESSION.fullmatch(value) for key, value in named)


def _explodes(keys: list[str]) -> bool:
    """Sorting, filters and views of one list, each of which multiplies the others."""
    most = max(Counter(keys).values(), default=0)
    return len(keys) > _MAX_PARAMETERS or _facets(keys) > _MAX_FACETS or most > _MAX_SAME


def _facets(keys: list[str]) -> int:
    return sum(key in _FACETS or key.startswith(("filter", "facet", "f[")) for key in keys)


def _repeats(segments: list[str]) -> bool:
    """A run of folders that stands three times in a row; "/11/11/11/" is a date and an id."""
    for period in range(1, _MAX_PERIOD + 1):
        span = period * _MAX_REPEATS
        for start in range(len(segments) - span + 1):
            run = segments[start : start + period]
            if run * _MAX_REPEATS == segments[start : start + span] and not all(map(str.isdecimal, run)):
                return True
    return False


def _is_calendar(segments: list[str], keys: list[str]) -> bool:
    """Days of a calendar, which go on for ever; an address with a story's own name or id is none."""
    for place, segment in enumerate(segments):
        behind = segments[place + 1 :]
        if segment in _CALENDAR and behind and all(map(_DATE_PART.fullmatch, behind)):
            return True
    known = set(keys)
    return bool(known & _SURE_CALENDAR_KEYS) and known <= _CALENDAR_KEYS | _FACETS | {"page", "paged"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one host a run looks at."""

    # Home, sections and their pages of a large newspaper: some 50 sections of 3 pages.
    places: int = 300
    # Places of one shape: a machine that makes addresses makes them alike.
    places_of_a_shape: int = 100
    # Lists that differ in their parameters only: pages, sections by number.
    queries_of_a_path: int = 40
    # Kinds of parameters in article links of one path; their values may differ without end.
    keys_of_a_path: int = 8
    # Two full sitemaps of the protocol.
    links: int = 100_000


class Traps:
    """What one run may visit on one host; counts what it turned away. Asked once for each address."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self.refused: Counter[str] = Counter()
        self._places: set[str] = set()
        self._links = 0
        self._shapes: Counter[str] = Counter()
        self._queries: Counter[str] = Counter()
        self._keys: dict[str, set[frozenset[str]]] = defaultdict(set)

    def admit_place(self, url: str) -> str | None:
        """Why this hub, section, page, feed or sitemap is not visited; None when it may be.

        An address asked for again gets its answer again and is counted once.
        """
        try:
            key = canonical_url(url)
        except BadUrl:
            return self._refuse("bad")
        if key in self._places:
            return None
        if reason := trap(key) or self._too_many(key):
            return self._refuse(reason)
        self._places.add(key)
        self._shapes[shape_of(key) or ""] += 1
        self._queries[key.partition("?")[0]] += "?" in key
        return None

    def admit_link(self, url: str) -> str | None:
        """Why this article link is not remembered; None when it may be."""
        if self._links >= self._limits.links:
            return self._refuse("links")
        if reason := trap(url) or self._new_keys(url):
            return self._refuse(reason)
        self._links += 1
        return None

    def _too_many(self, key: str) -> str | None:
        path, _, query = key.partition("?")
        if len(self._places) >= self._limits.places:
            return "places"
        if query and self._queries[path] >= self._limits.queries_of_a_path:
            return "queries"
        if self._shapes[shape_of(key) or ""] >= self._limits.places_of_a_shape:
            return "shape"
        return None

    def _new_keys(self, url: str) -> str | None:
        path, _, query = url.partition("?")
        if not query:
            return None
        keys = frozenset(pair.partition("=")[0] for pair in query.split("&"))
        known = self._keys[path]
        if keys not in known and len(known) >= self._limits.keys_of_a_path:
            return "keys"
        known.add(keys)
        return None

    def _refuse(self, reason: str) -> str:
        self.refused[reason] += 1
        return reason
