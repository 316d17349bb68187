"""The key of an article: all its addresses on one host have one, and no two articles share one."""

from __future__ import annotations

import unicodedata

import courlan
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.tables import read_table
from pipelines.urls import BadUrl, article_key, canonical_url, checked_url

# Pieces from which addresses of articles and their views are made, and what sloppy pages put between them.
PIECES = st.sampled_from(
    [
        *(
            "/",
            "//",
            "/amp",
            "/amp/",
            "/print",
            "/index.html",
            "/index.php",
            ".amp",
            ".amp.html",
            ".html",
            "/news/4711",
            "/2026/11/22/",
        ),
        *(
            "rain-in-the-hills",
            "خبر",
            "%D8%AE",
            "e\u0301",
            "%CC%81",
            "K",
            "%E2%84%AA",
            "%CD%BE",
            "%25D8",
            "%20",
            " ",
            "+",
            ";",
            "..",
            ".",
        ),
        *(
            "?",
            "&",
            "=",
            "amp",
            "print=1",
            "id=5",
            "utm_source=x",
            "ref=12",
            "&amp;",
            "#",
            "%",
            "?amp",
            "(S(a1))",
            "url?q=",
            "http%3A%2F%2Fexample.org",
            ";jsessionid=1",
        ),
    ]
)
HOSTS = st.sampled_from(
    [
        *(
            "example.org",
            "www.example.org",
            "M.Example.org",
            "www.m.example.org",
            "example.org.",
            "www.com",
            "m.co.uk",
        ),
        *("example.org:8080", "[::1]", "10.0.0.1", "مثال.test", "www.google.com", "x.cdn.ampproject.org"),
    ]
)
URLS = st.builds(
    "{}://{}{}".format, st.sampled_from(["http", "https"]), HOSTS, st.lists(PIECES, max_size=9).map("".join)
)


def key_of(url: str) -> str | None:
    """The key, or None of what is refused by name."""
    try:
        return article_key(url)
    except BadUrl:
        return None


@settings(deadline=None, max_examples=400)
@given(URLS)
@example("http://example.org/news/4711/amp/print/index.html")
@example("http://example.org/?%CD%BE")
@example("http://example.org?amp;&/")
@example("http://example.org/;|/")
@example("http://example.org/.;/")
@example("http://example.org/news/4711/..amp")
@example("http://example.org/(S(a1));jsessionid=1/amp")
def test_the_key_of_a_key_is_itself(url: str) -> None:
    key = key_of(url)
    assert key is None or article_key(key) == key


@settings(deadline=None, max_examples=300)
@given(URLS)
def test_the_key_is_an_address_to_all_who_check_addresses(url: str) -> None:
    key = key_of(url)
    assert key is None or article_key(checked_url(key)) == key
    assert key is None or canonical_url(key) == key


@settings(deadline=None, max_examples=300)
@given(URLS)
def test_one_spelling_of_an_address_has_its_key(url: str) -> None:
    key = key_of(url)
    assert key is None or article_key(canonical_url(url)) == key
    assert key is None or article_key(checked_url(url)) == key


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60) | st.text(max_size=40).map("https://www.example.org/".__add__))
def test_any_text_has_a_key_or_is_refused_as_a_bad_url(text: str) -> None:
    key = key_of(text)
    assert key is None or key.startswith(("http://", "https://"))


@settings(deadline=None, max_examples=100)
@given(st.permutations(["id=7", "lang=ar", "utm_medium=rss", "ref=9", "amp=1", "print", "share=x"]))
def test_the_order_of_parameters_does_not_matter(pairs: list[str]) -> None:
    assert article_key(f"http://example.org/a?{'&'.join(pairs)}") == "https://example.org/a?id=7&lang=ar"


STORY = "https://example.org/news/4711/rain-in-the-hills"


@pytest.mark.parametrize(
    "view",
    [
        "http://example.org/news/4711/rain-in-the-hills",
        "https://www.example.org/news/4711/rain-in-the-hills/",
        "http://m.example.org/news/4711/rain-in-the-hills",
        "http://mobile.example.org/news/4711/rain-in-the-hills",
        "http://wap.example.org/news/4711/rain-in-the-hills",
        "https://amp.example.org/news/4711/rain-in-the-hills",
        "https://www.m.example.org/news/4711/rain-in-the-hills",
        "https://example.org/amp/news/4711/rain-in-the-hills",
        "https://example.org/news/4711/rain-in-the-hills/amp",
        "https://example.org/news/4711/rain-in-the-hills/amp/",
        "https://example.org/news/4711/rain-in-the-hills.amp",
        "https://example.org/news/4711/rain-in-the-hills?amp",
        "https://example.org/news/4711/rain-in-the-hills?amp=1&utm_source=amp",
        "https://example.org/news/4711/rain-in-the-hills?outputType=amp",
        "https://www.google.com/amp/s/amp.example.org/news/4711/rain-in-the-hills",
        "https://example-org.cdn.ampproject.org/c/s/example.org/news/4711/rain-in-the-hills/amp/",
        "https://example.org/news/4711/rain-in-the-hills/print/",
        "https://example.org/print/news/4711/rain-in-the-hills",
        "https://example.org/news/4711/rain-in-the-hills?print=1&tmpl=component",
        "https://example.org/news/4711/rain-in-the-hills?view=print",
        "https://example.org/news/4711/rain-in-the-hills/index.html",
        "https://example.org//news/4711//rain-in-the-hills%20",
        "https://example.org/news/4711/rain-in-the-hills?weekly",
    ],
)
def test_the_views_of_an_article_have_one_key(view: str) -> None:
    assert article_key(view) == STORY


