"""What is asked of a new site, in which order, and what of it goes into the site file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UserError
from crawler.newsite import choose
from crawler.newsite.doubts import doubts
from crawler.newsite.draft import draft
from crawler.newsite.front import stated_language
from crawler.newsite.naming import name_of
from crawler.sites import Site
from pipelines.metadata.setting import domain_country
from pipelines.records import Witness
from pipelines.store.links import Link
from pipelines.urls import BadUrl, canonical_url, checked_url, same_publisher
from tests.helpers_clean import document
from tests.helpers_newsite import NEWS, START, TODAY, Web, front, rss, sitemap, values


def link(url: str, hint: str | None = None, published: str | None = None) -> Link:
    return Link(canonical_url(url), url, "feed", hint, Witness(published=published) if published else None)


# -- names and countries


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.ahram.org.eg/", "ahram"),
        ("https://gate.ahram.org.eg/", "ahram-gate"),
        ("https://arabic.rt.com/", "rt-arabic"),
        ("https://www.bbc.com/arabic", "bbc-arabic"),
        ("https://www.dw.com/ar/index.html", "dw-ar"),
        ("https://al-akhbar.com/", "al-akhbar"),
        ("https://M.Paper.co.uk:8080/", "paper"),
        ("https://www.harbour.test/", "harbour"),
        ("http://127.0.0.10:8808/", "127-0-0-10"),
        ("http://[::1]/", "site"),
        ("https://a.example/" + "b" * 90, "a-" + "b" * 62),
    ],
)
def test_a_site_is_named_by_what_tells_its_address_from_others(url: str, name: str) -> None:
    assert name_of(checked_url(url)) == name


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_address_has_a_name_and_is_of_its_own_site(host: str, path: str) -> None:
    try:
        url = checked_url(f"https://{host}/{path}")
    except BadUrl:
        return
    assert Site(name=name_of(url), start=url).name
    assert same_publisher(url, url)
    assert Site(name="a", start=url, country=domain_country(url))


@pytest.mark.parametrize(
    ("url", "country"),
    [
        ("https://www.ahram.org.eg/", "EG"),
        ("https://paper.co.uk/", "GB"),
        ("https://royanews.tv/", None),
        ("https://sabq.org/", None),
        ("http://127.0.0.10/", None),
        ("https://paper.eu/", None),
    ],
)
def test_a_country_is_told_by_its_own_domain_alone(url: str, country: str | None) -> None:
    assert domain_country(url) == country


# -- what is looked at


def test_articles_are_looked_at_newest_first_each_section_once_before_any_twice() -> None:
    links = [
        link(f"{START}world/1", "2026-11-20"),
        link(f"{START}world/2", "2026-11-21"),
        link(f"{START}sport/3", "2026-11-19"),
        link(f"{START}2026/11/4"),
        link("https://elsewhere.example/5", "2026-11-22"),
        link(START, "2026-11-22"),
        link(f"{START}world/2?utm_source=feed", "2026-11-18"),
    ]
    ordered = [each.url.removeprefix(START) for each in choose.to_look_at(links, START)]
    assert ordered == ["world/2", "sport/3", "2026/11/4", "world/1"]


def test_an_old_section_does_not_come_before_the_news() -> None:
    new = [link(f"{START}world/{number}", f"2026-11-{number}") for number in range(30, 0, -1)]
    old = link(f"{START}supplement/1", "2011-01-01")
    assert choose.to_look_at([old, *new], START)[-1] == old


def test_feeds_of_comments_are_left_out() -> None:
    feeds = [f"{START}feed/", f"{START}comments/feed/", f"{START}commentary/feed/"]
    assert choose.feeds_of_articles(feeds) == [feeds[0], feeds[2]]


def test_sections_are_places_below_the_front_page_that_may_hold_news() -> None:
    start = "https://www.harbour.example/ar"
    paths = [
        "ar/sport",
        "ar/",
        "ar/world/asia",
        "ar/a/b/c",
        "ar/contact-us",
        "en/sport",
        "ar/news?page=2",
        "arts/x",
    ]
    found = choose.likely_sections([START + path for path in paths], start)
    assert found == [f"{start}/sport", f"{start}/world/asia"]


@pytest.mark.parametrize(
    ("markup", "language"),
    [
        ('<html lang="ar-EG">', "ar"),
        ('<html lang="EN_us">', "en"),
        ('<html lang="ckb">', "ckb"),
        ('<html lang="">', None),
        ('<html lang="arabic">', None),
        ("<html>", None),
        ("%PDF-1.7", None),
    ],
)
def test_the_language_a_front_page_declares(markup: str, language: str | None) -> None:
    assert stated_language(markup.encode() + b"<p>x</p>", "text/html") == language


@given(st.binary(max_size=300))
def test_whatever_bytes_a_front_page_has_its_language_is_a_code_or_none(body: bytes) -> None:
    said = stated_language(b'<html lang="' + body, None)
    assert said is None or (said.isascii() and said.islower() and len(said) in (2, 3))


# -- a survey of a site in memory


def test_what_the_site_names_and_what_answers_is_written_down() -> None:
    web = Web(
        {
            "": front("a/2026/city-rain-1", feeds=["rss.xml", "gone.xml", "comments/feed"]),
            "rss.xml": rss("a/2026/city-rain-1", "b/2026/cup-final-2"),
        }
        | {
            "news.xml": sitemap("a/2026/city-rain-1"),
            "a/2026/city-rain-1": NEWS,
            "b/2026/cup-final-2": NEWS,
        },
        robots=[f"{START}archive.xml", f"{START}news.xml"],
    )
    found = web.surveyed()
    assert web.asked == [
        "rss.xml",
        "gone.xml",
        "news.xml",
        "archive.xml",
        "a/2026/city-rain-1",
        "b/2026/cup-final-2",
    ]
    assert values(found) == {
        "name": "harbour",
        "start": START,
        "language": "en",
        "feeds": [f"{START}rss.xml"],
        "sitemaps": [f"{START}news.xml"],
    }
    said = list(doubts(found))
    assert f"the feed {START}gone.xml is named but the server answered 404" in said
    assert f"the sitemap {START}archive.xml is named but the server answered 404" in said


def test_a_site_that_names_no_feed_is_asked_at_the_usual_places_until_one_answers() -> None:
    web = Web(
        {
            "": front(),
            "rss.xml": rss("a/2026/city-rain-1"),
            "feed/": "<html><p>Not found</p>",
            "a/2026/city-rain-1": NEWS,
        }
    )
    found = web.surveyed()
    assert web.asked[:2] == ["feed/", "rss.xml"]
    assert "rss/" not in web.asked
    assert values(found)["feeds"] == [f"{START}rss.xml"]
    assert not [line for line in doubts(found) if "named" in line]  # nobody promised the others


def test_a_feed_of_another_sites_articles_is_no_feed_of_this_one() -> None:
    elsewhere = rss("x").replace(START, "https://elsewhere.example/")
    found = Web({"": front(feeds=["rss.xml"]), "rss.xml": elsewhere}).surveyed()
    assert "feeds" not in values(found)
    assert f"the feed {START}rss.xml is named but lists no article of the site" in list(doubts(found))


def test_of_an_index_one_sitemap_is_read() -> None:
    web = Web(
        {"": front(), "index.xml": sitemap("old.xml", "news-1.xml", index=True), "a/2026/city-rain-1": NEWS}
        | {"news-1.xml": sitemap("a/2026/city-rain-1"), "old.xml": sitemap("a/1999-1")},
        robots=[f"{START}index.xml"],
    )
    found = web.surveyed()
    assert "old.xml" not in web.asked
    assert values(found)["sitemaps"] == [f"{START}index.xml"]
    assert found.articles


def test_an_index_that_names_itself_is_left_again() -> None:
    web = Web({"": front(), "index.xml": sitemap("index.xml", index=True)}, robots=[f"{START}index.xml"])
    assert values(web.surveyed())["sitemaps"] == [f"{START}index.xml"]
    assert web.asked.count("index.xml") <= 2


def test_a_site_that_names_hundreds_of_places_is_asked_for_few() -> None:
    feeds = [f"feed-{number}.xml" for number in range(100)]
    sitemaps = [f"sitemap-{number}.xml" for number in range(100)]
    pages = {feed: rss("a/2026/city-rain-1") for feed in feeds} | {
        place: sitemap("a/2026/city-rain-1") for place in sitemaps
    }
    web = Web({"": front(feeds=feeds), **pages}, robots=[START + place for place in sitemaps])
    found = web.surveyed()
    assert len(web.asked) <= 5 + 3 + 5
    assert len(values(found)["feeds"]) == 5


def test_an_edition_that_is_a_folder_leaves_the_hosts_sitemaps_alone() -> None:
    web = Web(
        {"ar": front(), "ar/feed/": rss("ar/a/2026/city-rain-1"), "ar/a/2026/city-rain-1": NEWS},
        robots=[f"{START}sitemap.xml"],
    )
    found = web.surveyed(f"{START}ar")
    assert web.asked == ["ar/feed/", "ar/a/2026/city-rain-1"]
    assert values(found)["start"] == f"{START}ar"
    assert values(found)["feeds"] == [f"{START}ar/feed/"]


def test_a_front_page_that_moved_within_the_site_starts_where_it_is_now() -> None:
    web = Web(
        {"home": front("a/2026/city-rain-1"), "a/2026/city-rain-1": NEWS}, moved={START: f"{START}home"}
    )
    assert values(web.surveyed())["start"] == f"{START}home"


def test_a_front_page_that_leads_to_another_site_is_not_taken_for_it() -> None:
    web = Web({"https://new.example/": front()}, moved={START: "https://new.example/"})
    with pytest.raises(UserError, match=r"leads to another site, https://new\.example/; give that address"):
        web.surveyed()


def test_five_pages_are_looked_at_for_three_articles() -> None:
    pages = {f"a/2026-{number}": document("<p>A gallery</p>") for number in range(9)}
    web = Web({"": front(), "feed/": rss(*pages), **pages})
    assert len(web.surveyed().looks) == 5
    web.pages |= dict.fromkeys(pages, NEWS)
    assert len(web.surveyed().looks) == 3


def test_without_feed_and_sitemap_sections_are_proposed_and_the_crawler_stays_free() -> None:
    web = Web({"": front("a/2026/city-rain-1", "sport", "world", "contact"), "a/2026/city-rain-1": NEWS})
    found = web.surveyed()
    text = draft(found, "harbour", TODAY)
    assert "sections" not in values(found)
    assert f'#     "{START}sport",\n#     "{START}world",\n# ]' in text
    assert "contact" not in text
    assert [line for line in doubts(found) if line.startswith("no feed and no sitemap answered")]


def test_a_site_of_nothing_is_doubted() -> None:
    found = Web({"": "<html><p>x"}).surveyed()
    assert values(found) == {"name": "harbour", "start": START}
    said = list(doubts(found))
    assert "no link to an article was found" in said
    assert "no language is known: neither the articles nor the front page tell" in said


def test_what_a_page_does_to_the_worker_is_shown_as_its_reason() -> None:
    def clean() -> None: ...

    def read_feed() -> None: ...

    web = Web(
        {
            "": front("a/2026/city-rain-1", feeds=["rss.xml"]),
            "rss.xml": rss("b/2026/cup-final-2"),
            "a/2026/city-rain-1": NEWS,
        }
    )
    web.failing = (clean, read_feed)
    found = web.surveyed()
    assert "page 1: refused as worker_memory; `scrapy explain` shows why" in list(doubts(found))
    assert "none of the pages looked at is an article" in list(doubts(found))
    assert "feeds" not in values(found)
