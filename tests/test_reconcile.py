"""The balance adds up, and every way in which it cannot is caught by its name."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.records import State
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.manifest import dump_manifest
from pipelines.store.output import FolderOutput
from pipelines.store.reconcile import Reconciled, reconcile
from tests.helpers_store import (
    FORKSERVER,
    NOW,
    STEPS,
    Store,
    article,
    fetch,
    publish_until_killed,
    rejected,
    seed,
    stage,
)

NEWS = "https://sahifa.test/news/{}"


def found(store: Store, site: str | None = None) -> Reconciled:
    return reconcile(store.ledger_path, FolderOutput(store.output), site)


def names(store: Store) -> set[str]:
    return {each.check for each in found(store).imbalances}


def change(store: Store, sql: str, *values: str) -> None:
    """What nobody but Khabar should do."""
    with closing(sqlite3.connect(store.ledger_path)) as db, db:
        assert db.execute(sql, values).rowcount > 0


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A published store with a URL under every heading of the balance."""
    store, _ = seed(tmp_path_factory.mktemp("template") / "output")
    with closing(Ledger(store.ledger_path)) as ledger:
        ledger.start_run("run-1", "news", NOW)
        other = replace(article("https://sahifa.test/other/1", "متن اول"), title="عنوان")
        stage(ledger, replace(article("https://sahifa.test/story/9", "متن اول"), title="عنوان"))
        stage(ledger, other)  # the same under another address: a copy
        for state in (State.FAILED, State.GONE, State.FORBIDDEN):
            fetched = NEWS.format(state)
            ledger.discover("run-1", "sahifa", [Link(fetched, fetched, "feed")], NOW)
            ledger.lease("run-1", "sahifa", 10)
            ledger.end(fetched, state, f"because {state}")
        for number, site in ((50, "sahifa"), (51, "alrasid")):
            url = NEWS.format(number)
            ledger.discover("run-1", site, [Link(url, url, "feed")], NOW)
    store.publish()
    return store


@pytest.fixture
def store(template: Store, tmp_path: Path) -> Store:
    return template.copy(tmp_path / "output")


def test_every_url_stands_under_one_heading(store: Store) -> None:
    balance = found(store)
    assert balance.imbalances == ()
    assert [site.site for site in balance.sites] == ["alrasid", "sahifa"]
    plain = {name: value for name, value in balance.total.plain().items() if name != "site"}
    assert plain == {
        "discovered": 11,
        "stored": 4,
        "copies": 1,
        "rejected": {"not_article": 1},
        "failed": {"because failed": 1},
        "gone": 1,
        "forbidden": 1,
        "pending": 2,
        "under_way": 0,
    }


def test_one_site_is_one_line(store: Store) -> None:
    assert found(store, "alrasid").total.discovered == 1
    with pytest.raises(StoreError, match="no site 'nowhere'"):
        found(store, "nowhere")


def test_an_imbalance_is_one_line_with_site_example_and_mend(store: Store) -> None:
    change(store, "DELETE FROM article_versions WHERE article = ?", NEWS.format(2))
    (unknown,) = [each for each in found(store).imbalances if each.check == "article unknown"]
    identity = article(NEWS.format(2), "טקסט שני").id
    assert str(unknown).startswith(
        f"sahifa: 1 rows of articles are of no article that the ledger knows, such as {identity} in articles/"
    )
    assert str(unknown).endswith("rebuilt from what was published")
    assert "\n" not in str(unknown)
    assert found(store, "alrasid").imbalances == ()


# -- the ledger against itself

