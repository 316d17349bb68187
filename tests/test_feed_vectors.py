"""Real and broken feeds that other readers test with: what is in them comes out, and nothing is damaged."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import pytest

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import Discovered
from crawler.discovery.times import sortable
from tests.helpers_discovery import urls

FEEDS = Path(__file__).resolve().parents[2] / "shared" / "vectors" / "feeds"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FEEDS.is_dir(), reason="no feeds of other readers beside the project"),
]
URL = "https://www.example.org/feed.xml"
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_LINK = re.compile(
    rb"<(?:\w+:)?link>\s*(?:<!\[CDATA\[)?\s*[^\s<]"
    rb"|<(?:\w+:)?link(?=\s)(?![^>]*rel=.(?:enclosure|edit|replies|related|hub|next|license))[^>]*href="
    rb"|<guid(?![^>]*isPermaLink=.false)[^>]*>\s*https?:|<(?:\w+:)?id>\s*https?:",
    re.IGNORECASE,
)
# Files that give another number of links than they have entries with an address, how many fewer, and why.
_FRAGMENTS = "entries are places in one page, which is one article"
_TWICE = "entries with the same address"
OTHERWISE = {
    "node-feedparser/atom-with-tag-uri-links.xml": (1, "the link is tag:, which nobody can fetch"),
    "chardet/EUC-JP__club.h14m.org.xml": (13, _FRAGMENTS),
    "chardet/EUC-JP__misuzilla.org.xml": (9, _FRAGMENTS),
    "chardet/KOI8-R__koi.kinder.ru.xml": (1, _TWICE),
    "chardet/iso-8859-2-hungarian__shamalt.uw.hu.mv.xml": (19, _FRAGMENTS),
    "chardet/iso-8859-2-hungarian__ugyanmar.blogspot.com.xml": (11, _FRAGMENTS),
    "chardet/iso-8859-5-bulgarian__aero-bg.com.xml": (6, _FRAGMENTS),
    "chardet/iso-8859-5-bulgarian__doncho.net.comments.xml": (1, _FRAGMENTS),
    "chardet/windows-1250-hungarian__bbc.co.uk.hu.xml": (4, _TWICE),
    "chardet/windows-1251-bulgarian__doncho.net.comments.xml": (3, _FRAGMENTS),
    "chardet/windows-1255-hebrew__halemo.net.edoar.xml": (3, _TWICE),
    "chardet/windows-1255-hebrew__info.org.il.xml": (32, _FRAGMENTS),
    "feedparser_illformed/illformed__rdf_channel_empty_textinput.xml": (
        -1,
        "the link has no address but a word",
    ),
    "rome/CDATATestFeed.xml": (1, _TWICE),
    "rome/issue137-rss.xml": (3, _TWICE),
    "reader/full.json": (-2, "JSON"),
    "trafilatura/feed.json": (-25, "JSON"),
}
# What the folders of the real feeds in old encodings are written in, as Unicode names its letters.
SCRIPTS = {
    ("Big5", "GB2312"): ("CJK",),
    ("EUC-JP", "SHIFT_JIS", "CP932"): ("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH"),
    ("EUC-KR", "CP949"): ("HANGUL", "CJK"),
    ("IBM855", "IBM866", "KOI8-R", "MacCyrillic", "iso-8859-5", "windows-1251"): ("CYRILLIC",),
    ("iso-8859-7",): ("GREEK",),
    ("TIS-620",): ("THAI",),
    ("windows-1255",): ("HEBREW",),
}
_DAMAGE = re.compile("\ufffd|[\x00-\x1f\x7f-\x9f]|â€|Ã[\xa0-\xbf]|Ð[\xa0-\xbf]|[ØÙ][§„±]|&#?\\w+;|</?[abip]>")
# Statements of a time that are none.
NO_DATES = {"2004-10-067T00:00:00+02:00", "Mon, 02 Jan 2001 00:00:00 GMT"}


def _files(kind: str) -> list[str]:
    if not FEEDS.is_dir():
        return []
    with (FEEDS / "MANIFEST.csv").open(encoding="utf-8", newline="") as rows:
        return [row["file"] for row in csv.DictReader(rows) if row["kind"] == kind]


def _read(name: str, content_type: str | None = None) -> tuple[bytes, Discovered]:
    body = (FEEDS / name).read_bytes()
    return body, read_feed(body, URL, content_type)


def _titles(found: Discovered) -> dict[str, str]:
    return {link.key: link.witness.title for link in found.links if link.witness and link.witness.title}


def _entries_with_a_link(body: bytes) -> int:
    """Counted in the raw bytes, without any parser; the zeros are those of UTF-16 and UTF-32."""
    plain = body.replace(b"\0", b"")
    return sum(bool(_LINK.search(entry)) for entry in _ENTRY.split(plain)[1:])


@pytest.mark.parametrize("name", _files("rss"))
def test_every_entry_with_an_address_is_a_link_and_nothing_is_damaged(name: str) -> None:
    body, found = _read(name)
    fewer, _why = OTHERWISE.get(name, (0, ""))
    assert len(found.links) == _entries_with_a_link(body) - fewer
    assert found.dropped == 0
    for link in found.links:
        assert link.url.startswith(("http://", "https://"))
        assert link.witness is not None
        for text in (link.witness.title, *link.witness.authors):
            assert not _DAMAGE.search(text or "")


def test_the_files_that_give_another_number_are_still_there() -> None:
    assert OTHERWISE.keys() <= set(_files("rss"))


@pytest.mark.parametrize("name", [name for name in _files("rss") if name.startswith("chardet/")])
def test_titles_are_in_the_letters_of_their_language(name: str) -> None:
    folder = name.removeprefix("chardet/").partition("__")[0]
    wanted = next((scripts for starts, scripts in SCRIPTS.items() if folder.startswith(starts)), None)
    if wanted is None:
        pytest.skip("a language in Latin letters")
    letters = [letter for title in _titles(_read(name)[1]).values() for letter in title if letter > "\u024f"]
    names = [unicodedata.name(letter, "") for letter in letters if letter.isalpha()]
    strangers = [letter for letter in names if not letter.startswith(wanted)]
    assert len(strangers) <= 0.02 * len(names)


def test_a_feed_kept_in_several_encodings_has_the_same_titles_in_each() -> None:
    copies: dict[str, list[dict[str, str]]] = {}
    for name in _files("rss"):
        if name.startswith("chardet/") and ".ru" in name:
            copies.setdefault(name.partition("__")[2], []).append(_titles(_read(name)[1]))
    compared = 0
    for first, *others in copies.values():
        for other in others:
            both = first.keys() & other.keys()
            compared += len(both)
            assert {key: first[key] for key in both} == {key: other[key] for key in both}
    assert compared > 300


@pytest.mark.parametrize("name", [name for name in _files("rss") if name.startswith("chardet/")])
def test_a_wrong_header_damages_no_title(name: str) -> None:
    """As RFC 7303 has it the header wins; feeds are written by programs, and headers by servers."""
    body, found = _read(name)
    wrong = _titles(read_feed(body, URL, "text/xml; charset=utf-8"))
    assert wrong == _titles(found)


def test_stated_times_are_understood_and_the_newest_can_be_told() -> None:
    stated = [
        link
        for name in _files("rss")
        for link in _read(name)[1].links
        if link.witness and link.witness.published
    ]
    unknown = {link.witness.published for link in stated if link.witness and link.hint is None}
    assert len(stated) > 1_500
    assert {text for text in unknown if text and re.search(r"(?:19|20)\d\d", text)} <= NO_DATES
    assert all(sortable(link.hint) == link.hint for link in stated if link.hint)


def test_what_is_no_feed_gives_nothing() -> None:
    for name in (
        "chardet/GB2312___chromium_gb18030_with_no_encoding_specified.html.xml",
        "reader/invalid.json",
    ):
        assert _read(name)[1] == Discovered()
    assert _read("news-crawl/src__main__resources__default-regex-normalizers.xml")[1] == Discovered()


def test_the_next_page_of_a_real_feed_is_found() -> None:
    (after,) = _read("feedjira/GoogleDocsList.xml")[1].feeds
    assert after.startswith("https://docs.google.com/feeds/default/private/full?start-key=")


def test_an_address_relative_to_the_channel_is_absolute() -> None:
    assert urls(_read("reader/relative.rss")[1]) == ["https://www.example.org/blog/post/1"]
