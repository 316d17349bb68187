"""Every published file is what the manifest says, or is named; no bad file takes the command down."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.store.manifest import dump_manifest
from pipelines.store.output import FolderOutput
from pipelines.store.parquet import file_digest
from pipelines.store.schema import ARTICLES, REJECTED, SCHEMAS
from pipelines.store.schema_fit import misfit
from pipelines.store.verify import Known, Problem
from tests.crawling import ROOT, is_root
from tests.helpers_store import Store, seed
from tests.helpers_verify import flip, looked, part, state_truth, table_of, write_anew

BAD = sorted((ROOT.parent / "shared" / "vectors" / "parquet_bad").glob("*.parquet"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store, _ = seed(tmp_path_factory.mktemp("template") / "output")
    store.publish()
    return store


@pytest.fixture
def store(template: Store, tmp_path: Path) -> Store:
    return template.copy(tmp_path / "output")


def test_what_was_published_is_as_the_manifest_says(store: Store) -> None:
    assert looked(store) == []


# -- damage


DAMAGE: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:-9]), ["bytes, not", "no whole Parquet"]),
    "emptied": (lambda path: path.write_bytes(b""), ["has 0 bytes, not", "no whole Parquet"]),
    "a page flipped": (lambda path: flip(path, 200), ["SHA-256 differs", "no whole Parquet"]),
    "another file": (lambda path: path.write_text("hello"), ["has 5 bytes, not", "no whole Parquet"]),
    "gone": (lambda path: path.unlink(), ["missing"]),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), ["cannot be read"]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_with_what_is_wrong(store: Store, damage: str) -> None:
    act, words = DAMAGE[damage]
    path = part(store)
    act(path)
    (problem,) = looked(store)
    assert problem.file == path.relative_to(store.output).as_posix()
    for word in words:
        assert word in problem.wrong
    assert "verify --forget" in problem.mend
    assert "\n" not in str(problem)


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_flipped_byte_is_named_wherever_it_is(store: Store, at: float) -> None:
    path = part(store)
    flip(path, int(path.stat().st_size * at))
    assert [problem.file for problem in looked(store)] == [path.relative_to(store.output).as_posix()]


def test_page_checksums_are_looked_at_whatever_the_manifest_says(store: Store) -> None:
    path = part(store)
    group = pq.read_metadata(path).row_group(0)
    text = group.column(ARTICLES.get_field_index("text"))
    flip(path, text.data_page_offset + text.total_compressed_size - 3)
    state_truth(store, path)
    (problem,) = looked(store)
    assert "CRC checksum verification failed" in problem.wrong


def test_a_file_of_other_rows_is_named_though_the_manifest_has_its_digest(store: Store) -> None:
    path = part(store, "removed_blocks")
    write_anew(store, path, table_of(path).slice(0, 1), honest=True)
    (problem,) = looked(store)
    assert problem.wrong == "has 1 rows, not 2"


def test_a_file_of_another_schema_is_named_with_the_column(store: Store) -> None:
    path = part(store)
    write_anew(store, path, table_of(path).drop_columns(["text"]), honest=True)
    (problem,) = looked(store)
    assert problem.wrong == "column text is missing"


def test_a_second_name_that_is_gone_or_another_file_is_named(store: Store) -> None:
    path = part(store).relative_to(store.output)
    second = store.output / ".state" / "files" / path
    second.unlink()
    assert [problem.wrong for problem in looked(store)] == [
        f"its second name .state/files/{path} cannot be read"
    ]
    second.write_text("other")
    assert [problem.wrong for problem in looked(store)] == [
        f"is another file under its second name .state/files/{path}"
    ]


def test_a_file_that_hangs_its_reader_is_named_and_the_rest_is_looked_at(store: Store) -> None:
    hanging, cut = part(store), part(store, "rejected")
    hanging.unlink()
    os.mkfifo(hanging)  # nobody ever writes into it
    cut.write_bytes(b"PAR1")
    problems = {Path(problem.file).parts[0]: problem.wrong for problem in looked(store, seconds=3)}
    assert problems.keys() == {"articles", "rejected"}
    assert problems["articles"] == "its reader does not come to an end (3 s)"


# -- what lies beside


def test_a_file_that_nobody_lists_is_named(store: Store) -> None:
    twin = part(store).with_name("mine.parquet")
    shutil.copy(part(store), twin)
    (problem,) = looked(store)
    assert str(problem) == (
        f"{twin.relative_to(store.output)}: not in the manifest: move it away; readers find it"
    )


@pytest.mark.skipif(not BAD, reason="the files of apache/parquet-testing are not here")
@pytest.mark.parametrize("listed", [True, False])
def test_corrupt_parquet_of_every_kind_is_named(store: Store, listed: bool) -> None:
    folder = part(store).parent
    entry = FolderOutput(store.output).listed()[0]
    entries = list(FolderOutput(store.output).listed())
    for file in BAD:
        shutil.copy(file, folder)
        target = (folder / file.name).relative_to(store.output).as_posix()
        true = {"bytes": file.stat().st_size, "sha256": file_digest(file)}
        entries.append(replace(entry, path=target, stable_path=target, **true))
    if listed:
        (store.output / "manifest.json").write_text(dump_manifest(entries), encoding="utf-8")
    problems = looked(store)
    assert {Path(problem.file).name for problem in problems} == {file.name for file in BAD}
    assert len(BAD) > 10


def test_what_an_interrupted_publication_left_waits_for_the_next_run(store: Store) -> None:
    twin = part(store).with_name("part-run-2-0123456789abcdef.parquet")
    shutil.copy(part(store), twin)
    target = twin.relative_to(store.output).as_posix()
    assert looked(store, Known(unsettled=frozenset({target}))) == []


# -- the manifest


@pytest.mark.parametrize("text", ["", "{", "[]", '{"manifest_version": 99, "files": []}', "\x00\xff"])
def test_a_damaged_manifest_is_named(store: Store, text: str) -> None:
    (store.output / "manifest.json").write_text(text, encoding="utf-8")
    assert looked(store)[0].file == "manifest.json"


def test_an_entry_that_is_none_is_named(store: Store) -> None:
    entries = [asdict(each) for each in FolderOutput(store.output).listed()]
    entries[0]["path"] = "../../etc/passwd"
    entries[1]["rows"] = "many"
    plain = {"manifest_version": 2, "files": entries}
    (store.output / "manifest.json").write_text(json.dumps(plain), encoding="utf-8")
    problems = looked(store)
    assert problems[0].file == "manifest.json"
    assert "../../etc/passwd" in problems[0].wrong


def test_without_a_manifest_the_ledgers_files_are_looked_at(store: Store) -> None:
    known = Known(FolderOutput(store.output).listed())
    (store.output / "manifest.json").unlink()
    assert [problem.file for problem in looked(store, known)] == ["manifest.json"]
    part(store).write_bytes(b"")
    assert len(looked(store, known)) == 2


def test_a_published_file_that_the_manifest_leaves_out_is_named(store: Store) -> None:
    known = Known(FolderOutput(store.output).listed())
    (store.output / "manifest.json").write_text(dump_manifest(known.files[1:]), encoding="utf-8")
    (problem,) = looked(store, known)
    assert problem == Problem(
        known.files[0].path,
        "published, but not in the manifest",
        "the next crawl lists it again",
    )


def test_a_problem_that_is_gone_when_it_is_looked_at_again_is_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run publishes between the listing of the folder and the reading of the manifest."""
    real = FolderOutput.listed

    def before(self: FolderOutput) -> object:
        monkeypatch.setattr(FolderOutput, "listed", real)
        return real(self)[1:]

    monkeypatch.setattr(FolderOutput, "listed", before)
    assert looked(store) == []


