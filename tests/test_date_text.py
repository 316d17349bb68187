"""Date strings in every language of news: what they say, and what is left alone."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.metadata.dating.text import Moment, Place, find_moments, read_moment
from pipelines.metadata.dating.words import load_lexicon
from pipelines.metadata.dating.zones import Zone, zone_of

FETCHED = datetime(2026, 12, 4, 10, 37, tzinfo=UTC)
STRINGS = tomllib.loads(Path(__file__).with_name("date_strings.toml").read_text(encoding="utf-8"))
DATA = tomllib.loads(files("pipelines.metadata.dating").joinpath("words.toml").read_text(encoding="utf-8"))
WORDS, ZONES, ZONES_OF = DATA["languages"], DATA["zones"], DATA["zones_of"]
READ = [(where, text, said) for where, table in STRINGS["read"].items() for text, said in table.items()]
FIND = [(where, text, said) for where, table in STRINGS["find"].items() for text, said in table.items()]


def place_of(where: str) -> Place:
    language, _, country = where.partition("-")
    return Place(FETCHED, None if language == "any" else language, country or None)


def said_by(moment: Moment | None) -> str:
    """A moment as the table writes it."""
    if moment is None:
        return ""
    parts = [moment.day.isoformat()]
    if moment.clock:
        parts.append(moment.clock.isoformat().removesuffix(":00"))
    if moment.clock and moment.zone:
        parts.append(datetime.combine(moment.day, moment.clock, moment.zone).strftime("%z"))
    return " ".join(parts)


def test_the_table_is_long_and_holds_many_languages() -> None:
    assert len(READ) >= 160
    assert {where.partition("-")[0] for where in STRINGS["read"]} >= set(
        "ar fa he ur tr hi zh ja ko ru".split()
    )


@pytest.mark.parametrize(("where", "text", "said"), READ)
def test_a_date_string_says_what_it_says_or_nothing(where: str, text: str, said: str) -> None:
    assert said_by(read_moment(text, place_of(where))) == said


@pytest.mark.parametrize(("where", "text", "said"), FIND)
def test_the_full_dates_of_a_line_are_found(where: str, text: str, said: list[str]) -> None:
    assert [said_by(moment) for moment in find_moments(text, place_of(where))] == said


def test_an_instant_needs_a_time_and_a_zone() -> None:
    day, clock, cairo = date(2026, 7, 3), time(14, 30), ZoneInfo("Africa/Cairo")
    assert Moment(day).instant(cairo) is None
    assert Moment(day, clock).instant() is None
    assert Moment(day, clock).instant(cairo) == datetime(2026, 7, 3, 11, 30, tzinfo=UTC)
    stated = Moment(day, clock, timezone(timedelta(hours=5)))
    assert stated.instant(cairo) == datetime(2026, 7, 3, 9, 30, tzinfo=UTC)


def test_today_is_the_day_where_the_page_was_fetched() -> None:
    tokyo = Place(datetime(2026, 12, 4, 20, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo")), "ja", "JP")
    assert read_moment("今日", tokyo) == Moment(date(2026, 12, 5))


def test_a_day_without_a_year_may_be_tomorrow_and_else_is_the_last_one() -> None:
    place = Place(datetime(2026, 12, 31, 23, tzinfo=UTC), "en")
    assert read_moment("1 January 00:30", place) == Moment(date(2027, 1, 1), time(0, 30))
    assert read_moment("2 January 00:30", place) == Moment(date(2026, 1, 2), time(0, 30))
    assert read_moment("29 February 00:30", place) is None


@pytest.mark.parametrize("language", [code for code, entry in WORDS.items() if "months" in entry])
@settings(max_examples=25, deadline=None)
@given(day=st.dates(date(1990, 1, 1), date(2026, 12, 3)), clock=st.none() | st.times(), data=st.data())
def test_a_date_written_in_any_language_reads_back(
    language: str, day: date, clock: time | None, data: st.DataObject
) -> None:
    entry = WORDS[language]
    month = data.draw(st.sampled_from(entry["months"][day.month - 1].split("|")))
    weekday = data.draw(st.sampled_from(["", *entry.get("weekdays", [""] * 7)[day.weekday()].split("|")]))
    label = data.draw(st.sampled_from(["", *entry.get("around", [])]))
    text = f"{label}: " * bool(label) + f"{weekday}, " * bool(weekday) + f"{day.day} {month} {day.year}"
    clock = clock.replace(second=0, microsecond=0) if clock else None
    text += f" {clock:%H:%M}" if clock else ""
    place = Place(FETCHED, language)
    assert read_moment(text, place) == Moment(day, clock)
    found = find_moments(text, place)
    assert [moment.day for moment in found] == [day]


@pytest.mark.parametrize("language", [code for code, entry in WORDS.items() if "hours_ago" in entry])
def test_hours_ago_are_read_in_any_language(language: str) -> None:
    for pattern in WORDS[language]["hours_ago"]:
        number, _, words = pattern.rpartition(": ")
        hours = int(number or 3)
        moment = read_moment(words.replace("{0}", "3"), Place(FETCHED, language))
        assert moment == Moment(date(2026, 12, 4), time(10 - hours), UTC), pattern


@settings(max_examples=300, deadline=None)
@given(
    day=st.dates(date(1990, 1, 1), date(2026, 12, 3)), order=st.sampled_from(["{2}.{1}.{0}", "{0}/{1}/{2}"])
)
def test_digits_of_any_script_are_the_same_date(day: date, order: str) -> None:
    text = order.format(day.year, day.month, day.day)
    for zero in ("٠", "०", "০", "０"):
        written = text.translate({ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)})
        assert read_moment(written, Place(FETCHED, "ar")) == Moment(day)


PIECES = sorted(load_lexicon().phrases)[::7]
NUMBERS = st.integers(0, 99999).map(str)
SOUP = st.lists(st.sampled_from(PIECES) | NUMBERS | st.sampled_from(list(" .,:/-+()'|年月日")), max_size=25)


@settings(max_examples=500, deadline=None)
@given(
    text=st.text(max_size=320) | SOUP.map(" ".join) | SOUP.map("".join),
    language=st.sampled_from([None, *WORDS]),
)
def test_no_text_raises_and_what_is_read_is_within_bounds(text: str, language: str | None) -> None:
    place = Place(FETCHED, language)
    read = read_moment(text, place)
    for moment in [*([read] if read else []), *find_moments(text, place)]:
        assert date(1990, 1, 1) <= moment.day <= date(2027, 12, 31)
        assert moment.zone is None or moment.clock is not None
        moment.instant(UTC)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Nd", "Nl", "No"]), max_size=100))
def test_a_line_without_digits_holds_no_date(text: str) -> None:
    assert find_moments(text, Place(FETCHED, "en")) == []


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"[0-9]{9,11}|[0-9]{13}|[0-9]{15,}|[0-9]{1,7}", fullmatch=True))
def test_a_bare_number_is_no_date(number: str) -> None:
    place = Place(FETCHED, "en", "US")
    assert read_moment(number, place) is None
    assert find_moments(f"no {number}, {number} and {number}", place) == []


@pytest.mark.parametrize(
    "name", sorted({*ZONES.values(), *(z for t in ZONES_OF.values() for z in t.values() if z)})
)
def test_every_zone_is_one_and_its_offset_is_kept_some_day(name: str) -> None:
    days = [datetime(2026, month, 15, 12) for month in range(1, 13)]
    assert any(zone_of(Zone(0, name=name), day, None) for day in days)


def test_a_long_line_is_not_read() -> None:
    text = "3 May 2026" + " " * 300
    assert read_moment(text, Place(FETCHED, "en")) is None
    assert find_moments(text, Place(FETCHED, "en")) == []
