"""Broken and hostile feeds: what can be read is read without damage, and nothing else happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import MAX_LINKS, Discovered
from crawler.discovery.wording import plain_text
from pipelines.records import Witness
from tests.helpers_discovery import HOME, LAUGHS, TITLE, item, rss, urls, witness

FEED = "https://www.example.org/feeds/all.xml"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'>"
PIECES = (
    "<rss> <channel> <item> </item> <entry> </entry> <feed> <title> </title> <link> </link> <link/> "
    "&amp; & &#0; &#xd800; <guid> </guid> <author> </author> <name> </name> <source> </source> "
    "<image> </image> <url> </url> <content> </content> <![CDATA[ ]]> <!-- --> <?x <!DOCTYPE < > "
    "<dc:date> </dc:date> <links> <authors> <title type='xhtml'> <div> </div> <category/> "
    "<enclosure/> <media:title> </media:title> http://a/b x 2026-11-03 <item <svg> <a:b c:d='e'> {"
).split()


def feed(source: str | bytes, content_type: str | None = "application/rss+xml") -> Discovered:
    return read_feed(source if isinstance(source, bytes) else source.encode(), FEED, content_type)


def titled(title: str) -> str | None:
    return witness(feed(rss(item("news/1", title)))).title


# -- Broken feeds


def test_a_bare_ampersand_damages_neither_title_nor_address() -> None:
    found = feed(rss(item("show?a=1&b=2&copy=3", title="Bread & salt")))
    assert urls(found) == [HOME + "show?a=1&b=2&copy=3"]
    assert witness(found).title == "Bread & salt"


def test_an_ampersand_in_cdata_is_left_alone() -> None:
    assert urls(feed(rss(f"<item><link><![CDATA[{HOME}?a=1&b=2]]></link></item>", "<item>&</item>"))) == [
        HOME + "?a=1&b=2"
    ]


@pytest.mark.parametrize(
    "before",
    [
        b"\xef\xbb\xbf",
        b"\n\n  ",
        b"\xef\xbb\xbf\n",
        b"<br />\n<b>Warning</b>: mysql_connect() in <b>/srv/a.php</b><br />",
        b"<!-- a copy of <rss> --><!DOCTYPE rss SYSTEM 'x'>",
    ],
    ids=["BOM", "space", "both", "a warning", "a comment"],
)
def test_what_stands_before_the_declaration_does_no_harm(before: bytes) -> None:
    assert urls(feed(before + rss(item("news/1")).encode())) == [HOME + "news/1"]


@pytest.mark.parametrize("stated", ["", " encoding='utf-8'", " encoding='windows-1256'", " encoding='x-y'"])
def test_arabic_in_windows_1256_is_read_whatever_is_declared(stated: str) -> None:
    source = rss(*(item(f"news/{n}", TITLE) for n in range(9)), head=f"<?xml version='1.0'{stated}?>")
    found = feed(source.encode("cp1256"), "text/xml")
    assert [link.witness.title for link in found.links if link.witness] == [TITLE] * 9


@pytest.mark.parametrize(
    "encoding", ["windows-1256", "iso-8859-6", "utf-16", "utf-16-le", "utf-32-be", "ibm864"]
)
def test_a_feed_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    text = "خبر" if encoding != "ibm864" else "\ufe84"
    source = rss(item("news/1", text), head=f"<?xml version='1.0' encoding='{encoding}'?>").replace(
        "الميناء", ""
    )
    assert witness(feed(source.encode(encoding))).title == text


def test_utf_8_under_the_name_of_another_encoding_is_utf_8() -> None:
    source = rss(item("news/1", TITLE), head="<?xml version='1.0' encoding='windows-1256'?>")
    assert witness(feed(source.encode())).title == TITLE


def test_a_title_cut_within_a_letter_has_no_damage_left() -> None:
    title = TITLE.encode() + "س".encode()[:1]
    source = rss(item("news/1", "@"), item("news/2", TITLE)).encode().replace(b"@", title)
    assert [link.witness.title for link in feed(source).links if link.witness] == [TITLE, TITLE]


def test_a_prefix_nobody_declared_is_understood() -> None:
    found = feed(
        rss(item("news/1", more="<dc:creator>سلمى</dc:creator><dc:date>2026-11-03T10:00:00+03:00</dc:date>"))
    )
    assert witness(found) == Witness("مطر غزير", "2026-11-03T10:00:00+03:00", ("سلمى",))


def test_a_feed_cut_off_keeps_the_items_before() -> None:
    whole = rss(item("news/1"), item("news/2"), item("news/3"))
    for length in range(whole.index("news/3"), len(whole)):
        assert urls(feed(whole[:length]))[:2] == [HOME + "news/1", HOME + "news/2"]


def test_tags_that_do_not_match_cost_no_item() -> None:
    broken = item("news/1", more="<description><p>one<br><b>two</description>")
    assert urls(feed(rss(broken, item("news/2"), item("news/3")))) == [HOME + f"news/{n}" for n in (1, 2, 3)]


# -- What is no feed, and what means harm


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"   ",
        b"<html><body>404</body></html>",
        b"<!DOCTYPE html><html><body><rss><item><link>http://a/b</link></item></rss></body></html>",
        b"<p>A list</p><item><link>http://a/b</link></item>",
        b"<urlset><url><loc>http://a/b</loc></url></urlset>",
        b"{}",
        b"\x00" * 500,
        b"\x1f\x8bno",
        bytes(range(256)) * 9,
        b"<!--" * 50_000,
    ],
)
def test_what_is_no_feed_gives_nothing(source: bytes) -> None:
    assert feed(source) == Discovered()


def test_a_billion_laughs_are_not_told() -> None:
    told = witness(feed(rss(item("news/1", title="&a9;"), head=LAUGHS)))
    assert told.title == "&a9;"


@pytest.mark.parametrize(
    "kind", ["<!ENTITY x SYSTEM '{}'>", "<!ENTITY % x SYSTEM '{}'> %x;"], ids=["entity", "parameter"]
)
def test_a_file_named_by_an_entity_is_never_read(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary", encoding="utf-8")
    head = f"<!DOCTYPE x [{kind.format(secret.as_uri())}]>"
    assert "canary" not in repr(feed(rss(item("news/&x;", title="&x;"), head=head)))


def test_a_feed_that_is_a_path_or_an_address_is_not_opened(tmp_path: Path) -> None:
    real = tmp_path / "feed.xml"
    real.write_text(rss(item("news/1")), encoding="utf-8")
    assert feed(str(real)) == Discovered()
    assert feed(real.as_uri()) == Discovered()


@pytest.mark.parametrize("unit", ["<a>", "<item>", "<!--", "<![CDATA[", "&", "<", "<a b='", "]]>"])
def test_a_heap_of_openings_gives_what_stands_before(unit: str) -> None:
    assert urls(feed(rss(item("news/1"), unit * 20_000)))[:1] == [HOME + "news/1"]


def test_a_name_without_end_does_not_hold_the_reader() -> None:
    found = feed(rss(item("news/1", more=f"<author>{'a.' * 500_000}</author>")))
    assert urls(found) == [HOME + "news/1"]


def test_what_is_said_of_an_article_is_short() -> None:
    more = f"<pubDate>{'1' * 9_000}</pubDate>" + "".join(
        f"<author>{'x' * 300} {n}</author>" for n in range(100)
    )
    told = witness(feed(rss(item("news/1", "t" * 90_000, more))))
    assert len(told.title or "") == 500
    assert len(told.published or "") == 100
    assert len(told.authors) <= 20


def test_of_a_flood_the_newest_are_kept_and_the_rest_is_counted() -> None:
    days = [
        f"<pubDate>{2000 + n // 300}-{n // 28 % 10 + 1:02}-{n % 28 + 1:02}</pubDate>"
        for n in range(MAX_LINKS + 9)
    ]
    found = feed(rss(*(item(f"news/{n}", more=day) for n, day in enumerate(days))))
    hints = [link.hint or "" for link in found.links]
    assert (len(found.links), found.dropped) == (MAX_LINKS, 9)
    assert hints == sorted(hints, reverse=True)
    assert HOME + "news/0" not in urls(found)


def test_a_feed_below_the_cap_keeps_its_order_and_drops_nothing() -> None:
    found = feed(
        rss(
            item("news/1", more="<pubDate>2020-01-01</pubDate>"),
            item("news/2", more="<pubDate>2026-01-01</pubDate>"),
        )
    )
    assert (urls(found), found.dropped) == ([HOME + "news/1", HOME + "news/2"], 0)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_any_heap_of_markup_is_read_or_left(markup: str) -> None:
    for link in [*feed(markup).links, *feed("<rss><channel>" + markup).links, *feed(ATOM + markup).links]:
        assert link.url.startswith(("http://", "https://"))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_left(source: bytes) -> None:
    read_feed(source, FEED, None)
    read_feed(b"<rss><channel><item><link>http://a/b</link><title>" + source, FEED, None)


# Pairs of Latin-1 signs that are UTF-8, too, are taken for it: no title is "Ä¡".
@settings(deadline=None, max_examples=300)
@given(st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=60))
def test_a_title_escaped_well_comes_out_whole(title: str) -> None:
    assume(not re.search("[\xa0-\xff]", title))
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert titled(escaped) == plain_text(title)
