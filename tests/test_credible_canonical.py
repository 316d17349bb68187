"""What a page says of its own address: believed when it can be the same article, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.urls import BadUrl, article_key, canonical_url, credible_canonical

PAGE = "https://www.example.org/news/2026/rain"
STORY = "https://www.example.org/news/26510/rain-falls-on-the-hills"


@pytest.mark.parametrize(
    ("stated", "believed"),
    [
        ("https://www.example.org/news/rain", "https://www.example.org/news/rain"),
        ("/news/rain", "https://www.example.org/news/rain"),
        ("rain-2", "https://www.example.org/news/2026/rain-2"),
        ("https://example.org/news/rain", "https://example.org/news/rain"),
        ("https://m.example.org/news/rain", "https://m.example.org/news/rain"),
        ("http://www.example.org/news/rain", "http://www.example.org/news/rain"),
        ("https://www.example.org/?p=12", "https://www.example.org/?p=12"),
        ("https://WWW.example.org:443/news/rain?utm_source=x#a", "https://www.example.org/news/rain"),
        (
            "/أخبار/مطر في الجبال",
            "https://www.example.org/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/%D9%85%D8%B7%D8%B1%20%D9%81%D9%8A%20%D8%A7%D9%84%D8%AC%D8%A8%D8%A7%D9%84",
        ),
        (" \n//www.example.org/news/rain\t", "https://www.example.org/news/rain"),
        (
            "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/news/rain",
            "https://www.example.org/news/rain",
        ),
    ],
)
def test_a_canonical_on_the_same_host_is_believed(stated: str, believed: str) -> None:
    assert credible_canonical(stated, PAGE) == believed


@pytest.mark.parametrize(
    "stated",
    [
        None,
        "",
        " ",
        "https://other.test/news/rain",
        "https://example.org.other.test/news/rain",
        "https://sport.example.org/news/rain",
        "https://www.example.org:8443/news/rain",
        "https://www.example.org@evil.test/news/rain",
        "http://localhost/news/2026/rain",
        "http://localhost:3000/news/2026/rain",
        "http://10.0.0.7/news/2026/rain",
        "https://www.example.org/",
        "https://www.example.org",
        "/",
        "/#top",
        "/?utm_source=x",
        "..//../",
        "javascript:void(0)",
        "http://[bad",
        "ftp://www.example.org/news/rain",
        "What falls on the hills?",
        "{{ article.url }}",
        "/news/2026/undefined",
        "/news/null/rain",
        "/news/[object Object]",
        "/x" * 3_000,
    ],
)
def test_a_canonical_that_names_no_article_of_the_site_is_not_believed(stated: str | None) -> None:
    assert credible_canonical(stated, PAGE) is None


@pytest.mark.parametrize(
    ("fetched", "stated"),
    [
        ("https://amp.example.org/news/26510/rain", "https://www.example.org/news/26510/rain"),
        (
            "https://www.google.com/amp/s/amp.example.org/news/26510/rain",
            "https://www.example.org/news/26510/rain",
        ),
        ("https://example-org.cdn.ampproject.org/c/s/example.org/a/rain.amp", "https://example.org/a/rain"),
        (f"{STORY}/amp/", STORY),
        (f"{STORY}/2/", STORY),
        (f"{STORY}/slide/12", STORY),
        (f"{STORY}?page=3", STORY),
        (f"{STORY}?gi=ac3916a08518", STORY),
        (f"{STORY}?term=hills&channel=105100", STORY),
        (STORY, "https://www.example.org/news/26510/hills-see-first-rain-today"),
        ("https://www.example.org/details.php?id=5&page=2", "https://www.example.org/details.php?id=5"),
        ("https://www.example.org/details.php?id=5&x=1", "https://www.example.org/details.php?id=5"),
        ("https://www.example.org/?p=26510", STORY),
        ("https://www.example.org/rain-falls-on-the-hills", "https://www.example.org/node/26510"),
        ("https://edition.example.org/news/26510/rain", "https://www.example.org/news/26510/rain"),
        ("https://www.example.org/index.html", "https://www.example.org/"),
    ],
)
def test_the_article_behind_a_view_or_a_page_of_it_is_believed(fetched: str, stated: str) -> None:
    assert credible_canonical(stated, fetched) == stated


@pytest.mark.parametrize(
    ("fetched", "stated"),
    [
        (STORY, "https://www.example.org/news"),
        (STORY, "https://www.example.org/news/26510/"),
        (f"{STORY}/opinion-of-the-day", STORY),
        ("https://www.example.org/news/rain/2", "https://www.example.org/news/rain"),
        (STORY, "https://www.example.org/news/26511/bread-is-dearer-in-towns"),
        ("https://www.example.org/news/26510", "https://www.example.org/news/26511"),
        ("https://www.example.org/details.php?id=5", "https://www.example.org/details.php"),
        ("https://www.example.org/details.php?id=5", "https://www.example.org/details.php?id=6"),
        ("https://www.example.org/details.php?id=5&lang=ar", "https://www.example.org/details.php?id=5"),
        ("https://www.example.org/index.php?article=5&cat=1", "https://www.example.org/index.php?cat=1"),
        (f"{STORY}?lang=ar", STORY),
        ("https://www.example.org/ar/news/26510", "https://www.example.org/en/news/26510"),
        ("https://ar.example.org/news/26510/rain", "https://en.example.org/news/26510/rain"),
        ("https://www.example.org/news/26510/rain", "https://staging.example.org/news/26510/rain"),
        ("https://www.example.org/news/26510/rain", "https://cms-dev.example.org/news/26510/rain"),
        ("https://one.blogspot.com/2026/11/rain.html", "https://two.blogspot.com/2026/12/rain.html"),
        ("https://one.co.uk/news/26510/rain", "https://two.co.uk/news/26510/rain"),
        ("http://news.one.test/news/26510/rain", "http://www.one.test/news/26510/rain"),
    ],
)
def test_a_section_another_article_or_another_language_is_not_believed(fetched: str, stated: str) -> None:
    assert credible_canonical(stated, fetched) is None


def test_the_front_page_may_call_itself_canonical() -> None:
    believed = credible_canonical("https://example.org/", "https://example.org/?utm_source=x")
    assert believed == "https://example.org/"


def test_a_port_that_is_the_default_is_the_same_host() -> None:
    assert credible_canonical("/news/rain", "https://example.org:443/a") == "https://example.org/news/rain"


def test_a_canonical_address_that_lost_its_id_is_not_believed() -> None:
    here = "http://paper.test/details.php?id=5"
    assert credible_canonical("/details.php", here) is None
    assert credible_canonical("/details.php?id=5", here) == here
    assert credible_canonical("/story", "http://paper.test/story?utm_source=x") == "http://paper.test/story"


STATED = st.text(max_size=50) | st.text(alphabet="/?#&=.:abid12%خ- {}", max_size=30).map("/{}".format)


@settings(deadline=None, max_examples=300)
@given(
    STATED,
    st.sampled_from([PAGE, STORY, "http://paper.test:8080/details.php?id=5", "https://m.example.org/"]),
)
def test_what_is_believed_is_a_canonical_url_and_nothing_makes_it_raise(stated: str, fetched: str) -> None:
    believed = credible_canonical(stated, fetched)
    assert believed is None or canonical_url(believed) == believed


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="/?#&=.:abid12%خ- {}", max_size=30).map("https://www.example.org/{}".format))
def test_a_page_that_names_its_own_address_is_believed(url: str) -> None:
    try:
        canonical = canonical_url(url)
    except BadUrl:
        return
    assert credible_canonical(canonical, url) == canonical
    if believed := credible_canonical(canonical.replace("https://www.", "http://m."), url):
        assert article_key(believed) == article_key(url)


def test_an_address_that_cannot_be_read_believes_nothing() -> None:
    assert credible_canonical("/news/rain", "about:blank") is None
