"""Sitemaps as strangers write them: links and further sitemaps come out, and nothing else happens."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.records import MAX_LINKS, MAX_PLACES, Discovered
from crawler.discovery.sitemaps import read_sitemap
from pipelines.records import Witness
from tests.helpers_discovery import DAY, HOME, LAUGHS, item, loc, rss, urls, urlset

MAP = "https://www.example.org/sitemap.xml"
NEWS = (
    "<news:news><news:publication><news:name>الميناء</news:name><news:language>ar</news:language></news:publication>"
    "<news:publication_date>2026-11-03T10:00:00+03:00</news:publication_date>"
    "<news:title>مطر غزير</news:title><news:keywords>مطر, بحر</news:keywords></news:news>"
)
PICTURE = "<image:image><image:loc>/a.jpg</image:loc><image:title>x</image:title></image:image>"
PIECES = (
    "<urlset> <sitemapindex> <url> </url> <sitemap> </sitemap> <loc> </loc> <lastmod> </lastmod> <news:news> "
    "</news:news> <![CDATA[ ]]> <!-- --> & < > /a http://a/b 2026-11-03 <image:loc> &#0; <?x"
).split()


def sitemap(source: str | bytes) -> Discovered:
    return read_sitemap(source if isinstance(source, bytes) else source.encode(), MAP)


def index(*addresses: str) -> bytes:
    rows = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f"<sitemapindex>{rows}</sitemapindex>".encode()


def dated_index(*rows: tuple[str, str]) -> Discovered:
    parts = (f"<sitemap><loc>{name}</loc><lastmod>{changed}</lastmod></sitemap>" for name, changed in rows)
    return sitemap(f"<sitemapindex>{''.join(parts)}</sitemapindex>")


# -- Pages


def test_a_sitemap_gives_its_locations() -> None:
    found = sitemap(urlset(loc(" https://www.example.org/news/1\n"), loc("/news/2")))
    assert urls(found) == [HOME + "news/1", HOME + "news/2"]
    assert {link.via for link in found.links} == {"sitemap"}


def test_the_news_fields_are_the_witness_and_lastmod_only_orders() -> None:
    changed = "<lastmod>2026-11-09T08:00:00Z</lastmod>"
    dated, undated = sitemap(urlset(loc("/news/1", changed + NEWS), loc("/news/2", changed))).links
    assert (dated.witness, dated.hint) == (Witness("مطر غزير", "2026-11-03T10:00:00+03:00"), DAY)
    assert (undated.witness, undated.hint) == (Witness(), "2026-11-09T08:00:00+00:00")


@pytest.mark.parametrize("name", ["news", "n", ""], ids=["the usual", "another", "none"])
@pytest.mark.parametrize("head", ["<urlset>", "<urlset xmlns='http://example.org/wrong'>", "<s:urlset>"])
def test_news_fields_are_known_by_any_prefix_declared_or_not(name: str, head: str) -> None:
    news = NEWS.replace("news:", f"{name}:" if name else "")
    (link,) = sitemap(f"{head}{loc('/news/1', news)}</urlset>").links
    assert link.witness == Witness("مطر غزير", "2026-11-03T10:00:00+03:00")


def test_a_prefix_of_every_element_is_understood() -> None:
    source = "<s:urlset xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'><s:url><s:loc>/1</s:loc></s:url></s:urlset>"
    assert (
        urls(sitemap(source))
        == urls(sitemap(source.partition(" ")[0] + source[source.index(">") :]))
        == [HOME + "1"]
    )


@pytest.mark.parametrize(
    "picture",
    [
        PICTURE,
        PICTURE.replace("image:", ""),
        "<image:loc>/a.jpg</image:loc>",
        PICTURE.replace("image", "video"),
    ],
)
@pytest.mark.parametrize("names", ["", " xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'"])
def test_a_picture_or_film_is_no_article(picture: str, names: str) -> None:
    (link,) = sitemap(f"<urlset{names}><url>{picture}<loc>/news/1</loc></url><!-- x --></urlset>").links
    assert (link.url, link.witness) == (HOME + "news/1", Witness())
    assert sitemap(f"<urlset{names}><url>{picture}</url></urlset>").links == ()


def test_a_title_in_a_sitemap_is_plain_text() -> None:
    news = NEWS.replace("مطر غزير", "<![CDATA[<b>Bread</b> &amp; salt]]>")
    (link,) = sitemap(urlset(loc("/news/1", news))).links
    assert link.witness == Witness("Bread & salt", "2026-11-03T10:00:00+03:00")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/2026/11/03/rain", "2026-11-03T12:00:00+00:00"),
        ("/2026-11/rain", "2026-11-28T12:00:00+00:00"),
        ("/20261103-rain", "2026-11-03T12:00:00+00:00"),
        ("/news/2026", None),
        ("/news/202611", None),
        ("/news/120261103", None),
    ],
)
def test_an_address_without_a_date_beside_it_is_ordered_by_the_day_it_names(
    path: str, hint: str | None
) -> None:
    (link,) = sitemap(urlset(loc(path))).links
    assert (link.hint, link.witness) == (hint, Witness())


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1256", "utf-16"])
def test_a_sitemap_is_read_in_its_own_encoding(encoding: str) -> None:
    source = urlset(loc("/news/مطر"), head=f"<?xml version='1.0' encoding='{encoding}'?>")
    assert urls(sitemap(source.encode(encoding))) == [HOME + "news/%D9%85%D8%B7%D8%B1"]


def test_bare_ampersands_in_a_sitemap_keep_the_address_whole() -> None:
    written = [
        "/show?a=1&b=2&copy=3",
        "/show?a=1&amp;b=4",
        "<![CDATA[/show?a=1&b=5]]>",
        "/show?a=1&amp;amp;b=6",
    ]
    assert urls(sitemap(urlset(*map(loc, written)))) == [
        HOME + "show?a=1&b=2&copy=3",
        HOME + "show?a=1&b=4",
        HOME + "show?a=1&b=5",
        HOME + "show?a=1&b=6",
    ]


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\n  ", b"<b>Warning</b>"], ids=["BOM", "space", "junk"]
)
def test_what_stands_before_a_sitemap_does_no_harm(before: bytes) -> None:
    assert urls(sitemap(before + urlset(loc("/news/1")).encode())) == [HOME + "news/1"]


def test_a_sitemap_cut_off_keeps_the_rows_before() -> None:
    whole = urlset(loc("/news/1"), loc("/news/2"), loc("/news/3"))
    for length in range(whole.index("/news/3"), len(whole)):
        assert urls(sitemap(whole[:length]))[:2] == [HOME + "news/1", HOME + "news/2"]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/a", "http://[bad"]
)
def test_a_bad_address_costs_only_itself(address: str) -> None:
    assert sitemap(urlset(loc(address), loc("/news/1"))).links == sitemap(urlset(loc("/news/1"))).links
    assert sitemap(index(address, "", "/s/1.xml")).sitemaps == (HOME + "s/1.xml",)


# -- Other kinds of sitemaps


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_of_addresses_is_a_sitemap(mark: str, end: str) -> None:
    lines = ["", HOME + "news/1", "# a note", " " + HOME + "news/2 ", "file:///etc/passwd", HOME + "a b"]
    assert urls(sitemap(mark + end.join(lines))) == [HOME + "news/1", HOME + "news/2"]


@pytest.mark.parametrize(
    "text", ["User-agent: *\nhttps://www.example.org/news/1", "see https://a.test/", "{}"]
)
def test_a_text_that_does_not_begin_with_an_address_is_no_sitemap(text: str) -> None:
    assert sitemap(text) == Discovered()


def test_a_feed_is_a_sitemap_too() -> None:
    (link,) = sitemap(gzip.compress(rss(item("news/1")).encode())).links
    assert (link.url, link.witness) == (HOME + "news/1", Witness("مطر غزير"))


# -- Indexes


def test_an_index_gives_sitemaps_and_no_links() -> None:
    assert sitemap(index("/s/1.xml", "https://www.example.org/s/2.xml.gz")) == Discovered(
        sitemaps=(HOME + "s/1.xml", HOME + "s/2.xml.gz")
    )


def test_the_address_may_stand_in_the_row_itself() -> None:
    rows = f"<sitemap>\n{HOME}s?a=1&amp;b=2\n</sitemap><sitemap>words</sitemap>"
    assert sitemap(f"<sitemapindex>{rows}</sitemapindex>").sitemaps == (HOME + "s?a=1&b=2",)


def test_an_index_names_the_newest_first_and_says_when_each_changed() -> None:
    found = dated_index(("/1.xml", "2026-11-01"), ("/2.xml", ""), ("/3.xml", "2026-11-03T10:00:00+03:00"))
    assert found.sitemaps == (HOME + "3.xml", HOME + "1.xml", HOME + "2.xml")
    assert found.sitemap_times == ((HOME + "3.xml", DAY), (HOME + "1.xml", "2026-11-01T12:00:00+00:00"))


def test_what_an_index_does_not_date_is_ordered_by_the_period_it_names() -> None:
    names = ["/map-2024.xml", "/map-2026-10.xml", "/map-202611.xml", "/latest.xml", "/map-2026-11-05.xml"]
    found = sitemap(index(*names))
    assert found.sitemap_times == ()
    assert [place.removeprefix(HOME.rstrip("/")) for place in found.sitemaps] == [
        "/latest.xml",
        "/map-202611.xml",
        "/map-2026-11-05.xml",
        "/map-2026-10.xml",
        "/map-2024.xml",
    ]


def test_rows_of_both_kinds_in_one_document_are_both_read() -> None:
    found = sitemap(urlset(loc("/news/1"), "<sitemap><loc>/s/1.xml</loc></sitemap>"))
    assert (urls(found), found.sitemaps) == ([HOME + "news/1"], (HOME + "s/1.xml",))


# -- Packed


@pytest.mark.parametrize(
    "pack", [gzip.compress, zlib.compress, lambda body: gzip.compress(gzip.compress(body))]
)
def test_a_packed_sitemap_is_unpacked(pack: object) -> None:
    assert callable(pack)
    assert urls(sitemap(pack(urlset(loc("/news/1")).encode()))) == [HOME + "news/1"]


def test_a_sitemap_packed_in_pieces_is_whole() -> None:
    source = urlset(loc("/news/1"), loc("/news/2")).encode()
    assert urls(sitemap(gzip.compress(source[:150]) + gzip.compress(source[150:]))) == [
        HOME + "news/1",
        HOME + "news/2",
    ]


def test_a_gzip_sitemap_cut_off_keeps_what_came_through() -> None:
    packed = gzip.compress(urlset(*(loc(f"/news/{n}") for n in range(500))).encode())
    assert urls(sitemap(packed[:-200]))[:100] == [f"{HOME}news/{n}" for n in range(100)]


def test_a_gzip_bomb_ends_at_the_protocols_limit() -> None:
    padding = ("<!-- -->" + " " * 1_000_000) * 60
    source = urlset(loc("/news/1"), padding, loc("/news/2")).encode()
    assert urls(sitemap(gzip.compress(source, 1))) == [HOME + "news/1"]
    assert urls(sitemap(gzip.compress(gzip.compress(source, 1), 1))) == [HOME + "news/1"]


# -- What is no sitemap, and what means harm


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"   ",
        b"<html><body>404</body></html>",
        b"<!DOCTYPE html><html><urlset><url><loc>http://a/b</loc></url></urlset></html>",
        b"{}",
        b"\x00" * 500,
        b"\x1f\x8bno",
        bytes(range(256)) * 9,
    ],
)
def test_what_is_no_sitemap_gives_nothing(source: bytes) -> None:
    assert sitemap(source) == Discovered()


def test_a_billion_laughs_are_not_told() -> None:
    assert all(len(url) < 1_000 for url in urls(sitemap(urlset(loc("/news/&a9;"), head=LAUGHS))))


@pytest.mark.parametrize(
    "kind", ["<!ENTITY x SYSTEM '{}'>", "<!ENTITY % x SYSTEM '{}'> %x;"], ids=["entity", "parameter"]
)
def test_a_file_named_by_an_entity_is_never_read(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary", encoding="utf-8")
    head = f"<!DOCTYPE x [{kind.format(secret.as_uri())}]>"
    assert "canary" not in repr(sitemap(urlset(loc("/news/&x;"), head=head)))


@pytest.mark.parametrize("unit", ["<a>", "<url>", "<!--", "<![CDATA[", "&", "<", "<a b='", "<url><loc>"])
def test_a_heap_of_openings_gives_what_stands_before(unit: str) -> None:
    assert urls(sitemap(urlset(loc("/news/1"), unit * 20_000)))[:1] == [HOME + "news/1"]


def test_of_an_archive_that_begins_with_the_oldest_the_newest_are_kept() -> None:
    many = range(MAX_LINKS + 9)
    rows = [
        loc(f"/news/{n}", f"<lastmod>2026-11-03T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z</lastmod>")
        for n in many
    ]
    found = sitemap(urlset(*rows, loc("/undated")))
    assert urls(found) == [f"{HOME}news/{n}" for n in reversed(many)][:MAX_LINKS]
    assert found.dropped == 10


def test_the_cap_is_of_articles_whatever_number_of_addresses_each_has() -> None:
    rows = [loc(f"/news/{n // 2}?utm_source={n}") for n in range(2 * MAX_LINKS)]
    found = sitemap(urlset(*rows))
    assert (len(found.links), found.dropped) == (MAX_LINKS, 1)


def test_of_many_sitemaps_the_newest_are_kept_and_the_rest_is_counted() -> None:
    found = dated_index(*((f"/{n}.xml", f"{1950 + n}-01-01") for n in range(MAX_PLACES + 20)))
    assert found.sitemaps == tuple(f"{HOME}{n}.xml" for n in range(MAX_PLACES + 19, 19, -1))
    assert (len(found.sitemap_times), found.dropped) == (MAX_PLACES, 20)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_any_heap_of_markup_is_read_or_left(markup: str) -> None:
    found = sitemap("<urlset>" + markup)
    for address in [*urls(found), *found.sitemaps, *urls(sitemap(markup))]:
        assert address.startswith(("http://", "https://"))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_left(source: bytes) -> None:
    sitemap(source)
    sitemap(b"<urlset><url><loc>" + source)
    sitemap(b"\x1f\x8b" + source)
    sitemap(gzip.compress(source))
