"""Readers in processes of their own, in a loop, while others publish and compact.

KHABAR_READER_SECONDS makes each test longer; 60 is a soak.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from pathlib import Path

from tests.helpers_readers import PATTERNS, publish_until, read_until, snippets
from tests.helpers_store import FORKSERVER

SECONDS = float(os.environ.get("KHABAR_READER_SECONDS", "5"))
# What a reader may be told while a partition is exchanged: gone, or hollow for the moment.
EXCHANGED = re.compile(
    r"No such file|FileNotFound|No files found"
    r"|[Mm]agic bytes|must end with PAR1|thrift|TProtocol"
)


def watch(output: Path, readers: list[str], compact_every: int, least: int) -> list[Counter[str]]:
    """What each reader found while a writer published, in so many rounds at least."""
    stop, results = FORKSERVER.Event(), FORKSERVER.Queue()
    rounds = FORKSERVER.Value("i", 0), FORKSERVER.Value("i", 0)
    writer = FORKSERVER.Process(target=publish_until, args=(output, stop, rounds, compact_every))
    writer.start()
    while not rounds[1].value:
        assert writer.is_alive()
        time.sleep(0.05)
    folder = output.parent
    others = [
        FORKSERVER.Process(target=read_until, args=(folder, reader, stop, rounds, results))
        for reader in readers
    ]
    for process in others:
        process.start()
    time.sleep(SECONDS)
    while rounds[1].value < least and writer.is_alive():
        time.sleep(0.05)
    stop.set()
    found = [results.get(timeout=300) for _ in others]
    for process in (writer, *others):
        process.join()
    assert writer.exitcode == 0
    return found


def test_readers_of_patterns_see_whole_publications_and_no_error(tmp_path: Path) -> None:
    found = watch(tmp_path / "output", list(PATTERNS.values()), compact_every=0, least=3)
    assert [list(each) for each in found] == [["whole"]] * len(PATTERNS), found


def test_compaction_costs_readers_of_patterns_an_error_and_never_a_row(tmp_path: Path) -> None:
    found = watch(tmp_path / "output", list(PATTERNS.values()), compact_every=3, least=7)
    for each in found:
        assert each.pop("whole") > 0
        other = [text for text in each if not (text.startswith("error: ") and EXCHANGED.search(text))]
        assert other == [], found


def test_readers_of_the_manifest_do_not_notice_a_compaction(tmp_path: Path) -> None:
    readers = snippets()
    assert sorted(readers) == ["duckdb", "pandas", "polars", "pyarrow"]
    found = watch(tmp_path / "output", list(readers.values()), compact_every=3, least=7)
    assert [list(each) for each in found] == [["whole"]] * len(readers), found
