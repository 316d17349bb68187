"""The queries that docs/near-duplicates.md shows run, and tell what they say."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from tests.helpers_store import NOW, Store
from tests.test_near_index import BODY, LEAD, OTHER, staged, story

PAGE = Path(__file__).resolve().parents[1] / "docs" / "near-duplicates.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = Store(tmp_path_factory.mktemp("near") / "output")
    with closing(Ledger(store.ledger_path)) as ledger:
        ledger.start_run("run-1", "news", NOW)
        staged(ledger, story("https://one.test/a", LEAD + BODY, site="alif", title="The first"))
        staged(ledger, story("https://two.test/b", "وكالة - " + BODY, site="ba", title="The copy"))
        staged(ledger, story("https://two.test/c", OTHER, site="ba", title="The other"))
        Publisher(ledger, FolderOutput(store.output), store.scratch, "run-1").publish()
    return store.output.parent


TOLD = [
    ({"The first", "The other"}, {"The copy"}),
    ({"[alif, ba]", "The first"}, {"The other"}),
    ({"0.5", "alif"}, {"The"}),
]


@pytest.mark.parametrize("number", range(len(TOLD)))
def test_a_query_tells_what_the_page_says(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    monkeypatch.chdir(published)
    exec(compile(SNIPPETS[number], f"near-duplicates.md {number}", "exec"), {})
    said = capsys.readouterr().out
    there, absent = TOLD[number]
    assert all(word in said for word in there)
    assert not any(word in said for word in absent)


def test_every_query_of_the_page_is_run() -> None:
    assert len(SNIPPETS) == len(TOLD)
