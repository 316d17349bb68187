"""Versions and copies over all captures: as a crawl decides them, in whatever order the captures come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.archive.batch.identity import Capture, Row, compared, rows_of
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import ChangeKind
from pipelines.similarity.fingerprint import article_id, text_hash
from pipelines.store.ledger import Ledger
from pipelines.store.versions import copy_hash, folded_title, next_version
from pipelines.urls import article_key
from tests.helpers_store import article

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def capture(minute: int, path: str = "/a", text: str = "one", title: str = "Head", own: str = "") -> Capture:
    url = f"http://east.test{path}"
    key, digest, headline = article_key(url), text_hash(text), folded_title(title)
    return Capture(
        fetched_at=NOON + timedelta(minutes=minute),
        own=own or url,
        archive="a.warc.gz",
        offset=minute,
        source="key",
        id=article_id(url, digest),
        key=key,
        url_canonical=url,
        text_hash=digest,
        headline=headline,
        copy=copy_hash("east", key, digest, headline),
    )


def kind(before: Capture, after: Capture) -> ChangeKind:
    return ChangeKind.HEADLINE if before.text_hash == after.text_hash else ChangeKind.TEXT


def told(rows: list[Row]) -> list[tuple[int, int, str | None]]:
    return [(row.capture.offset, row.version, row.change_kind) for row in rows]


def test_an_article_that_stays_as_it_is_makes_one_row() -> None:
    assert told(list(rows_of([capture(1), capture(2), capture(3)], kind))) == [(1, 1, None)]


def test_each_change_is_a_version_that_names_the_one_before() -> None:
    some = [capture(1), capture(2, text="two"), capture(3, text="two", title="Other"), capture(4, text="one")]
    rows = list(rows_of(some, kind))
    assert told(rows) == [(1, 1, None), (2, 2, "text"), (3, 3, "headline")]
    assert [row.previous_id for row in rows] == [None, rows[0].id, rows[1].id]
    assert len({row.id for row in rows}) == 3


def test_a_change_that_does_not_count_makes_no_row() -> None:
    assert told(list(rows_of([capture(1), capture(2, text="two")], lambda *_: None))) == [(1, 1, None)]


def test_the_same_under_another_address_of_the_host_is_a_copy() -> None:
    assert told(list(rows_of([capture(1), capture(2, "/b"), capture(3, "/c", "two")], kind))) == [
        (1, 1, None),
        (3, 1, None),
    ]


def test_another_address_of_the_article_adds_nothing() -> None:
    other = "http://east.test/a?utm_source=x"
    assert told(list(rows_of([capture(1), capture(2, text="two", own=other)], kind))) == [(1, 1, None)]


def test_only_captures_of_what_changed_are_compared() -> None:
    same, changed = [capture(1), capture(2)], [capture(3, "/b"), capture(4, "/b", "two")]
    assert compared([*same, *changed]) == {each.place for each in changed}


CAPTURES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["one", "two", "three"]), st.sampled_from("HT")),
    max_size=12,
).map(lambda some: [capture(at, f"/{path}", text, title * 3) for at, (path, text, title) in enumerate(some)])


@given(CAPTURES, st.randoms())
def test_the_order_in_which_captures_come_decides_nothing(some: list[Capture], random: object) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # what st.randoms gives
    assert list(rows_of(shuffled, kind)) == list(rows_of(some, kind))


@given(CAPTURES)
def test_no_row_comes_twice(some: list[Capture]) -> None:
    ids = [row.id for row in rows_of(some, kind)]
    assert len(ids) == len(set(ids))


def test_rows_are_those_that_a_ledger_makes(tmp_path: Path) -> None:
    """The same captures through a crawl's own rules, one after the other."""
    texts = ["one", "two", "one", "two", "three", "three"]
    titles = ["Head", "Head", "Head", "Other", "Other", "Head"]
    some = [
        capture(at, path, text, title)
        for at, (path, text, title) in enumerate(
            (path, text, title) for text, title in zip(texts, titles, strict=True) for path in ("/a", "/b")
        )
    ]
    ledger = Ledger(tmp_path / "ledger.sqlite", DEFAULT_POLICY)
    made = []
    last: dict[str, Capture] = {}
    with ledger.transaction() as db:
        for each in some:
            before = last.get(each.key)
            if before is not None and before.says(each):
                continue
            change = kind(before, each) if before else None
            found = article(each.url_canonical)
            title = "Head" if each.headline == folded_title("Head") else "Other"
            found = replace(
                found, id=each.id, site="east", text_hash=each.text_hash, title=title, change_kind=change
            )
            row = next_version(db, each.own, found)
            if row is not None:
                made.append((each.offset, row.version, row.id, row.previous_id, row.change_kind))
                last[each.key] = each
    ledger.close()
    assert made == [
        (row.capture.offset, row.version, row.id, row.previous_id, row.change_kind)
        for row in rows_of(some, kind)
    ]