LEDGER_DAMAGE: dict[str, tuple[str, set[str]]] = {
    "a URL is deleted": (f"DELETE FROM urls WHERE key = '{NEWS.format(50)}'", {"discovered"}),
    "a URL is added past the count": (
        (
            "INSERT INTO urls (key, url, site, state, discovered_via, discovered_at) "
            "VALUES ('https://x.test/', 'https://x.test/', 'x', 'pending', 'feed', '')"
        ),
        {"discovered"},
    ),
    "a count is lost": ("DELETE FROM sites WHERE site = 'sahifa'", {"discovered"}),
    "a state is none": (
        f"UPDATE urls SET state = 'lost' WHERE key = '{NEWS.format(50)}'",
        {"discovered", "state"},
    ),
    "a pending URL is called stored": (
        f"UPDATE urls SET state = 'committed' WHERE key = '{NEWS.format(50)}'",
        {"stored"},
    ),
    "a stored URL is called pending": (
        f"UPDATE urls SET state = 'pending' WHERE key = '{NEWS.format(1)}'",
        {"ended"},
    ),
    "a stored URL forgets its article": (
        f"UPDATE urls SET article_id = NULL WHERE key = '{NEWS.format(1)}'",
        {"stored", "orphan"},
    ),
    "a URL is staged without a row": (
        f"UPDATE urls SET state = 'staged' WHERE key = '{NEWS.format(50)}'",
        {"staged"},
    ),
    "a pending URL is called rejected": (
        f"UPDATE urls SET state = 'rejected' WHERE key = '{NEWS.format(50)}'",
        {"rejected missing"},
    ),
    "a URL is leased and no run is under way": (
        f"UPDATE urls SET state = 'leased', run_id = 'run-0' WHERE key = '{NEWS.format(50)}'",
        {"lease"},
    ),
    "the URL of an article is deleted": (
        f"DELETE FROM urls WHERE key = '{NEWS.format(1)}'",
        {"discovered", "orphan"},
    ),
    "the URL of a refusal is deleted": (
        f"DELETE FROM urls WHERE key = '{rejected().url}'",
        {"discovered", "rejected unknown"},
    ),
    "a version is deleted": (
        f"DELETE FROM article_versions WHERE article = '{NEWS.format(1)}'",
        {"stored", "article unknown", "block unknown"},
    ),
    "a version is made up": (
        (
            "INSERT INTO article_versions (article, version, article_id, text_hash) "
            f"VALUES ('{NEWS.format(1)}', 2, 'made-up', 'x')"
        ),
        {"article missing"},
    ),
    "a file is forgotten with its rows": (
        "DELETE FROM files WHERE dataset = 'rejected'",
        set(),  # the manifest still lists it under this ledger's name
    ),
    "a file has another number of rows": (
        "UPDATE files SET rows = rows + 1 WHERE dataset = 'rejected'",
        {"file rows"},
    ),
}


@pytest.mark.parametrize("damage", LEDGER_DAMAGE)
def test_damage_to_the_ledger_is_caught(store: Store, damage: str) -> None:
    sql, expected = LEDGER_DAMAGE[damage]
    change(store, sql)
    assert names(store) == expected


SPOOL_DAMAGE: dict[str, tuple[str, set[str]]] = {
    "a row of an article is lost": (
        "DELETE FROM spool WHERE dataset = 'articles'",
        {"staged", "article missing"},
    ),
    "a row of an article is doubled": (
        ("INSERT INTO spool (dataset, partition, site, sort_key, url_key, final_state, row) "
        "SELECT dataset, partition, site, sort_key, url_key, final_state, row FROM spool "
        "WHERE dataset = 'articles'"),
        {"staged", "row doubled"},
    ),
    "a row of a refusal is lost": ("DELETE FROM spool WHERE dataset = 'rejected'", {"staged"}),
    "a row decides a URL that is not staged": (
        "UPDATE urls SET state = 'rejected' WHERE key LIKE '%/about2'",
        {"spooled"},
    ),
    "a row decides no URL": ("UPDATE spool SET url_key = 'x' WHERE dataset = 'rejected'",
                             {"staged", "spooled", "rejected unknown"}),
}  # fmt: skip


@pytest.mark.parametrize("damage", SPOOL_DAMAGE)
def test_damage_to_the_spool_is_caught(store: Store, damage: str) -> None:
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(ledger, article(NEWS.format(60), "six"))
        stage(ledger, rejected("https://sahifa.test/about2"))
    assert (found(store).imbalances, found(store).total.under_way) == ((), 2)
    sql, expected = SPOOL_DAMAGE[damage]
    change(store, sql)
    assert names(store) == expected


# -- the files against the ledger


def part(store: Store, dataset: str) -> Path:
    return next(store.output / name for name in store.visible() if name.startswith(dataset))


def delete(path: Path) -> None:
    path.unlink()
    (path.parents[2] / ".state" / "files" / path.relative_to(path.parents[2])).unlink()


