from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastReader
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioReader

from pipelines.records import State, Witness
from pipelines.store import warc_files
from pipelines.store.ledger import Ledger
from pipelines.store.page_details import stored_page, warc_details
from pipelines.store.raw import RawStore, read_response
from pipelines.store.tails import mend_dead_runs
from pipelines.store.warc_files import mend_tail, next_record, owner, responses, run_of
from tests.helpers_ledger import bring_to
from tests.helpers_store import FORKSERVER, NOW, largest_file, page

RUN = "20261121T083015-a1b2c3"
BODIES = [f"<p>خبر {number}</p>".encode() * 40 for number in range(4)]


def written(folder: Path, bodies: list[bytes] = BODIES, run_id: str = RUN) -> tuple[Path, list[int]]:
    """A WARC file with these pages, and where each begins."""
    store = RawStore(folder, run_id, "0a1b2c3d")
    places = [store.write(page(url=f"https://sahifa.test/{n}", body=body)) for n, body in enumerate(bodies)]
    store.close()
    return folder / places[0][0], [offset for _, offset in places]


def bodies_by_fastwarc(path: Path) -> list[bytes]:
    found = FastReader(str(path), verify_digests=True)
    return [record.reader.read() for record in found if record.headers["WARC-Type"] == "response"]


def bodies_by_warcio(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        records = WarcioReader(file, check_digests="raise")
        return [each.content_stream().read() for each in records if each.rec_type == "response"]


# -- mending


def test_any_reader_reads_a_mended_file_to_its_end(tmp_path: Path) -> None:
    path, offsets = written(tmp_path)
    whole = path.read_bytes()
    for end in [*range(offsets[1], offsets[2], 17), offsets[2] - 1, offsets[2], len(whole) - 1, len(whole)]:
        path.write_bytes(whole[:end])
        kept = sum(end >= following for following in [*offsets[1:], len(whole)])
        cut = mend_tail(path)
        assert cut == end - [*offsets, len(whole)][kept]
        assert bodies_by_fastwarc(path) == bodies_by_warcio(path) == BODIES[:kept]
        assert mend_tail(path) == 0


def test_a_file_cut_within_its_first_record_goes(tmp_path: Path) -> None:
    path, offsets = written(tmp_path)
    data = path.read_bytes()
    for end in (0, 1, 30, offsets[0] - 1):
        path.write_bytes(data[:end])
        assert mend_tail(path) == end
        assert not path.exists()


def test_mending_begins_where_the_ledger_knows_a_record(tmp_path: Path) -> None:
    path, offsets = written(tmp_path)
    data = bytearray(path.read_bytes())
    data[offsets[0] + 40] ^= 0xFF  # long ago, and not ours to touch
    path.write_bytes(data[:-9])
    assert mend_tail(path, offsets[2]) == len(data) - 9 - offsets[3]
    assert path.read_bytes() == data[: offsets[3]]


def test_the_zeros_that_a_power_cut_leaves_are_cut_off(tmp_path: Path) -> None:
    path, offsets = written(tmp_path)
    data = path.read_bytes()
    for begin in (len(data), offsets[3] + 30):
        path.write_bytes(data[:begin] + bytes(5000))
        mend_tail(path)
        assert bodies_by_fastwarc(path) == bodies_by_warcio(path) == BODIES[: 4 if begin == len(data) else 3]


def test_a_record_the_power_cut_took_though_the_ledger_knows_it_is_cut_off(tmp_path: Path) -> None:
    path, offsets = written(tmp_path)
    os.truncate(path, offsets[3] + 10)
    assert mend_tail(path, offsets[3]) == 10
    os.truncate(path, offsets[2] + 10)
    assert mend_tail(path, offsets[3]) == 10
    assert bodies_by_warcio(path) == BODIES[:2]


def test_damage_in_the_middle_is_no_tail_and_left_as_it_is(tmp_path: Path) -> None:
    path, offsets = written(tmp_path)
    data = bytearray(path.read_bytes())
    for place in (offsets[1] + 25, offsets[2] - 6):
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        assert mend_tail(path) == 0
        assert path.read_bytes() == flipped
        with path.open("rb") as file:
            assert [offset for offset, _ in responses(file)] == [offsets[0], *offsets[2:]]


def test_more_than_a_record_is_never_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc_files, "_MAX_TAIL_BYTES", 100)
    path, offsets = written(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: offsets[3] + 101])
    assert mend_tail(path) == 0
    os.truncate(path, offsets[3] + 100)
    assert mend_tail(path) == 100


