"""Every published file is what the manifest says, or is named; no bad file takes the command down."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.policy import MIB
from pipelines.records import Cleaned
from pipelines.store.errors import StoreError
from pipelines.store.forget import forget_missing, missing_files, refuse_missing
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.lock import OutputLock
from pipelines.store.manifest import dump_manifest
from pipelines.store.output import FolderOutput
from pipelines.store.parquet import file_digest
from pipelines.store.raw import RawStore
from pipelines.store.reconcile import reconcile
from pipelines.store.schema import ARTICLES, REJECTED, SCHEMAS, to_table
from pipelines.store.schema_fit import misfit
from pipelines.store.verify import Known, Problem, verify
from pipelines.store.verify_raw import verify_raw
from pipelines.workers import Workers
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, Finished, crawl_newsroom, is_root, scrapy
from tests.helpers_store import NOW, Store, article, page, seed

BAD = sorted((ROOT.parent / "shared" / "vectors" / "parquet_bad").glob("*.parquet"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store, _ = seed(tmp_path_factory.mktemp("template") / "output")
    store.publish()
    return store


@pytest.fixture
def store(template: Store, tmp_path: Path) -> Store:
    return template.copy(tmp_path / "output")


def looked(store: Store, known: Known | None = None, seconds: float = 60) -> list[Problem]:
    async def run() -> list[Problem]:
        workers = Workers(1, seconds, 4096 * MIB, cleans=False)
        try:
            return (await verify(FolderOutput(store.output), lambda: known or Known(), workers)).problems
        finally:
            workers.stop()

    return asyncio.run(run())


def part(store: Store, dataset: str = "articles") -> Path:
    return next(store.output / name for name in store.visible() if name.startswith(dataset))


def write_anew(store: Store, path: Path, table: pa.Table, *, honest: bool = False) -> None:
    """Other content under the file's name; `honest`: the manifest says so."""
    pq.write_table(table, path)
    if honest:
        state_truth(store, path)


def state_truth(store: Store, path: Path) -> None:
    """The manifest has size and digest of the file as it is."""
    target = path.relative_to(store.output).as_posix()
    true = {"bytes": path.stat().st_size, "sha256": file_digest(path), "stable_path": target}
    listed = [replace(e, **true) if e.path == target else e for e in FolderOutput(store.output).listed()]
    (store.output / "manifest.json").write_text(dump_manifest(listed), encoding="utf-8")


def table_of(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None)


def test_what_was_published_is_as_the_manifest_says(store: Store) -> None:
    assert looked(store) == []


# -- damage


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


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


# -- files that are gone


def test_missing_files_stop_a_run_until_they_are_forgotten(store: Store) -> None:
    output = FolderOutput(store.output)
    gone = part(store)
    target = gone.relative_to(store.output).as_posix()
    with closing(Ledger(store.ledger_path)) as ledger:
        assert missing_files(output, ledger.connection) == []
        refuse_missing(output, ledger.connection)
        output.remove(target)
        assert missing_files(output, ledger.connection) == [target]
        with pytest.raises(StoreError, match=rf"1 published files are missing .*{target}.*verify --forget"):
            refuse_missing(output, ledger.connection)
        forgotten = forget_missing(ledger, output)
        assert (forgotten.files, forgotten.rows, forgotten.unknown) == ((target,), 2, 0)
        refuse_missing(output, ledger.connection)
        assert forget_missing(ledger, output).files == ()
    assert target not in {each.path for each in output.listed()}
    assert looked(store) == []
    assert reconcile(store.ledger_path, output).imbalances == ()


