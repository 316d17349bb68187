"""URLs: one key per article, whatever way led to it; and the fingerprints that are made of it."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.similarity.fingerprint import article_id, text_hash
from pipelines.urls import BadUrl, canonical_url, checked_url

# Path and query as sloppy pages write them: Arabic, broken escapes, doubled slashes, stray punctuation.
SLOPPY = st.text(alphabet="abZ09/.;:%2Fé&=?+-_~ـخبر\u200c {}|<>\"'\\^[]@!$*,()", max_size=40)
HOSTS = st.sampled_from(
    [
        "example.org",
        "WWW.Example.ORG",
        "مثال.test",
        "example.org:8080",
        "u:p@example.org",
        "[::1]",
        "10.0.0.1",
    ]
)
URLS = st.builds("{}://{}/{}".format, st.sampled_from(["http", "HTTPS"]), HOSTS, SLOPPY)


def without_error(url: str) -> str | None:
    """The canonical form, or None of what is refused by name."""
    try:
        return canonical_url(url)
    except BadUrl:
        return None


@settings(deadline=None, max_examples=250)
@given(URLS)
@example("http://example.org/a?utm%5Fsource=x")
@example("http://example.org/a?a&amp;b")
@example("http://example.org//a/../..//b;jsessionid=1")
def test_the_canonical_form_of_a_canonical_url_is_itself(url: str) -> None:
    key = without_error(url)
    assert key is None or canonical_url(key) == key


@settings(deadline=None, max_examples=200)
@given(URLS)
def test_the_escaped_form_has_the_same_identity(url: str) -> None:
    key = without_error(url)
    assert key is None or canonical_url(checked_url(url)) == key


@settings(deadline=None, max_examples=200)
@given(URLS)
def test_a_checked_url_is_ascii_and_holds_no_credentials_and_no_fragment(url: str) -> None:
    try:
        checked = checked_url(url)
    except BadUrl:
        return
    parts = urlsplit(checked)
    assert checked.isascii()
    assert not any(char.isspace() for char in checked)
    assert "@" not in parts.netloc
    assert parts.fragment == ""
    assert parts.scheme in ("http", "https")
    assert parts.path.startswith("/")


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60) | st.text(max_size=30).map("http://".__add__))
def test_any_text_is_a_url_or_is_refused_as_a_bad_one(text: str) -> None:
    try:
        assert canonical_url(text).startswith(("http://", "https://"))
    except BadUrl as error:
        said = str(error)
    else:
        return
    assert said.startswith("bad URL ")
    assert "\n" not in said


@settings(deadline=None, max_examples=100)
@given(st.permutations(["id=7", "page=2", "lang=ar", "utm_medium=rss", "fbclid=Zz9", "q="]))
def test_the_order_of_parameters_does_not_matter(pairs: list[str]) -> None:
    assert (
        canonical_url(f"http://example.org/a?{'&'.join(pairs)}")
        == "http://example.org/a?id=7&lang=ar&page=2&q"
    )


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://EXAMPLE.org/Path", "http://example.org/Path"),
        ("HTTP://example.org/a", "http://example.org/a"),
        ("http://example.org", "http://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org:80/a", "https://example.org:80/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("http://example.org:/a", "http://example.org/a"),
        ("http://example.org/a#comments", "http://example.org/a"),
        ("http://reader:secret@example.org/a", "http://example.org/a"),
        ("  http://example.org/a \n", "http://example.org/a"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org//news///1", "http://example.org/news/1"),
        ("http://example.org/%d8%ae", "http://example.org/%D8%AE"),
        ("http://example.org/خ", "http://example.org/%D8%AE"),
        ("http://مثال.test/", "http://xn--mgbh0fb.test/"),
        ("http://example.org/a;jsessionid=5F?id=1", "http://example.org/a?id=1"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("http://example.org/a?x=1&amp;y=2", "http://example.org/a?x=1&y=2"),
        ("http://example.org/a?", "http://example.org/a"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://example.org.:8080/a", "http://example.org:8080/a"),
        ("http://example.org/a?x=1&amp;amp;y=2", "http://example.org/a?x=1&y=2"),
        ("http://example.org/a?x=1&amp%3By=2", "http://example.org/a?x=1&y=2"),
        ("http://example.org/a?id=5?utm_source=rss", "http://example.org/a?id=5"),
        ("http://example.org/a?id=5?utm_source=rss&utm_medium=feed?fbclid=x", "http://example.org/a?id=5"),
        ("http://example.org/(S(lit3py55t21z5v55vlm25s55))/news/1.aspx", "http://example.org/news/1.aspx"),
        ("http://example.org/(X(1)S(lit3py55t21z5v55))/news/1.aspx", "http://example.org/news/1.aspx"),
        (
            "http://example.org/web/2020/http://other.test/a",
            "http://example.org/web/2020/http://other.test/a",
        ),
        ("http://example.org/view?f=76&sid=0311f125385c248eb11c61ee7339229a", "http://example.org/view?f=76"),
        ("http://example.org/a#!/news/1", "http://example.org/a"),
    ],
)
def test_spellings_of_one_address_have_one_key(url: str, key: str) -> None:
    assert canonical_url(url) == key


@pytest.mark.parametrize(
    "tracker",
    (
        "utm_source UTM_Campaign fbclid gclid msclkid igshid mc_cid ref source _ga at_medium PHPSESSID "
        "replytocom"
    ).split(),
)
def test_a_tracker_is_no_part_of_the_key(tracker: str) -> None:
    assert canonical_url(f"http://example.org/a?{tracker}=1&id=2") == "http://example.org/a?id=2"


@pytest.mark.parametrize(
    "name",
    "id p cid uid eid gallery game gameid global_id reference sourceid page lang sid s session_id pk at from "
    "share feed keyword keywords list_uids ad_id ga_id pk_id mc_id medium_id refid clipid trk_id".split(),
)
def test_a_parameter_that_tells_articles_apart_stays(name: str) -> None:
    assert canonical_url(f"http://example.org/a?{name}=1") != canonical_url(f"http://example.org/a?{name}=2")


def test_a_bare_number_as_query_tells_articles_apart() -> None:
    assert canonical_url("http://example.org/show.php?4711") != canonical_url(
        "http://example.org/show.php?4712"
    )


@settings(deadline=None, max_examples=100)
@given(st.from_regex(r"[a-z]{0,2}[-_]?[0-9]{1,6}", fullmatch=True))
def test_a_number_that_alone_tells_articles_apart_stays_whatever_its_name(number: str) -> None:
    for name in ("ref", "source", "campaign"):
        alone = canonical_url(f"http://example.org/noticia.asp?{name}={number}&utm_source=x")
        assert alone == f"http://example.org/noticia.asp?{name}={number}"
        assert canonical_url(f"http://example.org/noticia.asp?id=4&{name}={number}").endswith("asp?id=4")
        assert canonical_url(f"http://example.org/news/26510?{name}={number}").endswith("/26510")


def test_a_name_without_a_value_gets_no_sign() -> None:
    assert (
        canonical_url("http://example.org/spip.php?article8517") == "http://example.org/spip.php?article8517"
    )
    assert (
        canonical_url("http://example.org/spip.php?article8517=") == "http://example.org/spip.php?article8517"
    )


@pytest.mark.parametrize(
    "channel", ["share=twitter", "share=jetpack-whatsapp", "from=rss", "src=telegram", "cmp=rss"]
)
def test_a_parameter_whose_value_names_a_channel_is_no_part_of_the_address(channel: str) -> None:
    assert canonical_url(f"http://example.org/a?{channel}&id=2") == "http://example.org/a?id=2"


@pytest.mark.parametrize(
    ("wrapper", "inner"),
    [
        ("https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a", "https://www.example.org/a"),
        (
            "https://www-example-org.cdn.ampproject.org/v/s/www.example.org/a?usqp=1",
            "https://www.example.org/a?usqp=1",
        ),
        ("https://cdn.ampproject.org/c/www.example.org/a", "http://www.example.org/a"),
        ("https://www.google.com/amp/s/example.org/a/", "https://example.org/a/"),
        ("https://www.google.com//amp/s/example.org/a/", "https://example.org/a/"),
        ("https://www.google.com/url?q=https://example.org/a?x=1&sa=D", "https://example.org/a?x=1"),
        ("https://www.google.com/url?q=https://example.org/a+b&sa=D", "https://example.org/a%20b"),
        (
            "https://www.google.com/url?sa=D&q=https%3A%2F%2Fexample.org%2Fa%3Fid%3D1%26b%3D2",
            "https://example.org/a?b=2&id=1",
        ),
        (
            "https://l.facebook.com/l.php?h=AT0&u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3Dx",
            "https://example.org/a",
        ),
        ("https://vk.com/away.php?to=http%3A%2F%2Fexample.org%2F%D8%AE", "http://example.org/%D8%AE"),
        (
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Famp%2Fs%2Fexample.org%2Fa",
            "https://example.org/a",
        ),
    ],
)
def test_a_wrapper_gives_way_to_what_it_carries(wrapper: str, inner: str) -> None:
    assert canonical_url(wrapper) == inner


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/url?q=javascript%3Aalert",
        "https://www.google.com/url?q=https%3A%2F%2F",
        "https://www.google.com/url?q=https://a.test/1&q=https://a.test/2",
        "https://www.google.com/amp/s/",
        "https://www.google.com.evil.test/url?q=https%3A%2F%2Fexample.org%2Fa",
        "https://evilcdn.ampproject.org.test/c/s/example.org/a",
        "https://notcdn-ampproject.org/c/s/example.org/a",
        "https://cdn.ampproject.org/i/s/example.org/a.png",
    ],
)
def test_what_carries_no_single_address_stays_itself(url: str) -> None:
    assert urlsplit(canonical_url(url)).netloc == urlsplit(url).netloc


def test_an_address_inside_an_address_does_not_take_its_place() -> None:
    inner = "https://other.test/article"
    assert urlsplit(canonical_url(f"http://example.org/share?url={inner}")).hostname == "example.org"
    assert urlsplit(canonical_url(f"http://example.org/web/{inner}")).hostname == "example.org"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "news",
        "/news/1",
        "//example.org/a",
        "ftp://example.org/a",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "mailto:desk@example.org",
        "http://",
        "http:///a",
        "http://:80/",
        "http://exa mple.org/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://example.org:99999/",
        "http://example.org:x/",
        "http://.org/",
        "http://a..b/",
        "http://a%41.org/",
        "http://a<b>.org/",
        "http://" + "é" * 80 + ".test/",
        "http://example.org/\udcff",
        "http://example.org/" + "a" * 5_000,
    ],
)
def test_a_bad_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(BadUrl) as caught:
        checked_url(url)
    assert repr(url.strip())[:20] in str(caught.value)


def test_an_error_never_tells_a_password() -> None:
    with pytest.raises(BadUrl) as caught:
        checked_url("http://reader:s3cret@example.org:99999/a")
    assert "s3cret" not in str(caught.value)
    assert "example.org:99999" in str(caught.value)


def test_an_error_about_a_huge_url_is_short() -> None:
    with pytest.raises(BadUrl) as caught:
        checked_url("http://example.org/" + "x" * 1_000_000)
    assert len(str(caught.value)) < 400


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60))
def test_the_text_hash_does_not_see_white_space_and_composition(text: str) -> None:
    spaced = "\n\n " + text.replace(" ", "\u00a0 \t") + " "
    assert text_hash(spaced) == text_hash(text)
    assert text_hash(unicodedata.normalize("NFD", text)) == text_hash(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("می‌رود", "میرود"), ("سدّ جديد", "سد جديد"), ("Rain in May.", "Rain in May"), ("3 ships", "4 ships")],
)
def test_a_changed_letter_is_a_changed_text(one: str, other: str) -> None:
    assert text_hash(one) != text_hash(other)


def test_presentation_forms_are_the_letters_they_show() -> None:
    assert text_hash("ﻻ ﺷﻲء") == text_hash("لا شيء")


def test_an_article_is_its_address_and_its_text() -> None:
    first = article_id("http://example.org/a", text_hash("Rain"))
    assert first == article_id("http://example.org/a", text_hash(" Rain "))
    assert first != article_id("http://example.org/b", text_hash("Rain"))
    assert first != article_id("http://example.org/a", text_hash("Snow"))
    assert len(first) == 32
    assert set(first) <= set("0123456789abcdef")


@pytest.mark.parametrize("mark", ["\ufeff", "\u200f", "\u202b", "\u200b", "\u2069 ", "\n\u00ad"])
def test_marks_of_layout_around_an_address_are_none_of_it(mark: str) -> None:
    assert checked_url(f"{mark}http://example.org/a{mark}") == "http://example.org/a"


def test_marks_within_an_address_are_its_spelling_and_stay_escaped() -> None:
    assert checked_url("http://example.org/می\u200cشود") == checked_url(
        "http://example.org/%D9%85%DB%8C%E2%80%8C%D8%B4%D9%88%D8%AF"
    )
    assert checked_url("http://example.org/a\u200fb") == "http://example.org/a%E2%80%8Fb"
