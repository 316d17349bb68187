"""Publication and modification dates: aware instants where the page says so, a calendar day else.

A date is what a witness states of this article: mark-up first, then the line under the headline. None is made
from an address, an id, a year or a picture, and none is guessed: where nobody says it, it is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from pipelines.body.words import folded_words, is_date_word, is_number
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.dating.text import Moment, Place, find_moments, read_moment
from pipelines.metadata.lines import Line
from pipelines.metadata.structured import visible_text
from pipelines.records import Witness

_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d(?!\d)", re.ASCII)
_RFC_822 = re.compile(r"(?:[A-Za-z]{3},\s)?\d{1,2}\s[A-Za-z]{3}\s\d\d\s\d\d:", re.ASCII)
_MONTHS = 12
_NUMERIC = re.compile(r"\s*\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{2}")
_EARLIEST = date(1990, 1, 1)
# Names that mark-up gives what shows the date of publication, and what shows the date of a change.
_PUBLISHED = frozenset("published publish publication datepublished pubdate posted postdate".split())
_DATED = _PUBLISHED | frozenset(
    "date dateline byline author meta info details time timestamp datum fecha".split()
)
# Letters that are one to `re.IGNORECASE` and two to `str.lower`.
_ONE_CASE = str.maketrans("ıſςµϐϑϕϖϰϱϵᲀᲁᲂᲃᲄᲅᲆ", "isσμβθφπκρεвдосттъ")


def _caseless(text: str) -> str:
    """The text in small letters, character by character: places in it are places in the text."""
    return text.lower() if text.isascii() else text.replace("İ", "i").lower().translate(_ONE_CASE)


def _any_of(phrases: str) -> re.Pattern[str]:
    # Ignoring case, the engine would try every phrase at every letter; so it looks for the first letters.
    return re.compile(_caseless(phrases))


_PUBLISHING = _any_of(
    "publish|posted|veröffentlicht|erschienen|publié|publicad|pubblicat|gepubliceerd|publicerad|publisert|"
    "udgivet|julkaistu|opublikowan|publikováno|опубликован|дата публикации|опубліковано|δημοσιε|yayın|"
    "نشر|منتشر|انتشار|פורסם|发布|發布|发表|發表|発表|公開|게시|입력"
)
_DATE_LABEL = _any_of(r"(?:datum|date|fecha|data|tarih|дата|تاريخ|תאריך|日期|时间)\b")
_CHANGED = frozenset("updated update modified modify lastmod edited aktualisiert actualizado revised".split())
_CHANGE = _any_of(
    "updated|modified|edited|revised|aktualisiert|stand:|mis à jour|modifié|actualizad|modificad|atualizad|"
    "aggiornat|bijgewerkt|opdateret|oppdatert|uppdaterad|päivitetty|aktualizacja|aktualizováno|обновлено|изменено|"
    "güncelleme|آخر تحديث|تحديث|تم التعديل|به‌روزرسانی|بروزرسانی|עודכן|更新"
)
# A line that says a date says little else.
_MAX_DATELINE_CHARS, _MAX_LINE_CHARS, _MAX_LABEL_CHARS = 120, 70, 30
_MAX_BEFORE_LABEL, _MAX_OTHER_WORDS = 12, 5
_SAME = timedelta(minutes=1)
_WESTMOST, _EASTMOST = timedelta(hours=12), timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date with its witness. `instant` is None when no time of day with a zone is stated."""

    day: date
    instant: datetime | None
    source: str
    raw: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a page was written, as far as known: `zone` is the site's, for times without one."""

    place: Place
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A witness of a date and what it says."""

    moment: Moment
    source: str
    raw: str


def published(
    statements: Statements, lines: Sequence[Line], witness: Witness | None, setting: Setting
) -> Dated | None:
    """First acceptable publication date, most trusted witness first; see `_witnesses`."""
    witnesses = _witnesses(statements, lines, witness, setting)
    first = next(witnesses, None)
    if first is None:
        return _last_shown(lines, setting)
    if _instant(first, setting) and not _NUMERIC.match(first.raw):
        # The others are read no further than until one says which day it is there.
        return _dated(first, witnesses, setting)
    return _decide([first, *witnesses], setting)


def _witnesses(
    statements: Statements, lines: Sequence[Line], witness: Witness | None, setting: Setting
) -> Iterator[_Read]:
    """What is stated of the article, the feed, lines near the headline, the page's node, lone dates."""
    yield from _read(statements.all("published"), setting)
    if witness and witness.published:
        yield from _read([Candidate("published", witness.published, "feed")], setting)
    yield from shown_dates(lines, setting)
    yield from _read(statements.all("page_published"), setting)
    yield from shown_dates(lines, setting, changed=True)
    yield from _said_elsewhere(lines, setting)
    yield from _of_one_day(_read(statements.all("time"), setting))
    yield from _only_date(lines, setting)


