"""Sitemaps that other crawlers test with: every address of an article comes out, and no other."""

from __future__ import annotations

import gzip
import html
import re
from pathlib import Path

import pytest

from crawler.discovery.records import Discovered
from crawler.discovery.sitemaps import read_sitemap
from pipelines.records import Witness
from pipelines.urls import article_key
from tests.helpers_discovery import urls

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not VECTORS.is_dir(), reason="no sitemaps of other crawlers beside the project"),
]
URL = "https://www.example.org/sitemap.xml"
_PAGE = re.compile(r"<url>.*?<loc>\s*(?:<!\[CDATA\[)?\s*([^\s<\]]+)", re.DOTALL)
_PLACE = re.compile(r"<sitemap>(?:\s*<loc>)?\s*(?:<!\[CDATA\[)?\s*([^\s<\]]+)")
# Addresses of one page: without a path there is one, and fragments are no part of it.
_EMPTY_PATH = re.compile(r"^https?://[^/]+$")


def _files() -> list[str]:
    found = [*VECTORS.glob("sitemaps/*"), *VECTORS.glob("feeds/stormcrawler/*")]
    found += [*VECTORS.glob("feeds/crawler-commons/*"), *VECTORS.glob("feeds/trafilatura/sitemap*")]
    return sorted(str(file.relative_to(VECTORS)) for file in found if "LICENSE" not in file.name)


def _read(name: str) -> tuple[str, Discovered]:
    body = (VECTORS / name).read_bytes()
    plain = gzip.decompress(body) if name.endswith(".gz") else body
    return plain.decode(), read_sitemap(body, URL)


def _written(pattern: re.Pattern[str], text: str) -> list[str]:
    addresses = (html.unescape(address) for address in pattern.findall(text))
    return [address + "/" if _EMPTY_PATH.match(address) else address for address in addresses]


@pytest.mark.parametrize("name", [name for name in _files() if "map" in name and not name.endswith(".txt")])
def test_the_pages_and_sitemaps_of_a_file_are_those_a_search_finds(name: str) -> None:
    text, found = _read(name)
    if "<urlset" in text or "<sitemapindex" in text:
        written = _written(_PAGE, text)  # several addresses of one page are one link
        assert [link.key for link in found.links] == list(dict.fromkeys(map(article_key, written)))
        assert set(urls(found)) <= set(written)
        assert set(found.sitemaps) == set(_written(_PLACE, text))
        assert found.links or found.sitemaps
    assert found.dropped == 0


@pytest.mark.parametrize("name", _files())
def test_what_a_sitemap_says_of_a_page_is_about_the_page(name: str) -> None:
    text, found = _read(name)
    assert found.links or found.sitemaps
    for link in found.links:
        assert link.witness is not None
        assert not re.search(r"\.(?:jpe?g|png|flv|mp4|swf)$", link.url)
        assert link.witness.published is None or link.witness.published in text


@pytest.mark.parametrize("name", [name for name in _files() if "news" in name and "feed-with" not in name])
def test_the_news_fields_are_read(name: str) -> None:
    text, found = _read(name)
    said = [link.witness for link in found.links if link.witness and link.witness != Witness()]
    assert len(said) == text.count("<news:news>")
    assert all(witness.title and witness.published for witness in said)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("sitemaps/newscrawl_feed-with-sitemap-namespace.xml", 2),
        ("sitemaps/stormcrawler.rss", 5),
        ("feeds/crawler-commons/atom.xml", 1),
        ("feeds/crawler-commons/sitemap-with-bom.txt", 2),
        ("feeds/crawler-commons/do-not-visit.txt", 1),
    ],
)
def test_feeds_and_lists_are_sitemaps(name: str, number: int) -> None:
    assert len(_read(name)[1].links) == number


def test_the_packed_copy_of_a_sitemap_says_the_same() -> None:
    plain, packed = (
        _read("sitemaps/stormcrawler.sitemap.xml")[1],
        _read("sitemaps/stormcrawler.sitemap.xml.gz")[1],
    )
    assert plain == packed


def test_the_newest_of_an_index_is_first_and_its_time_is_known() -> None:
    found = _read("feeds/trafilatura/sitemap2.xml")[1]
    assert found.sitemap_times == (
        ("http://www.example.com/sitemap2.xml.gz", "2005-01-01T12:00:00+00:00"),
        ("http://www.example.com/sitemap1.xml.gz", "2004-10-01T18:23:17+00:00"),
    )
    assert found.sitemaps == tuple(place for place, _ in found.sitemap_times)
