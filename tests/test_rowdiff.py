"""What changes in a row and what a loss costs, as pure functions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.loss import Loss, LossBudget
from pipelines.normalize import letters
from pipelines.records import Article, Image
from pipelines.rowdiff import COMPARED, count_letters, letters_beyond, row_diff
from pipelines.store.rows import to_row
from tests.helpers_store import article

PARAGRAPHS = st.lists(st.text(alphabet="abc אבג اب 公園. ", min_size=1, max_size=12), max_size=6)


def row(text: str = "One.\n\nTwo.", **changes: object) -> dict[str, object]:
    return to_row(replace(article(text=text), **changes))  # type: ignore[arg-type]  # names of fields


def test_a_row_does_not_differ_from_itself() -> None:
    assert row_diff(row(), row()) is None


def test_a_row_read_back_does_not_differ_from_the_record() -> None:
    images = (Image("https://sahifa.test/1.jpg", caption="The quay"),)
    moment = datetime(2026, 11, 20, 8, tzinfo=UTC)
    written = row(images=images, authors=("Maud Ferrier",), published_at=moment)
    read = written | {
        "images": [{"url": "https://sahifa.test/1.jpg", "caption": "The quay", "credit": None, "alt": None}],
        "published_at": moment.astimezone(timezone(timedelta(hours=3))),
    }
    assert row_diff(read, written) is None


def test_measures_and_provenance_alone_are_no_difference() -> None:
    other = replace(
        article(), extraction_score=0.4, removed_blocks=7, word_count=3, extractor="khabar-9", run_id="x"
    )
    assert row_diff(to_row(article()), to_row(other)) is None


def test_every_column_is_compared_or_left_out_for_a_reason() -> None:
    left_out = set(Article.__dataclass_fields__) - set(COMPARED)
    assert {"text", "title", "authors", "language", "published_at", "images", "section"} <= set(COMPARED)
    assert {"id", "extraction_score", "minhash", "cluster_id", "fetched_at", "extractor"} <= left_out


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"title": "Another"}, ("title",)),
        ({"published_at": datetime(2026, 1, 1, tzinfo=UTC), "published_date": date(2026, 1, 1)}, ("date",)),
        ({"authors": ("Somebody",)}, ("authors",)),
        ({"language": "fa"}, ("language",)),
        ({"section": "World", "tags": ("quay",)}, ("tags", "section")),
    ],
)
def test_changed_columns_are_named(changes: dict[str, object], kinds: tuple[str, ...]) -> None:
    found = row_diff(row(), row(**changes))
    assert found is not None
    assert (found.kinds, found.paragraphs_lost, found.letters_lost) == (kinds, (), 0)


def test_paragraphs_and_letters_are_those_of_one_side_only() -> None:
    found = row_diff(row("One.\n\nTwo. Read also\n\nOne."), row("Two.\n\nOne.\n\nThree"))
    assert found is not None
    assert found.paragraphs_lost == ("Two. Read also", "One.")
    assert found.paragraphs_gained == ("Two.", "Three")
    assert (found.letters_lost, found.letters_gained) == (len("Readalso") + len("One"), len("Three"))


def test_what_is_only_in_another_order_loses_nothing() -> None:
    found = row_diff(row("One.\n\nTwo."), row("Two.\n\nOne."))
    assert found is not None
    assert (found.kinds, found.paragraphs_lost, found.letters_lost) == (("text",), (), 0)


def test_scripts_without_spaces_are_counted_sign_by_sign() -> None:
    assert letters_beyond(["公園が開いた。関連記事"], ["公園が開いた。"]) == len("関連記事")


@given(PARAGRAPHS, PARAGRAPHS)
def test_what_is_lost_and_gained_makes_up_the_difference(old: list[str], new: list[str]) -> None:
    before, after = "\n\n".join(old), "\n\n".join(new)
    found = row_diff(row(before), row(after))
    if before == after:
        assert found is None
        return
    assert found is not None
    left = Counter(before.split("\n\n"))
    left.subtract(found.paragraphs_lost)
    left.update(found.paragraphs_gained)
    assert +left == Counter(after.split("\n\n"))
    assert found.letters_lost <= count_letters(before)
    assert found.letters_lost - found.letters_gained == count_letters(before) - count_letters(after)


@given(PARAGRAPHS, PARAGRAPHS)
def test_the_letters_of_a_part_are_never_more_than_all(some: list[str], others: list[str]) -> None:
    assert 0 <= letters_beyond(some, others) <= sum(len(letters(each)) for each in some)
    assert letters_beyond(some, [*some, *others]) == 0


# -- the budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [("2%", (0.02, 0.02)), ("2%,1%", (0.02, 0.01)), ("0.5 %, 0%", (0.005, 0)), ("100%", (1, 1))],
)
def test_a_budget_is_one_share_or_two(text: str, budget: tuple[float, float]) -> None:
    parsed = LossBudget.parse(text)
    assert (parsed.letters, parsed.rows) == pytest.approx(budget)


@pytest.mark.parametrize("text", ["", "2", "2%,", "-1%", "1%,2%,3%", "101%", "a lot", "%", "1e3%"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as '2%'"):
        LossBudget.parse(text)


def test_the_line_names_site_and_figure() -> None:
    said = list(LossBudget(0.01, 0.005).exceeded("site rasid", Loss(200, 2, 10_000, 250)))
    assert said == [
        "site rasid: 2.50% of the letters are lost (250 of 10,000); 1.00% may be",
        "site rasid: 1.00% of the rows are lost (2 of 200); 0.50% may be",
    ]


def test_what_is_just_within_the_budget_is_no_loss() -> None:
    assert list(LossBudget(0.01, 0.005).exceeded("all", Loss(200, 1, 10_000, 100))) == []
    assert list(LossBudget(0, 0).exceeded("all", Loss(0, 0, 0, 0))) == []
