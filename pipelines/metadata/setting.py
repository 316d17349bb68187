"""Where a page was written: language, country and time zone, which dates and languages are read by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pipelines.metadata.candidates import Statements
from pipelines.metadata.dates import Setting
from pipelines.metadata.dating.text import Place
from pipelines.records import Page

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z]{4})?(?:[-_]([A-Za-z]{2}))?(?:[-_.@].*)?")
# Domains of countries that are sold to everybody.
_SOLD = frozenset("AI AM BE CC CO FM GG IM IN IO LA LY ME MU NU SH SO ST TK TO TV VC WS".split()) - {
    "BE",
    "IN",
}
_DOMAINS = {"UK": "GB", "EU": None, "AC": None, "SU": "RU"}


def setting_of(page: Page, statements: Statements) -> Setting:
    """What the site file, the address and the page itself say of where it was written."""
    tags = list(language_tags(page, statements))
    languages = [language for language, _ in tags]
    country = page.country or domain_country(page.url) or next((c for _, c in tags if c), None)
    place = Place(page.fetched_at, languages[0] if languages else None, country)
    return Setting(place, zone_of(page.timezone, page.country))


def stated_languages(page: Page, statements: Statements) -> tuple[str, ...]:
    """Language tags as page and site state them, most trusted first."""
    stated = [c.value for field in ("html_language", "language", "locale") for c in statements.all(field)]
    return tuple([*stated, page.site_language] if page.site_language else stated)


def language_tags(page: Page, statements: Statements) -> Iterator[tuple[str, str | None]]:
    """Language and country of each tag that is one."""
    for tag in stated_languages(page, statements):
        if match := _TAG.fullmatch(tag.strip()):
            yield match.group(1).lower(), match.group(2).upper() if match.group(2) else None


def zone_of(name: str | None, country: str | None) -> tzinfo | None:
    """The zone of the site file, else the country's if it has but one.

    >>> str(zone_of(None, "YE")), zone_of(None, "US")
    ('Asia/Aden', None)
    """
    if name:
        return ZoneInfo(name)
    zones = zones_of(country)
    return zones[0] if len(zones) == 1 else None


@lru_cache(maxsize=256)
def zones_of(country: str | None) -> tuple[tzinfo, ...]:
    """Every zone of a country (ISO 3166 code); none when it is not known."""
    return tuple(map(ZoneInfo, _zones().get(country, ()))) if country else ()


@cache
def _zones() -> dict[str, list[str]]:
    """ISO 3166 code -> names of its zones (`zone.tab` of the time zone database)."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return found


def domain_country(url: str) -> str | None:
    """Country of the host's top-level domain, unless it is one that everybody uses.

    >>> [domain_country(f"http://{host}/") for host in ("a.com.eg", "a.co.uk", "a.tv", "127.0.0.10")]
    ['EG', 'GB', None, None]
    """
    last = (urlsplit(url).hostname or "").rpartition(".")[2].upper()
    if len(last) != 2 or not last.isalpha() or last in _SOLD:
        return None
    return _DOMAINS.get(last, last)