def test_forgotten_articles_stay_known_and_are_not_stored_again(store: Store) -> None:
    output = FolderOutput(store.output)
    lost = article("https://sahifa.test/news/1", "متن اول")
    for dataset in ("articles", "rejected", "removed_blocks"):
        output.remove(part(store, dataset).relative_to(store.output).as_posix())
    with closing(Ledger(store.ledger_path)) as ledger:
        forget_missing(ledger, output)
        assert ledger.known([lost.url]) == {lost.url}
        other = "https://sahifa.test/short/1"  # another address of the article
        ledger.discover("run-2", "sahifa", [Link(other, other, "link")], NOW)
        ledger.lease("run-2", "sahifa", 10)
        ledger.fetched(other, page(url=other))
        assert ledger.stage(other, Cleaned(lost)) is None
    assert reconcile(store.ledger_path, output).imbalances == ()


def test_rows_that_were_lost_before_are_not_forgotten_in_silence(store: Store) -> None:
    output = FolderOutput(store.output)
    kept, gone = [store.output / name for name in store.visible() if name.startswith("articles")]
    write_anew(store, kept, table_of(kept).slice(0, 1))
    output.remove(gone.relative_to(store.output).as_posix())
    with closing(Ledger(store.ledger_path)) as ledger:
        assert forget_missing(ledger, output).unknown == 1


# -- raw bytes


def raw_problems(store: Store) -> tuple[list[Problem], list[str]]:
    async def run() -> tuple[list[Problem], list[str]]:
        output = FolderOutput(store.output)
        workers = Workers(1, 60, 4096 * MIB, cleans=False)
        try:
            with closing(sqlite3.connect(store.ledger_path)) as db:
                return await verify_raw(output, db, list(output.targets()), workers)
        finally:
            workers.stop()

    return asyncio.run(run())


@pytest.fixture
def kept(store: Store) -> tuple[Store, Path, list[int]]:
    """A store with three pages fetched, and where their bytes are."""
    raw = RawStore(store.output / "raw", "run-1")
    offsets = []
    with closing(Ledger(store.ledger_path)) as ledger:
        for number in range(3):
            url = f"https://sahifa.test/raw/{number}"
            ledger.discover("run-1", "sahifa", [Link(url, url, "feed")], NOW)
            ledger.lease("run-1", "sahifa", 1)
            plain = page(url=url, body=b"<p>" + bytes(range(48, 90)) * 50)
            name, offset = raw.write(plain)
            ledger.fetched(url, replace(plain, warc_file=name, warc_offset=offset))
            offsets.append(offset)
    raw.close()
    return store, store.output / "raw" / name, offsets


def test_raw_bytes_that_are_there_are_well(kept: tuple[Store, Path, list[int]]) -> None:
    assert raw_problems(kept[0]) == ([], [])


def test_a_damaged_record_is_named(kept: tuple[Store, Path, list[int]]) -> None:
    store, path, offsets = kept
    flip(path, offsets[1] + 40)
    ((problem,), _) = raw_problems(store)
    assert problem.file == f"raw/{path.name}"
    assert str(offsets[1]) in problem.wrong


def test_a_missing_warc_file_is_named_once(kept: tuple[Store, Path, list[int]]) -> None:
    store, path, _ = kept
    path.unlink()
    assert [(each.file, each.wrong) for each in raw_problems(store)[0]] == [(f"raw/{path.name}", "missing")]


def test_a_record_cut_short_that_something_refers_to_is_a_problem(
    kept: tuple[Store, Path, list[int]],
) -> None:
    store, path, offsets = kept
    path.write_bytes(path.read_bytes()[:-10])
    ((problem,), (note,)) = raw_problems(store)
    assert f"at {offsets[2]}" in problem.wrong
    assert f"the record at {offsets[2]} is cut short" in note


def test_a_record_cut_short_that_nothing_refers_to_is_only_noted(kept: tuple[Store, Path, list[int]]) -> None:
    store, path, offsets = kept
    data = path.read_bytes()
    path.write_bytes(data + data[offsets[0] : offsets[0] + 50])
    problems, (note,) = raw_problems(store)
    assert problems == []
    assert note == f"raw/{path.name}: does not read to its end: the record at {len(data)} is cut short"


# -- the command