@settings(deadline=None, max_examples=30)
@given(bodies=st.lists(st.binary(max_size=3000), min_size=1, max_size=4), share=st.floats(0, 1))
def test_a_file_cut_anywhere_keeps_every_whole_record(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], share: float
) -> None:
    path, offsets = written(tmp_path_factory.mktemp("raw"), bodies)
    size = path.stat().st_size
    end = int(size * share)
    os.truncate(path, end)
    mend_tail(path)
    kept = bodies[: sum(end >= following for following in [*offsets[1:], size])]
    if path.exists():
        assert bodies_by_fastwarc(path) == bodies_by_warcio(path) == kept
    else:
        assert end < offsets[0]


def test_the_next_record_is_found_across_the_chunks_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, offsets = written(tmp_path)
    for size in (3, 7, 64, 1000):
        monkeypatch.setattr(warc_files, "_CHUNK_BYTES", size)
        with path.open("rb") as file:
            assert next_record(file, offsets[0] + 1) == offsets[1]
            assert next_record(file, offsets[3] + 1) is None


def test_only_names_of_ours_are_ours() -> None:
    assert run_of(f"khabar-{RUN}-00012.warc.gz") == RUN
    for name in (
        "khabar.warc.gz",
        "CC-NEWS-1.warc.gz",
        f"khabar-{RUN}-00000.warc",
        f"my-khabar-{RUN}-00000.warc.gz",
    ):
        assert run_of(name) is None


# -- at the start of a run


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with closing(Ledger(tmp_path / "state" / "ledger.sqlite")) as opened:
        yield opened


def test_files_of_dead_runs_are_mended_once_and_others_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    files = {}
    for run_id in ("dead", "ended", "forgotten"):
        files[run_id], _ = written(raw, run_id=run_id)
        os.truncate(files[run_id], files[run_id].stat().st_size - 7)
    foreign = raw / "CC-NEWS-20261121-00000.warc.gz"
    foreign.write_bytes(b"half a")
    sizes = {run_id: path.stat().st_size for run_id, path in files.items()}
    ledger.start_run("dead", "news", NOW)
    ledger.start_run("ended", "news", NOW)
    ledger.end_run("ended", "ok", NOW)
    mended = mend_dead_runs(ledger, raw, NOW)
    assert mended == (files["dead"].name, files["forgotten"].name)
    assert files["ended"].stat().st_size == sizes["ended"]
    assert foreign.read_bytes() == b"half a"
    os.truncate(files["dead"], files["dead"].stat().st_size - 7)
    assert mend_dead_runs(ledger, raw, NOW) == ()
    outcomes = dict(ledger.connection.execute("SELECT run_id, outcome FROM runs").fetchall())
    assert outcomes == {"dead": "died", "ended": "ok", "forgotten": "died"}


def test_what_is_before_the_last_record_the_ledger_knows_is_not_read(ledger: Ledger, tmp_path: Path) -> None:
    path, offsets = written(tmp_path / "raw")
    bring_to(ledger, State.LEASED)
    ledger.start_run(RUN, "news", NOW)
    with ledger.transaction() as db:
        db.execute("UPDATE urls SET state = 'leased'")
    ledger.fetched("https://sahifa.test/news/1", page(warc_file=path.name, warc_offset=offsets[2]))
    data = bytearray(path.read_bytes())
    data[offsets[0] + 40] ^= 0xFF
    path.write_bytes(data[:-9])
    assert mend_dead_runs(ledger, tmp_path / "raw", NOW) == (path.name,)
    assert path.stat().st_size == offsets[3]


def test_without_a_raw_folder_there_is_nothing_to_mend(ledger: Ledger, tmp_path: Path) -> None:
    assert mend_dead_runs(ledger, tmp_path / "raw", NOW) == ()


