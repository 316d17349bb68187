from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipelines.store import exchange as exchanging
from pipelines.store.errors import StoreError
from pipelines.store.exchange import exchange


def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of one file each."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    return tmp_path / "old", tmp_path / "new"


def test_folders_change_places(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    exchange(old, new)
    assert (old / "new.txt").read_text() == "new"
    assert (new / "old.txt").read_text() == "old"


def test_names_of_any_script_change_places(tmp_path: Path) -> None:
    first, second = tmp_path / "قديم", tmp_path / "حديث"
    first.write_text("1")
    second.write_text("2")
    exchange(first, second)
    assert (first.read_text(), second.read_text()) == ("2", "1")


def test_who_has_opened_the_old_folder_lists_the_old_files(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    handle = os.open(old, os.O_RDONLY)
    exchange(old, new)
    with os.scandir(handle) as entries:
        assert [entry.name for entry in entries] == ["old.txt"]
    os.close(handle)


def test_nothing_changes_when_one_is_missing(tmp_path: Path) -> None:
    old, _ = folders(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        exchange(old, tmp_path / "nowhere")
    assert (old / "old.txt").exists()


def test_a_file_system_that_cannot_is_named() -> None:
    """The kernel's own: nobody can rename in sysfs, with or without root's rights."""
    first, second = sorted(path for path in Path("/sys/kernel").iterdir() if path.is_file())[:2]
    with pytest.raises((StoreError, OSError)) as refused:
        exchange(first, second)
    if isinstance(refused.value, StoreError):
        assert "the file system at /sys (sysfs) has no RENAME_EXCHANGE" in str(refused.value)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
def test_a_kernel_that_cannot_is_a_line_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(exchanging, "_renameat2", refuse)
    with pytest.raises(StoreError, match=r"has no RENAME_EXCHANGE .*compact on a file system that has it"):
        exchange(*folders(tmp_path))
