"""Charts and words of the report: what they draw is what the figures say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from pipelines.health.figures import LAG_EDGES, LENGTH_EDGES
from pipelines.report.charts import calendar, histogram, stacked_bar, step_bar
from pipelines.report.measures import by_need, median_bin, point_of, state, usual
from pipelines.report.reading_order import pieces
from pipelines.report.records import Cut, SiteHealth
from pipelines.report.sparkline import sparkline
from pipelines.report.svg import element
from pipelines.report.words import LAGS, LENGTHS, percent, short, shown
from tests.helpers_report import new_article, site_run

VALUES = st.lists(st.none() | st.floats(0, 1e7), min_size=1, max_size=60)
COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=24)
NAMES = [f"bin {number}" for number in range(24)]


def drawn(markup: str) -> etree._Element:
    """Its root; raises where it is no XML."""
    return etree.fromstring(markup)


def name_of(svg: etree._Element) -> str:
    """What screen readers say."""
    title = svg.find("title")
    assert title is not None
    assert svg.get("role") == "img"
    return str(title.text)


def points(path: str) -> list[tuple[int, int]]:
    """Where a sparkline's path goes."""
    at, found = (0, 0), []
    for kind, x, y in re.findall(r"([Mlh])(-?\d+)(?: (-?\d+))?", path):
        step = (int(x), int(y or 0))
        at = step if kind == "M" else (at[0] + step[0], at[1] + step[1])
        if kind != "h" or x != "0":
            found.append(at)
    return found


@given(VALUES)
@example([0.0])
@example([None, 0.0, None])
def test_a_sparkline_has_a_place_for_each_value_and_stays_inside(values: list[float | None]) -> None:
    markup = sparkline(values, "New articles")
    known = [value for value in values if value is not None]
    if not known:
        assert markup == ""
        return
    svg = drawn(markup)
    assert name_of(svg).startswith("New articles")
    (line,) = svg.findall("path")
    found = points(line.get("d"))
    assert len(found) == len(known)
    assert all(0 <= x <= 72 and 0 <= y <= 20 for x, y in found)
    assert (svg.find("circle") is None) == (values[-1] is None)
    highest = max(range(len(known)), key=lambda at: known[at])
    assert found[highest][1] == min(y for _, y in found)


@given(COUNTS, COUNTS)
def test_bars_of_a_histogram_are_in_proportion(counts: list[int], before: list[int]) -> None:
    earlier = (before * 24)[: len(counts)]
    svg = drawn(histogram(counts, NAMES[: len(counts)], {0: "0"}, "Lengths", earlier))
    heights = [float(bar.get("height")) for bar in svg.iterfind("rect")]
    assert len(heights) == len(counts)
    tallest = max(range(len(counts)), key=lambda at: counts[at])
    for height, count in zip(heights, counts, strict=True):
        expected = heights[tallest] * count / counts[tallest] if counts[tallest] else 0
        assert height == pytest.approx(expected, abs=0.02)
    assert (svg.find("path[@class='before']") is not None) == (sum(earlier) > 0)
    assert sum(1 for count in counts if count) == name_of(svg).count("bin ")


@given(st.integers(1, 10**6), st.data())
def test_a_step_shows_what_is_left_and_what_was_lost(first: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(0, first))
    count = data.draw(st.integers(0, before))
    bars = drawn(step_bar(before, count, first)).findall("rect")
    widths = [float(bar.get("width").rstrip("%")) for bar in bars]
    assert widths[0] == pytest.approx(100 * count / first, abs=0.01)
    assert len(widths) == (3 if before > count else 1)
    if before > count:
        assert widths[0] + widths[1] == pytest.approx(100 * before / first, abs=0.02)


def test_parts_of_a_whole_fill_it() -> None:
    svg = drawn(stacked_bar([("Arabic", 6), ("Persian", 3), ("English", 1)], "Languages"))
    places = [(part.get("x"), part.get("width")) for part in svg.findall("rect")]
    assert places == [("0.00%", "60.00%"), ("60.00%", "30.00%"), ("90.00%", "10.00%")]
    assert name_of(svg) == "Languages: Arabic 60 %, Persian 30 %, English 10 %"


def test_the_calendar_has_every_day_once_and_marks_runs_that_ended_badly() -> None:
    today = date(2026, 11, 25)
    rows = {today - timedelta(days=number): number for number in range(400)}
    svg = drawn(calendar(rows, {today: "a run could not finish"}, today))
    days = svg.findall("rect")
    assert len(days) == 25 * 7 + 3  # today is a Wednesday
    assert len({(day.get("x"), day.get("y")) for day in days}) == len(days)
    assert [day.find("title").text for day in days if "bad" in day.get("class")] == [
        "25 November 2026: 0 rows; a run could not finish"
    ]
    assert days[0].get("class") == "day h4"
    assert days[-1].get("class") == "day h0 bad"
    assert "177 days with rows, 177 at most" in name_of(svg)


