"""Parts of a byline: agencies, places and people, told by lists and by their neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.metadata.bylines.lists import agencies, folded, lists, words_of
from pipelines.metadata.bylines.names import people_in
from pipelines.metadata.bylines.persons import is_sure_person
from pipelines.metadata.bylines.text import is_place

_MOST_PLACE_WORDS = 4
# Four people joined by "and"; more in one part is a sentence.
_MOST_NAMES_WORDS = 12
_COMMAS = frozenset(",،，、")
_CASELESS = re.compile("[\u0590-\u08ff\u0900-\u0fff\u3040-\u9fff\uac00-\ud7af]")
_SENTENCE_END = re.compile(r"[.!?…؟۔]\s*$|\.\.")
_DASH = re.compile(r"[-\u2013\u2014]")
_DIGITS = re.compile(r"\d")


@dataclass(slots=True)
class Part:
    """A piece of a byline between separators, and what it was found to be."""

    text: str
    kind: str  # "", "bracket", "quote", "at" (after "from")
    before: str  # the separators around it
    after: str = ""
    agency: str | None = None
    place: bool = False
    people: tuple[str, ...] = ()
    sure: bool = False  # whether the people are people without doubt

    @property
    def is_open(self) -> bool:
        """Whether it may be a person or a place."""
        return self.agency is None and not self.place


def classified(part: Part) -> Part:
    """The part with what it is by itself: an agency, a known place, names."""
    words = folded(part.text)
    part.agency = agencies().code(words) or _agency_with_desk(words)
    if part.agency:
        return part
    part.place = is_place(part.text)
    if not part.place:
        part.people = tuple(people_in(part.text, follows=part.before in _COMMAS and bool(part.before)))
        begins = lists().by.length_at_start(words) or lists().titles.length_at_start(words)
        prefixed = 0 < begins < len(words)
        named = any(is_sure_person(name) or (prefixed and " " in name) for name in part.people)
        part.sure = part.sure or named
    return part


def _agency_with_desk(words: tuple[str, ...]) -> str | None:
    """The agency of "Reuters staff", "وكالة واس", "AFP reporters"."""
    rest = tuple(word for word in words if word not in lists().nobody)
    return agencies().code(rest) if 0 < len(rest) < len(words) <= _MOST_PLACE_WORDS else None


def is_prose(text: str, parts: Sequence[Part]) -> bool:
    """Whether a feed put a sentence where the author belongs, by its length or a bullet."""
    if any(part.agency or (part.sure and part.kind == "") for part in parts):
        return any(map(_is_long, parts))
    words = len(words_of(text))
    begun = text.startswith(("-", "–", "•", "·", "*"))
    marked = begun or bool(_SENTENCE_END.search(text)) or _DIGITS.match(text)
    return words > _MOST_PLACE_WORDS - 1 and (bool(marked) or any(map(_is_long, parts)))


def _is_long(part: Part) -> bool:
    words = len(words_of(part.text))
    return words > _MOST_NAMES_WORDS or (not part.people and words > 2 * _MOST_PLACE_WORDS)


def writers(parts: Sequence[Part]) -> Iterator[Part]:
    """Parts without who took the picture, translated, checked."""
    others = False
    for part in parts:
        words = folded(part.text)
        joined = part.before in _COMMAS or part.before in (":", "：") or part.kind == "at"
        others = others and (joined or bool(_DASH.search(part.before)))
        others = others and not lists().by.length_at_start(words)
        if lists().not_writer.length_at_start(words):
            others = True
        elif not others:
            yield part


def role_of(part: Part, parts: Sequence[Part]) -> str:
    """What a part is among the others: agency, place, person or nothing."""
    if part.agency:
        return "agency"
    if part.place:
        return "place"
    alone = len(parts) == 1
    if part.sure:
        return "person" if part.kind != "quote" else "place"
    if alone and part.people:
        return "person"
    if not part.people or part.kind in ("bracket", "quote", "at"):
        return "place" if _may_be_place(part, parts) else ""
    return _role_by_company(part, parts)


def _role_by_company(part: Part, parts: Sequence[Part]) -> str:
    """The role of a name that only its neighbours can tell."""
    others = [other for other in parts if other is not part]
    if _is_town(part, parts):
        return "place"
    full = " " in part.people[0]
    leads = part is parts[0]
    if len(part.people) > 1:
        return "person"
    if not full:
        small = part.text.islower() and len(part.text) <= _MOST_PLACE_WORDS
        return "" if small and any(o.agency for o in others) else "place"
    if any(o.sure for o in others):
        return "person" if _goes_with_sure(part, parts) else _other_of_two(part)
    rivals = [o for o in others if o.is_open and o.people and " " in o.people[0] and o.kind == ""]
    if _CASELESS.search(part.text):
        if leads and rivals and part.after not in _COMMAS:
            return "place"
        if any(o.place for o in others) or rivals or not any(o.agency for o in others):
            return "place" if leads and ":" in part.after and not rivals else "person"
        return _other_of_two(part)
    if leads and rivals and ":" in part.after:
        return "place"
    wired = any(o.agency for o in others)
    return "place" if wired and part.text.isupper() and part.kind == "" and leads else "person"


def _is_town(part: Part, parts: Sequence[Part]) -> bool:
    """Whether its country follows in brackets."""
    at = next(n for n, other in enumerate(parts) if other is part)
    after = parts[at + 1] if at + 1 < len(parts) else None
    return after is not None and after.kind == "bracket" and folded(after.text) in lists().countries


def _goes_with_sure(part: Part, parts: Sequence[Part]) -> bool:
    """Whether a comma, or the same order of name and place, joins it with somebody sure."""
    at = next(n for n, other in enumerate(parts) if other is part)
    after = parts[at + 1] if at + 1 < len(parts) else None
    if part.before and part.before in _COMMAS:
        return True
    if after is None:
        return False
    stationed = after.kind == "bracket" and after.place and folded(after.text) not in lists().countries
    return stationed or (after.sure and bool(part.after) and part.after in _COMMAS)


def _other_of_two(part: Part) -> str:
    """A full name beside people or an agency: of a person when it ends in a name of descent."""
    first, *_, last = folded(part.text)
    family = last.startswith("ال") and last.endswith("ی") and len(last) > 4 and not first.startswith("ال")
    return "person" if family or not _CASELESS.search(part.text) else "place"


def _may_be_place(part: Part, parts: Sequence[Part]) -> bool:
    words = folded(part.text)
    if len(parts) == 1 or not 0 < len(words) <= _MOST_PLACE_WORDS or _DIGITS.search(part.text):
        return False
    if words in lists().alone or any(word in lists().nobody for word in words):
        return False
    # A prefix by itself ("كتب"), or one whose name follows.
    return not lists().by.length_at_start(words) and not part.text[:1].islower()
