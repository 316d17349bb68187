"""Datelines before a story's first sentence, and credits after its last."""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.metadata.bylines.credits import Credit, credit_of, parts_of, read_byline
from pipelines.metadata.bylines.lists import agencies, folded, lists, words_of
from pipelines.metadata.bylines.roles import Part, classified
from pipelines.metadata.bylines.text import is_place, plain

_MOST_HEAD = 160
_MOST_TAIL = 80
_MOST_PLACE_WORDS = 3
_MOST_AGENCY_WORDS = 6
_STRONG = re.compile(r"[:：|\-\u2013\u2014]")
_COMMAS = frozenset(",،，、")
_TAIL_PARTS = re.compile(r"(?<=[.!?…。！？؟۔])\s+|\s+[-–—]+\s*|\s*[|/©:：]\s*")
_TAIL_BRACKET = re.compile(r"[(\[（【]\s*([^()\[\]（）【】]+?)\s*[)\]）】][\s.。…*|]*$")
_TAIL_QUOTE = re.compile(r"[«“\"„]\s*([^«»“”\"„]+?)\s*[»”“\"][\s.|]*$")
_UNSPACED = re.compile(
    r"\s*(?:[【（(](?=[^】）)]{2,12}[】）)])([\u3040-\u30ff\u3400-\u9fff]{2,12})[】）)]"
    r"|([\u3040-\u30ff\u3400-\u9fff]{2,12}\d{0,2}月?\d{0,2}日?)[电電])"
)
_DIGITS = re.compile(r"\d")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔»”\"|]\s*$")


def dateline(text: str) -> Credit:
    """What stands before the first sentence: "BEIRUT (Reuters) - "."""
    return _dateline(text[:_MOST_HEAD], len(text) <= _MOST_HEAD)


# What a page's first and last paragraph say is asked for with what different witnesses say beside it.
@lru_cache(maxsize=8)
def _dateline(text: str, whole: bool) -> Credit:
    if found := _UNSPACED.match(text):
        return _unspaced(found.group(1) or found.group(2))
    head = plain(text)
    taken: list[tuple[Part, str]] = []
    end = 0
    # Mostly the first is a sentence, and no more are cut off. One has all that parts it from the next when
    # that one is known.
    parts = parts_of(head)
    part = next(parts, None)
    while part is not None:
        following = next(parts, None)
        if dated := _dated(part.text):
            roles, done = dated
            taken += roles
            if done and any(role == "agency" for _, role in roles):
                end = len(taken)
        elif (role := _role(part)) and not (role == "unknown" and _ends_sentence(part, head)):
            taken.append((part, role))
        else:
            break
        last = whole and following is None and bool(taken) and taken[-1][1] == "agency"
        if _is_strong(part) or last:
            end = len(taken)
        if _ends_dateline(part, following, {role for _, role in taken}):
            break
        part = following
    taken = taken[:end]
    return credit_of([p for p, _ in taken], [r for _, r in taken]) if _is_dateline(taken) else Credit()


def _unspaced(head: str) -> Credit:
    """Chinese and Japanese: agency and place stand together, "新华社北京11月3日电", "【東京共同】"."""
    named = [
        (words, code)
        for words, code in (*agencies().sure.items(), *agencies().marked.items())
        if not words[0].isascii()
        and (head.startswith(words[0]) or head.endswith(words[0]))
        and len(words) == 1
    ]
    if not named:
        return Credit()
    words, code = max(named, key=lambda pair: len(pair[0][0]))
    place = _DIGITS.split(head.replace(words[0], ""))[0]
    return Credit(agencies=(code,), places=(place,) if is_place(place) else ())


def _ends_sentence(part: Part, head: str) -> bool:
    return head[head.find(part.text) + len(part.text) :].lstrip().startswith((".", "!", "?", "؟", "۔"))


def _ends_dateline(part: Part, following: Part | None, roles: set[str]) -> bool:
    """Whether a colon or line break stands here, and no agency after it."""
    if not roles & {"place", "agency"} or not (":" in part.after or "|" in part.after):
        return False
    return following is None or classified(following).agency is None


def closing_credit(text: str) -> Credit:
    """What stands after the last sentence: "(AFP)", "المصدر: رويترز"."""
    return _closing_credit(text[-_MOST_TAIL:], len(text) <= _MOST_TAIL)


