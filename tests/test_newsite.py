"""`scrapy newsite`: what is asked of a new site, what is written of it, and what is said to look wrong."""

from __future__ import annotations

import asyncio
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, Response

from crawler.errors import ExitCode, UserError
from crawler.newsite import choose
from crawler.newsite.doubts import doubts
from crawler.newsite.draft import draft, language_of
from crawler.newsite.front import stated_language
from crawler.newsite.look import ends, view
from crawler.newsite.naming import country_of, name_of, same_site
from crawler.newsite.records import Look, Surveyed
from crawler.newsite.survey import Survey
from crawler.newsite.writing import check_loads, checked_name, target, twins, write
from crawler.onepage import Unfetched
from crawler.sites import Site, load_site
from crawler.terminal import Terminal
from demo.content import not_articles
from demo.server import Newsroom
from pipelines.records import Article, Reason, Witness
from pipelines.store.ledger import Link
from pipelines.urls import BadUrl, canonical_url, checked_url
from pipelines.workers import TaskFailed
from tests.conftest import DemoCrawl
from tests.crawling import Finished, crawl_newsroom, rows, scrapy
from tests.helpers_clean import PARK, TITLE, article, document, paragraphs, story

START = "https://www.harbour.example/"
TODAY = date(2026, 11, 21)
PLAIN = Terminal(100, colours=False, directions=False)


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
    assert same_site(url, url)
    assert Site(name="a", start=url, country=country_of(url))


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
    assert country_of(url) == country


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


@dataclass
class Web:
    """Pages by address; `asked` is every address that was fetched, in order."""

    pages: dict[str, str | int]
    robots: Sequence[str] = ()
    moved: dict[str, str] = field(default_factory=dict)
    failing: tuple[Callable[..., object], ...] = ()
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> Response:
        self.asked.append(url.removeprefix(START))
        there = self.moved.get(url, url)
        page = self.pages.get(there.removeprefix(START), 404)
        if isinstance(page, int):
            raise Unfetched(f"the server answered {page}")
        return HtmlResponse(there, body=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})

    async def read(self, function: Callable[..., Any], *args: object) -> Any:
        if function.__name__ in {failing.__name__ for failing in self.failing}:
            raise TaskFailed(Reason.WORKER_MEMORY, "memory limit")
        return function(*args)

    def surveyed(self, start: str = START) -> Surveyed:
        async def survey() -> Surveyed:
            front = await self.fetch(start)
            self.asked.clear()
            return await Survey(self.fetch, self.read, lambda _: self.robots).of(start, front)

        return asyncio.run(survey())


NEWS = story(TITLE, paragraphs(*PARK))


def front(*paths: str, feeds: Sequence[str] = (), language: str = "en") -> str:
    """A front page that links to these."""
    links = "".join(f'<a href="/{path}">{path}</a>' for path in paths)
    named = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{feed}">' for feed in feeds)
    return document(named + links, "The Harbour", language)


def rss(*paths: str) -> str:
    items = "".join(f"<item><title>x</title><link>{START}{path}</link></item>" for path in paths)
    return f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'


def sitemap(*paths: str, index: bool = False) -> str:
    kind, entry = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{entry}><loc>{START}{path}</loc></{entry}>" for path in paths)
    return f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{kind}>'


def values(found: Surveyed) -> dict[str, Any]:
    """What the drafted site file says, after it was loaded as one."""
    text = draft(found, "harbour", TODAY)
    check_loads(text)
    assert len(text.splitlines()) <= 30
    return tomllib.loads(text)


def test_what_the_site_names_and_what_answers_is_written_down() -> None:
    web = Web(
        {
            "": front("a/2026-1", feeds=["rss.xml", "gone.xml", "comments/feed"]),
            "rss.xml": rss("a/2026-1", "b/2026-2"),
        }
        | {"news.xml": sitemap("a/2026-1"), "a/2026-1": NEWS, "b/2026-2": NEWS},
        robots=[f"{START}archive.xml", f"{START}news.xml"],
    )
    found = web.surveyed()
    assert web.asked == ["rss.xml", "gone.xml", "news.xml", "archive.xml", "a/2026-1", "b/2026-2"]
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
    web = Web({"": front(), "rss.xml": rss("a/2026-1"), "feed": "<html><p>Not found</p>", "a/2026-1": NEWS})
    found = web.surveyed()
    assert web.asked[:2] == ["feed", "rss.xml"]
    assert "rss" not in web.asked
    assert values(found)["feeds"] == [f"{START}rss.xml"]
    assert not [line for line in doubts(found) if "named" in line]  # nobody promised the others


