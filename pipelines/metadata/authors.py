"""Authors: people, as the page's own witnesses and the line under its headline name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from lxml.html import HtmlElement

from pipelines.body.datelines import is_dateline
from pipelines.metadata.bylines.lists import first_word, folded, lists
from pipelines.metadata.bylines.names import person_names
from pipelines.metadata.bylines.persons import is_person, is_sure_person
from pipelines.metadata.candidates import Statements
from pipelines.metadata.json_ld import NEWS_TYPES
from pipelines.metadata.lines import Line
from pipelines.metadata.structured import visible_text
from pipelines.normalize import letters
from pipelines.policy import Policy

_ADDRESS = re.compile(r"^(?:[a-z]+:)?//|^[/@]|^www\.|^\d+$", re.IGNORECASE)
# "Jane Roe <jane@…>" and the "jane@… (Jane Roe)" of RSS: the name is meant.
_EMAIL = re.compile(r"(?<![^\s<>()])[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+")
# Names that mark-up gives a byline, in the languages people write style sheets in.
_BYLINE = frozenset(
    "author authors authorname byline bylines writer writers reporter reporters contributor contributors "
    "columnist journalist correspondent autor autoren autores autora auteur auteurs autore autori redakteur "
    "verfasser skribent forfatter journaliste penulis yazar muhabir writtenby postedby".split()
)
_NOT_BYLINE = frozenset(
    "comment comments commenter avatar bio biography related share social image photo".split()
)
_ACCOUNT = re.compile(r"[\w.-]*[\d_.][\w.-]*|[a-z]+")
# "7 August 2026 by Jane Roe", "Posted on 7 August | von Jane Roe"
_AFTER_DATE = re.compile(
    r".{0,50}\d.{0,20}?[\s|•·,-](?:by|von|par|por|av|af|door|di|بقلم|מאת)\s+(.+)$", re.IGNORECASE
)
_PARTS = re.compile(r"\s*[|•·⋅–—،]\s*|,\s+|\s+-\s+")
# Lines above and below the headline where a bare name is its writer's, and how long such a line is.
_ABOVE, _BELOW, _MAX_BARE_CHARS = -3, 6, 60
# Where links behind writers' names lead.
_AUTHOR_PATH = re.compile(
    r"/(?:authors?|by|byline|profiles?|writers?|reporters?|contributors?|columnists?|"
    r"journalists?|autor(?:en|es|a)?|auteurs?|autori|redakteur\w*|yazar(?:lar)?|kontributor)[/=]",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?:by|von|par|por|di|av|af|door|przez|kirjoittanut|autore?:?|بقلم|كتبت?|نویسنده|מאת)\b", re.IGNORECASE
)
_FULL_NAME = 2
_MAX_PARTS = 20
_MAX_PREFIX_CHARS = 60
# A line that begins so and goes on longer is a sentence.
_MAX_BYLINE_CHARS = 120
_MAX_AUTHORS = 30
# How much a witness is believed: a line that says "by", then what machines are told, then names alone.
_WORDED, _JSON, _MARKED, _GUESSED = 2.5, 2.0, 1.0, 0.5


def signatures(texts: Iterable[str]) -> tuple[str, ...]:
    """People who sign a story below its last line: "(Jane Roe)"."""
    return people_of([text.strip(" ()[]（）【】") for text in texts], set())


def byline_texts(statements: Statements, lines: Sequence[Line]) -> Iterator[str]:
    """What page and byline say of where the story comes from, as they say it."""
    for field in ("author", "organisation", "page_author"):
        yield from (c.value for c in statements.all(field) if not _ADDRESS.match(c.value))
    for line in lines:
        if line.near:
            yield from (text for text, weight in _byline_texts(line) if weight > _GUESSED)


@dataclass(frozen=True, slots=True)
class _Said:
    """People as one witness names them, and how much it is believed."""

    people: tuple[str, ...]
    weight: float


def authors(statements: Statements, lines: Sequence[Line], host: str, policy: Policy) -> tuple[str, ...]:
    """People in the order given, each once; empty when nobody is named.

    Who most witnesses name decides: mark-up can bear the name of whoever put the page online. A witness that
    names the same people more fully is preferred: "Jane Roe" to "Jane", both to one of two.
    """
    outlets = outlets_of(statements, host)
    said = list(_witnesses(statements, lines, outlets))
    if not said:
        return _of_own_site(statements, host)
    best = max(said, key=lambda one: _support(one, said)).people
    for other in said:
        if _is_fuller(other.people, best):
            best = other.people
    return tuple(name[: policy.max_author_chars] for name in best[:_MAX_AUTHORS])


def outlets_of(statements: Statements, host: str) -> set[str]:
    """What the page calls those who publish it, folded: no names of people."""
    return {letters(c.value) for c in statements.all("publisher")} | {letters(host)}


def _witnesses(statements: Statements, lines: Sequence[Line], outlets: set[str]) -> Iterator[_Said]:
    """People by source, most trusted first."""
    sources = statements.by_source("author")
    marked = sources.pop("rel:author", [])
    for source, values in sources.items():
        if names := people_of(values, outlets):
            yield _Said(names, _JSON if source.startswith("json-ld") else _MARKED)
    yield from bylines(lines, outlets)
    for field in ("page_author", "organisation"):
        if names := people_of([c.value for c in statements.all(field)], outlets):
            yield _Said(names, _MARKED)
    yield from _elsewhere(lines, outlets)
    if len(set(marked)) == 1 and (names := people_of(marked, outlets)):
        yield _Said(names, _MARKED)


def _elsewhere(lines: Sequence[Line], outlets: set[str]) -> Iterator[_Said]:
    """People of bylines away from the headline (below the story, in a box), where they all name the same."""
    found = {
        tuple(map(letters, names)): names
        for line in lines
        if not (line.near or line.in_menu)
        and (said := next(_byline_texts(line), None))
        and line.words.isdisjoint(_NOT_BYLINE)
        if (names := tuple(filter(_is_full_name, people_of(said[:1], outlets))))
    }
    if len(found) == 1:
        yield _Said(next(iter(found.values())), _GUESSED)


def _support(one: _Said, said: Sequence[_Said]) -> tuple[float, int]:
    agreeing = [other.weight for other in said if _agree(one, other)]
    return sum(agreeing), len(agreeing)


def _agree(one: _Said, other: _Said) -> bool:
    """Whether both name the same person, the one by a part of the name perhaps."""
    ours, theirs = ({letters(name) for name in said.people} for said in (one, other))
    return any(a in b or b in a for a in ours for b in theirs)


def bylines(lines: Sequence[Line], outlets: set[str]) -> Iterator[_Said]:
    """People of the lines near the headline that are worded or marked as bylines, then of bare names."""
    bare: list[_Said] = []
    near = [line for line in lines if line.near]
    for at, line in enumerate(near):
        found: dict[str, str] = {}
        weight = _MARKED
        for text, weight in _byline_texts(line):
            for name in people_of([text], outlets):
                if _is_believable(name, weight):
                    found.setdefault(letters(name), name)
            if found:
                break
        if found:
            yield _Said(tuple(found.values()), weight)
        elif _ABOVE <= line.distance <= _BELOW and len(line.text) <= _MAX_BARE_CHARS and not line.in_menu:
            names = people_of([_PARTS.split(line.text)[0]], outlets)
            if names and (all(map(is_sure_person, names)) or _is_announced(near, at, names)):
                bare.append(_Said(names, _GUESSED))
    yield from bare[:1]


def _is_believable(name: str, weight: float) -> bool:
    """Whether a byline of this weight can mean the name: a single word in small letters only after "by"."""
    if name.islower():
        return weight == _WORDED and " " not in name
    return weight > _GUESSED or " " in name or not any(char.islower() or char.isupper() for char in name)


def _is_announced(lines: Sequence[Line], at: int, names: Sequence[str]) -> bool:
    """Whether a bare name is the writer's: a date beside it, "Written by" above it, or said twice."""
    line = lines[at]
    if not all(map(_is_full_name, names)):
        return False
    first, *rest = _PARTS.split(line.text, maxsplit=1)
    if rest:
        others = (rest[0], *_PARTS.split(rest[0]))
        return letters(first) == letters(names[0]) and any(is_dateline(p) or p[:1] == "@" for p in others)
    linked = line.element.tag == "a" or next(line.element.iter("a"), None) is not None
    if letters(line.text) != letters("".join(names)) or linked:
        return False
    beside = [lines[k].text for k in (at - 1, at + 1) if 0 <= k < len(lines)]
    above = folded(lines[at - 1].text) in lists().by.all if at else False
    return above or line.repeated or any(map(is_dateline, beside))


