"""Names of people in bylines: cut out of prefixes, titles, roles and dates, and told from newsrooms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipelines.metadata.bylines.lists import Word, folded, lists, words_of
from pipelines.metadata.bylines.persons import is_job, is_person
from pipelines.metadata.bylines.text import EDGES, MOST_CHARS, is_place, pieces_of, plain

__all__ = ["is_person", "people_in", "person_names"]

_SHORTEST_AFTER_WAW = 4
_ARABIC = re.compile("[\u0620-\u06ff]")
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}|（([^（）]*)）|【([^【】]*)】|<([^<>]*)>")
_NICKNAME = re.compile(r"([^\W\d_]+) (\([^\W\d_]+\)) ([^\W\d_]+)")
_COMMAS = frozenset(",،，、")
_PARTICLE_PREFIXES = frozenset(("da", "di", "de", "del"))


def person_names(text: str, *, inverted: bool = False) -> tuple[str, ...]:
    """The people a byline names, in order, each once; `inverted` reads "Roe, Jane" as one.

    >>> person_names("By Dr. Jane Roe and John Doe, Senior Editors"), person_names("Newsroom staff")
    (('Jane Roe', 'John Doe'), ())
    """
    return _person_names(text[:MOST_CHARS], inverted)


# A site's pages have the same writers, and a page names its own several times.
@lru_cache(maxsize=512)
def _person_names(text: str, inverted: bool) -> tuple[str, ...]:
    text = plain(text)
    if inverted and text.count(",") == 1:
        last, first = text.split(",")
        if len(last.split()) == len(first.split()) == 1 and is_person(f"{first.strip()} {last.strip()}"):
            return (f"{first.strip()} {last.strip()}",)
    if not _NICKNAME.fullmatch(text):
        text = _BRACKETS.sub(" | ", text) if _BRACKETS.sub("", text).strip(EDGES) else text
    found: list[str] = []
    others = False  # whether names are another's: after "Photos:"
    for part in pieces_of(text):
        words = folded(part.text)
        others = others and (part.before in _COMMAS or part.before in (":", "："))
        if lists().not_writer.length_at_start(words):
            others = True
        elif not others and not is_place(part.text):
            follows = part.before in _COMMAS and bool(part.before)
            found.extend(
                name for name in people_in(part.text, follows=follows) if not _trails(name, follows, found)
            )
    # Small letters are a user's name only where no other is.
    names = [name for name in found if len(found) == 1 or " " not in name or not name.islower()]
    return tuple(dict.fromkeys(names))


def people_in(text: str, *, follows: bool = False) -> list[str]:
    """People of one part of a byline: "by Jane Roe and Dr. John Doe in Berlin".

    A part that follows a name after a comma is his job when it ends as one.
    """
    text = _without_date(text)
    words = words_of(text)
    start = _after_prefixes(text, words)
    if start is None:
        return []
    words = _before_place(text, [word for word in words if word.start >= start])
    if follows and words and is_job(words[-1].folded):
        return []
    groups = list(_names(text, words))
    names = [name for group in groups if (name := _name(text, group)) is not None]
    # "Center for Tests and Research"
    return names if len(names) == len(groups) else [name for name in names if " " in name]


def _trails(name: str, follows: bool, found: list[str]) -> bool:
    """Whether a part after a comma is a place or a degree of the person before, by its look."""
    if not follows or not found or " " not in found[0]:
        return follows and not found and name.isupper() and " " not in name
    return " " not in name or (name.upper() == name != name.lower() and found[0].upper() != found[0])


def _without_date(text: str) -> str:
    digits = re.search(r"\d", text)
    if digits is None:
        return text
    words = words_of(text[: digits.start()])
    known = lists()
    # "Jane Roe and 3 others"
    while words and words[-1].folded in known.dates | known.strong_and:
        words.pop()
    # A letter before the digit: "user42" is no name with a count.
    if text[: digits.start()][-1:].isalpha():
        return ""
    return text[: words[-1].end] if len(words) > 1 else ""


def _after_prefixes(text: str, words: list[Word]) -> int | None:
    """Where the name begins after prefixes and titles; None when another's name follows."""
    known = lists()
    at = 0
    while at < len(words):
        rest = [word.folded for word in words[at : at + 6]]
        if known.not_writer.length_at_start(rest):
            return None
        titles = known.titles.length_at_start(rest)
        taken = max(titles, known.by.length_at_start(rest))
        left = len(words) - at - taken
        if not taken and not at and left > 1 and rest[0] in known.strong_and and not text[0].isupper():
            taken, left = 1, left - 1  # ", and Jane Roe"
        if not taken or not left or (left == 1 and taken == titles == 1 and len(rest[0]) > 4):
            break  # also "الشيخ محمد"
        follows = text[words[at + taken].start]
        gap = text[words[at + taken - 1].end : words[at + taken].start]
        if rest[0] in _PARTICLE_PREFIXES and left < 2:
            break
        if len(rest[0]) == 1 and not _starts_apart(gap, rest[0]):
            break
        if (
            titles < taken
            and follows.islower()
            and ":" not in gap
            and text[words[at].start].isupper()
            and left > 1
        ):
            break  # "Von der Heide"
        at += taken
    return words[at].start if at < len(words) else None


