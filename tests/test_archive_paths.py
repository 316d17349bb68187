"""Patterns name archive files; what is not there is said by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.archive.paths import NoSuchFile, archive_files


def names(*patterns: str) -> list[str]:
    return [file.name for file in archive_files(patterns)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "a.warc.gz",
        "b.warc.gz",
        "c.warc",
        "d.txt",
        "in/e.warc.gz",
        "in/deep/f.warc.gz",
        "odd[1].warc",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.warc.gz", ["a.warc.gz"]),
        ("*.warc.gz", ["a.warc.gz", "b.warc.gz"]),
        ("[bc].warc*", ["b.warc.gz", "c.warc"]),
        ("*/*.warc.gz", ["e.warc.gz"]),
        ("**/*.warc.gz", ["a.warc.gz", "b.warc.gz", "f.warc.gz", "e.warc.gz"]),
        ("odd[1].warc", ["odd[1].warc"]),
        ("", ["a.warc.gz", "b.warc.gz", "c.warc", "odd[1].warc"]),
    ],
)
def test_patterns_of_files(folder: Path, pattern: str, expected: list[str]) -> None:
    assert names(f"{folder}/{pattern}") == expected


def test_a_file_named_twice_is_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (one,) = archive_files(["a.warc.gz", f"{folder}/a*", f"{folder}/in/../a.warc.gz"])
    assert (one.place, one.size) == (str(folder / "a.warc.gz"), 9)
    with one.open() as file:
        assert file.read() == b"a.warc.gz"


def test_the_mark_changes_with_the_file(folder: Path) -> None:
    before = archive_files([f"{folder}/a.warc.gz"])
    assert archive_files([f"{folder}/a.warc.gz"]) == before
    (folder / "a.warc.gz").write_bytes(b"other")
    assert archive_files([f"{folder}/a.warc.gz"]) != before


@pytest.mark.parametrize("pattern", ["none.warc.gz", "none-*.warc.gz", "**/none", "in/none/*"])
def test_what_matches_nothing_is_named(folder: Path, pattern: str) -> None:
    with pytest.raises(NoSuchFile) as caught:
        archive_files([f"{folder}/a.warc.gz", f"{folder}/{pattern}"])
    assert str(caught.value).startswith(f"{folder}/{pattern}: no such file")
