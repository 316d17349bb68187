"""Dates a reader sees, the zone of the site, and the day that readers there call it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pipelines.metadata.dates import Setting
from pipelines.metadata.dating.text import Place
from pipelines.metadata.setting import setting_of, zone_of
from pipelines.records import Page
from tests.helpers_clean import PARK, TITLE, article, paragraphs, story
from tests.helpers_metadata import stated
from tests.test_dates import DAY, FETCHED, dated, meta

ADEN = Setting(Place(FETCHED, "ar", "YE"), timezone(timedelta(hours=3)))
STORY = paragraphs(*PARK)


def shown(lines: str, setting: Setting = ADEN) -> date | None:
    """The day decided for a page that shows these lines between headline and story."""
    found = dated(body=f"<main><h1>{TITLE}</h1>{lines}{STORY}</main>", setting=setting, title=TITLE)
    return found.day if found else None


@pytest.mark.parametrize(
    "line",
    [
        "<p>3 نوفمبر 2026</p>",
        "<p>الثلاثاء ٣ تشرين الثاني/نوفمبر ٢٠٢٦ - ١٠:٠٠</p>",
        "<p>By Jane Roe | 3 November 2026 | Town</p>",
        '<div class="entry-meta">Jane Roe in Town and Country, 3 Nov 2026, four comments</div>',
        '<p><time datetime="2026-11-03T10:00:00+03:00">yesterday</time></p>',
        "<p>Published 3 November 2026, updated 12 November 2026</p>",
        '<p class="updated">3 November 2026</p>',
    ],
)
def test_the_date_under_the_headline_is_the_publications(line: str) -> None:
    assert shown(line) == DAY


@pytest.mark.parametrize(
    "line",
    [
        "<figure><figcaption>The quay on 3 November 2026</figcaption></figure>",
        "<p>Workers plant the first trees along the old harbour wall, 3 November 2026</p>",
        "<aside><p>3 November 2026</p></aside>",
        "<p>Tel. 03.11.20 26</p>",
        "<p>2026</p>",
    ],
)
def test_no_other_date_is_taken_for_it(line: str) -> None:
    assert shown(line) is None


@pytest.mark.parametrize(
    "line", ["Updated 3 November 2026, 10:00", "آخر تحديث: 3 نوفمبر 2026", "Stand: 03.11.2026"]
)
def test_the_date_of_a_change_is_a_day_at_best_and_only_where_no_other_is_told(line: str) -> None:
    body = f"<h1>{TITLE}</h1><p>{line}</p>{STORY}"
    found = dated(body=body, setting=ADEN, title=TITLE)
    assert found is not None
    assert (found.day, found.instant, found.source, found.raw) == (DAY, None, "shown:updated", line)
    stated_too = dated(meta("2026-10-01"), body=body, setting=ADEN, title=TITLE)
    assert stated_too is not None
    assert stated_too.day == date(2026, 10, 1)


def test_a_date_further_down_counts_when_it_says_what_it_is_or_is_the_only_one() -> None:
    far = paragraphs(*[" ".join(PARK)] * 3)
    assert dated(body=f"<h1>{TITLE}</h1>{far}<p>Published on 3 November 2026</p>", title=TITLE)
    assert dated(body=f"<h1>{TITLE}</h1>{far}<h4>Published</h4><p>3 November 2026</p>", title=TITLE)
    cards = "<p>4 November 2026</p><p>5 November 2026</p>"
    assert dated(body=f"<h1>{TITLE}</h1>{far}{cards}", title=TITLE) is None


def test_a_time_without_zone_is_the_sites() -> None:
    found = dated(meta("2026-11-03 10:00"), setting=ADEN)
    assert found is not None
    assert (found.day, found.instant) == (DAY, datetime(2026, 11, 3, 7, tzinfo=UTC))


def test_the_day_is_the_one_readers_there_know() -> None:
    late = meta("2026-11-02T22:30:00Z")
    for setting, day in ((None, date(2026, 11, 2)), (ADEN, DAY)):
        found = dated(late, setting=setting) if setting else dated(late)
        assert found is not None
        assert found.day == day
    local = '<time datetime="2026-11-03T01:30:00+03:00">3/11</time>'
    found = dated(late, body=f"<h1>{TITLE}</h1><p>{local}</p>{STORY}", title=TITLE)
    assert found is not None
    assert (found.day, found.instant) == (DAY, datetime(2026, 11, 2, 22, 30, tzinfo=UTC))


def test_a_shown_day_that_is_nowhere_the_stated_instant_moves_nothing() -> None:
    found = dated(
        meta("2026-11-03T12:00:00Z"), body=f"<h1>{TITLE}</h1><p>2 November 2026</p>{STORY}", title=TITLE
    )
    assert found is not None
    assert found.day == DAY


def test_day_and_month_are_set_right_by_a_witness_that_is_clear() -> None:
    head = meta("11/03/2026 10:00:00", "date")
    british = Setting(Place(FETCHED, "en", "GB"))
    found = dated(head, body=f"<h1>{TITLE}</h1><p>3 November 2026</p>{STORY}", setting=british, title=TITLE)
    assert found is not None
    assert found.day == DAY


def test_a_date_that_only_an_address_or_a_picture_holds_is_none() -> None:
    markup = story(TITLE, '<img src="/2026/11/03/quay.jpg">' + STORY)
    head = '<link rel="canonical" href="http://news.test/2026/11/03/park">'
    found = article(markup.replace("</head>", f"{head}</head>"))
    assert (found.published_at, found.published_date) == (None, None)


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("Asia/Aden", None, "Asia/Aden"),
        (None, "YE", "Asia/Aden"),
        ("Europe/London", "YE", "Europe/London"),
        (None, "US", "None"),
        (None, "XX", "None"),
        (None, None, "None"),
    ],
)
def test_the_zone_is_the_site_files_or_the_countrys_only_one(
    name: str | None, country: str | None, expected: str
) -> None:
    assert str(zone_of(name, country)) == expected


@pytest.mark.parametrize(
    ("url", "tag", "country", "language"),
    [
        ("https://www.harbour.co.uk/a", "en-US", "GB", "en"),
        ("https://harbour.com/a", "en-US", "US", "en"),
        ("https://harbour.tv/a", "tr_TR", "TR", "tr"),
        ("https://harbour.com/a", "ar", None, "ar"),
        ("https://harbour.de/a", "???", "DE", None),
    ],
)
def test_country_and_language_are_taken_from_the_address_and_the_page(
    url: str, tag: str, country: str | None, language: str | None
) -> None:
    page = Page(url, b"", (), FETCHED, "harbour", "run")
    place = setting_of(page, stated(f'<meta property="og:locale" content="{tag}">')).place
    assert (place.country, place.language) == (country, language)