@pytest.fixture
def demo(demo_crawl: DemoCrawl, tmp_path: Path) -> Path:
    shutil.copytree(demo_crawl.output, tmp_path / "output")
    return tmp_path / "output"


def run_verify(output: Path, *arguments: str) -> Finished:
    return scrapy("verify", *arguments, "-s", f"NEWS_OUTPUT={output}")


def test_a_crawl_of_the_demo_verifies_with_its_raw_bytes(demo: Path) -> None:
    done = run_verify(demo, "--raw")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("All as the manifest says: 3 files, ")


def test_problems_are_exit_6_one_line_each(demo: Path) -> None:
    path = next((demo / "articles").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-100])
    shutil.copy(path, path.with_name("copy.parquet"))
    done = run_verify(demo)
    assert (done.code, done.err) == (6, "")
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"{path.relative_to(demo)}: has ")
    assert "copy.parquet: not in the manifest; is no whole Parquet file" in lines[1]
    assert lines[2].startswith("2 problems")
    plain = json.loads(run_verify(demo, "--format", "json").out)
    assert {each["file"] for each in plain["problems"]} == {
        str(path.relative_to(demo)),
        str(path.with_name("copy.parquet").relative_to(demo)),
    }


def test_a_crawl_whose_files_are_gone_ends_before_it_fetches_until_they_are_forgotten(
    demo_crawl: DemoCrawl, demo: Path
) -> None:
    """D10: the datasets were moved away between two runs."""
    for dataset in ("articles", "rejected", "removed_blocks"):
        shutil.rmtree(demo / dataset)
    asked = demo_crawl.log.read_text(encoding="utf-8").count("\n")
    done = crawl_newsroom(demo_crawl.newsroom, demo_crawl.sites, demo)
    assert done.code == 4
    assert len(done.err.splitlines()) == 1
    for word in ("3 published files are missing", "articles/fetch_date=", "scrapy verify --forget"):
        assert word in done.err
    assert demo_crawl.log.read_text(encoding="utf-8").count("\n") == asked
    forgotten = run_verify(demo, "--forget")
    assert (forgotten.code, forgotten.err) == (0, "")
    assert "3 files that are gone" in forgotten.out
    assert scrapy("reconcile", "-s", f"NEWS_OUTPUT={demo}").code == 0
    again = crawl_newsroom(demo_crawl.newsroom, demo_crawl.sites, demo)
    assert again.code == 0
    assert "72 articles known already" in again.out


def test_to_forget_while_a_run_is_under_way_is_refused(demo: Path) -> None:
    with OutputLock(demo / ".state" / "lock", "run 20261121T000000-abcdef"):
        done = run_verify(demo, "--forget")
        assert run_verify(demo).code == 0
    assert (done.code, done.out) == (3, "")
    assert "20261121T000000-abcdef" in done.err


def test_nothing_to_verify_is_exit_4(tmp_path: Path) -> None:
    done = run_verify(tmp_path / "nowhere")
    assert (done.code, done.out) == (4, "")
    assert "is NEWS_OUTPUT right?" in done.err
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_ledger_is_a_problem_and_the_files_are_looked_at_all_the_same(demo: Path) -> None:
    (demo / ".state" / "ledger.sqlite").write_bytes(b"no database" * 1000)
    for more in ("-wal", "-shm"):
        (demo / ".state" / f"ledger.sqlite{more}").unlink(missing_ok=True)
    done = run_verify(demo)
    assert done.code == 6
    assert "ledger.sqlite: file is not a database: move it away" in done.out
    assert "looked at 3 files" in done.out


@pytest.mark.skipif(is_root(), reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(store: Store) -> None:
    part(store).chmod(0)
    (problem,) = looked(store)
    assert "Permission denied" in problem.wrong


def test_columns_of_the_two_datasets_with_raw_bytes_are_there() -> None:
    """What `verify --raw` reads of the rows."""
    for dataset in ("articles", "rejected"):
        assert {"warc_file", "warc_offset"} <= set(to_table(dataset, []).column_names)