def _read(candidates: Iterable[Candidate], setting: Setting) -> Iterator[_Read]:
    for candidate in candidates:
        moment = read_moment(candidate.value, setting.place) or _written_by_machine(candidate.value)
        if moment and _is_acceptable(moment, setting):
            yield _Read(moment, candidate.source, candidate.value)


def _written_by_machine(value: str) -> Moment | None:
    """The day of an ISO date whose time is broken, and the years of two digits that RFC 822 wrote."""
    try:
        if match := _ISO_DAY.match(value):
            return Moment(date.fromisoformat(match.group()))
        if not _RFC_822.match(value):
            return None
        stated = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return Moment(stated.date(), stated.time(), stated.tzinfo)


def _is_acceptable(moment: Moment, setting: Setting) -> bool:
    return _EARLIEST <= moment.day <= (setting.place.fetched_at + timedelta(days=1)).date()


def shown_dates(lines: Iterable[Line], setting: Setting, *, changed: bool = False) -> Iterator[_Read]:
    """Dates a reader sees near the headline, nearest first and those below it before those above.

    Dates that the page says are of changes are none. Where only a style's name says so, they are `changed`.
    """
    near = sorted(
        (line for line in lines if line.near), key=lambda line: (abs(line.distance), line.distance < 0)
    )
    for line in near:
        if bool(line.words & _CHANGED) == changed:
            yield from _dates_in(line, setting)


def _dates_in(line: Line, setting: Setting) -> Iterator[_Read]:
    for element in line.element.iter("time"):
        text = visible_text(element)
        if not _change_in(text) and not _change_in(line.text[: line.text.find(text)]):
            yield from _read([Candidate("published", element.get("datetime") or text, "time")], setting)
    change = _change_in(line.text)
    before = line.text[: change.start()] if change else line.text
    for moment in _dates_of(before, line, setting.place):
        if _is_acceptable(moment, setting):
            yield _Read(moment, "shown", line.text)


def _change_in(text: str) -> re.Match[str] | None:
    """Where the text says first that something was changed."""
    return _CHANGE.search(_caseless(text))


def _dates_of(text: str, line: Line, place: Place) -> list[Moment]:
    """The date the text is; or those in it, if it is the kind of line that tells dates."""
    if whole := read_moment(text, place):
        return [whole]
    if line.words & _DATED and len(line.text) <= _MAX_DATELINE_CHARS:
        return find_moments(text, place)
    found = find_moments(text, place) if len(line.text) <= _MAX_LINE_CHARS else []
    return found if not found or _says_little_else(line.text) else [one for one in found if one.clock]


def _last_shown(lines: Iterable[Line], setting: Setting) -> Dated | None:
    """The day that readers are told of when they are told of a change alone: a day, and never an instant."""
    for line in lines:
        change = _change_in(line.text) if line.near else None
        if change is None or change.start() > _MAX_DATELINE_CHARS:
            continue
        after = line.text[change.start() : change.start() + _MAX_LINE_CHARS]
        for moment in _dates_of(after, line, setting.place):
            if _is_acceptable(moment, setting):
                return Dated(moment.day, None, "shown:updated", line.text)
    return None


def _says_little_else(text: str) -> bool:
    """Whether a line has room for a name and a label beside its date, and not for a caption."""
    plain = [word for word in folded_words(text) if not (is_number(word) or is_date_word(word))]
    return len(plain) <= _MAX_OTHER_WORDS


def _said_elsewhere(lines: Sequence[Line], setting: Setting) -> list[_Read]:
    """Dates of lines anywhere that say "published", are named so or stand below the word, if of one day."""
    return _of_one_day(
        read
        for before, line in zip([None, *lines], lines, strict=False)
        if not line.near and len(line.text) <= _MAX_DATELINE_CHARS and not line.words & _CHANGED
        if line.words & _PUBLISHED or _is_labelled(line.text) or (before and _is_label(before.text))
        for read in _dates_in(line, setting)
    )


