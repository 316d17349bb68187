"""Where feeds and sitemaps are tried when a page names none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.places import usual_places


def test_a_whole_host_is_tried_at_its_root_and_politely() -> None:
    feeds, sitemaps = usual_places("https://www.example.org/")
    assert feeds[:2] == ("https://www.example.org/feed/", "https://www.example.org/rss.xml")
    assert sitemaps[:2] == (
        "https://www.example.org/sitemap.xml",
        "https://www.example.org/sitemap_index.xml",
    )
    assert len(feeds) + len(sitemaps) <= 10


def test_a_folder_of_a_host_has_its_own_places_only() -> None:
    feeds, sitemaps = usual_places("https://www.example.org/arabic")
    assert all(url.startswith("https://www.example.org/arabic/") for url in feeds + sitemaps)


@pytest.mark.parametrize(
    "start", ["https://www.example.org/ar/index.html", "https://www.example.org/ar/?x=1"]
)
def test_a_start_page_stands_for_its_folder(start: str) -> None:
    assert usual_places(start) == usual_places("https://www.example.org/ar/")


@given(st.from_regex(r"https?://[a-z]{1,9}\.test(:\d{2,4})?(/[a-z.-]{1,9}){0,3}/?", fullmatch=True))
def test_places_are_on_the_sites_own_host_and_each_once(start: str) -> None:
    feeds, sitemaps = usual_places(start)
    host = "/".join(start.split("/")[:3]) + "/"
    assert all(url.startswith(host) for url in feeds + sitemaps)
    assert len({*feeds, *sitemaps}) == len(feeds) + len(sitemaps)
