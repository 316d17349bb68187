"""Feeds as strangers write them: links come out with what is said of them, and nothing else happens."""

from __future__ import annotations

import gzip
import json

import pytest

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import Discovered
from crawler.discovery.wording import plain_text
from pipelines.records import Witness
from tests.helpers_discovery import DAY, HOME, TITLE, item, rss, urls, witness

FEED = "https://www.example.org/feeds/all.xml"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'>"


def feed(source: str | bytes, content_type: str | None = "application/rss+xml") -> Discovered:
    return read_feed(source if isinstance(source, bytes) else source.encode(), FEED, content_type)


def titled(title: str) -> str | None:
    return witness(feed(rss(item("news/1", title)))).title


# -- Kinds of feeds


def test_an_rss_item_becomes_a_link_with_what_the_feed_says() -> None:
    more = (
        "<pubDate>Tue, 03 Nov 2026 10:00:00 +0300</pubDate>"
        "<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>سلمى الحداد</dc:creator>"
    )
    (link,) = feed(rss(item("news/1?utm_source=rss", more=more))).links
    assert (link.key, link.url) == ("https://example.org/news/1", HOME + "news/1?utm_source=rss")
    assert (link.via, link.hint) == ("feed", DAY)
    assert link.witness == Witness("مطر غزير", "Tue, 03 Nov 2026 10:00:00 +0300", ("سلمى الحداد",))


@pytest.mark.parametrize("version", ["0.91", "0.92", "0.93"])
def test_an_old_rss_is_read(version: str) -> None:
    assert urls(feed(rss(item("news/1")).replace("2.0", version))) == [HOME + "news/1"]


def test_an_atom_entry_is_its_alternate_link() -> None:
    entry = (
        "<entry><title>Rain</title><link rel='enclosure' href='/rain.mp3'/>"
        "<link rel='alternate' href='/news/2'/><published>2026-11-03T10:00:00+03:00</published>"
        "<updated>2026-11-05T10:00:00Z</updated>"
        "<author><name>Jane Roe</name></author></entry>"
    )
    (link,) = feed(f"{ATOM}{entry}</feed>", "application/atom+xml").links
    assert (link.url, link.hint) == (HOME + "news/2", DAY)
    assert link.witness == Witness("Rain", "2026-11-03T10:00:00+03:00", ("Jane Roe",))


def test_an_old_atom_is_read() -> None:
    entry = (
        "<entry><title>Rain</title><link rel='alternate' href='/news/2'/>"
        "<issued>2026-11-03T10:00:00+03:00</issued></entry>"
    )
    (link,) = feed(f"<feed version='0.3' xmlns='http://purl.org/atom/ns#'>{entry}</feed>").links
    assert (link.url, link.hint) == (HOME + "news/2", DAY)


def test_an_rdf_item_is_read() -> None:
    rdf = (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='c'><title>c</title></channel>"
        f"<item rdf:about='i'><title>Rain</title><link>{HOME}news/3</link>"
        "<dc:date>2026-11-03T10:00:00+03:00</dc:date></item></rdf:RDF>"
    )
    (link,) = feed(rdf, "text/xml").links
    assert (link.url, link.hint) == (HOME + "news/3", DAY)


@pytest.mark.parametrize("before", ["", "\ufeff", "\n "], ids=["plain", "BOM", "space"])
@pytest.mark.parametrize("content_type", ["application/feed+json", "text/xml", None])
def test_a_json_feed_is_told_by_its_content(before: str, content_type: str | None) -> None:
    first = {
        "id": "1",
        "url": "/news/1",
        "title": "Bread &amp; salt",
        "date_published": "2026-11-03T10:00:00+03:00",
    }
    source = {
        "version": "https://jsonfeed.org/version/1.1",
        "home_page_url": HOME,
        "items": [
            first | {"authors": [{"name": "Jane Roe"}]},
            {"id": HOME + "news/2", "author": {"name": "سلمى"}},
        ],
    }
    one, two = feed(before + json.dumps(source), content_type).links
    assert (one.url, one.hint) == (HOME + "news/1", DAY)
    assert one.witness == Witness("Bread & salt", "2026-11-03T10:00:00+03:00", ("Jane Roe",))
    assert (two.url, two.witness) == (HOME + "news/2", Witness(authors=("سلمى",)))


@pytest.mark.parametrize(
    "source",
    [
        '{"items": 3}',
        '{"items": [3, null, {"url": 1.2}, {"url": ["x"]}, {"id": "7"}, {"url": "javascript:x"}]}',
        '{"a": 1}',
        "[1]",
        '{"items": [{"url"',
        '{"items": ' + "[" * 100_000,
        '{"items": ' + "9" * 10_000 + "}",
    ],
)
def test_other_json_gives_nothing(source: str) -> None:
    assert feed(source) == Discovered()