# -- schemas of earlier versions


def test_todays_schemas_fit() -> None:
    for dataset, schema in SCHEMAS.items():
        assert misfit(dataset, schema) is None


def without(schema: pa.Schema, name: str) -> pa.Schema:
    return schema.remove(schema.get_field_index(name))


def changed(name: str, kind: pa.DataType, *, nullable: bool = True) -> pa.Schema:
    at = ARTICLES.get_field_index(name)
    return ARTICLES.set(at, pa.field(name, kind, nullable=nullable))


IMAGE = ARTICLES.field("images").type.value_type


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (without(ARTICLES, "story_id"), None),
        (changed("images", pa.list_(pa.struct([f for f in IMAGE if f.name != "cover"]))), None),
        (without(ARTICLES, "text"), "column text is missing"),
        (ARTICLES.append(pa.field("colour", pa.string())), "column colour is unknown here"),
        (ARTICLES.append(ARTICLES.field("title")), "column title is there twice"),
        (changed("text", pa.string()), "column text may be null"),
        (changed("title", pa.int32()), "column title is int32, not string"),
        (changed("tags", pa.list_(pa.int32())), "column tags is int32, not string"),
        (
            changed("images", pa.list_(pa.struct([*IMAGE, pa.field("size", pa.int32())]))),
            "column images: size is unknown here",
        ),
        (REJECTED, "column reason is unknown here"),
    ],
)
def test_an_earlier_schema_fits_and_another_one_does_not(found: pa.Schema, wrong: str | None) -> None:
    assert misfit("articles", found) == wrong


def test_a_file_of_an_earlier_version_is_well(store: Store) -> None:
    path = part(store)
    table = table_of(path).cast(ARTICLES).drop_columns(["story_id", "wire_source"])
    write_anew(store, path, table, honest=True)
    assert looked(store) == []


@pytest.mark.skipif(is_root(), reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(store: Store) -> None:
    part(store).chmod(0)
    (problem,) = looked(store)
    assert "Permission denied" in problem.wrong