def _is_labelled(text: str) -> bool:
    """Whether the line begins with a word of publication."""
    start = _caseless(text[: _MAX_BEFORE_LABEL + _MAX_LABEL_CHARS])
    label = _DATE_LABEL.match(start) or _PUBLISHING.search(start)
    return label is not None and label.start() <= _MAX_BEFORE_LABEL


def _is_label(text: str) -> bool:
    if len(text) > _MAX_LABEL_CHARS:
        return False
    said = _caseless(text)
    return bool(_DATE_LABEL.match(said) or _PUBLISHING.search(said))


def _only_date(lines: Iterable[Line], setting: Setting) -> list[_Read]:
    """The date that whole lines of the page say and that no other such line contradicts."""
    return _of_one_day(
        _Read(moment, "shown", line.text)
        for line in lines
        if len(line.text) <= _MAX_LINE_CHARS
        for moment in _whole_or_timed(line.text, setting.place)
        if _is_acceptable(moment, setting) and not line.words & _CHANGED and not _change_in(line.text)
    )


def _whole_or_timed(text: str, place: Place) -> list[Moment]:
    """The date the whole line is, or those in it that have a time of day."""
    whole = read_moment(text, place)
    return [whole] if whole else [moment for moment in find_moments(text, place) if moment.clock]


def _of_one_day(reads: Iterable[_Read]) -> list[_Read]:
    found = list(reads)
    return found if len({read.moment.day for read in found}) == 1 else []


def _decide(said: Sequence[_Read], setting: Setting) -> Dated:
    """The first witness's day, with the first instant a witness gives for that day."""
    first = _unflipped(said)
    timed = (
        first
        if _instant(first, setting)
        else next(
            (one for one in said if one.moment.day == first.moment.day and _instant(one, setting)), first
        )
    )
    return _dated(timed, said[1:], setting)


def _dated(read: _Read, others: Iterable[_Read], setting: Setting) -> Dated:
    """The date that a witness states, on the day that others call it."""
    instant = _instant(read, setting)
    day = read.moment.day
    if instant and _is_utc(read.moment):
        day = _local_day(instant, others, setting)
    return Dated(day, instant, read.source, read.raw)


def _unflipped(said: Sequence[_Read]) -> _Read:
    """The first witness, or the first that swaps its day and month: one was read the wrong way round."""
    day = said[0].moment.day
    if not _NUMERIC.match(said[0].raw) or day.day > _MONTHS:
        return said[0]
    swapped = date(day.year, day.day, day.month)
    return next((read for read in said if read.moment.day == swapped), said[0])


def _instant(read: _Read, setting: Setting) -> datetime | None:
    return read.moment.instant(setting.zone)


def _is_utc(moment: Moment) -> bool:
    return moment.zone is not None and moment.zone.utcoffset(None) == timedelta(0)


def _local_day(instant: datetime, others: Iterable[_Read], setting: Setting) -> date:
    """The day readers there call it: machines are told UTC, which can be the day before or after."""
    if setting.zone:
        return instant.astimezone(setting.zone).date()
    for other in others:
        moment, same = other.moment, _instant(other, setting)
        if same and not _is_utc(moment) and abs(same - instant) < _SAME:
            return moment.day
        if other.source == "shown" and _may_be(instant, moment):
            return moment.day
    return instant.date()


def _may_be(instant: datetime, moment: Moment) -> bool:
    """Whether there is a place on earth where it is that day (and time) at the instant."""
    if moment.clock is None:
        return (instant - _WESTMOST).date() <= moment.day <= (instant + _EASTMOST).date()
    ahead = datetime.combine(moment.day, moment.clock, instant.tzinfo) - instant
    return -_WESTMOST <= ahead <= _EASTMOST and (ahead + _SAME / 2) % timedelta(minutes=15) <= _SAME


def modified(statements: Statements, after: Dated | None, setting: Setting) -> datetime | None:
    """The stated instant of the last change; None unless it is later than the publication."""
    for field in ("modified", "page_modified"):
        for read in _read(statements.all(field), setting):
            instant = _instant(read, setting)
            if instant is None:
                continue
            if after and (instant <= after.instant if after.instant else read.moment.day < after.day):
                return None
            return instant
    return None
