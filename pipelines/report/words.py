"""Figures and codes as people read them."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime
from itertools import pairwise

from pipelines.health.figures import LENGTH_EDGES
from pipelines.masking import hidden
from pipelines.normalize import clean_text

# Bins of `LAG_EDGES`, the first before the first edge.
LAGS = (
    *("dated ahead", "under 1 h", "1–3 h", "3–6 h", "6–12 h", "12–24 h"),
    *("1–2 days", "2–3 days", "3–7 days", "7–30 days", "1–12 months", "over a year"),
)
# Bins of `LENGTH_EDGES`, likewise.
LENGTHS = (
    f"under {LENGTH_EDGES[0]:,}",
    *(f"{low:,}–{high - 1:,}" for low, high in pairwise(LENGTH_EDGES)),
    f"{LENGTH_EDGES[-1]:,} and more",
)
FIELD_NAMES = {
    "title": "title",
    "description": "summary",
    "authors": "authors",
    "section": "section",
    "tags": "tags",
    "published_date": "date",
    "published_at": "time",
    "image_url": "picture",
}
_LANGUAGES = {
    "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "bn": "Bengali", "ckb": "Central Kurdish",
    "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "kk": "Kazakh", "ko": "Korean",
    "ku": "Kurdish", "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "so": "Somali", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "th": "Thai", "tr": "Turkish", "ug": "Uyghur", "uk": "Ukrainian", "und": "not known",
    "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "yi": "Yiddish", "zh": "Chinese",
}  # fmt: skip
_OUTCOMES = {
    "ok": "ended well",
    "stopped": "stopped early",
    "bug": "errors in our code",
    "unfinished": "could not finish",
    "shortfall": "a site fell short",
    "damaged": "the ledger was rebuilt",
}
_LONGEST = 400


def shown(text: str) -> str:
    """Text of strangers as it may stand in the page: no controls, no marks of direction, no passwords."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in ("Cn", "Co", "Cs") else char
        for char in clean_text(hidden(text))
    )


def short(text: str, most: int = _LONGEST) -> str:
    """At most so many characters of it, cut between words where that loses little.

    >>> short("one two three", 9)
    'one two …'
    """
    if len(text) <= most:
        return text
    cut = text[:most]
    at = cut.rfind(" ")
    return f"{cut[:at] if at > most // 2 else cut} …"


def spaced(code: str) -> str:
    """A reason or kind as words.

    >>> spaced("no_body")
    'no body'
    """
    return code.replace("_", " ")


def language_name(code: str) -> str:
    """The English name of a language; a code that has none here stays one."""
    return _LANGUAGES.get(code, code)


def outcome_words(outcome: str | None) -> str:
    """How a run ended."""
    return "under way, or killed" if outcome is None else _OUTCOMES.get(outcome, spaced(outcome))


def percent(share: float) -> str:
    """A share, 0..1; no share that is not all or nothing looks as if it were.

    >>> percent(0.126), percent(0.0004), percent(0.9996), percent(1)
    ('13 %', '<1 %', '>99 %', '100 %')
    """
    rounded = round(share * 100)
    if rounded == 0 and share > 0:
        return "<1 %"
    return ">99 %" if rounded == 100 and share < 1 else f"{rounded} %"


def number(value: float) -> str:
    """With separators; short from a hundred thousand on.

    >>> number(72), number(1826), number(1234567), number(12.5)
    ('72', '1,826', '1.23 M', '12.5')
    """
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    if value >= 1e5:
        return f"{value / 1e3:.3g} k"
    return f"{value:,.0f}" if math.isclose(value, round(value)) else f"{value:,.1f}"


def duration(seconds: float) -> str:
    """Of a run.

    >>> duration(4.4), duration(125), duration(7260)
    ('4.4 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment(at: datetime) -> str:
    """In UTC, as people write it.

    >>> moment(datetime(2026, 11, 3, 9, 5, tzinfo=UTC))
    '3 Nov 2026, 09:05'
    """
    return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%b %Y, %H:%M}"
