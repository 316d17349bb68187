"""Home and section pages as strangers write them: articles, sections and further pages told apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.addresses import read_address, same_site
from crawler.discovery.anchors import MAX_ANCHORS
from crawler.discovery.records import MAX_LINKS, MAX_PLACES, Discovered
from crawler.discovery.sections import read_hub
from crawler.discovery.shapes import SiteShapes, is_sample

HOME = "https://www.example.org/"


def hub(body: str, url: str = HOME, head: str = "") -> Discovered:
    page = f"<html><head>{head}</head><body><p>x</p>{body}</body></html>"
    return read_hub(page.encode(), url, "text/html; charset=utf-8")


def urls(found: Discovered) -> list[str]:
    return [link.url for link in found.links]


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


# -- How a link stands on its page

HEADLINE = "مطر غزير يغمر شوارع المدينة القديمة"
SHORT = "مطر غزير اليوم"


def menu(*entries: str) -> str:
    return "<nav>" + "".join(f"<a href='{path}'>اقتصاد</a>" for path in entries) + "</nav>"


def test_a_headline_at_the_root_is_an_article_and_a_name_is_a_section() -> None:
    found = hub("<h2><a href='/rain'>" + HEADLINE + "</a></h2>" + menu("/economy"))
    assert (urls(found), found.sections) == ([HOME + "rain"], (HOME + "economy",))


def test_a_short_headline_is_known_by_those_that_stand_like_it() -> None:
    def card(path: str, text: str) -> str:
        return f"<div class='card'><h3 class='t'><a href='{path}'>{text}</a></h3></div>"

    cards = "".join(card(f"/l/{name}", HEADLINE) for name in ("a", "b", "c", "d"))
    assert urls(hub(card("/l/x", SHORT))) == []
    assert HOME + "l/x" in urls(hub(cards + card("/l/x", SHORT)))


def test_a_picture_beside_a_headline_is_the_same_link() -> None:
    found = hub(f"<article><a href='/l/x'><img src='a.jpg'></a><a href='/l/x'>{HEADLINE}</a></article>")
    assert (urls(found), found.sections) == ([HOME + "l/x"], ())


def test_a_picture_speaks_with_its_other_text() -> None:
    assert urls(hub(f"<a href='/l/x'><img src='a.jpg' alt='{HEADLINE}'></a>")) == [HOME + "l/x"]


def test_a_menu_makes_a_section_of_what_is_an_article_elsewhere() -> None:
    link = "<a href='/local/world-of-sport'>عالم الرياضة والشباب والفنون الجميلة</a>"
    assert urls(hub(link)) == [HOME + "local/world-of-sport"]
    assert hub(f"<div class='main-menu'>{link}</div>").sections == (HOME + "local/world-of-sport",)


def test_the_header_of_a_card_is_no_menu() -> None:
    card = f"<article><header class='entry-header'><a href='/l/x'>{HEADLINE}</a></header></article>"
    assert urls(hub(card)) == [HOME + "l/x"]


def test_a_date_beside_it_speaks_for_an_article() -> None:
    text = "Rain on the coast now"
    assert urls(hub(f"<li><a href='/l/rain-comes-now'>{text}</a></li>")) == []
    assert urls(hub(f"<li><a href='/l/rain-comes-now'>{text}</a> <time>3 Nov</time></li>")) == [
        HOME + "l/rain-comes-now"
    ]


def test_data_within_a_link_is_not_its_text() -> None:
    data = '<script type="application/ld+json">{"headline": "' + HEADLINE + '"}</script>'
    assert urls(hub(f"<a href='/local/x'>{data}محليات</a>")) == []


@pytest.mark.parametrize(
    "path",
    [
        "/category/arts-and-culture-and-more",
        "/news/category/5/صحف-اليوم/ar",
        "/قسم/أخبار-العالم-العربي-اليوم",
        "/thema/ein-sommer-am-meer",
        "/2026/11/",
        "/2026/",
        "/2012_04_01_archive.html",
        "/show.php?catid=13903",
    ],
)
def test_a_list_is_a_section_however_long_its_name(path: str) -> None:
    found = hub(f"<a href='{path}'>أخبار العالم العربي</a>")
    assert (found.links, len(found.sections)) == ((), 1)


@pytest.mark.parametrize(
    "path",
    [
        "/category/2026/11/03/rain-on-the-coast",
        "/themen/nachrichten/detail/ein-neuer-park-am-alten-hafen",
        "/authors/jane-roe/what-the-rain-left-behind-us",
        "/articles/ASM2Q5HKNM2QUCVL02D.html",
        "/7,35617,24125814,park.html",
        "/index.php?artid=127890&modid=1",
        "/news_info.php?SerialNo=83141",
        "/blog/2020-10-18-park",
        "/雨と海岸と古い港の新しい公園",
    ],
)
def test_a_story_below_a_list_or_behind_a_number_is_an_article(path: str) -> None:
    assert len(hub(f"<a href='{path}'>{SHORT}</a>").links) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/about-us", "About us"),
        ("/p/x", "سياسة الخصوصية"),
        ("/من-نحن", "من نحن"),
        ("/impressum.html", "Impressum"),
        ("/وسم/مطر-غزير-على-الساحل-الشرقي", HEADLINE),
        ("/news/1234567?print=1", HEADLINE),
        ("/go?u=https://other.test/", HEADLINE),
        ("/calendar/2031/05", "May"),
        ("/mailto:desk@example.org", "desk"),
    ],
)
def test_pages_about_the_site_and_ways_to_use_it_are_not_visited(path: str, text: str) -> None:
    assert hub(f"<a href='{path}'>{text}</a>") == Discovered()


@pytest.mark.parametrize("host", ["https://example.org", "http://m.example.org", "https://amp.example.org"])
def test_the_sites_other_hosts_are_its_own(host: str) -> None:
    assert urls(hub(f"<a href='{host}/news/1234567'>x</a>")) == [host + "/news/1234567"]


@pytest.mark.parametrize("name", ["m.co", "www.com", "amp.dev"])
def test_a_name_that_begins_like_a_prefix_keeps_it(name: str) -> None:
    assert same_site(f"https://www.{name}/", f"https://{name}/")
    assert not same_site(f"https://{name}/", f"https://{name.partition('.')[2]}/")


def test_likely_sections_come_first() -> None:
    found = hub("<a href='/a/b/c/d'>x y</a><a href='/l?k=1'>الأولى</a>" + menu("/economy", "/sport"))
    assert found.sections[:2] == (HOME + "economy", HOME + "sport")
    assert hub("<a href='/2019/05/'>مايو</a><a href='/a/b'>أ ب</a>").sections[0] == HOME + "a/b"


def test_feeds_of_comments_and_podcasts_are_left_alone() -> None:
    names = ("/feed/", "/comments/feed/", "/feed/podcast")
    head = "".join(f"<link rel='alternate' type='application/rss+xml' href='{name}'>" for name in names)
    assert hub("", head=head).feeds == (HOME + "feed/",)


# -- What the site taught


def shapes(path: str, good: int, bad: int) -> dict[str, tuple[int, int]]:
    known = SiteShapes()
    for outcome in [True] * good + [False] * bad:
        known.learn(HOME + path, outcome)
    return known.as_counts()


def taught(body: str, counts: dict[str, tuple[int, int]]) -> Discovered:
    return read_hub(f"<html><body><p>x</p>{body}</body></html>".encode(), HOME, "text/html", counts)


def test_a_shape_known_as_article_needs_no_other_witness() -> None:
    link = "<a href='/n/rain'>مطر</a>"
    assert urls(taught(link, {})) == []
    assert urls(taught(link, shapes("n/park", 5, 0))) == [HOME + "n/rain"]


def test_a_menu_entry_is_no_article_for_its_shape_alone() -> None:
    assert taught(menu("/n/rain"), shapes("n/park", 5, 0)).sections == (HOME + "n/rain",)


def test_a_shape_known_as_no_article_is_a_place_to_look() -> None:
    path = next(f"guide/{n}" for n in range(1_234_567, 1_234_667) if not is_sample(f"{HOME}guide/{n}"))
    link = f"<a href='/{path}'>{HEADLINE}</a>"
    assert urls(taught(link, shapes("guide/7654321", 0, 4))) == [HOME + path]
    found = taught(link, shapes("guide/7654321", 0, 5))
    assert (urls(found), found.sections) == ([], (HOME + path,))


# -- What means harm


def test_a_long_address_does_not_hold_the_reader() -> None:
    assert urls(
        hub(f"<a href='/{'a' * 1_000_000}'>x</a><a href='/{'-' * 4_000}'>x</a><a href='/news/1234567'>x</a>")
    ) == [HOME + "news/1234567"]


def test_a_flood_is_capped_and_the_most_article_like_stay() -> None:
    weak = "".join(f"<a href='/news/{n}'>x</a>" for n in range(10_000, 10_000 + MAX_LINKS))
    strong = "".join(f"<a href='/2026/11/03/rain-on-the-coast-{n}'>{HEADLINE}</a>" for n in range(50))
    sections = "".join(f"<a href='/s{n}x/'>x</a>" for n in range(MAX_PLACES + 20))
    feeds = "".join(f"<link type='application/rss+xml' href='/f{n}'>" for n in range(MAX_PLACES + 20))
    found = hub(weak + sections + strong, head=feeds)
    assert (len(found.links), found.dropped) == (MAX_LINKS, 50)
    assert sum("rain-on-the-coast" in url for url in urls(found)) == 50
    assert len(found.sections) == len(found.feeds) == MAX_PLACES


def test_links_beyond_what_is_read_are_counted() -> None:
    body = "".join(f"<a href='/s{n}x/'>x</a>" for n in range(MAX_ANCHORS + 7))
    assert hub(body).dropped == 7


@pytest.mark.parametrize("source", [b"", b"   ", b"{}", b"\x00" * 500, b"\x1f\x8bno", bytes(range(256)) * 9])
def test_what_is_no_page_gives_nothing(source: bytes) -> None:
    assert read_hub(source, HOME, "text/html") == Discovered()


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/a", "http://[bad", "mailto:a@b.c"],
)
def test_what_is_no_web_address_is_no_link(address: str) -> None:
    assert hub(f"<a href='{address}'>{HEADLINE}</a>") == Discovered()


def test_links_within_links_are_read_once_each() -> None:
    nested = "".join(f"<div><a href='/2026/11/03/{n}'>x" for n in range(2_000))
    assert len(hub(nested).links) <= 2_000


TEXT = st.text(max_size=40)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5), TEXT)
def test_any_page_gives_addresses_of_its_own_site_and_each_in_one_place(
    links: list[tuple[str, str, str]], base: str
) -> None:
    body = "".join(f"<a href='/{href}' class='{name}'>{text}</a>" for href, name, text in links)
    found = hub(body, head=f"<base href='{base}'>")
    everything = [*urls(found), *found.sections, *found.pages]
    assert all(same_site(url, HOME) for url in everything)
    assert len(set(everything)) == len(everything)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(body: bytes) -> None:
    read_hub(b"<html><body><a href='/x'>x</a>" + body, HOME, None)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120))
def test_any_address_is_read(path: str) -> None:
    assert -20 < read_address(HOME + path).points < 20
