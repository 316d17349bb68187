"""Years and days of the calendars that news is dated in, and the order of day and month by country."""

from __future__ import annotations

from datetime import date

import jdatetime
from hijridate import Hijri

EARLIEST_YEAR = 1990
_JALALI_YEARS = range(1369, 1410)
_HIJRI_YEARS = range(1410, 1501)
_BUDDHIST_YEARS = range(2500, 2643)
_JALALI_LANGUAGES = frozenset({"fa", "ps", "ckb"})

# Where Hijri dates follow the Umm al-Qura calendar, or may; elsewhere the month begins when the moon is seen.
_HIJRI_LANGUAGES = frozenset({None, "ar", "en"})
_MOON_SEEN = frozenset("AF BD BN DZ ID IN IQ IR LB LK LY MA MR MY OM PK TN TR".split())

_MONTH_FIRST = frozenset("US PH FM GU MP PW PR AS".split())
_ENGLISH_DAY_FIRST = frozenset(
    "GB IE AU NZ IN PK BD LK NP ZA NG KE UG TZ GH ZW ZM MW BW NA MT SG HK JM TT BB GY FJ PG CY".split()
)
_DAY_FIRST = _ENGLISH_DAY_FIRST | frozenset(
    "AD AL AR AT BA BE BG BO BR BY CH CL CO CR CU CZ DE DO EC EE ES FI FR GR GT HN HR ID IS IT LU LV MD ME "
    "MK MX NI NL NO PE PL PT PY RO RS RU SI SK SV TR UA UY VE VN".split()
)
# Their own order puts the year first, and a date that does not may be in either order.
_YEAR_FIRST = frozenset({"ja", "ko", "zh", "hu", "lt", "mn", "fil", "tl"})


def gregorian_day(calendar: str, year: int, month: int, day: int) -> date | None:
    """The Gregorian date of a "gregorian", "hijri" (Umm al-Qura) or "jalali" day, if it exists.

    >>> gregorian_day("hijri", 1447, 9, 15), gregorian_day("jalali", 1404, 12, 30)
    (datetime.date(2026, 3, 4), None)
    """
    try:
        if calendar == "hijri":
            there = Hijri(year, month, day).to_gregorian() if year in _HIJRI_YEARS else None
            return date(*there.datetuple()) if there else None
        if calendar == "jalali":
            jalali: date = jdatetime.date(year, month, day).togregorian()
            return jalali if year in _JALALI_YEARS else None
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def calendar_of_year(
    year: int, language: str | None, country: str | None, *, persian: bool
) -> tuple[str, int]:
    """The calendar a bare year belongs to, and the year in it. `persian`: written in Persian digits.

    The years that news can have overlap in no two calendars: 1990-2030 is 1369-1409 Jalali, 1410-1453 Hijri.

    >>> calendar_of_year(1405, "fa", None, persian=False), calendar_of_year(2569, "th", None, persian=False)
    (('jalali', 1405), ('gregorian', 2026))
    """
    if year in _JALALI_YEARS and (language in _JALALI_LANGUAGES or persian):
        return "jalali", year
    if year in _HIJRI_YEARS and (language == "ar" or country == "SA"):
        return "hijri", year
    if language == "th" and year in _BUDDHIST_YEARS:
        return "gregorian", year - 543
    return "gregorian", year


def hijri_is_certain(language: str | None, country: str | None) -> bool:
    """Whether a Hijri date alone names its day: not where the sight of the moon decides."""
    return language in _HIJRI_LANGUAGES and country not in _MOON_SEEN


def short_year(year: int, last_year: int) -> int:
    """Year of two digits in the hundred years that end with `last_year`.

    >>> short_year(26, 2027), short_year(99, 2027)
    (2026, 1999)
    """
    full = 2000 + year
    return full if full <= last_year else full - 100


def month_stands_first(language: str | None, country: str | None) -> bool | None:
    """Whether 3/12 is March 12; None where either order is used.

    Month first only in English of the United States and what follows it; the English of an Arab country's
    paper is as often written by a program that knows American dates alone, so it stays open.
    """
    if language in _YEAR_FIRST:
        return None
    if language == "en":
        return True if country in _MONTH_FIRST else False if country in _ENGLISH_DAY_FIRST else None
    if language is None:
        return False if country in _DAY_FIRST else None
    return None if country in _MONTH_FIRST else False


def day_stands_first_always(country: str | None) -> bool:
    """Whether no one in the country writes the month first, whatever the language."""
    return country in _DAY_FIRST