def test_a_feed_of_another_sites_articles_is_no_feed_of_this_one() -> None:
    elsewhere = rss("x").replace(START, "https://elsewhere.example/")
    found = Web({"": front(feeds=["rss.xml"]), "rss.xml": elsewhere}).surveyed()
    assert "feeds" not in values(found)
    assert f"the feed {START}rss.xml is named but lists no article of the site" in list(doubts(found))


def test_of_an_index_one_sitemap_is_read() -> None:
    web = Web(
        {"": front(), "index.xml": sitemap("old.xml", "news-1.xml", index=True), "a/2026-1": NEWS}
        | {"news-1.xml": sitemap("a/2026-1"), "old.xml": sitemap("a/1999-1")},
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
    pages = {feed: rss("a/2026-1") for feed in feeds} | {place: sitemap("a/2026-1") for place in sitemaps}
    web = Web({"": front(feeds=feeds), **pages}, robots=[START + place for place in sitemaps])
    found = web.surveyed()
    assert len(web.asked) <= 5 + 3 + 5
    assert len(values(found)["feeds"]) == 5


def test_an_edition_that_is_a_folder_leaves_the_hosts_sitemaps_alone() -> None:
    web = Web(
        {"ar": front(), "ar/feed": rss("ar/a/2026-1"), "ar/a/2026-1": NEWS}, robots=[f"{START}sitemap.xml"]
    )
    found = web.surveyed(f"{START}ar")
    assert web.asked == ["ar/feed", "ar/a/2026-1"]
    assert values(found)["start"] == f"{START}ar"
    assert values(found)["feeds"] == [f"{START}ar/feed"]


def test_a_front_page_that_moved_within_the_site_starts_where_it_is_now() -> None:
    web = Web({"home": front("a/2026-1"), "a/2026-1": NEWS}, moved={START: f"{START}home"})
    assert values(web.surveyed())["start"] == f"{START}home"


def test_a_front_page_that_leads_to_another_site_is_not_taken_for_it() -> None:
    web = Web({"https://new.example/": front()}, moved={START: "https://new.example/"})
    with pytest.raises(UserError, match=r"leads to another site, https://new\.example/; give that address"):
        web.surveyed()


def test_five_pages_are_looked_at_for_three_articles() -> None:
    pages = {f"a/2026-{number}": document("<p>A gallery</p>") for number in range(9)}
    web = Web({"": front(), "feed": rss(*pages), **pages})
    assert len(web.surveyed().looks) == 5
    web.pages |= dict.fromkeys(pages, NEWS)
    assert len(web.surveyed().looks) == 3


def test_without_feed_and_sitemap_sections_are_proposed_and_the_crawler_stays_free() -> None:
    web = Web({"": front("a/2026-1", "sport", "world", "contact"), "a/2026-1": NEWS})
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

    web = Web({"": front("a/2026-1", feeds=["rss.xml"]), "rss.xml": rss("b/2026-2"), "a/2026-1": NEWS})
    web.failing = (clean, read_feed)
    found = web.surveyed()
    assert "page 1: refused as worker_memory; `scrapy explain` shows why" in list(doubts(found))
    assert "none of the pages looked at is an article" in list(doubts(found))
    assert "feeds" not in values(found)


# -- what is written, and what is said


def surveyed(*articles: Article, language: str | None = None, **more: Any) -> Surveyed:
    """A survey that ended with these articles."""
    bare = Surveyed(START, START, language, (), (), (), 40, ())
    web = Web({"": front("a/2026-1"), "a/2026-1": NEWS}).surveyed()
    cleaned = web.looks[0].cleaned
    assert cleaned
    looks = tuple(Look(START, replace(cleaned, result=each)) for each in articles)
    return replace(bare, looks=looks, **more)


def in_languages(*codes: str, declared: str | None = None) -> Surveyed:
    one = article(NEWS)
    return replace(surveyed(*(replace(one, language=code) for code in codes)), language=declared)


@pytest.mark.parametrize(
    ("codes", "declared", "language"),
    [
        (("ar", "ar", "en"), "en", "ar"),
        (("en", "ar"), "ar", "ar"),
        (("fr", "ar"), "en", "fr"),
        (("und", "und", "fa"), "ar", "fa"),
        (("und",), "ar", "ar"),
        ((), "he", "he"),
        ((), None, None),
    ],
)
def test_the_language_is_that_of_most_articles(
    codes: tuple[str, ...], declared: str | None, language: str | None
) -> None:
    assert language_of(in_languages(*codes, declared=declared)) == language


def test_two_languages_and_a_wrong_declaration_look_wrong() -> None:
    said = list(doubts(in_languages("ar", "ar", "fr", declared="en")))
    assert "the articles are in 2 languages: ar, fr" in said
    assert "the front page declares en, the articles are in ar" in said


def test_an_article_without_date_or_title_looks_wrong() -> None:
    bare = replace(article(NEWS), published_date=None, published_at=None, title=None, language="und")
    said = list(doubts(surveyed(article(NEWS), bare)))
    assert [line for line in said if line.startswith("page 2: ")] == [
        "page 2: no date",
        "page 2: no title",
        "page 2: its language is unknown",
    ]


def test_a_first_visit_expects_half_of_what_it_saw_as_a_comment() -> None:
    text = draft(surveyed(article(NEWS), listed=9), "harbour", TODAY)
    assert "# min_articles = 4\n" in text
    assert text.startswith("# Written by `scrapy newsite` of Khabar ")
    assert "2026-11-21" in text.splitlines()[0]
    uncommented = text.replace("# [expect]", "[expect]").replace("# min", "min").replace("# lang", "lang")
    check_loads(uncommented)
    assert tomllib.loads(uncommented)["expect"] == {"min_articles": 4, "languages": ["en"]}
    assert "# min_articles = 20\n" in draft(surveyed(article(NEWS), listed=900), "harbour", TODAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (
            "قال الوزير إن المطر قادم. ثم سكت.\n\nلماذا؟ لا أحد يعلم؟",
            "قال الوزير إن المطر قادم.",
            "لا أحد يعلم؟",
        ),
        ("بارش ہوئی۔ سردی تھی۔", "بارش ہوئی۔", "سردی تھی۔"),
        ("下雨了。很冷。", "下雨了。", "很冷。"),
        ("He said: “Go.” She went", "He said: “Go.", "She went"),
        ("No end", "No end", "No end"),
        ("", "", ""),
    ],
)
def test_first_and_last_sentence_in_any_script(text: str, first: str, last: str) -> None:
    assert ends(text) == (first, last)