def _byline_texts(line: Line) -> Iterator[tuple[str, float]]:
    """What the line says of an author and how far it is believed: after "by", in marked parts, itself."""
    short = len(line.text) <= _MAX_BYLINE_CHARS
    if short and is_byline(line.text):
        yield line.text, _WORDED if _BY.match(line.text) else _MARKED
    if short and (after := _AFTER_DATE.match(line.text)) is not None:
        yield after.group(1), _WORDED
    if parts := list(dict.fromkeys(visible_text(node) for node in _marked_parts(line))):
        yield " | ".join(parts)[:_MAX_BYLINE_CHARS], _MARKED
    if short and _is_marked(line.words):
        yield line.text, _GUESSED


def _marked_parts(line: Line) -> list[HtmlElement]:
    """The innermost elements of the line that mark-up calls an author's."""
    outline, own = line.names.outline, line.names.own
    tags = outline.tags
    first = range(line.at, min(line.at + _MAX_PARTS, outline.ends[line.at]))
    found = [
        at
        for at in first
        if tags[at] and (_is_marked(own(at)) or (tags[at] == "a" and _leads_to_author(outline.elements[at])))
    ]
    # In document order, the next one stands in this one or none does.
    inner = (following < outline.ends[at] for at, following in pairwise((*found, len(outline.ends))))
    return [outline.elements[at] for at, holds in zip(found, inner, strict=True) if not holds]


