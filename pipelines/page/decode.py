"""Bytes to text as browsers do it, and better: the whole page is known here, and what it says is doubted.

In this order: a byte order mark; UTF-16 and UTF-32 by their NULs; UTF-8 by its bytes, whatever is declared;
the header, then the page's own word, unless the letters plainly say otherwise; the letters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from w3lib.encoding import read_bom

from pipelines.page.decoding.damage import REPLACEMENT, replacement_share, unreadable
from pipelines.page.decoding.declared import declared
from pipelines.page.decoding.east_asian import EAST_ASIAN_CODECS
from pipelines.page.decoding.labels import REFUSED
from pipelines.page.decoding.likelihood import NEVER_BY_DEFAULT, Evidence, weigh
from pipelines.page.decoding.mixed import mended_utf_8, sure_utf_8, with_utf_8
from pipelines.page.decoding.read import WIDE, read, wide_codec

UTF_8 = "utf-8"
_ISO_2022_JP = "iso2022_jp_ext"
# So many letters beyond ASCII, and nothing else, make no valid UTF-8 by accident.
_SURE_LETTERS = 6
# A declaration is doubted when more than this share of what is not ASCII is unreadable with it.
_DOUBT = 0.02
# UTF-8 with broken bytes (teasers cut inside a letter) stays below the first share. Above it a part may be in
# another encoding, or bytes are lost all over: up to the second share. Others have 0.7 and more (55 pages).
_BROKEN_UTF_8, _VERY_BROKEN_UTF_8 = 0.3, 0.5
# A stated encoding is not believed if it is less likely than the best by both: in all, per byte not ASCII.
# Right ones are at most 0.4 a byte behind on 900 pages in 20 encodings, 1.4 in languages nothing is known
# of; those of another script, and Polish or Turkish as Western, are 3.3 behind and more.
_SURELY, _PER_BYTE = 30.0, 2.5
# Chance of a letter of UTF-8 among others, for pages with too few letters to be sure.
_LETTER_OF_UTF_8 = -12.0
# Below this per byte nobody wrote it: random bytes are at -10.5, pages between -9.8 (few accents) and -3.
_NO_TEXT, _NO_EAST_ASIAN_TEXT, _ENOUGH = -10.3, -6.15, 100
_WRITTEN = REPLACEMENT.encode()  # by an earlier reader; valid UTF-8 itself
_SHIFTS = re.compile(rb"\+[A-Za-z0-9+/]{3,}|~\{|\x1b\$")
_JAPANESE = re.compile(rb"\x1b\$[@B(]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The page as text, the encoding it was read with, and the share of U+FFFD between its tags."""

    text: str
    encoding: str
    replacement_share: float


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Text of `body`; what is declared is checked against the bytes themselves. Never raises."""
    marked, mark = read_bom(body)
    content = body.removeprefix(mark or b"")
    if wide := marked if marked in WIDE else wide_codec(content):
        return _decoded(read(content, wide), wide)
    if text := _plainly_utf_8(content):
        return _decoded(text, UTF_8)
    stated = [UTF_8] if marked else []
    stated += [codec for codec in declared(content, content_type) if codec not in {*stated, *WIDE}]
    if content.isascii():
        return _seven_bit(content, stated)
    if utf_8 := _utf_8(content, stated):
        return utf_8
    return _legacy(content, stated) or _decoded(content.decode(UTF_8, errors="replace"), UTF_8)


def _decoded(text: str, encoding: str) -> Decoded:
    return Decoded(text, encoding, replacement_share(text))


def _seven_bit(content: bytes, stated: Sequence[str]) -> Decoded:
    """ASCII, or an encoding that shifts: browsers read ISO-2022-JP only, and nothing with the others."""
    if REFUSED in stated and _SHIFTS.search(content):
        return Decoded(REPLACEMENT, REFUSED, 1.0)
    if _ISO_2022_JP in stated or _JAPANESE.search(content):
        text = read(content, _ISO_2022_JP)
        if unreadable(text) <= _DOUBT:
            return _decoded(text, _ISO_2022_JP)
    named = next((codec for codec in stated if codec not in {REFUSED, _ISO_2022_JP}), UTF_8)
    return _decoded(content.decode("ascii"), named)


def _plainly_utf_8(content: bytes) -> str | None:
    """The text, if it is UTF-8 with more letters than an accident has, whatever is declared."""
    try:
        text = content.decode(UTF_8)
    except UnicodeDecodeError:
        return None
    # A letter beyond ASCII has at most three bytes more than one of ASCII.
    return text if len(content) - len(text) >= 3 * _SURE_LETTERS else None


def _utf_8(content: bytes, stated: Sequence[str]) -> Decoded | None:
    """The page in UTF-8, if need be with broken bytes, though it may still name what it once was."""
    text = content.decode(UTF_8, errors="replace")
    broken = text.count(REPLACEMENT) - content.count(_WRITTEN) if REPLACEMENT in text else 0
    others = [codec for codec in stated if codec not in {UTF_8, REFUSED}]
    letters = len(text) - len(text.encode("ascii", errors="ignore"))
    if broken > _BROKEN_UTF_8 * letters and _is_other(content):
        return None
    if others and letters - broken < _SURE_LETTERS and (broken or _is_likely(content, others, letters)):
        return None
    return _decoded(mended_utf_8(content) if broken else text, UTF_8)


def _is_other(content: bytes) -> bool:
    """Whether what is not surely UTF-8 is mostly none."""
    rest = _unsure(content, sure_utf_8(content))
    return unreadable(read(rest, UTF_8)) > _VERY_BROKEN_UTF_8


def _unsure(content: bytes, sure: NDArray[np.bool_]) -> bytes:
    return np.frombuffer(content, np.uint8)[~sure].tobytes() if sure.any() else content


def _is_likely(content: bytes, stated: Sequence[str], letters: int) -> bool:
    """Whether what a stated encoding makes of the few letters is likelier than any letter of UTF-8."""
    likelihood = weigh(content).likelihood
    return any(likelihood.get(codec, -math.inf) > letters * _LETTER_OF_UTF_8 for codec in stated)


def _legacy(content: bytes, stated: Sequence[str]) -> Decoded | None:
    """What was read with the likeliest of the old encodings; None if it is no text in any."""
    sure = sure_utf_8(content)
    judged = _unsure(content, sure)
    evidence = weigh(judged)
    if _is_no_text(evidence):
        return None
    codec = _chosen(judged, stated, evidence)
    return _decoded(with_utf_8(content, sure, codec), codec)


def _chosen(content: bytes, stated: Sequence[str], evidence: Evidence) -> str:
    """The header's word, then the page's, as far as the bytes allow; else what they say."""
    best = evidence.best()
    known = [codec for codec in stated if codec in evidence.likelihood]
    fitting = [codec for codec in known if unreadable(read(content, codec)) <= _DOUBT]
    for codec in fitting:
        rivals = [evidence.likelihood[other] for other in (best, *fitting)]
        lead = max(rivals) - evidence.likelihood[codec]
        if codec in NEVER_BY_DEFAULT or lead <= max(_SURELY, _PER_BYTE * evidence.foreign):
            return codec
    return best


def _is_no_text(evidence: Evidence) -> bool:
    """Whether so many bytes are so unlikely in every encoding that no encoding is the reason."""
    if evidence.foreign < _ENOUGH:
        return False
    best = evidence.best()
    least = _NO_EAST_ASIAN_TEXT if best in EAST_ASIAN_CODECS else _NO_TEXT
    return evidence.likelihood[best] < least * evidence.foreign