@given(st.text(max_size=400))
def test_sentences_shown_are_short_and_of_the_text(text: str) -> None:
    for sentence in ends(text):
        assert len(sentence) <= 240
        assert sentence.removesuffix("…") in text or sentence in text


def test_a_page_cannot_write_to_the_terminal() -> None:
    evil = replace(article(NEWS), title="Quay\x1b[2J\u202e", authors=("A\x07",), text="B\x1b]0;x\x07.")
    look = Look(f"{START}\x1b[31m", failed="\x1b[0m")
    found = surveyed(evil)
    shown = "\n".join(view(replace(found, looks=(*found.looks, look)), ["\x1b[5m"], PLAIN))
    assert "Quay" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 100])
def test_lines_fit_the_terminal(columns: int) -> None:
    found = Web({"": front("a/2026-1"), "a/2026-1": NEWS}).surveyed()
    lines = list(view(found, doubts(found), replace(PLAIN, columns=columns)))
    assert max(map(len, lines)) <= columns
    assert TITLE[:12] in "\n".join(lines)


# -- the file


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "harbour.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"harbour\.toml: is there already; --force replaces it"):
        target(tmp_path, "harbour", force=False)
    path = target(tmp_path, "harbour", force=True)
    with pytest.raises(UserError, match="is there already"):  # it came while the site was visited
        write("new", path, force=False)
    assert path.read_text(encoding="utf-8") == "mine"
    write("new", path, force=True)
    assert path.read_text(encoding="utf-8") == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["harbour.toml"]
    assert path.stat().st_mode & 0o444 == 0o444 & ~os.umask(os.umask(0o022))


