"""Dates as the web writes them: the day as stated, the instant only where time and zone are stated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.dates import Dated, Setting, modified, published
from pipelines.metadata.dating.text import Place
from pipelines.metadata.structured import read_statements
from pipelines.page.tree import parse
from pipelines.records import Witness
from tests.helpers_metadata import lines_of

FETCHED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 3)
TEN = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
SEVEN = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)


HERE = Setting(Place(FETCHED))


def parsed(raw: str) -> tuple[date, datetime | None] | None:
    """Day and instant of what a page states, without anything else known of it."""
    found = published(Statements((Candidate("published", raw, "meta:date"),)), [], None, HERE)
    return (found.day, found.instant) if found else None


def page(*head: str, body: str = "") -> HtmlElement:
    """A page with these elements in its head."""
    root = parse(f"<html><head>{''.join(head)}</head><body><p>مطر</p>{body}</body></html>")
    assert root is not None
    return root


def meta(value: str, name: str = "article:published_time") -> str:
    return f'<meta property="{name}" content="{value}">'


def dated(
    *head: str, body: str = "", feed: str | None = None, setting: Setting = HERE, title: str | None = None
) -> Dated | None:
    """What is decided for a page fetched on 20 November 2026."""
    root = page(*head, body=body)
    witness = Witness(published=feed) if feed else None
    return published(read_statements(root), lines_of(root, title), witness, setting)


def changed(value: str, stated: str | None) -> datetime | None:
    """The time of the last change for a page published as stated."""
    head = [meta(value, "article:modified_time"), *([meta(stated)] if stated else [])]
    root = page(*head)
    statements = read_statements(root)
    return modified(statements, published(statements, [], None, HERE) if stated else None, HERE)


@pytest.mark.parametrize(
    ("raw", "day", "instant"),
    [
        ("2026-11-03T10:00:00Z", DAY, TEN),
        ("2026-11-03T10:00:00z", DAY, TEN),
        ("2026-11-03T10:00:00 Z", DAY, TEN),
        ("2026-11-03T10:00Z", DAY, TEN),
        ("2026-11-03T10:00:00+00:00", DAY, TEN),
        ("2026-11-03T10:00:00-00:00", DAY, TEN),
        ("2026-11-03T10:00:00+03:00", DAY, SEVEN),
        ("2026-11-03T10:00:00+0300", DAY, SEVEN),
        ("2026-11-03T10:00:00+03", DAY, SEVEN),
        ("2026-11-03 10:00:00 +0300", DAY, SEVEN),
        ("2026-11-03 10:00 +03:00", DAY, SEVEN),
        ("2026-11-03 10:00 GMT+03:00", DAY, SEVEN),
        ("2026-11-03 10:00:00 UTC", DAY, TEN),
        ("2026-11-03 10:00:00 GMT", DAY, TEN),
        ("20261103T100000Z", DAY, TEN),
        ("2026-11-03T10:00:00.5Z", DAY, TEN + timedelta(milliseconds=500)),
        ("2026-11-03T10:00:00.000Z", DAY, TEN),
        ("2026-11-03T10:00:00.123456789+03:00", DAY, SEVEN + timedelta(microseconds=123456)),
        ("2026-11-03T10:00:00+05:30", DAY, datetime(2026, 11, 3, 4, 30, tzinfo=UTC)),
        ("2026-11-03T10:00:00-03:30", DAY, datetime(2026, 11, 3, 13, 30, tzinfo=UTC)),
        ("2026-11-03T01:15:00+03:00", DAY, datetime(2026, 11, 2, 22, 15, tzinfo=UTC)),
        ("2026-11-03T23:30:00-05:00", DAY, datetime(2026, 11, 4, 4, 30, tzinfo=UTC)),
        ("2026-11-03T00:00:00Z", DAY, datetime(2026, 11, 3, tzinfo=UTC)),
        ("  2026-11-03T10:00:00Z\n", DAY, TEN),
        ("Tue, 03 Nov 2026 10:00:00 GMT", DAY, TEN),
        ("Tue, 03 Nov 2026 10:00:00 +0300", DAY, SEVEN),
        ("Tue, 3 Nov 2026 10:00 +0300", DAY, SEVEN),
        ("03 Nov 2026 10:00:00 +0000", DAY, TEN),
        ("Tue, 03 Nov 26 10:00:00 +0300", DAY, SEVEN),
        ("Tue, 03 Nov 2026 10:00:00 Z", DAY, TEN),
        ("Tue, 03 Nov 2026 05:00:00 EST", DAY, TEN),
        ("Tue, 03 Nov 2026 10:00:00 -0000", DAY, TEN),
        # No zone, or no time: a day and no guess.
        ("Tue, 03 Nov 2026 10:00:00", DAY, None),
        ("Tue Nov  3 10:00:00 2026", DAY, None),
        ("2026-11-03", DAY, None),
        ("20261103", DAY, None),
        ("2026/11/03", DAY, None),
        ("2026/11/03 10:00", DAY, None),
        ("2026-1-3", date(2026, 1, 3), None),
        ("2026-11-03T10:00:00", DAY, None),
        ("2026-11-03 10:00", DAY, None),
        ("2026-11-03T10:00:00[Asia/Aden]", DAY, None),
        ("2026-11-03 10:00:00 PM", DAY, None),
        ("2026-11-03T25:61:00Z", DAY, None),
        ("2026-11-03T10:00:00+99:99", DAY, None),
        ("2026-11-03-10-00", DAY, None),
        ("2026-11-03+03:00", DAY, None),
        ("2026-11-03 (الثلاثاء)", DAY, None),
        ("٢٠٢٦-١١-٠٣", DAY, None),
        ("۲۰۲۶-۱۱-۰۳", DAY, None),
    ],
)
def test_a_date_gives_its_day_and_its_instant(raw: str, day: date, instant: datetime | None) -> None:
    assert parsed(raw) == (day, instant)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "null",
        "last week",
        "2026",
        "2026-11",
        "2026-13-45",
        "2026-02-30",
        "2026-11-031",
        "2026-11/03",
        "0000-00-00",
        "1762164000",
        "1762164000000",
        "11/03/2026",
        "03.11.2026",
        "-2026-11-03",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "Tue, 03 Nov 99999999999999999999 10:00:00 GMT",
        "Tue, 03 Nov 2026 99999999999999999999:00:00 GMT",
        "Tue, 03 Nov 2026 10:00:00 +99999999999999999999",
        "{{ article.date }}",
        "\x00",
        "2" * 10_000,
    ],
)
def test_what_states_no_single_day_gives_nothing(raw: str) -> None:
    assert parsed(raw) is None


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40) | st.text(alphabet="0123456789-/:+TZ. ,GMTNovTue", max_size=40))
def test_no_text_is_too_strange_for_the_parser(raw: str) -> None:
    stated = parsed(raw)
    assert stated is None or stated[1] is None or stated[1].tzinfo is UTC


@settings(deadline=None, max_examples=150)
@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2026, 11, 19)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    st.integers(-12 * 4, 14 * 4).map(lambda quarters: 15 * quarters),
)
def test_an_instant_is_the_same_in_every_zone_and_notation(moment: datetime, minutes: int) -> None:
    local = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    expected = (local.date(), moment.replace(tzinfo=UTC))
    assert parsed(local.isoformat()) == expected
    assert parsed(local.strftime("%Y-%m-%d %H:%M:%S %z")) == expected
    assert parsed(local.strftime("%a, %d %b %Y %H:%M:%S %z")) == expected


def test_the_day_is_the_newsrooms_and_the_instant_is_utc() -> None:
    found = dated(meta("2026-11-03T01:15:00+03:00"))
    assert found is not None
    assert found.day == DAY
    assert found.instant == datetime(2026, 11, 2, 22, 15, tzinfo=UTC)


def test_the_witness_and_its_words_are_kept() -> None:
    found = dated(meta("2026-11-03T10:00:00Z"))
    assert found == Dated(DAY, TEN, "meta:article:published_time", "2026-11-03T10:00:00Z")


@pytest.mark.parametrize(
    "raw",
    ["1970-01-01T00:00:00Z", "1989-12-31", "0001-01-01", "2026-12-22T00:00:00Z", "2036-11-03", "1405-08-12"],
)
def test_a_date_before_the_web_or_after_the_fetch_is_refused(raw: str) -> None:
    assert dated(meta(raw)) is None


def test_a_refused_date_gives_way_to_the_next_witness() -> None:
    found = dated(meta("1970-01-01T00:00:00Z"), meta("2026-11-03T10:00:00Z", "date"))
    assert found is not None
    assert (found.instant, found.source) == (TEN, "meta:date")


def test_a_clock_a_few_hours_ahead_of_ours_is_believed() -> None:
    found = dated(meta("2026-11-21T03:00:00+03:00"))
    assert found is not None
    assert found.day == date(2026, 11, 21)


def test_json_ld_is_believed_before_meta() -> None:
    article = '{"@type": "NewsArticle", "datePublished": "2026-11-03T10:00:00Z"}'
    found = dated(meta("2026-11-05T10:00:00Z"), f'<script type="application/ld+json">{article}</script>')
    assert found is not None
    assert (found.instant, found.source) == (TEN, "json-ld:datePublished")


def test_a_day_without_time_gives_no_instant() -> None:
    assert dated(meta("2026-11-03")) == Dated(DAY, None, "meta:article:published_time", "2026-11-03")


def test_a_day_learns_its_instant_from_another_witness_of_that_day() -> None:
    found = dated(meta("2026-11-03"), feed="Tue, 03 Nov 2026 10:00:00 GMT")
    assert found is not None
    assert (found.instant, found.source) == (TEN, "feed")


def test_a_day_takes_no_instant_from_a_witness_of_another_day() -> None:
    found = dated(meta("2026-11-03"), feed="Tue, 10 Nov 2026 10:00:00 GMT")
    assert found is not None
    assert (found.day, found.instant) == (DAY, None)


def test_the_feed_is_asked_when_the_page_is_silent() -> None:
    found = dated(feed="Tue, 03 Nov 2026 10:00:00 +0300")
    assert found is not None
    assert (found.instant, found.source) == (SEVEN, "feed")


def test_a_broken_date_of_the_feed_does_no_harm() -> None:
    assert dated(feed="soon") is None


def test_a_time_element_is_the_last_stated_witness() -> None:
    found = dated(body='<time datetime="2026-11-03T10:00:00Z">3 نوفمبر</time>')
    assert found is not None
    assert (found.instant, found.source) == (TEN, "time")


def test_a_year_alone_is_not_made_the_first_of_january() -> None:
    assert dated(body="<footer>© 2024 صحيفة الميناء</footer>") is None


def test_a_date_in_the_text_is_found_when_nothing_states_one() -> None:
    found = dated(body='<div class="date">2026-11-03</div>')
    assert found is not None
    assert (found.day, found.instant, found.source) == (DAY, None, "shown")


def test_a_page_without_any_date_has_none() -> None:
    assert dated() is None


def test_a_later_change_is_reported_in_utc() -> None:
    assert changed("2026-11-03T15:00:00+03:00", "2026-11-03T10:00:00Z") == datetime(
        2026, 11, 3, 12, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("value", "stated"),
    [
        ("2026-11-03T10:00:00Z", "2026-11-03T10:00:00Z"),
        ("2026-11-03T13:00:00+03:00", "2026-11-03T10:00:00Z"),
        ("2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z"),
        ("2026-11-02T10:00:00Z", "2026-11-03"),
        ("2026-11-04", "2026-11-03T10:00:00Z"),
        ("2036-11-04T10:00:00Z", "2026-11-03T10:00:00Z"),
        ("1970-01-01T00:00:00Z", None),
        ("never", None),
    ],
)
def test_no_change_is_reported_that_is_not_later_than_the_publication(value: str, stated: str | None) -> None:
    assert changed(value, stated) is None


def test_a_change_on_the_day_of_publication_is_reported() -> None:
    assert changed("2026-11-03T10:00:00Z", "2026-11-03") == TEN


def test_a_change_of_an_undated_page_is_reported() -> None:
    assert changed("2026-11-03T10:00:00Z", None) == TEN


def test_a_trusted_day_is_not_moved_by_a_weaker_witness_of_the_next() -> None:
    decided = dated(meta("2026-11-03"), body='<time datetime="2026-11-04T08:00:00Z">4</time>')
    assert decided is not None
    assert (decided.day, decided.instant) == (DAY, None)
