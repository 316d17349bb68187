"""Bylines: cut into parts and read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from pipelines.metadata.bylines.lists import Word, agencies, folded, lists, words_of
from pipelines.metadata.bylines.persons import is_sure_person
from pipelines.metadata.bylines.roles import Part, classified, is_prose, role_of, writers
from pipelines.metadata.bylines.text import is_place, plain, stripped

_MOST_BYLINE = 300
# More is a sentence, and need not be cut further.
_MOST_PART_WORDS = 14
_MOST_PLACE_WORDS = 4
_PIECE = re.compile(
    r"\((?P<b1>[^()]*)\)|\[(?P<b2>[^\[\]]*)\]|（(?P<b3>[^（）]*)）|【(?P<b4>[^【】]*)】"
    r"|\{(?P<q1>[^{}]*)\}|«(?P<q2>[^«»]*)»|“(?P<q3>[^“”]*)”|(?<!\w)\"(?P<q4>[^\"]*)\"(?!\w)|„(?P<q5>[^„“”]*)[“”]"
    r"|(?P<sep>[:：;؛；|/•·*,،，、]|(?<=\s)[-\u2013\u2014]+|[-\u2013\u2014]+(?=\s|$)|[\u2013\u2014]|--"
    r"|(?<=[\u0620-\u06ff])-(?=[\u0620-\u06ff«(\"])|(?<=[)»])-)"
)
_ROW = re.compile(r"[/,،;؛+&\u2013\u2014]|\s-\s|\s(?:and|et|und)\s")


@dataclass(frozen=True, slots=True)
class Credit:
    """What a byline or dateline says: people, agencies (codes), places."""

    people: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def read_byline(text: str) -> Credit:
    """A byline as a page or feed gives it in an author field.

    >>> read_byline("لندن: رنا حداد، رويترز")
    Credit(people=('رنا حداد',), agencies=('Reuters',), places=('لندن',))
    """
    return _read_byline(text[:_MOST_BYLINE])


@lru_cache(maxsize=512)
def _read_byline(text: str) -> Credit:
    text = plain(text)
    parts = [classified(part) for part in parts_of(text)]
    if is_prose(text, parts):
        return Credit()
    parts = list(writers(parts))
    return credit_of(parts, [role_of(part, parts) for part in parts])


def parts_of(text: str) -> Iterator[Part]:
    """The text cut at its separators, brackets and quotes."""
    last: Part | None = None
    before, at = "", 0
    for piece in chain(_PIECE.finditer(text), (None,)):
        between = stripped(text[at : piece.start() if piece else len(text)])
        second = bool(last) and piece is not None and (piece["sep"] or "") in (":", "：")
        for part in _two_lines(between, before) if second else _around_at(between, before):
            yield part
            last, before = part, ""
        if piece is None:
            break
        at = piece.end()
        if separator := piece["sep"]:
            before += separator
            if last:
                last.after += separator
        elif inner := stripped(piece[piece.lastgroup or 0]):
            kind = "bracket" if (piece.lastgroup or "").startswith("b") else "quote"
            for text_inside in _listed(inner):
                yield (last := Part(text_inside, kind, before))
                before = ""


def _two_lines(text: str, before: str) -> Iterator[Part]:
    """Of two lines in one, "London: Jane Roe Cairo:": a name, and the place before its colon."""
    words = words_of(text)
    for length in (2, 1):
        if len(words) > length + 1 and tuple(w.folded for w in words[-length:]) in lists().places:
            yield Part(stripped(text[: words[-length].start]), "", before, "|", sure=True)
            yield Part(text[words[-length].start :], "", "|")
            return
    yield from _around_at(text, before)


def _around_at(text: str, before: str) -> Iterator[Part]:
    """A part, or the two around "from", before "with Reuters" and before "photos"."""
    words = words_of(text)
    if len(words) > _MOST_PART_WORDS:
        yield Part(text, "", before)
        return
    if len(words) > 1 and (words[-1].folded,) in lists().not_writer:
        yield from _around_at(stripped(text[: words[-1].start]), before)
        yield Part(text[words[-1].start :], "", "|")
        return
    if parted := _place_before(text, words):
        yield Part(stripped(text[:parted]), "", before, "|")
        yield Part(text[parted:], "", "|")
        return
    for at, word in enumerate(words):
        if at and (end := _and_agency(words, at)):
            yield Part(stripped(text[: word.start]), "", before)
            yield Part(text[end:], "", "|")
            return
        if (
            word.folded in lists().at
            and not text[word.start].isupper()
            and len(words) - at <= _MOST_PLACE_WORDS + 1
        ):
            if name := stripped(text[: word.start]):
                yield Part(name, "", before)
                before = ""
            yield Part(stripped(text[word.end :]), "at", before)
            return
    if text:
        yield Part(text, "", before)


def _place_before(text: str, words: Sequence[Word]) -> int | None:
    """Where an agency or a person begins that follows a place with nothing between."""
    plain_words = tuple(word.folded for word in words)
    length = lists().places.length_at_start(plain_words)
    rest = plain_words[length:]
    if not length or not rest or (plain_words[0] in lists().given and length == 1):
        return None
    at = words[length].start
    return at if rest in agencies().sure or (len(rest) > 1 and is_sure_person(text[at:])) else None


def _and_agency(words: Sequence[Word], at: int) -> int | None:
    """Where the agency begins that "and", "with" or a joined Arabic "and" adds at this word."""
    first = words[at].folded
    if not first.startswith("و") and first not in lists().strong_and and first not in lists().weak_and:
        return None
    rest = tuple(word.folded for word in words[at:])
    if rest[0] in lists().strong_and or rest[0] in lists().weak_and:
        return words[at + 1].start if agencies().code(rest[1:]) else None
    joined = (rest[0][1:], *rest[1:])
    return words[at].start + 1 if rest[0].startswith("و") and joined in agencies().sure else None


def _listed(inner: str) -> list[str]:
    """What brackets hold: one thing, or agencies and places in a row."""
    pieces = [piece for piece in map(stripped, _ROW.split(inner)) if piece]
    return pieces if any(agencies().code(folded(piece)) or is_place(piece) for piece in pieces) else [inner]


def credit_of(parts: Sequence[Part], roles: Sequence[str]) -> Credit:
    """What parts in these roles say together."""
    people: list[str] = []
    codes: list[str] = []
    places: list[str] = []
    for part, role in zip(parts, roles, strict=True):
        if role == "person":
            people.extend(part.people)
        elif role == "agency" and part.agency:
            codes.append(part.agency)
        elif role == "place":
            places.append(part.text)
    return Credit(_once(people), _once(codes), _once(places))


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