def test_every_bin_has_its_name() -> None:
    assert len(LAGS) == len(LAG_EDGES) + 1
    assert len(LENGTHS) == len(LENGTH_EDGES) + 1
    assert LENGTHS[1] == "64–90"


@given(st.text(), st.text())
def test_what_is_put_into_an_element_stays_in_its_place(text: str, value: str) -> None:
    text, value = shown(text), shown(value)
    made = drawn(element("text", text, class_=value))
    assert (made.text or "", made.get("class"), len(made)) == (text, value, 0)


@given(st.text())
def test_shown_text_has_no_controls_and_no_marks_of_direction(text: str) -> None:
    found = shown(text + "\u202e\u2066\x00\x1b[31m\x85\u2028\ud83d")
    forbidden = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
    assert not re.search(forbidden, found)
    assert shown(found) == found


def test_passwords_of_addresses_are_not_shown() -> None:
    assert shown("https://reader:secret@example.org/a") == "https://***@example.org/a"


@given(st.floats(0, 1))
def test_only_all_is_all_and_only_nothing_nothing(share: float) -> None:
    assert (percent(share) == "0 %") == (share == 0)
    assert (percent(share) == "100 %") == (share == 1)


@given(st.text(), st.integers(1, 50))
def test_short_text_is_no_longer_than_was_asked_for(text: str, most: int) -> None:
    assert len(short(text, most)) <= most + 2
    assert (short(text, most) == text) == (len(text) <= most)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_the_median_bin_has_the_middle_one_in_it(histogram: list[int]) -> None:
    found = median_bin(histogram)
    total = sum(histogram)
    assert (found is None) == (total == 0)
    if found is not None:
        assert histogram[found]
        assert sum(histogram[:found]) * 2 < total <= sum(histogram[: found + 1]) * 2


def test_a_second_run_that_finds_nothing_is_not_silence() -> None:
    first, second = site_run(3, 0, 2), replace(site_run(3, 1, 2), stored=0)
    site = SiteHealth("site", (point_of(first), point_of(second)), second)
    assert (usual(site), state(site, alarmed=False)) == (first.stored, "in order")


def test_sites_that_need_a_look_come_first() -> None:
    def health(name: str, **changes: int) -> SiteHealth:
        runs = [site_run(3, number, 8) for number in range(8)]
        return SiteHealth(name, tuple(map(point_of, runs)), replace(runs[-1], **changes))

    well, silent, raised = health("a-well"), health("b-silent", stored=0), health("z-raised")
    away = SiteHealth("c-away", well.points)
    assert usual(well) is not None
    found = by_need([well, silent, away, raised], frozenset({"z-raised"}))
    assert [site.name for site in found] == ["z-raised", "b-silent", "c-away", "a-well"]
    assert [state(site, alarmed=site is raised) for site in found] == [
        *("alarm", "silent", "not visited", "in order")
    ]


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_page_of_kept_and_cut_blocks_is_told_in_its_order(kept: list[bool]) -> None:
    """Where all blocks are in the row or its cuts, nothing is guessed."""
    paragraphs = [f"kept {at}" for at, is_kept in enumerate(kept) if is_kept] or ["kept"]
    cuts = tuple(Cut(at, f"cut {at}", "rule") for at, is_kept in enumerate(kept) if not is_kept)
    found = pieces(new_article(text="\n\n".join(paragraphs), cuts=cuts))
    if any(kept):
        assert [piece.text.split()[0] == "kept" for piece in found] == kept
    assert [piece.text for piece in found if piece.rule is None] == paragraphs
    assert len(found) == len(paragraphs) + len(cuts)


def test_menus_that_are_in_no_row_leave_the_paragraphs_together() -> None:
    cuts = tuple(Cut(order, "x", "rule") for order in (3, 4, 6, 15, 16, 17))
    article = new_article(text="\n\n".join("abcdefghi"), cuts=cuts)  # gaps: 0 to 2, 5, 7 to 14
    assert "".join(piece.text for piece in pieces(article)) == "xxaxbcdefghixxx"


def test_the_body_stands_below_its_headline() -> None:
    rules = {2: "structure.widget", 6: "page.headline", 10: "structure.share", 14: "structure.related"}
    cuts = tuple(Cut(order, rule[0], rule) for order, rule in rules.items())
    article = new_article(text="A\n\nB\n\nC", cuts=cuts)  # three gaps before each cut block
    assert "".join(piece.text for piece in pieces(article)) == "spABCss"


def test_many_gaps_are_no_burden() -> None:
    cuts = (Cut(200_000, "x", "rule"),)
    assert len(pieces(new_article(text="a\n\nb", cuts=cuts))) == 3
