"""Shapes of addresses: a site teaches which of its addresses are articles, and may change its mind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.shapes import MAX_SHAPES, SiteShapes, is_sample, shape_of

SITE = "https://www.example.org"


def taught(good: int = 0, bad: int = 0, path: str = "/n/word") -> SiteShapes:
    shapes = SiteShapes()
    for _ in range(good):
        shapes.learn(SITE + path, True)
    for _ in range(bad):
        shapes.learn(SITE + path, False)
    return shapes


def unsampled(path: str = "/n/word") -> str:
    return next(url for n in range(99) if not is_sample(url := SITE + path + "x" * (n % 9)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/news/rain-on-the-coast", "/news/a-new-park-opens-today"),
        ("/news/1234567", "/news/998877"),
        ("/2026/11/03/rain", "/2025/02/28/park"),
        ("/أخبار/مطر-غزير-على-الساحل", "/أخبار/حديقة-جديدة-على-الشاطئ"),
        ("/show.php?id=7&cat=2", "/show.php?cat=9&id=123456"),
        ("/article/825030-rain-on-the-coast", "/article/7123456-four-in-10-people-read-this"),
        ("/a/9f3c1b7de2", "/a/0a1b2c3d4e5f"),
        ("/news/rain-here-now-today?utm_source=x", "/news/park-opens-on-quay#comments"),
    ],
)
def test_stories_of_one_place_have_one_shape(one: str, other: str) -> None:
    assert shape_of(SITE + one) == shape_of("http://m.example.org" + other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/news/1234567", "/video/1234567"),
        ("/news/1234567", "/news/12"),
        ("/news/rain", "/news/rain-on-the-coast"),
        ("/ar/news/rain", "/ar/video/rain"),
        ("/show.php?id=7", "/show.php?cat=7"),
        ("/rain.html", "/rain.pdf"),
        ("/2026/11", "/2026/1234567"),
    ],
)
def test_what_differs_in_kind_differs_in_shape(one: str, other: str) -> None:
    assert shape_of(SITE + one) != shape_of(SITE + other)


@pytest.mark.parametrize("url", ["", "mailto:a@example.org", "http://[bad", "javascript:x", "/news/1"])
def test_what_is_no_address_has_no_shape_and_teaches_nothing(url: str) -> None:
    shapes = SiteShapes()
    shapes.learn(url, True)
    assert (shape_of(url), shapes.as_counts(), shapes.score(url), shapes.verdict(url)) == (
        None,
        {},
        None,
        None,
    )


def test_a_shape_never_seen_is_unknown() -> None:
    assert taught(good=9).score(SITE + "/other/place/1234567") is None


def test_the_score_is_a_smoothed_share() -> None:
    assert taught(good=3, bad=1).score(SITE + "/n/word") == pytest.approx(3.5 / 5)


def test_several_good_outcomes_make_an_article_and_one_does_not() -> None:
    assert taught(good=1).verdict(unsampled()) is None
    assert taught(good=3).verdict(unsampled()) is True


def test_five_bad_outcomes_make_no_article_and_four_leave_it_open() -> None:
    assert taught(bad=4).verdict(unsampled()) is None
    assert taught(bad=5).verdict(unsampled()) is False


def test_a_bad_day_does_not_outweigh_what_was_learnt_before() -> None:
    assert taught(good=40, bad=8).verdict(unsampled()) is True
    assert taught(good=40, bad=60).verdict(unsampled()) is None


def test_some_addresses_of_a_bad_shape_are_tried_all_the_same() -> None:
    shapes = taught(bad=200, path="/news/1234567")
    verdicts = [shapes.verdict(f"{SITE}/news/{1_000_000 + n}") for n in range(2_000)]
    assert set(verdicts) == {False, None}
    assert 0.02 < verdicts.count(None) / len(verdicts) < 0.1
    assert verdicts == [shapes.verdict(f"{SITE}/news/{1_000_000 + n}") for n in range(2_000)]


def test_a_bad_shape_that_turns_good_is_believed_again() -> None:
    shapes = taught(bad=400)
    for _ in range(1_000):
        shapes.learn(SITE + "/n/word", True)
    assert shapes.verdict(unsampled()) is True


def test_the_number_of_shapes_is_bounded_and_the_well_known_ones_stay() -> None:
    shapes = taught(good=9)
    for n in range(3 * MAX_SHAPES):
        shapes.learn(
            f"{SITE}/{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{'uvwxyz'[n // 100]}/1", False
        )
    assert len(shapes.as_counts()) == MAX_SHAPES
    assert shapes.verdict(unsampled()) is True


OUTCOMES = st.lists(
    st.tuples(
        st.sampled_from(["/a/1", "/a/b-c-d-e", "/2026/11/03/x", "/?id=3", "/أخبار/مطر", "/x.html"]),
        st.booleans(),
    ),
    max_size=60,
)


@given(OUTCOMES, OUTCOMES)
@settings(deadline=None)
def test_counts_carry_everything_from_run_to_run(before: list, after: list) -> None:
    whole, first = SiteShapes(), SiteShapes()
    for path, good in before:
        whole.learn(SITE + path, good)
        first.learn(SITE + path, good)
    second = SiteShapes(first.as_counts())
    for path, good in after:
        whole.learn(SITE + path, good)
        second.learn(SITE + path, good)
    assert second.as_counts() == whole.as_counts()
    assert all(0 < score < 1 for path, _ in before if (score := whole.score(SITE + path)) is not None)


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=200)
def test_any_path_has_a_shape_without_the_host(path: str) -> None:
    shape = shape_of(f"{SITE}/{path}")
    assert shape is None or (shape.startswith("/") and "example" not in shape.removeprefix("/" + path))
    assert shape_of(f"{SITE}/{path}") == shape
