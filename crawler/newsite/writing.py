"""A site file comes to be as a whole, loads, and takes nobody's place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crawler.errors import UserError
from crawler.newsite.naming import place_of
from crawler.sites import Site, load_site
from pipelines.urls.site_names import NAME_RULE, is_site_name


def checked_name(name: str) -> str:
    """`name`, if a site may have it; raises `UserError`."""
    if not is_site_name(name):
        raise UserError(f"--name {name[:80]!r} is no name: {NAME_RULE}")
    return name


def target(folder: Path, name: str, *, force: bool) -> Path:
    """Where the file will stand; raises `UserError` when the place or the name is taken."""
    path = folder / f"{name}.toml"
    if not force and os.path.lexists(path):
        raise UserError(
            f"{path}: is there already; --force replaces it, --name gives the new one another name"
        )
    for other, site in _neighbours(folder, path):
        if site.name == name:
            raise UserError(f"{other}: is the site {name!r} already; --name gives the new one another name")
    return path


def twins(path: Path, start: str) -> list[Path]:
    """Other site files beside `path` that start at the same place."""
    there = place_of(start)
    return [other for other, site in _neighbours(path.parent, path) if place_of(site.start) == there]


def _neighbours(folder: Path, path: Path) -> Iterator[tuple[Path, Site]]:
    for other in sorted(folder.glob("*.toml")):
        if other != path:
            try:
                yield other, load_site(other)
            except UserError:  # a run will name it; it is not what was asked for
                continue


def check_writable(folder: Path) -> None:
    """Raises `OSError` when no file can be made there, before a site is visited for nothing.

    A folder that is not there yet is made with the file; until then what is above it counts.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    with tempfile.TemporaryFile(dir=there):
        pass


def check_loads(text: str) -> None:
    """Raises `UserError` when `text` is no site file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text, encoding="utf-8")
        load_site(path)


def write(text: str, path: Path, *, force: bool) -> None:
    """Put the file in its place as a whole; raises `OSError`, or `UserError` when somebody was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".newsite-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).chmod(0o666 & ~_umask())
        target(path.parent, path.stem, force=force)
        Path(scratch).replace(path)
    finally:
        Path(scratch).unlink(missing_ok=True)


def _umask() -> int:
    """Files of `mkstemp` are their owner's alone; a site file is like any other."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
