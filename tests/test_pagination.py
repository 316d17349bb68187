"""Further pages of a list: which links lead on."""

from __future__ import annotations

import pytest

from crawler.discovery.records import Discovered
from crawler.discovery.sections import read_hub

HOME = "https://www.example.org/"


def hub(body: str, url: str = HOME, head: str = "") -> Discovered:
    page = f"<html><head>{head}</head><body><p>x</p>{body}</body></html>"
    return read_hub(page.encode(), url, "text/html; charset=utf-8")


def urls(found: Discovered) -> list[str]:
    return [link.url for link in found.links]


@pytest.mark.parametrize("relation", ["next", "next nofollow", "NEXT"])
def test_the_next_page_is_a_page_and_no_section(relation: str) -> None:
    found = hub(f"<a rel='{relation}' href='/sport?page=2'>2</a>")
    assert (found.pages, found.sections, found.links) == ((HOME + "sport?page=2",), (), ())
    assert hub("", head=f"<link rel='{relation}' href='/page/2/'>").pages == (HOME + "page/2/",)


def test_the_next_story_is_no_next_page() -> None:
    found = hub("<a rel='next' href='/2026/11/03/rain'>x</a>")
    assert (found.pages, urls(found)) == ((), [HOME + "2026/11/03/rain"])


def pages(links: list[tuple[str, str]], url: str) -> list[str]:
    body = "".join(f"<a href='{path}'>{text}</a>" for path, text in links)
    return [page.removeprefix(HOME) for page in hub(body, url).pages]


def test_numbers_are_pages_from_the_next_one_on_and_in_their_order() -> None:
    links = [(f"/sport?page={n}", str(n)) for n in (945, 4, 1, 3, 2)]
    assert pages(links, HOME + "sport") == ["sport?page=2", "sport?page=3", "sport?page=4"]
    assert pages(links, HOME + "sport?page=2") == ["sport?page=3", "sport?page=4"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sport/page/2/", "2"),
        ("/sport/صفحة/2", "٢"),
        ("/sport/page-2", "2"),
        ("/sport?start=20", "التالي »"),
        ("/sport?p=2", "2"),
        ("/sport?before=1234", "مقالات أقدم"),
        ("/sport?cursor=abc", "Load more…"),
        ("/sport?c=x", "Следующая"),
        ("/sport?c=x", "下一頁"),
        ("/sport?c=x", "הבא"),
    ],
)
def test_a_further_page_is_known_in_many_ways(path: str, text: str) -> None:
    found = hub(f"<a href='{path}'>{text}</a>", HOME + "sport/")
    assert (len(found.pages), found.sections, found.links) == (1, (), ())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/world?page=2", "2"),
        ("/sport?p=1234", "مطر"),
        ("/world", "المزيد"),
        ("/sport", "Next"),
        ("https://other.test/sport?page=2", "2"),
        ("/sport?page=99999999", "2"),
        ("/sport?page=x", "2"),
    ],
)
def test_what_is_no_further_page_of_this_list_is_none(path: str, text: str) -> None:
    assert pages([(path, text)], HOME + "sport") == []


def test_the_way_back_is_no_further_page() -> None:
    links = [
        ("/sport?page=1", "التالي"),
        ("/sport?page=2", "2"),
        ("/sport?page=1", "السابق"),
        ("/sport", "1"),
    ]
    assert pages(links, HOME + "sport?page=2") == []


def test_pages_are_capped() -> None:
    assert len(pages([(f"/sport?start={20 * n}", str(n)) for n in range(1, 60)], HOME + "sport")) == 10