@lru_cache(maxsize=8)
def _closing_credit(text: str, whole: bool) -> Credit:
    tail = plain(text)
    for pattern in (_TAIL_BRACKET, _TAIL_QUOTE):
        if found := pattern.search(tail):
            before, inner = tail[: found.start()], found.group(1)
            told = pattern is _TAIL_QUOTE and before.strip() and not _SENTENCE_END.search(before)
            return Credit() if told or _mentions(before, inner) else _agencies_only(inner)
    tail = tail.rstrip(" |.*")
    at = max((found.end() for found in _TAIL_PARTS.finditer(tail)), default=0)
    before, inner = tail[:at].rstrip(), tail[at:]
    if before.endswith((":", "：")):
        label = folded(re.split(r"[|.!?…。！？؟۔]", before[:-1])[-1])
        if label not in lists().credit:
            return Credit()
    elif at == 0 and not whole:
        return Credit()
    words = folded(inner)
    begins = lists().credit.length_at_start(words)
    if agencies().is_marked(words) and not before:
        return Credit()
    code = agencies().code(words) or (agencies().code(words[begins:]) if begins else None)
    return Credit(agencies=(code,)) if code else Credit()


def _agencies_only(inner: str) -> Credit:
    credit = read_byline(inner)
    return credit if credit.agencies else Credit()


def _mentions(before: str, inner: str) -> bool:
    """Whether a sentence speaks of the agency: "told the agency (AFP)", "Deutsche Presse-Agentur (dpa)"."""
    words = folded(before)
    code = agencies().code(folded(inner))
    if not words or _SENTENCE_END.search(before):
        return False
    if words[-1] in lists().mention or words[-1].startswith("لوكال"):
        return True
    ends = (words[-n:] for n in range(1, min(_MOST_AGENCY_WORDS, len(words)) + 1))
    return any(agencies().code(end) == code for end in ends)


def _is_strong(part: Part) -> bool:
    return part.kind == "bracket" or bool(_STRONG.search(part.after))


def _role(part: Part) -> str:
    """What a part may be in a dateline; empty when a sentence has begun."""
    part = classified(part)
    words = folded(part.text)
    if part.agency:
        return "agency"
    if part.place:
        return "place"
    if part.kind == "at" or not part.people or len(words) > 2 * _MOST_PLACE_WORDS or words in lists().alone:
        return ""
    if part.sure:
        return "person" if part.kind == "" else ""
    return "unknown" if len(words) <= _MOST_PLACE_WORDS and not part.text[0].islower() else ""


def _dated(text: str) -> tuple[list[tuple[Part, str]], bool] | None:
    """Place, date and agency one after the other without marks between: SPA's "الرياض 12 رجب 1447 هـ واس".

    None when the words do not make one, or there is neither a number nor an agency among them.
    """
    words = words_of(text)
    plain_words = tuple(word.folded for word in words)
    if not words:
        return None
    known = lists()
    place = known.places.length_at_start(plain_words)
    at, numbers = place, 0
    while at < len(words) and (words[at].folded in known.dates or words[at].folded.isdigit()):
        numbers += words[at].folded.isdigit()
        at += 1
    roles = [(Part(text[: words[place - 1].end], "", "", place=True), "place")] if place else []
    longest = range(min(_MOST_AGENCY_WORDS, len(words) - at), 0, -1)
    named = (
        next((n for n in longest if agencies().code(plain_words[at : at + n])), 0) if place or numbers else 0
    )
    if named and (numbers or plain_words[at : at + named] in agencies().sure):
        span = plain_words[at : at + named]
        roles.append((Part(" ".join(span), "", "", agency=agencies().code(span)), "agency"))
        at += named
    if at == len(words) and (numbers or named):
        return roles, True
    return (roles, True) if place and numbers > 1 and named else None


def _is_dateline(taken: list[tuple[Part, str]]) -> bool:
    """Whether the parts support each other: an unknown place needs an agency, a doubtful agency a place."""
    roles = [role for _, role in taken]
    people = "person" in roles
    for at, (part, role) in enumerate(taken):
        if role == "unknown":
            # Beside a person and no agency another full name is his colleague.
            full = people and "agency" not in roles and len(part.people[0].split()) > 1
            taken[at] = (part, "person" if full else "place")
    places = "place" in roles
    if "agency" in roles:
        named = [part for part, role in taken if role == "agency"]
        sure = [p for p in named if p.kind == "bracket" or not agencies().is_marked(folded(p.text))]
        closed = ":" in taken[-1][0].after or "|" in taken[-1][0].after
        return bool(sure) or places or (closed and "unknown" in roles)
    if "unknown" in roles and roles[0] != "person":
        return False
    return places or ("person" in roles and "unknown" in roles and ":" in taken[-1][0].after)