def test_a_name_that_another_file_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text(f'name = "harbour"\nstart = "{START}"\n', encoding="utf-8")
    (tmp_path / "broken.toml").write_text("name = ", encoding="utf-8")
    for force in (False, True):  # two sites of one name would stop every run
        with pytest.raises(UserError, match=r"old\.toml: is the site 'harbour' already; --name"):
            target(tmp_path, "harbour", force=force)
    path = target(tmp_path, "quay", force=False)
    assert twins(path, "http://harbour.example") == [tmp_path / "old.toml"]
    assert twins(path, f"{START}ar") == []


@pytest.mark.parametrize("name", ["", "Harbour", "../harbour", "a/b", "-a", "x" * 65, "ميناء"])
def test_a_name_no_site_may_have_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"--name .*: a name has letters a-z"):
        checked_name(name)


# -- the command, against the demo newsroom

OUTLETS = ("sahifa-east", "alrasid", "khabarnameh", "harbour-ledger")


@dataclass(frozen=True)
class Written:
    """The newsroom, still open, and what the command wrote of some of its outlets."""

    newsroom: Newsroom
    folder: Path
    done: dict[str, Finished]

    def newsite(self, url: str, *arguments: str) -> Finished:
        hosts = ",".join(urlsplit(start).netloc for start in self.newsroom.starts().values())
        settings = ["-s", f"NEWS_ALLOW_PRIVATE={hosts}", "-s", "DOWNLOAD_DELAY=0"]
        return scrapy("newsite", url, *arguments, *settings)

    def refused(self, url: str, *arguments: str) -> tuple[int, str]:
        """Exit code and the one line."""
        done = self.newsite(url, *arguments)
        assert done.out == ""
        assert done.err.count("\n") == 1, done.err
        assert done.err.startswith("scrapy newsite: ")
        return done.code, done.err.removeprefix("scrapy newsite: ").rstrip("\n")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("newsite")
    with Newsroom(log=folder / "requests.jsonl") as newsroom:
        opened = Written(newsroom, folder / "sites", {})
        for name in OUTLETS:
            arguments = ("--name", name, "--folder", str(folder / "sites"))
            opened.done[name] = opened.newsite(newsroom.starts()[name], *arguments)
        yield opened


@pytest.mark.parametrize("name", OUTLETS)
def test_the_file_written_loads_and_holds_what_answered(written: Written, name: str) -> None:
    done = written.done[name]
    assert (done.code, done.err) == (ExitCode.OK, "")
    path = written.folder / f"{name}.toml"
    site = load_site(path)
    outlet = next(each for each in written.newsroom.outlets if each.name == name)
    assert (site.name, site.start, site.language) == (
        name,
        outlet.start(written.newsroom.port),
        outlet.language,
    )
    assert (len(site.feeds), len(site.sitemaps), site.sections) == (1, 1, ())
    assert site.country is None  # a number tells of no country
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30
    assert path.read_text(encoding="utf-8").rstrip("\n") in done.out


@pytest.mark.parametrize("name", OUTLETS)
def test_three_articles_are_shown_with_title_date_and_ends(written: Written, name: str) -> None:
    shown = " ".join(written.done[name].out.replace("│", " ").split())
    outlet = next(each for each in written.newsroom.outlets if each.name == name)
    seen = [each for each in outlet.articles if " ".join(each.title.split()) in shown]
    assert len(seen) == 3
    for each in seen:
        assert f"{each.published.astimezone(None):%Y-%m}" in shown
        assert " ".join(each.gold_text.split()[-3:]) in shown
    assert "!" not in [line[:1] for line in written.done[name].out.splitlines()]  # nothing looks wrong


