"""Nothing read from disk or network is unpickled, evaluated or handed to a shell: read from our own sources.

Pebble and multiprocessing send pickles between the processes of one run, over pipes of their own; nothing of
that is stored, and strangers' bytes travel in it as bytes.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler import settings as project_settings
from crawler.config import RunConfig
from crawler.errors import UserError
from tests.crawling import ROOT, scrapy

SOURCES = [*sorted((ROOT / "crawler").rglob("*.py")), *sorted((ROOT / "pipelines").rglob("*.py"))]
MODULES = frozenset(
    "pickle _pickle cPickle dill cloudpickle marshal shelve dbm joblib torch yaml jsonpickle code codeop "
    "ctypes xml.etree xml.sax xml.dom xmlrpc telnetlib".split()
)
CALLS = frozenset("eval exec compile __import__ execfile system popen read_pickle loads_pickle".split())
KEYWORDS = frozenset({("shell", True), ("allow_pickle", True)})
# Where one of these may stand, and why.
ALLOWED = {
    ("pipelines/store/exchange.py", "ctypes"): "renameat2, which Python does not have; arguments are paths",
}


def found_in(source: str) -> Iterator[str]:
    """Each import, call and keyword of the lists above; compiling a regular expression is no `compile`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if _listed(name.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _listed(node.module):
            yield node.module
        elif isinstance(node, ast.Call):
            yield from _of_call(node)


def _listed(module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:end]) in MODULES for end in range(1, len(parts) + 1))


def _of_call(node: ast.Call) -> Iterator[str]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in CALLS:
        yield function.id
    if isinstance(function, ast.Attribute) and function.attr in CALLS - {"compile", "exec"}:
        yield function.attr
    for keyword in node.keywords:
        if isinstance(keyword.value, ast.Constant) and (keyword.arg, keyword.value.value) in KEYWORDS:
            yield f"{keyword.arg}={keyword.value.value}"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import xml.etree.ElementTree as et",
        "import torch.serialization",
        "eval(page)",
        "pd.read_pickle(path)",
        "os.system(name)",
        "subprocess.run(name, shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_search_finds_what_it_is_for(source: str) -> None:
    assert list(found_in(source))


def test_no_source_reads_pickles_or_runs_data() -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in SOURCES
        for name in found_in(path.read_text(encoding="utf-8"))
    }
    assert len(SOURCES) > 150
    assert found == set(ALLOWED)


def test_a_process_is_started_in_one_place_and_no_name_is_part_of_its_command() -> None:
    named = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("subprocess", "os")
        and node.attr in ("Popen", "run", "call", "check_output", "execv", "execvp", "spawnv", "posix_spawn")
    }
    assert named == {"pipelines/store/partition.py"}  # its names are arguments of the script, after "--"


def test_no_weights_or_tables_are_anything_but_text() -> None:
    names = subprocess.run(
        ["git", "ls-files", "crawler", "pipelines"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    kinds = {Path(name).suffix for name in names} or {path.suffix for path in SOURCES}
    assert kinds <= {".py", ".toml", ".json", ".sql", ".typed", ".html", ".css", ".js", ".md"}


@pytest.mark.parametrize(
    ("name", "value"), [("JOBDIR", "job"), ("HTTPCACHE_ENABLED", True), ("HTTPCACHE_ENABLED", "1")]
)
def test_settings_that_make_scrapy_read_pickles_are_refused_by_name(name: str, value: object) -> None:
    known = {key: getattr(project_settings, key) for key in dir(project_settings) if key.startswith("NEWS_")}
    with pytest.raises(UserError, match=f"^{name}=.*pickles.*leave it out$"):
        RunConfig.from_settings(Settings(known | {name: value}))


def test_the_command_refuses_them_before_a_folder_is_made(tmp_path: Path) -> None:
    job, output = tmp_path / "job", tmp_path / "output"
    done = scrapy(
        *("crawl", "urls", "-a", "url=http://x.test/"), "-s", f"JOBDIR={job}", "-s", f"NEWS_OUTPUT={output}"
    )
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert not job.exists()
    assert not output.exists()


def test_a_crawls_own_modules_do_not_load_a_deserializer_of_models() -> None:
    program = (
        "import sys, pipelines.clean, crawler.run, crawler.spiders.news; pipelines.clean.warm_up(); "
        "print([name for name in ('joblib', 'torch', 'sklearn', 'lightgbm', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