def without_last_row(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    path.unlink()
    pq.write_table(table.slice(0, table.num_rows - 1), path)
    shutil.copy(path, path.parents[2] / ".state" / "files" / path.relative_to(path.parents[2]))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


FILE_DAMAGE: dict[str, tuple[Callable[[Path], None], str, set[str]]] = {
    "articles are gone": (delete, "articles", {"file", "article missing"}),
    "refusals are gone": (delete, "rejected", {"file", "rejected missing"}),
    "removed blocks are gone": (delete, "removed_blocks", {"file", "blocks"}),
    "articles are cut short": (cut, "articles", {"file", "article missing"}),
    "an article's row is gone": (without_last_row, "articles", {"file rows", "article missing"}),
    "a refusal's row is gone": (without_last_row, "rejected", {"file rows", "rejected missing"}),
    "a removed block is gone": (without_last_row, "removed_blocks", {"file rows", "blocks"}),
}


@pytest.mark.parametrize("damage", FILE_DAMAGE)
def test_damage_to_files_is_caught(store: Store, damage: str) -> None:
    act, dataset, expected = FILE_DAMAGE[damage]
    act(part(store, dataset))
    assert names(store) == expected


@pytest.mark.parametrize("dataset", ["articles", "rejected", "removed_blocks"])
def test_a_file_listed_twice_under_two_names_is_caught(store: Store, dataset: str) -> None:
    output = FolderOutput(store.output)
    path = part(store, dataset)
    twin = path.with_name("part-run-9-0123456789abcdef.parquet")
    shutil.copy(path, twin)
    target = twin.relative_to(store.output).as_posix()
    listed = output.listed()
    own = next(each for each in listed if each.path == path.relative_to(store.output).as_posix())
    more = replace(own, path=target, stable_path=target)
    (store.output / "manifest.json").write_text(dump_manifest([*listed, more]), encoding="utf-8")
    wrong = found(store).imbalances
    assert {each.check for each in wrong} == {"blocks" if dataset == "removed_blocks" else "row doubled"}
    assert dataset == "removed_blocks" or twin.name in wrong[0].example


def test_files_of_another_ledger_are_not_ours(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    with closing(Ledger(tmp_path / "other.sqlite")) as ledger:
        stage(ledger, article("https://other.test/news/1", "else", site="other"))
    shutil.copytree(store.output, other.output, dirs_exist_ok=True)
    shutil.copy(tmp_path / "other.sqlite", other.ledger_path)
    (other.output / ".state" / "ledger.sqlite.writer").unlink()
    other.publish()
    assert reconcile(other.ledger_path, FolderOutput(other.output)).imbalances == ()
    assert reconcile(store.ledger_path, FolderOutput(other.output)).imbalances == ()
    assert len(FolderOutput(other.output).listed()) > len(FolderOutput(store.output).listed())


# -- what is no imbalance


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_at_any_step_of_publication_it_balances(tmp_path: Path, step: str, when: str) -> None:
    store, _ = seed(tmp_path / "output")
    child = FORKSERVER.Process(target=publish_until_killed, args=(store.output, step, when, 1))
    child.start()
    child.join()
    assert found(store).imbalances == ()
    assert found(store).total.discovered == 4
    store.restart()
    assert found(store).imbalances == ()


def test_urls_of_a_killed_run_wait_for_the_next_one(store: Store) -> None:
    with closing(Ledger(store.ledger_path)) as ledger:
        assert len(ledger.lease("run-1", "sahifa", 10)) == 1
        fetch(ledger, NEWS.format(70))
    balance = found(store)
    assert (balance.imbalances, balance.total.under_way) == ((), 2)


def test_what_a_run_publishes_meanwhile_is_no_imbalance(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is read, then a run publishes, then the ledger is read."""
    real = FolderOutput.listed

    def publishes_after(self: FolderOutput) -> object:
        listed = real(self)
        monkeypatch.setattr(FolderOutput, "listed", real)
        with closing(Ledger(store.ledger_path)) as ledger:
            stage(ledger, article(NEWS.format(80), "eighty"))
        store.publish()
        return listed

    monkeypatch.setattr(FolderOutput, "listed", publishes_after)
    once = found(store)
    assert once.imbalances == ()
    assert once.total.stored == 5


def test_files_that_a_compaction_took_out_of_the_folder_are_read_by_their_other_name(store: Store) -> None:
    path = part(store, "articles")
    path.unlink()
    assert names(store) == set()


# -- the ledger itself


def test_a_ledger_that_is_none_is_refused(tmp_path: Path) -> None:
    (file := tmp_path / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="move it away"):
        reconcile(file, FolderOutput(tmp_path))


def test_a_ledger_damaged_inside_is_refused_with_the_mend(store: Store) -> None:
    with closing(sqlite3.connect(store.ledger_path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(store.ledger_path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    store.ledger_path.write_bytes(data)
    with pytest.raises(StoreError, match="move it away"):
        found(store)