@pytest.mark.parametrize("content_type", [None, "", "text/html", "text/xml; charset=iso-8859-1", "nonsense"])
def test_a_feed_is_read_whatever_its_content_type_says(content_type: str | None) -> None:
    assert witness(feed(rss(item("news/1")), content_type)).title == "مطر غزير"


def test_a_packed_feed_is_unpacked() -> None:
    assert urls(feed(gzip.compress(rss(item("news/1")).encode()))) == [HOME + "news/1"]


# -- Addresses


def test_an_address_beside_the_feed_is_made_absolute() -> None:
    assert urls(feed(rss("<item><link>/news/4</link></item>"))) == [HOME + "news/4"]


def test_a_relative_address_in_rss_begins_at_the_site_that_the_channel_names() -> None:
    source = rss("<item><link>news/4</link></item>", channel="<link>https://other.test/ar/</link>")
    assert urls(feed(source)) == ["https://other.test/ar/news/4"]


def test_a_relative_address_in_atom_begins_at_the_feed_or_its_stated_base() -> None:
    entry = "<link href='https://other.test/'/><entry><link href='news/4'/></entry></feed>"
    assert urls(feed(ATOM + entry)) == [HOME + "feeds/news/4"]
    assert urls(feed(ATOM.replace(" ", " xml:base='https://third.test/ar/' ", 1) + entry)) == [
        "https://third.test/ar/news/4"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "<f:origLink xmlns:f='http://rssnamespace.org/feedburner/ext/1.0'>{}</f:origLink>",
        "<feedburner:origLink>{}</feedburner:origLink>",
        "<pheedo:origLink xmlns:pheedo='http://www.pheedo.com/namespace/pheedo'>{}</pheedo:origLink>",
    ],
)
def test_the_article_behind_a_feed_service_is_the_link(name: str) -> None:
    assert urls(feed(rss(item("~r/x/1", more=name.format(HOME + "news/1"))))) == [HOME + "news/1"]


def test_the_page_goes_before_other_alternates() -> None:
    links = (
        "<link rel='alternate' type='application/pdf' href='/1.pdf'/>"
        "<link rel='alternate' type='audio/mpeg' href='/1.mp3'/>"
        "<link rel='alternate' type='application/xhtml+xml' href='/1.xhtml'/>"
        "<link rel='alternate' type='text/html' href='/news/1'/><link rel='edit' href='/edit'/>"
    )
    assert urls(feed(f"{ATOM}<entry>{links}</entry></feed>")) == [HOME + "news/1"]


def test_a_permanent_guid_stands_in_for_the_link() -> None:
    assert urls(feed(rss(f"<item><guid>{HOME}news/5</guid></item>"))) == [HOME + "news/5"]
    assert urls(feed(rss(f"<item><link/><guid>{HOME}news/5</guid></item>"))) == [HOME + "news/5"]


@pytest.mark.parametrize("guid", ["7", "tag:example.org,2026:7", "urn:uuid:7"])
def test_an_identifier_that_is_no_address_is_no_link(guid: str) -> None:
    assert feed(rss(f"<item><title>x</title><guid>{guid}</guid></item>")) == Discovered()
    assert feed(f"{ATOM}<entry><title>x</title><id>{guid}</id></entry></feed>") == Discovered()


def test_an_item_without_an_address_is_no_link_to_the_feed_itself() -> None:
    denied = f"<item><guid isPermaLink='false'>{HOME}7</guid></item>"
    assert feed(rss("<item><title>x</title></item>", denied)).links == ()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/a", "http://[bad"]
)
def test_what_is_no_web_address_is_no_link(address: str) -> None:
    assert feed(rss(f"<item><link>{address}</link></item>")) == Discovered()


def test_an_address_escaped_twice_is_read_as_meant() -> None:
    assert urls(feed(rss(item("show?a=1&amp;amp;b=2")))) == [HOME + "show?a=1&b=2"]


def test_the_same_article_is_listed_once_under_its_first_address() -> None:
    assert urls(feed(rss(item("news/1?utm_source=rss"), item("news/1")))) == [HOME + "news/1?utm_source=rss"]