def test_a_crawl_of_the_files_finds_what_the_bundled_files_find(
    written: Written, demo_crawl: DemoCrawl, tmp_path: Path
) -> None:
    crawl_newsroom(written.newsroom, written.folder, tmp_path / "output")

    def places(output: Path) -> set[tuple[str, str, str, str]]:
        urls = ((row["site"], urlsplit(row["url_canonical"])) for row in rows(output, "articles"))
        return {(site, url.hostname or "", url.path, url.query) for site, url in urls if site in OUTLETS}

    assert places(tmp_path / "output") == places(demo_crawl.output)
    assert len(places(tmp_path / "output")) == 12 * len(OUTLETS)


def test_robots_txt_is_asked_first_and_few_pages_after_it(written: Written) -> None:
    log = (written.folder.parent / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    for outlet in written.newsroom.outlets:
        paths = [line.split('"path": "')[1].split('"')[0] for line in log if f'"{outlet.address}"' in line]
        if outlet.name in OUTLETS and paths:
            assert paths[0] == "/robots.txt"
            assert not [path for path in paths if path.startswith(("/search", "/admin"))]


def test_a_dry_run_shows_the_file_and_writes_none(written: Written, tmp_path: Path) -> None:
    start = written.newsroom.starts()["hadshot-hanamal"]
    done = written.newsite(start, "-n", "--folder", str(tmp_path / "sites"))
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert f"Not written; {tmp_path}/sites/127-0-0-6.toml would be:\n# Written by" in done.out
    assert 'language = "he"' in done.out
    assert not (tmp_path / "sites").exists()


def test_a_front_page_that_is_an_article_is_doubted_and_ends_with_5(written: Written, tmp_path: Path) -> None:
    """A page without links to others and without a feed of its own is no front page."""
    url = next(url for url in not_articles(written.newsroom.port) if "127.0.0.2" in url)
    done = written.newsite(f"{url}?", "--folder", str(tmp_path), "--name", "pictures")
    assert done.code in (ExitCode.OK, ExitCode.SHORTFALL)
    assert load_site(tmp_path / "pictures.toml").name == "pictures"


def test_a_file_in_the_way_is_told_before_anything_is_fetched(written: Written) -> None:
    before = (written.folder / "alrasid.toml").read_bytes()
    start, arguments = "http://nowhere.invalid/", ("--name", "alrasid", "--folder", str(written.folder))
    code, said = written.refused(start, *arguments)
    assert code == ExitCode.USAGE
    assert said.startswith(f"{written.folder}/alrasid.toml: is there already; --force replaces it")
    assert (written.folder / "alrasid.toml").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_exit_code_4(written: Written, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    code, said = written.refused("http://nowhere.invalid/", "--folder", str(tmp_path / "file"))
    assert code == ExitCode.UNFINISHED
    assert said.startswith(f"{tmp_path}/file/")
    assert "cannot write" in said


def test_a_site_that_does_not_answer_is_one_line_and_exit_code_4(written: Written, tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path))
    start = written.newsroom.starts()["sahifa-east"]
    assert written.refused(f"{start}nothing-here", *folder) == (
        ExitCode.UNFINISHED,
        f"{start}nothing-here: the server answered 404",
    )
    assert written.refused(f"{start}search", *folder) == (
        ExitCode.UNFINISHED,
        f"{start}search: Forbidden by robots.txt",
    )
    code, said = written.refused("http://127.0.0.1:9/", *folder)
    assert code == ExitCode.UNFINISHED
    assert said == "http://127.0.0.1:9/: 127.0.0.1 is a private address"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://x.test/",), "bad URL 'ftp://x.test/'"),
        (("http://x.test/", "http://y.test/"), "one site at a time"),
        (("http://x.test/", "--name", "../x"), "--name '../x': a name has"),
        (("http://x.test/\x1b[2J",), "the URL of"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    done = scrapy("newsite", *arguments, "--folder", "no-such-folder/sites")
    assert done.code == ExitCode.USAGE
    assert said in done.err
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err


def test_no_url_prints_the_usage() -> None:
    done = scrapy("newsite")
    assert done.code == ExitCode.USAGE
    assert "scrapy newsite [options] <url>" in done.out
