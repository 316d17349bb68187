"""Feeds, sitemaps and hub pages as strangers write them: links come out, and nothing else happens."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import MAX_LINKS, MAX_PLACES, Discovered, make_link
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from pipelines.records import Witness

HOME = "https://www.example.org/"
FEED = "https://www.example.org/feeds/all.xml"
MAP = "https://www.example.org/sitemap.xml"
DAY = "2026-11-03T07:00:00+00:00"
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)


def rss(*items: str, head: str = "<?xml version='1.0' encoding='utf-8'?>") -> str:
    return f"{head}<rss version='2.0'><channel><title>الميناء</title>{''.join(items)}</channel></rss>"


def item(path: str, title: str = "مطر غزير", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{HOME}{path}</link>{more}</item>"


def urlset(*urls: str, head: str = "<?xml version='1.0' encoding='UTF-8'?>") -> str:
    names = (
        "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
    )
    return f"{head}<urlset {names}>{''.join(urls)}</urlset>"


def loc(address: str, more: str = "") -> str:
    return f"<url><loc>{address}</loc>{more}</url>"


def index(*addresses: str) -> bytes:
    rows = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f"<sitemapindex>{rows}</sitemapindex>".encode()


def feed(source: str | bytes, content_type: str | None = "application/rss+xml") -> Discovered:
    return read_feed(source if isinstance(source, bytes) else source.encode(), FEED, content_type)


def sitemap(source: str | bytes) -> Discovered:
    return read_sitemap(source if isinstance(source, bytes) else source.encode(), MAP)


def hub(body: str, url: str = HOME, head: str = "") -> Discovered:
    page = f"<html><head>{head}</head><body><p>x</p>{body}</body></html>"
    return read_hub(page.encode(), url, "text/html; charset=utf-8")


def urls(found: Discovered) -> list[str]:
    return [link.url for link in found.links]


# -- Feeds


def test_an_rss_item_becomes_a_link_with_what_the_feed_says() -> None:
    more = (
        "<pubDate>Tue, 03 Nov 2026 10:00:00 +0300</pubDate>"
        "<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>سلمى الحداد</dc:creator>"
    )
    (link,) = feed(rss(item("news/1?utm_source=rss", more=more))).links
    assert (link.key, link.url) == (HOME + "news/1", HOME + "news/1?utm_source=rss")
    assert (link.via, link.hint) == ("feed", DAY)
    assert link.witness == Witness("مطر غزير", "Tue, 03 Nov 2026 10:00:00 +0300", ("سلمى الحداد",))


def test_an_atom_entry_is_its_alternate_link() -> None:
    entry = (
        "<entry><title>Rain</title><link rel='enclosure' href='/rain.mp3'/>"
        "<link rel='alternate' href='/news/2'/><published>2026-11-03T10:00:00+03:00</published>"
        "<updated>2026-11-05T10:00:00Z</updated>"
        "<author><name>Jane Roe</name></author></entry>"
    )
    (link,) = feed(f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>", "application/atom+xml").links
    assert (link.url, link.hint) == (HOME + "news/2", DAY)
    assert link.witness == Witness("Rain", "2026-11-03T10:00:00+03:00", ("Jane Roe",))


def test_an_rdf_item_is_read() -> None:
    rdf = (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='c'><title>c</title></channel>"
        f"<item rdf:about='i'><title>Rain</title><link>{HOME}news/3</link>"
        "<dc:date>2026-11-03T10:00:00+03:00</dc:date></item></rdf:RDF>"
    )
    (link,) = feed(rdf, "text/xml").links
    assert (link.url, link.hint) == (HOME + "news/3", DAY)


@pytest.mark.parametrize("content_type", [None, "", "text/html", "text/xml; charset=iso-8859-1", "nonsense"])
def test_a_feed_is_read_whatever_its_content_type_says(content_type: str | None) -> None:
    (link,) = feed(rss(item("news/1")), content_type).links
    assert link.witness is not None
    assert link.witness.title == "مطر غزير"


def test_a_bare_ampersand_damages_neither_title_nor_address() -> None:
    (link,) = feed(rss(item("show?a=1&b=2", title="Bread & salt"))).links
    assert link.url == HOME + "show?a=1&b=2"
    assert link.witness is not None
    assert link.witness.title == "Bread & salt"


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\n\n  ", b"\xef\xbb\xbf\n"], ids=["BOM", "space", "both"]
)
def test_what_stands_before_the_declaration_does_no_harm(before: bytes) -> None:
    assert urls(feed(before + rss(item("news/1")).encode())) == [HOME + "news/1"]


def test_windows_1256_is_read_as_declared() -> None:
    source = rss(item("news/1"), head="<?xml version='1.0' encoding='windows-1256'?>")
    (link,) = feed(source.encode("cp1256")).links
    assert link.witness is not None
    assert link.witness.title == "مطر غزير"


def test_a_feed_cut_off_keeps_the_items_before() -> None:
    assert HOME + "news/1" in urls(feed(rss(item("news/1"), item("news/2"))[:-70]))


def test_an_address_beside_the_feed_is_made_absolute() -> None:
    assert urls(feed(rss("<item><link>/news/4</link></item>"))) == [HOME + "news/4"]


def test_a_permanent_guid_stands_in_for_the_link() -> None:
    assert urls(feed(rss(f"<item><guid>{HOME}news/5</guid></item>"))) == [HOME + "news/5"]


def test_an_item_without_an_address_is_no_link_to_the_feed_itself() -> None:
    assert (
        feed(rss("<item><title>x</title></item>", "<item><guid isPermaLink='false'>7</guid></item>")).links
        == ()
    )


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/a", "http://[bad"]
)
def test_what_is_no_web_address_is_no_link(address: str) -> None:
    assert feed(rss(f"<item><link>{address}</link></item>")) == Discovered()
    assert sitemap(urlset(loc(address), loc("/news/1"))).links == sitemap(urlset(loc("/news/1"))).links
    assert hub(f"<a href='{address}'>x</a>") == Discovered()


def test_the_same_article_is_listed_once_under_its_first_address() -> None:
    assert urls(feed(rss(item("news/1?utm_source=rss"), item("news/1")))) == [HOME + "news/1?utm_source=rss"]


# -- Sitemaps


def test_a_sitemap_gives_its_locations() -> None:
    found = sitemap(urlset(loc(" https://www.example.org/news/1\n"), loc("/news/2")))
    assert urls(found) == [HOME + "news/1", HOME + "news/2"]
    assert {link.via for link in found.links} == {"sitemap"}


def test_the_news_fields_are_the_witness_and_lastmod_is_none() -> None:
    news = (
        "<lastmod>2026-11-09</lastmod><news:news><news:publication><news:name>الميناء</news:name></news:publication>"
        "<news:publication_date>2026-11-03T10:00:00+03:00</news:publication_date>"
        "<news:title>مطر غزير</news:title></news:news>"
    )
    dated, undated = sitemap(
        urlset(loc("/news/1", news), loc("/news/2", "<lastmod>2026-11-09</lastmod>"))
    ).links
    assert (dated.witness, dated.hint) == (Witness("مطر غزير", "2026-11-03T10:00:00+03:00"), DAY)
    assert (undated.witness, undated.hint) == (Witness(), None)


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1256", "utf-16"])
def test_a_sitemap_is_read_in_its_own_encoding(encoding: str) -> None:
    source = urlset(loc("/news/مطر"), head=f"<?xml version='1.0' encoding='{encoding}'?>")
    assert urls(sitemap(source.encode(encoding))) == [HOME + "news/%D9%85%D8%B7%D8%B1"]


def test_a_gzip_sitemap_is_unpacked() -> None:
    assert urls(sitemap(gzip.compress(urlset(loc("/news/1")).encode()))) == [HOME + "news/1"]


def test_a_gzip_sitemap_cut_off_keeps_what_came_through() -> None:
    packed = gzip.compress(urlset(*(loc(f"/news/{n}") for n in range(500))).encode())
    assert urls(sitemap(packed[:-200]))[:100] == [f"{HOME}news/{n}" for n in range(100)]


def test_a_gzip_bomb_ends_at_the_protocols_limit() -> None:
    padding = ("<!-- -->" + " " * 1_000_000) * 60
    assert urls(sitemap(gzip.compress(urlset(loc("/news/1"), padding, loc("/news/2")).encode(), 1))) == [
        HOME + "news/1"
    ]


def test_an_index_gives_sitemaps_and_no_links() -> None:
    assert sitemap(index("/s/1.xml", "https://www.example.org/s/2.xml.gz")) == Discovered(
        sitemaps=(HOME + "s/1.xml", HOME + "s/2.xml.gz")
    )


def test_a_bad_place_in_an_index_costs_only_itself() -> None:
    found = sitemap(index("http://[bad", "file:///etc/passwd", "javascript:x", "", "/s/1.xml"))
    assert found.sitemaps == (HOME + "s/1.xml",)


def test_bare_ampersands_in_a_sitemap_keep_the_address_whole() -> None:
    assert urls(sitemap(urlset(loc("/show?a=1&b=2&copy=3"), loc("/show?a=1&amp;b=4")))) == [
        HOME + "show?a=1&b=2&copy=3",
        HOME + "show?a=1&b=4",
    ]


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n  "], ids=["BOM", "space"])
def test_what_stands_before_a_sitemap_does_no_harm(before: bytes) -> None:
    assert urls(sitemap(before + urlset(loc("/news/1")).encode())) == [HOME + "news/1"]


def test_a_picture_in_a_sitemap_is_no_article() -> None:
    picture = (
        "<i:image xmlns:i='http://www.google.com/schemas/sitemap-image/1.1'><i:loc>/a.jpg</i:loc></i:image>"
    )
    assert urls(sitemap(urlset(f"<url>{picture}<loc>/news/1</loc></url>", "<!-- x -->"))) == [HOME + "news/1"]


# -- Hub pages


@pytest.mark.parametrize(
    "address",
    [
        *"/2026/11/03/rain /news/1234567 news/1234567 /news/rain-on-the-coast /?p=12 /show.php?id=7".split(),
        "/أخبار/مطر-غزير-على-الساحل-الشرقي",
        " https://www.example.org/news/1234567\n",
        "https://reader:secret@www.example.org:443/news/1234567#comments",
    ],
)
def test_an_address_of_an_article_is_a_link(address: str) -> None:
    found = hub(f"<a href='{address}'>x</a>")
    assert len(found.links) == 1
    assert found.links[0].via == "section"
    assert "secret" not in found.links[0].url
    assert found.sections == ()


def test_a_headline_below_a_folder_is_a_link_whatever_its_address() -> None:
    headline = "مطر غزير يغمر شوارع المدينة القديمة منذ الفجر"
    assert urls(hub(f"<a href='/local/x'>{headline}</a>")) == [HOME + "local/x"]
    assert urls(hub("<a href='/local/x'>محليات</a>")) == []


@pytest.mark.parametrize("address", ["/politics/", "/sport", "/world/europe", "/اقتصاد"])
def test_the_name_of_a_section_leads_to_a_section(address: str) -> None:
    found = hub(f"<a href='{address}'>اقتصاد</a>")
    assert found.links == ()
    assert len(found.sections) == 1


@pytest.mark.parametrize("relation", ["next", "next nofollow", "NEXT"])
def test_the_next_page_of_a_section_is_a_place_to_look(relation: str) -> None:
    assert hub(f"<a rel='{relation}' href='/sport?page=2'>2</a>").sections == (HOME + "sport?page=2",)
    assert hub("<a href='/sport?sort=old'>x</a>").sections == ()


@pytest.mark.parametrize(
    "address",
    "/tag/rain-on-the-coast /author/jane-roe-of-us /login /search?id=1 /2026/11/03/a.pdf /a/1234.JPG".split(),
)
def test_what_is_never_an_article_is_left_alone(address: str) -> None:
    assert hub(f"<a href='{address}'>x</a>") == Discovered()


@pytest.mark.parametrize(
    "host", ["https://other.test", "https://sport.example.org", "https://www.example.org:8443", "//evil.test"]
)
def test_other_hosts_are_ignored(host: str) -> None:
    assert hub(f"<a href='{host}/2026/11/03/rain'>x</a><a href='{host}/sport/'>x</a>") == Discovered()


def test_addresses_are_relative_to_the_base() -> None:
    assert urls(hub("<a href='1234567'>x</a>", head="<base href='/archive/'>")) == [HOME + "archive/1234567"]


def test_a_base_on_another_host_does_not_open_that_host() -> None:
    assert hub("<a href='/news/1234567'>x</a>", head="<base href='https://other.test/'>") == Discovered()


@pytest.mark.parametrize("base", ["http://[bad", "javascript:x", "", "data:text/html,x"])
def test_a_broken_base_is_no_base(base: str) -> None:
    assert urls(hub("<a href='/news/1234567'>x</a>", head=f"<base href='{base}'>")) == [HOME + "news/1234567"]


def test_feeds_are_found_by_their_type() -> None:
    head = (
        "<link rel='alternate' type='application/rss+xml' href='/rss'>"
        "<link rel='ALTERNATE' type='Application/Atom+XML; charset=utf-8' href='https://feeds.test/atom'>"
        "<link rel='alternate' type='text/html' href='/en/'><link rel='stylesheet' href='/a.css'>"
    )
    assert hub("", head=head).feeds == (HOME + "rss", "https://feeds.test/atom")


@pytest.mark.parametrize("address", ["http://[bad", "file:///etc/passwd", "javascript:x", ""])
def test_a_bad_feed_address_costs_only_itself(address: str) -> None:
    found = hub("<a href='/news/1234567'>x</a>", head=f"<link type='application/rss+xml' href='{address}'>")
    assert (found.feeds, urls(found)) == ((), [HOME + "news/1234567"])


def test_a_hub_in_windows_1256_is_read_as_its_header_says() -> None:
    page = "<html><body><a href='/local/x'>مطر غزير يغمر شوارع المدينة القديمة منذ الفجر</a></body></html>"
    assert urls(read_hub(page.encode("cp1256"), HOME, "text/html; charset=windows-1256")) == [
        HOME + "local/x"
    ]


# -- What means harm


def test_a_long_address_does_not_hold_the_reader() -> None:
    assert urls(
        hub(f"<a href='/{'a' * 1_000_000}'>x</a><a href='/{'-' * 4_000}'>x</a><a href='/news/1234567'>x</a>")
    ) == [HOME + "news/1234567"]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"   ",
        b"<html><body>404</body></html>",
        b"{}",
        b"\x00" * 500,
        b"\x1f\x8bno",
        bytes(range(256)) * 9,
    ],
)
def test_what_is_neither_feed_nor_sitemap_gives_nothing(source: bytes) -> None:
    assert feed(source) == Discovered()
    assert sitemap(source) == Discovered()
    assert read_hub(source, HOME, "text/html") == Discovered()


def test_a_billion_laughs_are_not_told() -> None:
    told = feed(rss(item("news/1", title="&a9;"), head=LAUGHS)).links[0].witness
    assert told is not None
    assert len(told.title or "") < 1_000
    assert all(len(url) < 1_000 for url in urls(sitemap(urlset(loc("/news/&a9;"), head=LAUGHS))))


@pytest.mark.parametrize(
    "kind", ["<!ENTITY x SYSTEM '{}'>", "<!ENTITY % x SYSTEM '{}'> %x;"], ids=["entity", "parameter"]
)
def test_a_file_named_by_an_entity_is_never_read(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary", encoding="utf-8")
    head = f"<!DOCTYPE x [{kind.format(secret.as_uri())}]>"
    assert "canary" not in repr(feed(rss(item("news/&x;", title="&x;"), head=head)))
    assert "canary" not in repr(sitemap(urlset(loc("/news/&x;"), head=head)))


def test_a_feed_that_is_a_path_or_an_address_is_not_opened(tmp_path: Path) -> None:
    real = tmp_path / "feed.xml"
    real.write_text(rss(item("news/1")), encoding="utf-8")
    assert feed(str(real)) == Discovered()
    assert feed(real.as_uri()) == Discovered()


def test_a_flood_is_capped_everywhere() -> None:
    many = range(MAX_LINKS + 9)
    anchors = "".join(f"<a href='/2026/11/03/{n}'>x</a>" for n in many)
    sections = "".join(f"<a href='/s{n}x/'>x</a>" for n in range(MAX_PLACES + 20))
    feeds = "".join(f"<link type='application/rss+xml' href='/f{n}'>" for n in range(MAX_PLACES + 20))
    found = hub(anchors + sections, head=feeds)
    assert len(found.links) == MAX_LINKS
    assert len(found.sections) == len(found.feeds) == MAX_PLACES
    assert len(sitemap(urlset(*(loc(f"/news/{n}") for n in many))).links) == MAX_LINKS
    assert len(feed(rss(*(item(f"news/{n}") for n in many))).links) == MAX_LINKS
    assert len(sitemap(index(*(f"/s/{n}.xml" for n in many))).sitemaps) == MAX_PLACES


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60))
def test_any_href_is_a_link_or_nothing(href: str) -> None:
    link = make_link(href, HOME, "section")
    assert link is None or link.url.startswith(("http://", "https://"))
