from __future__ import annotations

import dataclasses
import types
import typing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.records import Article, Image, Reason, Rejected, RemovedBlock
from pipelines.store.rows import dumps, loads, removed_rows, to_row
from pipelines.store.schema import ARTICLES, SCHEMAS, SORT_KEYS, record_fields, to_table
from tests.helpers_store import article, block, rejected

# What the web writes: joiners, directions, letters beyond the first plane; halves of pairs are no characters.
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from('اصلاح‌طلبانשָׁלוֹם\u200f𐤀😀\x00"\\\n\u2028')
    )
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(-(2**15), 2**15 - 1),
    float: st.floats(width=32, allow_nan=False),
    bytes: st.binary(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Reason: st.sampled_from(Reason),
    Image: st.builds(Image, TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.booleans()),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, types.UnionType):
        return st.one_of(values(each) for each in typing.get_args(kind))
    if kind is types.NoneType:
        return st.none()
    if typing.get_origin(kind) is tuple:
        return st.lists(values(typing.get_args(kind)[0]), max_size=3).map(tuple)
    return PLAIN[kind]


def records(record: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(record)
    return st.fixed_dictionaries({name: values(kind) for name, kind in hints.items()}).map(
        lambda fields: record(**fields)
    )


def required(dataset: str) -> list[str]:
    return [field.name for field in SCHEMAS[dataset] if not field.nullable]


def row_of(dataset: str) -> dict[str, Any]:
    rows = {
        "articles": to_row(article()),
        "rejected": to_row(rejected()),
        "removed_blocks": removed_rows(article(), (block(),))[0],
    }
    return rows[dataset]


@pytest.mark.parametrize(("dataset", "record"), [("articles", Article), ("rejected", Rejected)])
def test_columns_are_the_record_s_fields_in_order(dataset: str, record: type[Any]) -> None:
    assert record_fields(record) == SCHEMAS[dataset].names


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_a_row_has_exactly_the_schema_s_columns(dataset: str) -> None:
    assert list(row_of(dataset)) == SCHEMAS[dataset].names


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_a_row_fits_its_schema(dataset: str) -> None:
    table = to_table(dataset, [row_of(dataset)] * 3)
    table.validate(full=True)
    assert table.schema.equals(SCHEMAS[dataset], check_metadata=True)


def test_a_removed_block_tells_everything_the_record_knows() -> None:
    row = removed_rows(article(), (block(7, "إعلان"),))[0]
    assert dataclasses.asdict(block(7, "إعلان")).items() <= row.items()
    assert row["article_id"] == article().id


@pytest.mark.parametrize("record", [Article, Rejected, RemovedBlock])
def test_what_a_record_may_leave_out_the_schema_may_too(record: type[Any]) -> None:
    dataset = {Article: "articles", Rejected: "rejected", RemovedBlock: "removed_blocks"}[record]
    optional = {
        name
        for name, kind in typing.get_type_hints(record).items()
        if types.NoneType in typing.get_args(kind)
    }
    assert not optional & set(required(dataset))


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_every_column_says_what_it_holds(dataset: str) -> None:
    assert [field.name for field in SCHEMAS[dataset] if not (field.metadata or {}).get(b"description")] == []


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_no_column_is_described_in_two_ways(dataset: str) -> None:
    for field in SCHEMAS[dataset]:
        if field.name in SCHEMAS["articles"].names:
            assert field.equals(SCHEMAS["articles"].field(field.name).with_nullable(field.nullable))


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_instants_know_their_zone(dataset: str) -> None:
    kinds = {field.type for field in SCHEMAS[dataset] if pa.types.is_timestamp(field.type)}
    assert kinds == {pa.timestamp("us", tz="UTC")}


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_sort_keys_are_never_null(dataset: str) -> None:
    assert set(SORT_KEYS[dataset]) <= set(required(dataset))


@pytest.mark.parametrize(("dataset", "name"), [(d, name) for d in SCHEMAS for name in required(d)])
def test_a_missing_value_is_refused_by_the_column_s_name(dataset: str, name: str) -> None:
    with pytest.raises(ValueError, match=rf"{dataset}: {name} is null"):
        to_table(dataset, [row_of(dataset), row_of(dataset) | {name: None}])


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_an_unknown_column_is_refused_by_its_name(dataset: str) -> None:
    with pytest.raises(ValueError, match=f"{dataset}: unknown column colour"):
        to_table(dataset, [row_of(dataset), row_of(dataset) | {"colour": "أزرق"}])


def test_no_rows_are_a_table_too() -> None:
    assert to_table("articles", []).schema.equals(SCHEMAS["articles"])


@settings(deadline=None, max_examples=60)
@given(records(Article) | records(Rejected))
def test_rows_survive_json(record: Article | Rejected) -> None:
    row = to_row(record)
    assert loads(dumps(row)) == row


@settings(deadline=None, max_examples=40)
@given(records(Article))
def test_rows_survive_arrow(record: Article) -> None:
    row = to_row(record)
    assert to_table("articles", [row]).to_pylist() == [row]


def test_instants_come_back_aware() -> None:
    row = loads(dumps(to_row(article())))
    assert row["fetched_at"].utcoffset().total_seconds() == 0


def test_a_day_does_not_come_back_as_an_instant() -> None:
    day = loads(dumps(to_row(article(published_date=date(1999, 12, 31)))))["published_date"]
    assert type(day) is date


def test_json_keeps_letters_readable() -> None:
    assert "اصلاح‌طلبان" in dumps(to_row(article(text="اصلاح‌طلبان")))


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        dumps({"tags": {"a"}})


def test_files_from_before_pictures_had_a_cover_flag_are_read_with_the_new_ones(tmp_path: Path) -> None:
    old, new = (
        to_table("articles", [to_row(article(images=(Image("https://a.test/1.jpg"),)))]) for _ in "12"
    )
    kind = ARTICLES.field("images").type.value_type
    before = pa.list_(pa.struct([kind.field(name) for name in ("url", "caption", "credit", "alt")]))
    at = ARTICLES.get_field_index("images")
    rows = [[{k: v for k, v in i.items() if k != "cover"} for i in row] for row in old["images"].to_pylist()]
    old = old.set_column(at, pa.field("images", before), pa.array(rows, before))
    for name, table in (("a", old), ("b", new)):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    files = f"read_parquet('{tmp_path}/*.parquet', union_by_name = true)"
    covers = duckdb.sql(f"select images[1].cover from {files} order by filename").fetchall()
    assert covers == [(None,), (False,)]
    read = ds.dataset(tmp_path, schema=ARTICLES).to_table(columns=["images"]).to_pylist()
    assert [row["images"][0]["cover"] for row in read] == [None, False]