def test_the_next_page_of_a_feed_is_a_place_to_look() -> None:
    links = "<link rel='self' href='/f'/><link rel='next' href='/feed?page=2'/><link rel='next' href='/f?3'/>"
    assert feed(f"{ATOM}{links}</feed>").feeds == (HOME + "feed?page=2",)
    assert feed(f"{ATOM}<link rel='next' href='{FEED}'/></feed>").feeds == ()
    inside = "<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='next' href='/feed?page=2'/>"
    assert feed(rss(channel=inside)).feeds == (HOME + "feed?page=2",)
    assert feed(json.dumps({"items": [], "next_url": "/feed.json?page=2"})).feeds == (
        HOME + "feed.json?page=2",
    )


# -- Titles, names, dates


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<![CDATA[<b>Bread</b> &amp; salt]]>", "Bread & salt"),
        ("&lt;b&gt;Bread&lt;/b&gt; &amp;amp; salt", "Bread & salt"),
        ("&amp;lt;b&amp;gt;Bread&amp;lt;/b&amp;gt; &amp;amp;amp; salt", "Bread & salt"),
        ("<i>Bread</i>&nbsp;&amp; salt", "Bread & salt"),
        ("Bread &#38; salt", "Bread & salt"),
        ("&lt;![CDATA[Bread &amp; salt]]&gt;", "Bread & salt"),
        ("Bread &amp;#8217; salt", "Bread ’ salt"),
        ("Bread&lt;br/&gt;salt", "Bread salt"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("1 < 2", "1 < 2"),
        ("How &lt;canvas&gt; works", "How <canvas> works"),
        ("R&D &unknown; AT&T", "R&D &unknown; AT&T"),
        ("\x01Bread\x0b salt", "Bread salt"),
        ("&#0;Bread&#xd800; salt&#99999999;", "Bread salt"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_a_title_is_plain_text(written: str, meant: str) -> None:
    assert titled(written) == meant


def test_a_title_in_a_broken_feed_is_plain_text() -> None:
    titles = [
        "Bread & salt",
        "<![CDATA[<b>Bread</b> &amp; salt]]>",
        "Bread &amp;amp; salt",
        "&#66;read&nbsp;&amp;&#32;salt",
    ]
    found = feed(rss("<image>", *(item(f"news/{n}", title) for n, title in enumerate(titles))))
    assert [link.witness.title for link in found.links if link.witness] == ["Bread & salt"] * len(titles)


@pytest.mark.parametrize("kind", ["text", "html", "xhtml"])
def test_a_title_of_any_atom_type_is_plain_text(kind: str) -> None:
    inner = (
        "<div xmlns='http://www.w3.org/1999/xhtml'>Bread &amp; <b>salt</b></div>"
        if kind == "xhtml"
        else "Bread &amp; salt"
    )
    source = f"{ATOM}<entry><title type='{kind}'>{inner}</title><link href='/1'/></entry></feed>"
    assert witness(feed(source)).title == "Bread & salt"


@pytest.mark.parametrize("codec", ["cp1252", "cp1256", "cp1251"])
def test_utf_8_read_as_another_encoding_is_read_again(codec: str) -> None:
    told = {n: bytes([n]).decode(codec, errors="ignore") or chr(n) for n in range(256)}
    assert plain_text("".join(told[n] for n in TITLE.encode())) == TITLE


@pytest.mark.parametrize("text", ["LIBERTÉ… «CAFÉ»", "MANHÃ… É»", "Привет, Ґ", TITLE, "naïve façade", "10 Â"])
def test_what_is_written_well_is_left_as_it_is(text: str) -> None:
    assert plain_text(text) == text


def test_a_mistake_in_one_place_is_mended_there() -> None:
    assert plain_text("“La Roma Ã¨ forte” â€º Sport") == "“La Roma è forte” › Sport"


def test_an_address_of_mail_is_no_name() -> None:
    more = "<author>desk@example.org</author>"
    assert witness(feed(rss(item("news/1", more=more)))).authors == ()
    assert witness(
        feed(rss(item("news/1", more="<author>desk@example.org (Jane Roe)</author>")))
    ).authors == ("Jane Roe",)


@pytest.mark.parametrize(
    ("stated", "hint"),
    [
        ("Tue, 03 Nov 2026 07:00:00 GMT", DAY),
        ("Mon, 03 Nov 2026 07:00:00 GMT", DAY),
        ("2026-11-03 07:00:00", DAY),
        ("2026-11-03T07:00:00.123Z", DAY),
        ("3 نوفمبر 2026 07:00", DAY),
        ("2026-11-03", "2026-11-03T12:00:00+00:00"),
        ("2026-11", "2026-11-01T00:00:00+00:00"),
        ("soon", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_date_sorts_even_without_zone_or_clock(stated: str, hint: str | None) -> None:
    (link,) = feed(rss(item("news/1", more=f"<pubDate>{stated}</pubDate>"))).links
    assert link.hint == hint