def test_an_amp_page_beside_the_file_is_the_file() -> None:
    assert article_key("https://example.org/a/story-4711.amp.html") == article_key(
        "https://example.org/a/story-4711.html"
    )


def test_composed_and_decomposed_letters_are_one_address() -> None:
    for word in ("أخبار", "réunion", "آب", "kṣa"):
        forms = {unicodedata.normalize(form, word) for form in ("NFC", "NFD")}
        assert len(forms) == 2
        assert len({article_key(f"http://example.org/{form}/1") for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org:8080/a", "https://example.org:8080/a"),
        ("http://www.example.org:8080/a", "http://example.org:8080/a"),
        ("http://sport.example.org/a", "http://example.org/a"),
        ("http://ar.example.org/a", "http://en.example.org/a"),
        ("http://m.com/news/4711", "http://www.com/news/4711"),
        ("http://m.co.uk/news/4711", "http://co.uk/news/4711"),
        ("http://example.org/gear/amp", "http://example.org/gear"),
        ("http://example.org/print/", "http://example.org/"),
        ("http://example.org/amp/about", "http://example.org/about"),
        ("http://example.org/news/4711/2", "http://example.org/news/4711"),
        ("http://example.org/news/4711?page=2", "http://example.org/news/4711"),
        ("http://example.org/News/4711", "http://example.org/news/4711"),
        ("http://example.org/a?print=4711", "http://example.org/a"),
        ("http://example.org/a?weekly", "http://example.org/a"),
        ("http://example.org/spip.php?article8517", "http://example.org/spip.php?article8518"),
        ("http://example.org/news/4711?ar", "http://example.org/news/4711?en"),
        ("http://example.org/news/4711?2", "http://example.org/news/4711"),
        ("http://example.org/a?view=4711", "http://example.org/a"),
        ("http://example.org/a?lang=ar", "http://example.org/a?lang=en"),
        ("http://example.org/a%2Fb", "http://example.org/a/b"),
        ("http://example.org/%CE%C8%D1", "http://example.org/%D8%AE%D8%A8%D8%B1"),
        ("http://example.org/سدّ", "http://example.org/سد"),
        ("http://example.org/می‌رود", "http://example.org/میرود"),
    ],
)
def test_what_may_be_two_articles_has_two_keys(one: str, other: str) -> None:
    assert article_key(one) != article_key(other)


# What courlan drops and what tells articles apart in the links of real pages; see canonical.py.
DROPPED_BY_COURLAN_ONLY = [
    "cid",
    "uid",
    "eid",
    "list_uids",
    "keyword",
    "keywords",
    "galleryid",
    "gameid",
    "sourceid",
    "refid",
]


@pytest.mark.parametrize("name", DROPPED_BY_COURLAN_ONLY)
def test_courlan_joins_what_may_be_two_articles(name: str) -> None:
    one, other = (f"https://example.org/show.php?{name}={number}" for number in (26510, 26511))
    assert courlan.clean_url(one) == courlan.clean_url(other), "courlan keeps it now: take it from the list"
    assert article_key(one) != article_key(other)


@pytest.mark.parametrize(
    "name",
    "dclid fbclid gclid twclid yclid ysclid gbraid wbraid msclkid igshid mc_cid mtm_source oly_enc_id "
    "pk_campaign utm_id vero_id itm_source ga_source gs_lp xtor referrer referer ref_src".split(),
)
def test_what_courlan_drops_for_good_reason_is_dropped(name: str) -> None:
    url = f"https://example.org/show.php?id=26510&{name}=1"
    assert courlan.clean_url(url) == article_key(url) == "https://example.org/show.php?id=26510"


def test_the_lists_of_parameters_hold_each_name_once_and_in_lower_case() -> None:
    table = read_table("pipelines.urls", "parameters.toml")
    names = [*table["prefixes"], *table["trackers"], *table["weak"], *table["sessions"], *table["views"]]
    assert all(name == name.lower() for name in names)
    assert len(table["trackers"]) == len(set(table["trackers"]))
    assert not [name for name in table["trackers"] if name.startswith(tuple(table["prefixes"]))]
    assert not set(table["trackers"]) & {
        *table["weak"],
        *table["sessions"],
        *table["views"],
        *table["identity"]["names"],
    }
