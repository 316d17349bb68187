"""Whether what a page states of itself leaves no question of people and date that its lines could answer.

A newsroom's article with a name and an instant for machines has the same under its headline; where nothing it
states contradicts them, its lines need not be looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from pipelines.metadata.authors import outlets_of, people_of
from pipelines.metadata.candidates import Statements
from pipelines.metadata.dates import Setting
from pipelines.metadata.dating.text import Moment, read_moment
from pipelines.metadata.json_ld import NEWS_TYPES
from pipelines.metadata.setting import domain_country, zones_of
from pipelines.normalize import letters
from pipelines.records import Page

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
# What is told with an article, and not with the page around it.
_OF_ARTICLES = ("json-ld", "meta:article:")
_SAME = timedelta(minutes=1)
# Hours of UTC whose day it is, or was while people were awake, from California to Japan.
_DAY_EVERYWHERE = range(8, 14)


def is_settled(
    page: Page, statements: Statements, people: Collection[str], host: str, setting: Setting
) -> bool:
    """Whether a news article's statements agree on the people (`people` are those decided on) and the day."""
    return (
        bool(people)
        and any(c.value in NEWS_TYPES for c in statements.all("type"))
        and _is_day_settled(page, statements, setting)
        and _are_people_settled(statements, people, host)
    )


def _are_people_settled(statements: Statements, people: Collection[str], host: str) -> bool:
    """Whether JSON-LD names these people in full, and every other statement some of them."""
    outlets = outlets_of(statements, host)
    stated: set[str] = set()
    others: set[str] = set()
    for source, values in statements.by_source("author").items():
        if source != "rel:author":  # a link's text: the name of a box, or of another story's writer
            (stated if source.startswith("json-ld") else others).update(people_of(values, outlets))
    if stated != set(people) or not all(" " in name for name in stated):
        return False
    full = [letters(name) for name in stated]
    return all(any(part in name or name in part for name in full) for part in map(letters, others))


def _is_day_settled(page: Page, statements: Statements, setting: Setting) -> bool:
    """Whether one instant is stated, nothing against it, and it is known which day it is there."""
    said = statements.all("published")
    if not said or not _INSTANT.match(said[0].value):
        return False
    if not any(c.source.startswith(_OF_ARTICLES) for c in said):
        return False
    moments = [read_moment(c.value, setting.place) for c in said]
    first = moments[0]
    instant = first.instant(setting.zone) if first else None
    if first is None or instant is None:
        return False
    agreeing = (one is not None and _agrees(one, first, instant, setting) for one in moments)
    return all(agreeing) and (
        setting.zone is not None
        or any(one and one.zone and one.zone.utcoffset(None) for one in moments)
        or _is_day_of_utc(instant, page)
    )


def _agrees(moment: Moment, first: Moment, instant: datetime, setting: Setting) -> bool:
    other = moment.instant(setting.zone)
    return moment.day == first.day if other is None else abs(other - instant) < _SAME


def _is_day_of_utc(instant: datetime, page: Page) -> bool:
    """Whether the calendar shows UTC's day at the instant wherever the page may be from."""
    if zones := zones_of(page.country or domain_country(page.url)):
        day = instant.astimezone(UTC).date()
        return all(instant.astimezone(zone).date() == day for zone in zones)
    return instant.hour in _DAY_EVERYWHERE
