"""What the sources import is declared, locked and explained; what is declared is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.crawling import ROOT, run

FOLDERS = ("crawler", "pipelines")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Declared, and imported by nobody here: what makes it needed.
UNUSED = {
    "lxml-html-clean": "trafilatura's import fails without it where the extra is skipped",
    "tzdata": "read by zoneinfo",
}
# Imported where a group adds it.
OF_A_GROUP = {"scrapy-playwright": "render", "playwright": "render", "ray": "all"}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it, without version and extras."""
    bare = re.match(r"[A-Za-z0-9._-]+", name)
    assert bare is not None
    return re.sub(r"[-_.]+", "-", bare[0]).lower()


def imported(path: Path) -> Iterator[str]:
    """Top-level names of the modules a file imports, wherever it does so, types included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.partition(".")[0]


def third_party() -> dict[str, str]:
    """Distribution -> a file that imports it."""
    known = packages_distributions()
    found: dict[str, str] = {}
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        for name in set(imported(path)) - KNOWN:
            of = {normal(each) for each in known.get(name, [name])}
            found.setdefault(next(iter(sorted(of & DECLARED)), min(of)), str(path.relative_to(ROOT)))
    return found


# Mypy's, for types alone; and a part of Python from 3.14 on, before which another takes its place.
KNOWN = {*sys.stdlib_module_names, *FOLDERS, "_typeshed", "compression"}
DECLARED = {normal(name) for name in PROJECT["project"]["dependencies"]}


def locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    return {normal(match) for match in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def test_every_import_is_of_a_declared_dependency() -> None:
    missing = {
        name: where for name, where in third_party().items() if name not in DECLARED | OF_A_GROUP.keys()
    }
    assert missing == {}


def test_every_declared_dependency_is_imported_or_has_a_reason() -> None:
    assert DECLARED - third_party().keys() == UNUSED.keys()


def test_every_dependency_is_locked_and_explained() -> None:
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = {normal(name) for name in re.findall(r"^\| ([A-Za-z0-9._-]+) \|", told, re.MULTILINE)}
    assert explained - {"package"} == DECLARED
    assert locked("run") >= DECLARED
    assert {group for name, group in OF_A_GROUP.items() if name not in locked(group)} == set()


@pytest.mark.parametrize("coding", ["brotli", "backports-zstd"])
def test_what_decodes_answers_comes_with_scrapy_in_the_lock(coding: str) -> None:
    """Scrapy asks for these codings only when it finds the module: without it nothing breaks."""
    assert coding in locked("run")


def test_every_module_can_be_imported() -> None:
    program = """
import importlib, pkgutil, sys
for folder in ("pipelines", "crawler"):
    for module in pkgutil.walk_packages([folder], f"{folder}."):
        if module.name not in ("crawler.rendering.handler", "crawler.rendering.page"):  # of the group render
            importlib.import_module(module.name)
print(len([name for name in sys.modules if name.startswith(("pipelines.", "crawler."))]))
"""
    done = run([sys.executable, "-W", "error::SyntaxWarning", "-c", program])
    assert done.code == 0, done.err
    assert int(done.out) > 150


@pytest.mark.parametrize("module", ["pyarrow", "lxml_html_clean", "pebble"])
def test_a_dependency_that_is_missing_is_named_and_nothing_is_written(module: str, tmp_path: Path) -> None:
    output = tmp_path / "o"
    program = (
        f"import sys; sys.modules[{module!r}] = None; from scrapy.cmdline import execute; "
        f"execute(['scrapy', 'crawl', 'urls', '-a', 'url=http://x.test/', '-s', 'NEWS_OUTPUT={output}'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert module in done.stderr.splitlines()[-1]
    assert not output.exists()
