"""Dates the way each press prints them."""

from __future__ import annotations

from datetime import date, datetime

_NOWRUZ_1400 = date(2021, 3, 21)
_ARABIC = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
]
_ARABIC_DAYS = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"]
_PERSIAN = [
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
]
_HEBREW = [
    "ינואר",
    "פברואר",
    "מרץ",
    "אפריל",
    "מאי",
    "יוני",
    "יולי",
    "אוגוסט",
    "ספטמבר",
    "אוקטובר",
    "נובמבר",
    "דצמבר",
]
_ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ENGLISH_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_RFC_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def _year_days(year: int) -> int:
    """Length of a Jalali year by the 33-year cycle, right for every year from 1244 to 1472."""
    return 366 if (25 * year + 11) % 33 < 8 else 365


def jalali(day: date) -> tuple[int, int, int]:
    """Year, month and day of the Iranian calendar, counted from Nowruz 1400."""
    year, left = 1400, (day - _NOWRUZ_1400).days
    while left < 0:
        year -= 1
        left += _year_days(year)
    while left >= _year_days(year):
        left -= _year_days(year)
        year += 1
    if left < 186:
        return year, left // 31 + 1, left % 31 + 1
    return year, (left - 186) // 30 + 7, (left - 186) % 30 + 1


def persian_digits(text: str | int) -> str:
    """Digits as a Persian page prints them."""
    return str(text).translate(_PERSIAN_DIGITS)


def persian(moment: datetime) -> str:
    """۱۲ آبان ۱۴۰۵ - ۰۹:۱۵."""
    year, month, day = jalali(moment.date())
    return persian_digits(f"{day} {_PERSIAN[month - 1]} {year} - {moment:%H:%M}")


def arabic(moment: datetime) -> str:
    """The day spelled out, without the time: 3 نوفمبر 2026."""
    return f"{moment.day} {_ARABIC[moment.month - 1]} {moment.year}"


def arabic_weekday(moment: datetime) -> str:
    """The name of the day, for the strip at the top of a page."""
    return _ARABIC_DAYS[moment.weekday()]


def hebrew(moment: datetime) -> str:
    """The day and the time: 3 בנובמבר 2026, 09:15."""
    return f"{moment.day} ב{_HEBREW[moment.month - 1]} {moment.year}, {moment:%H:%M}"


def english(moment: datetime) -> str:
    """The day as a British paper has it: Tuesday 3 November 2026."""
    return f"{_ENGLISH_DAYS[moment.weekday()]} {moment.day} {_ENGLISH[moment.month - 1]} {moment.year}"


def rfc822(moment: datetime) -> str:
    """The form RSS asks for, free of the locale."""
    month = _ENGLISH[moment.month - 1][:3]
    return f"{_RFC_DAYS[moment.weekday()]}, {moment:%d} {month} {moment:%Y %H:%M:%S %z}"