def _is_full_name(name: str) -> bool:
    """Two words and more, with capitals where the script has them, but for particles."""
    words = name.split()
    return len(words) > 1 and not words[-1].islower() and not words[0].islower()


def _leads_to_author(link: HtmlElement) -> bool:
    return bool(_AUTHOR_PATH.search(link.get("href") or ""))


def is_byline(text: str) -> bool:
    """Whether the line begins with what comes before a writer's name.

    >>> is_byline("By Jane Roe"), is_byline("بقلم: سلمى حداد"), is_byline("Bypass opens")
    (True, True, False)
    """
    start = text[:_MAX_PREFIX_CHARS]
    if not lists().by.may_begin(first_word(start)):
        return False
    words = folded(start)
    return 0 < lists().by.length_at_start(words) < len(words)


# Most elements have the names that others have, or none.
@lru_cache(maxsize=512)
def _is_marked(words: frozenset[str]) -> bool:
    return not words.isdisjoint(_BYLINE) and words.isdisjoint(_NOT_BYLINE)


def people_of(values: Sequence[str], outlets: set[str]) -> tuple[str, ...]:
    """The people that texts of bylines name, each once, without those who are the outlet (folded)."""
    names: dict[str, str] = {}
    for value in values:
        if _ADDRESS.match(value):
            continue
        for name in person_names(_EMAIL.sub(" ", value)):
            if (folded := letters(name)) not in outlets:
                names.setdefault(folded, name)
    return tuple(names.values())


def _is_fuller(other: Sequence[str], than: Sequence[str]) -> bool:
    """Whether `other` names everybody `than` does, and more people or a single word's other name."""
    if all(_ACCOUNT.fullmatch(name) for name in than):
        return not any(_ACCOUNT.fullmatch(name) for name in other)
    ours, theirs = set(map(letters, than)), set(map(letters, other))
    if ours < theirs:
        return True
    longer = {_completed(name, other) for name in than}
    return longer != ours and longer <= theirs


def _completed(name: str, names: Sequence[str]) -> str:
    """A name of one word as another witness has it in full, folded; others as they are."""
    if " " not in name:
        for other in names:
            words = other.split()
            if len(words) == _FULL_NAME and words[0] == name:
                return letters(other)
    return letters(name)


def _of_own_site(statements: Statements, host: str) -> tuple[str, ...]:
    """The person a site that is no newsroom bears the name of, where it states nobody else."""
    if any(c.value in NEWS_TYPES for c in statements.all("type")):
        return ()
    folded = letters(host)
    for candidate in statements.all("author"):
        name = candidate.value
        if letters(name) in folded and len(name.split()) > 1 and is_person(name):
            return (name,)
    return ()