def _starts_apart(gap: str, letter: str) -> bool:
    """Whether a single letter is a title ("د. سالم") and no initial ("M. Roe")."""
    return not letter.isascii() and (bool(gap.strip()) or bool(_ARABIC.match(letter)))


def _before_place(text: str, words: list[Word]) -> list[Word]:
    known = lists()
    for at in range(1, len(words) - 1):
        word = words[at]
        rest = tuple(w.folded for w in words[at + 1 :])
        if text[word.start].isupper() and (word.folded, rest[0]) != ("for", "the"):
            continue
        if word.folded in known.at or (word.folded in known.at_place and rest in known.places):
            return words[:at]
        if at > 1 and len(rest) == 1 and word.folded in known.at_place - known.particles:
            return words[:at]
    return words


def _names(text: str, words: list[Word]) -> Iterator[list[Word]]:
    """Words of each name, parted where "and" stands."""
    group: list[Word] = []
    for at, word in enumerate(words):
        after = len(words) - at - 1
        if group and after and _parts_names(text, word, len(group), after):
            yield group
            group = []
        elif _is_joined_and(word, len(group), after):
            yield group
            group = [Word(word.start + 1, word.end, word.folded[1:])]
        else:
            group.append(word)
    if group:
        yield group


def _parts_names(text: str, word: Word, before: int, after: int) -> bool:
    known = lists()
    if word.folded in known.strong_and:
        return not text[word.start].isupper() or word.folded in ("and", "und", "et")
    return word.folded in known.weak_and and not text[word.start].isupper() and before > 1 and after > 1


def _is_joined_and(word: Word, before: int, after: int) -> bool:
    """Whether a word is "and" written together with the first name after it (Arabic, Hebrew)."""
    known = lists()
    rest = word.folded[1:]
    if before < 2 or after < 1 or word.folded[:1] not in ("و", "ו") or word.folded in known.given:
        return False
    return rest in known.given or (len(rest) >= _SHORTEST_AFTER_WAW and before < 4)


def _name(text: str, words: list[Word]) -> str | None:
    known = lists()
    for at, word in enumerate(words):
        # "Jane Roe Senior Correspondent"
        if at > 1 and word.folded in known.after:
            words = words[:at]
            break
    rest = [word.folded for word in words]
    taken = known.titles.length_at_start(rest)
    if 0 < taken < len(words) - (len(rest[0]) > 4) and (len(rest[0]) > 1 or not rest[0].isascii()):
        words = words[taken:]
    while len(words) > 2 and words[-1].folded in ("md", "phd", "rd", "ms", "mba", "cfp", "dvm", "mw", "lno"):
        words = words[:-1]
    if not words:
        return None
    end = words[-1].end
    # "Joe S.", "Perry Roe Jr."
    if text[end : end + 1] == "." and (len(words[-1].folded) == 1 or words[-1].folded in ("jr", "sr")):
        end += 1
    name = " ".join(text[words[0].start : end].split()).strip("\"“”«»„'")
    return name if is_person(name) else None