def write_until_killed(folder: Path, size: int) -> None:
    """In a child: write pages until the kernel lets the file grow no more, and die there."""
    store = RawStore(folder, RUN, "0a1b2c3d")
    with largest_file(size):
        try:
            for number in range(100):
                store.write(page(url=f"https://sahifa.test/{number}", body=os.urandom(3000)))
        except OSError:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_page_that_the_disk_refused_leaves_no_part_of_itself(tmp_path: Path) -> None:
    child = FORKSERVER.Process(target=write_until_killed, args=(tmp_path, 20_000))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    (path,) = tmp_path.iterdir()
    found = bodies_by_warcio(path)
    assert bodies_by_fastwarc(path) == found
    assert [len(body) for body in found] == [3000] * 5
    assert mend_tail(path) == 0


def mend_until_killed(path: Path, when: str) -> None:
    real: Callable[..., Any] = os.truncate

    def deadly(*args: Any) -> None:
        if when == "after":
            real(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    os.truncate = deadly
    mend_tail(path)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_mend_that_is_killed_is_done_anew(tmp_path: Path, when: str) -> None:
    path, offsets = written(tmp_path)
    os.truncate(path, offsets[3] + 50)
    child = FORKSERVER.Process(target=mend_until_killed, args=(path, when))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    mend_tail(path)
    assert bodies_by_fastwarc(path) == bodies_by_warcio(path) == BODIES[:3]


# -- what a record says of its page

WORDS = st.text(max_size=40)


@settings(deadline=None, max_examples=40)
@given(
    site=st.from_regex(r"[a-z0-9._-]{1,20}", fullmatch=True),
    title=st.none() | WORDS,
    authors=st.lists(WORDS, max_size=3),
    rules_off=st.lists(st.sampled_from(["site_memory", "phrase.ar"]), max_size=2),
    country=st.none() | st.sampled_from(["YE", "GB"]),
    discovered=st.none() | st.just(NOW),
    status=st.none() | st.integers(100, 999),
)
def test_a_page_comes_back_from_its_record_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, **said: Any
) -> None:
    folder = tmp_path_factory.mktemp("raw")
    stored = page(
        site=said["site"],
        witness=Witness(said["title"], None, tuple(said["authors"])) if said["title"] is not None else None,
        rules_off=tuple(said["rules_off"]),
        country=said["country"],
        discovered_at=said["discovered"],
        http_status=said["status"],
        headers=(("content-type", "text/html"), ("set-cookie", "b=2"), ("set-cookie", "a=1"), ("x-é", "ü")),
    )
    store = RawStore(folder, RUN)
    name, offset = store.write(stored)
    store.close()
    found = stored_page(read_response(folder / name, offset), name, offset)
    length = ("content-length", str(len(stored.body)))
    assert found == replace(stored, headers=(*stored.headers, length), warc_file=name, warc_offset=offset)


def test_what_a_feed_says_at_length_keeps_nobody_from_reading_the_record(tmp_path: Path) -> None:
    long = page(witness=Witness("عنوان" * 50_000, None, ()))
    store = RawStore(tmp_path, RUN)
    name, offset = store.write(long)
    store.close()
    found = stored_page(read_response(tmp_path / name, offset), name, offset)
    assert found is not None
    assert (found.witness, found.site, len(bodies_by_fastwarc(tmp_path / name))) == (None, long.site, 1)


def test_the_details_are_ascii() -> None:
    said = warc_details(page(witness=Witness("خبر\r\nWARC/1.1", None, ("ليلى",))))
    assert said.isascii()
    assert said.isprintable()


def test_a_file_says_whose_it_is(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    with path.open("rb") as file:
        assert owner(file) == "0a1b2c3d"
    path.write_bytes(b"nothing of ours")
    with path.open("rb") as file:
        assert owner(file) == ""


def test_a_page_of_an_older_version_does_not_say_whose_it_is(tmp_path: Path, monkeypatch: Any) -> None:
    for said in ("", "[]", "{broken", '{"url": "https://sahifa.test/"}'):
        monkeypatch.setattr("pipelines.store.raw.warc_details", lambda _page, said=said: said)
        store = RawStore(tmp_path / str(len(said)), RUN)
        name, offset = store.write(page())
        store.close()
        raw = read_response(tmp_path / str(len(said)) / name, offset)
        assert stored_page(raw, name, offset) is None
