from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.store.ledger import Ledger
from pipelines.store.ledger_file import writer_file
from pipelines.store.manifest import MANIFEST
from pipelines.store.output import FolderOutput
from tests.helpers_rebuild import HOUR, URLS, crawl, known, lose, rebuilt, seed
from tests.helpers_store import NOW, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "output")


# -- what is known again


def test_what_was_published_is_known_again_as_it_was(store: Store) -> None:
    seed(store)
    before = lose(store)
    found = rebuilt(store)
    assert (found.articles, found.rejected, found.files, found.to_clean) == (5, 2, 8, 0)
    assert found.moved is None
    assert known(store.ledger_path) == known(before)


def test_without_its_manifest_and_its_name_a_folder_is_known_again(store: Store) -> None:
    seed(store)
    before = lose(store)
    (store.output / MANIFEST).unlink()
    shutil.rmtree(store.ledger_path.parent)
    rebuilt(store)
    after = known(store.ledger_path)
    assert after.pop("meta") != known(before).pop("meta")  # a new name: nobody knew the old one
    assert after.items() <= known(before).items()


def test_a_ledger_without_its_name_takes_the_one_that_the_manifest_has(store: Store) -> None:
    seed(store)
    before = lose(store)
    writer_file(store.ledger_path).unlink()
    rebuilt(store)
    assert known(store.ledger_path) == known(before)


def test_old_pages_that_say_nothing_of_themselves_change_nothing(store: Store, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipelines.store.raw.warc_details", lambda page: "")
    seed(store)
    before = known(lose(store))
    found = rebuilt(store)
    after = known(store.ledger_path)
    assert (found.to_clean, found.to_fetch, found.unknown_pages) == (0, 0, 0)
    for row in [*before["urls"], *after["urls"]]:
        for name in (
            "witness",
            "discovered_at",
            "checked_at",
            "due_at",
            "warc_file",
            "warc_offset",
            "run_id",
        ):
            del row[name]  # only the WARC could say
    assert after == before


def test_a_second_look_at_known_articles_makes_no_row(store: Store) -> None:
    seed(store)
    rows = store.identities()
    lose(store)
    rebuilt(store)
    with crawl(store, 5) as run:
        run.look(URLS[0], "عنوان|متن ثالث|5", NOW + 5 * HOUR)
        run.look(URLS[0], "عنوان|متن|5", NOW + 6 * HOUR)  # back to the first version
        run.look("https://sahifa.test/other/9", "عنوان|متن ثالث|5", NOW + 6 * HOUR)  # a copy elsewhere
        run.look(URLS[3], "Fourth|text|5", NOW + 7 * HOUR)
    assert store.identities() == rows
    with crawl(store, 6) as run:
        run.look(URLS[0], "عنوان|متن رابع|6", NOW + 8 * HOUR)
    assert sorted(row["version"] for row in store.rows("articles") if row["url"] == URLS[0]) == [1, 2, 3, 4]


# -- what was fetched and not published


def test_pages_whose_rows_were_lost_are_cleaned_from_the_warc(store: Store) -> None:
    seed(store)
    with crawl(store, 4) as run:
        run.look(URLS[2], "Third|now an article|4", NOW + 3 * HOUR)
        run.look("https://sahifa.test/news/5", "Fifth|text|4", NOW + 3 * HOUR, clean=False)
        run.look(URLS[0], "عنوان|متن رابع|4", NOW + 3 * HOUR)
        run.killed()
    whole = store.copy(store.output.parent / "whole")
    with crawl(whole, 5):
        pass
    before = lose(store)
    assert rebuilt(store).to_clean == 3
    fetched = {row["key"]: row for row in known(store.ledger_path)["urls"] if row["state"] == "fetched"}
    asked = next(row for row in known(before)["urls"] if row["state"] == "fetched")
    assert fetched[asked["key"]] == asked
    with crawl(store, 5):
        pass
    assert store.identities() == whole.identities()
    assert len(store.rows("articles")) == 8
    whole.ledger_path.rename(whole.output.parent / "whole.sqlite")
    for name in ("urls", "article_versions", "sites"):
        assert known(store.ledger_path)[name] == known(whole.output.parent / "whole.sqlite")[name]


def test_an_unchanged_article_under_other_furniture_is_compared_again_and_makes_no_row(store: Store) -> None:
    seed(store)
    with crawl(store, 4) as run:
        run.look(URLS[0], "عنوان|متن ثالث|other furniture", NOW + 3 * HOUR)
    before, rows = lose(store), store.identities()
    assert rebuilt(store).to_clean == 1
    with crawl(store, 5):
        pass
    assert store.identities() == rows
    assert known(store.ledger_path)["article_versions"] == known(before)["article_versions"]
    assert known(store.ledger_path)["urls"] == known(before)["urls"]


def test_a_copy_under_another_address_stays_a_copy(store: Store) -> None:
    with crawl(store, 1) as run:
        run.look(URLS[0], "عنوان|متن|1")
        run.look("https://sahifa.test/other/9", "عنوان|متن|1", NOW + HOUR)
    before, rows = lose(store), store.identities()
    assert rebuilt(store).to_clean == 1
    with crawl(store, 2):
        pass
    assert store.identities() == rows
    assert known(store.ledger_path)["urls"] == known(before)["urls"]


def test_a_page_that_says_nothing_of_itself_is_fetched_again_if_its_site_is_known(
    store: Store, monkeypatch: Any
) -> None:
    seed(store)
    monkeypatch.setattr("pipelines.store.raw.warc_details", lambda page: "{not ours")
    with crawl(store, 4) as run:
        run.look("https://sahifa.test/news/5", "Fifth|text|4", NOW + 3 * HOUR, clean=False)
        run.look("https://another.test/news/6", "Sixth|text|4", NOW + 3 * HOUR, clean=False)
        run.killed()
    lose(store)
    found = rebuilt(store)
    assert (found.to_clean, found.to_fetch, found.unknown_pages) == (0, 1, 1)
    with closing(Ledger(store.ledger_path)) as ledger:
        assert [lease.url for lease in ledger.lease("run-9", "sahifa", 9)] == ["https://sahifa.test/news/5"]


BODIES = st.sampled_from(
    [f"T|{text}|{noise}" for text in "abc" for noise in "12"] + ["reject not_article", "reject soft_404"]
)


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    runs=st.lists(
        st.lists(
            st.tuples(st.integers(0, 2), BODIES), min_size=1, max_size=4, unique_by=lambda look: look[0]
        ),
        min_size=1,
        max_size=4,
    ),
    published=st.booleans(),
)
def test_any_history_goes_on_as_if_the_ledger_had_not_been_lost(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[tuple[int, str]]], published: bool
) -> None:
    """Whether its last run published or was killed: the same rows, versions and balance in the end."""
    store = Store(tmp_path_factory.mktemp("history") / "output")
    for number, looks in enumerate(runs, start=1):
        with crawl(store, number) as run:
            for url, body in looks:
                run.look(URLS[url], body.replace("T", f"T{url}", 1), NOW + number * HOUR)
            if number == len(runs) and not published:
                run.killed()
    lost = store.copy(store.output.parent / "lost")
    lose(lost)
    rebuilt(lost)
    for each in (store, lost):
        with crawl(each, 9):
            pass
    assert lost.identities() == store.identities()
    assert sorted(entry.path for entry in FolderOutput(lost.output).listed()) == lost.visible()
    for table in ("urls", "article_versions", "sites"):
        assert known(lost.ledger_path)[table] == known(store.ledger_path)[table]
