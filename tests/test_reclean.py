"""Stored pages cleaned again: exactly what changes, and what is published of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.body.site_memory import SiteMemory
from pipelines.clean import clean
from pipelines.loss import LossBudget
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.recheck import Recheck
from pipelines.records import Cleaned, Page
from pipelines.rowdiff import count_letters
from pipelines.similarity.fingerprint import article_id
from pipelines.store import reclean_sites
from pipelines.store.compact import Compactor
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.rebuild import rebuild
from pipelines.store.reclean_diff import DIFF, write_diff
from pipelines.store.reclean_rows import Choice, RawBytes, SiteFacts, StoredPages, page_of, url_page
from pipelines.store.reclean_work import Kind, Status
from pipelines.store.reconcile import reconcile
from pipelines.store.rows import article_of, dumps, loads, to_row
from pipelines.workers import Workers
from tests.helpers_reclean import (
    DAY,
    NO_PHRASES,
    READ_ALSO,
    Corpus,
    Interrupted,
    advertised,
    looked,
    page,
    publish,
    text_of,
    url,
    workers,
)

TITLE = "The quay opens again after the winter"


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    started = workers()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def advertised_once(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Four stories, of which two have a line that no rule cut yet, on two sites."""
    corpus = Corpus(tmp_path_factory.mktemp("advertised") / "output")
    corpus.crawl({"/a/1": advertised(1), "/a/2": page(2)}, policy=NO_PHRASES)
    arabic = {"/b/1": advertised(1, "ar"), "/b/2": page(2, language="ar")}
    corpus.crawl(arabic, "20261122T083015-bbbbbb", site="rasid", policy=NO_PHRASES, day=DAY + timedelta(1))
    return corpus


@pytest.fixture
def corpus(advertised_once: Corpus, tmp_path: Path) -> Corpus:
    shutil.copytree(advertised_once.output, tmp_path / "output")
    return Corpus(tmp_path / "output")


def reconciled(corpus: Corpus) -> list[str]:
    found = reconcile(corpus.ledger_path, FolderOutput(corpus.output))
    return [str(each) for each in found.imbalances]


# -- the diff


def test_nothing_differs_where_the_cleaning_is_the_same(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool, policy=NO_PHRASES) as look:
        assert (look.total.rows, look.total.unchanged, look.diffs) == (4, 4, [])
        before = corpus.files()
        assert publish(corpus, look.work).published is None
    assert corpus.files() == before


def test_a_changed_rule_shows_exactly_what_it_cuts(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        found = look.by_path()
        assert found.keys() == {"/a/1", "/b/1"}
        for path, language in (("/a/1", "en"), ("/b/1", "ar")):
            row = found[path]
            assert row["paragraphs_lost"] == [READ_ALSO[language]]
            assert row["paragraphs_gained"] == []
            assert row["letters_lost"] == count_letters(READ_ALSO[language])
            assert (row["outcome"], row["kinds"], row["language"]) == ("changed", ["text"], language)
        sites = {each.name: each for each in look.work.by_site()}
        assert {name: (t.rows, t.unchanged, t.text, t.paragraphs_lost) for name, t in sites.items()} == {
            "sahifa": (2, 1, 1, 1),
            "rasid": (2, 1, 1, 1),
        }
        assert {each.name for each in look.work.by_language()} == {"en", "ar"}
        assert look.total.letters == sum(count_letters(row["text"]) for row in corpus.rows("articles"))
        assert [row["site"] for row in look.work.worst(1)] == ["rasid"]


def test_a_rule_turned_off_in_the_site_file_shows_exactly_what_comes_back(
    tmp_path: Path, pool: Workers
) -> None:
    corpus = Corpus(tmp_path / "output")
    corpus.crawl({"/a/1": advertised(1), "/a/2": advertised(2)})
    off = {"sahifa": SiteFacts(rules_off=("phrase.en.read_also",))}
    with looked(corpus, pool, facts=off) as look:
        found = look.by_path()
        assert {path: row["paragraphs_gained"] for path, row in found.items()} == {
            key: [READ_ALSO["en"]] for key in ("/a/1", "/a/2")
        }
        assert {row["letters_lost"] for row in found.values()} == {0}


def test_the_diff_file_says_what_the_terminal_counts(corpus: Corpus, pool: Workers, tmp_path: Path) -> None:
    with looked(corpus, pool) as look:
        assert write_diff(tmp_path / "diff.parquet", look.work.diffs()) == 2
    with pq.ParquetFile(tmp_path / "diff.parquet") as file:
        assert file.schema_arrow.equals(DIFF)
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert all(field.metadata[b"description"] for field in file.schema_arrow)
        rows = file.read().to_pylist()
    assert [row["site"] for row in rows] == ["rasid", "sahifa"]
    assert {row["id"] for row in rows} <= {row["id"] for row in corpus.rows("articles")}
    assert all(row["new_id"] not in (None, row["id"]) for row in rows)


def test_a_diff_that_cannot_be_written_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot write the diff .*there/diff\.parquet"):
        write_diff(tmp_path / "there" / "diff.parquet", iter([]))
    with pytest.raises(StoreError, match=r"no-diff\.parquet"):
        write_diff(tmp_path / "no-diff.parquet", iter([{"letters_lost": "many"}]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_only_chosen_sites_and_days_are_looked_at(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool, sites=["rasid"]) as look:
        assert [each.name for each in look.work.by_site()] == ["rasid"]
    with looked(corpus, pool, "job-2", since=DAY + timedelta(1)) as look:
        assert (look.total.rows, look.cleaned, look.diffs[0]["site"]) == (2, 0, "rasid")


# -- publishing


def test_what_changed_becomes_the_next_version(corpus: Corpus, pool: Workers) -> None:
    before = {row["id"]: row for row in corpus.rows("articles")}
    with looked(corpus, pool) as look:
        taken = publish(corpus, look.work)
    assert (taken.rows[Kind.ARTICLE], taken.rows[Kind.REJECTED], taken.stale) == (2, 0, 0)
    corpus.settled()
    rows = corpus.rows("articles")
    assert len(rows) == 6
    new = [row for row in rows if row["id"] not in before]
    for row in new:
        old = before[row["previous_id"]]
        assert (row["version"], row["change_kind"]) == (2, "recleaned")
        assert row["text"] == old["text"].rpartition("\n\n")[0]
        assert row["id"] == article_id(row["url_canonical"], row["text_hash"])
        same = (
            "url_canonical",
            "fetched_at",
            "run_id",
            "warc_file",
            "warc_offset",
            "discovered_at",
            "robots",
        )
        assert {name: row[name] for name in same} == {name: old[name] for name in same}
        cut = [block for block in corpus.rows("removed_blocks") if block["article_id"] == row["id"]]
        assert len(cut) == row["removed_blocks"] == old["removed_blocks"] + 1
        assert READ_ALSO[row["language"]] in {block["text"] for block in cut}
    assert {row["id"] for row in new} <= {id_ for (id_,) in corpus.query("SELECT article_id FROM urls")}
    assert reconciled(corpus) == []
    stored = "read_parquet(?, hive_partitioning = true)"
    latest = duckdb.execute(
        f"SELECT text FROM {stored} "
        "QUALIFY row_number() OVER (PARTITION BY url_canonical ORDER BY version DESC) = 1",
        [f"{corpus.output}/articles/**/*.parquet"],
    ).fetchall()
    assert {text for (text,) in latest} == {
        "\n\n".join(text_of(number, language)) for number in (1, 2) for language in ("en", "ar")
    }


def test_a_second_time_nothing_is_left_to_do(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        publish(corpus, look.work)
    before = corpus.files()
    with looked(corpus, pool, "job-2") as look:
        assert (look.total.rows, look.total.unchanged, look.cleaned) == (4, 4, 2)
        taken = publish(corpus, look.work, "reclean-2")
        assert (sum(taken.rows.values()), taken.published) == (0, None)
    assert corpus.files() == before


def test_rows_of_the_fetch_stand_in_its_day(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        publish(corpus, look.work)
    days = {name.split("/")[1] for name in corpus.visible() if "-reclean-1-" in name}
    assert days == {"fetch_date=2026-11-21", "fetch_date=2026-11-22"}


def test_the_next_look_at_the_article_compares_with_the_new_version(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        publish(corpus, look.work)
    row = corpus.newest()["/a/1"]
    with closing(Ledger(corpus.ledger_path)) as ledger:
        stored = ledger.last_version(row["url_canonical"])
        assert stored is not None
        assert (stored.article_id, stored.version) == (row["id"], 2)
        assert (stored.warc_file, stored.warc_offset) == (row["warc_file"], row["warc_offset"])
        assert stored.shows(article_of(row))


def test_compact_and_reclean_again_find_every_row_once(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        publish(corpus, look.work)
    expected = corpus.identities()
    with closing(Ledger(corpus.ledger_path)) as ledger:
        done = list(
            Compactor(ledger, FolderOutput(corpus.output), corpus.scratch, "compact-1", DAY).compact()
        )
    assert len(done) == 4
    assert corpus.identities() == expected
    assert reconciled(corpus) == []
    with looked(corpus, pool, "job-2") as look:
        assert (look.total.unchanged, look.diffs) == (4, [])


def test_a_rebuilt_ledger_knows_the_new_versions(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        publish(corpus, look.work)
    asked = (
        (
            "SELECT article, version, article_id, text_hash, title, copy, key, warc_offset "
            "FROM article_versions ORDER BY 1, 2"
        ),
        "SELECT key, state, reason, article_id, warc_offset FROM urls ORDER BY 1",
    )
    before = [corpus.query(each) for each in asked]
    rebuild(corpus.ledger_path, FolderOutput(corpus.output), Recheck(), DAY)
    assert [corpus.query(each) for each in asked] == before
    assert reconciled(corpus) == []
    with looked(corpus, pool, "job-2") as look:
        assert (look.total.unchanged, look.diffs) == (4, [])


def test_one_text_with_another_date_is_a_version_with_an_id_of_its_own(tmp_path: Path, pool: Workers) -> None:
    corpus = Corpus(tmp_path / "output")
    stated = '<meta property="article:published_time" content="2026-11-20T23:30:00">'
    corpus.crawl({"/a/1": page(1, head=stated)})
    first = corpus.newest()["/a/1"]
    there = {"sahifa": SiteFacts(timezone="Asia/Aden")}
    with looked(corpus, pool, facts=there) as look:
        (diff,) = look.diffs
        assert (diff["kinds"], diff["paragraphs_lost"], look.total.date) == (["date"], [], 1)
        assert diff["published_before"] != diff["published_after"] == "2026-11-20T20:30:00+00:00"
        publish(corpus, look.work)
    second = corpus.newest()["/a/1"]
    assert (second["version"], second["previous_id"]) == (2, first["id"])
    assert second["text_hash"] == first["text_hash"]
    assert (
        second["id"]
        == diff["new_id"]
        == article_id(first["url_canonical"], f"{first['text_hash']}\n{first['id']}")
    )
    with looked(corpus, pool, "job-2") as look:  # back again: a third version, and no id twice
        assert look.diffs[0]["kinds"] == ["date"]
        publish(corpus, look.work, "reclean-2")
    assert len({row["id"] for row in corpus.rows("articles")}) == 3
    assert reconciled(corpus) == []
    corpus.settled()


def test_a_changed_headline_is_a_version(tmp_path: Path, pool: Workers) -> None:
    corpus = Corpus(tmp_path / "output")
    corpus.crawl({"/a/1": page(1, title=TITLE)}, policy=replace(DEFAULT_POLICY, max_title_chars=9))
    with looked(corpus, pool) as look:
        (diff,) = look.diffs
        assert (diff["kinds"], look.total.title) == (["title"], 1)
        assert (diff["title_before"], diff["title_after"]) == (TITLE[:9].strip(), TITLE)
        publish(corpus, look.work)
    assert corpus.newest()["/a/1"]["title"] == TITLE
    assert reconciled(corpus) == []


# -- gained and lost


STRICT = replace(DEFAULT_POLICY, min_body_letters=50_000)


def test_a_page_turned_away_that_is_an_article_now_is_gained(tmp_path: Path, pool: Workers) -> None:
    corpus = Corpus(tmp_path / "output")
    corpus.crawl({"/a/1": page(1)}, policy=STRICT)
    assert corpus.states() == {"/a/1": "rejected"}
    with looked(corpus, pool) as look:
        assert (look.total.rows, look.total.gained, look.total.loss.rows_lost) == (0, 1, 0)
        (diff,) = look.diffs
        assert (diff["outcome"], diff["paragraphs_gained"]) == ("gained", list(text_of(1)))
        taken = publish(corpus, look.work, recheck=Recheck.parse("1h,1d"))
    assert taken.rows == {Kind.REJECTED: 1}
    (row,) = corpus.rows("articles")
    assert (row["id"], row["version"], row["previous_id"], row["change_kind"]) == (
        diff["new_id"],
        1,
        None,
        None,
    )
    assert (row["cluster_id"], row["duplicate_of"]) == (row["id"], None)
    assert corpus.states() == {"/a/1": "committed"}
    assert corpus.query("SELECT article_id, reason, first_at, due_at NOT NULL FROM urls") == [
        (row["id"], None, row["fetched_at"].isoformat(), 1)
    ]
    assert len(corpus.rows("rejected")) == 1
    assert reconciled(corpus) == []
    corpus.settled()
    rebuild(corpus.ledger_path, FolderOutput(corpus.output), Recheck.parse("1h,1d"), DAY)
    assert corpus.query("SELECT state, article_id, reason FROM urls") == [("committed", row["id"], None)]
    assert reconciled(corpus) == []
    with looked(corpus, pool, "job-2") as look:
        assert (look.total.rows, look.diffs) == (1, [])


def test_a_gained_page_whose_article_is_stored_is_no_second_row(tmp_path: Path, pool: Workers) -> None:
    corpus = Corpus(tmp_path / "output")
    same = page(1, head=f'<link rel="canonical" href="{url("/a/1")}">')
    corpus.crawl({"/a/1": page(1)})
    corpus.crawl({"/print/1": same}, "20261121T093015-bbbbbb", policy=STRICT)
    with looked(corpus, pool) as look:
        assert look.total.gained == 1
        publish(corpus, look.work)
    assert corpus.states() == {"/a/1": "committed", "/print/1": "committed"}
    assert len(corpus.rows("articles")) == 1
    assert reconciled(corpus) == []
    corpus.settled()


def test_what_stays_turned_away_is_no_difference(tmp_path: Path, pool: Workers) -> None:
    corpus = Corpus(tmp_path / "output")
    corpus.crawl({"/a/1": "<html><body><p>Nothing here.</p></body></html>", "/a/2": page(2)})
    with looked(corpus, pool) as look:
        assert (look.total.refused, look.total.rows, look.diffs) == (1, 1, [])


def test_an_article_that_would_be_turned_away_is_named_and_stays(corpus: Corpus, pool: Workers) -> None:
    before = corpus.files()
    with looked(corpus, pool, policy=replace(NO_PHRASES, min_body_letters=1_500)) as look:
        lost = {path: row for path, row in look.by_path().items() if row["outcome"] == Status.LOST}
        assert lost
        assert {row["reason"] for row in lost.values()} == {"no_body"}
        assert {row["new_id"] for row in lost.values()} == {None}
        assert look.total.letters_lost == sum(row["letters_lost"] for row in lost.values())
        for path, row in lost.items():
            assert row["paragraphs_lost"] == corpus.newest()[path]["text"].split("\n\n")
            assert row["letters_lost"] == count_letters(corpus.newest()[path]["text"])
        said = list(LossBudget.of().exceeded("all sites", look.total.loss))
        assert [line.split(" of the ")[1].split()[0] for line in said] == ["letters", "rows"]
        assert sum(publish(corpus, look.work).rows.values()) == 0
    assert corpus.files() == before


# -- what cannot be read


def test_pages_of_a_missing_or_damaged_file_are_named_and_the_others_go_on(
    corpus: Corpus, pool: Workers
) -> None:
    _, second = sorted((corpus.output / "raw").glob("*.warc.gz"))
    kept = second.read_bytes()
    second.write_bytes(kept[:-200])
    with looked(corpus, pool) as look:
        assert (look.total.unreadable, look.total.rows, look.total.loss.rows) == (1, 4, 3)
        ((name, count, said),) = look.work.unread(Status.UNREADABLE)
        assert (name, count) == (second.name, 1)
        assert f"raw/{name}" in said
        changed = len(look.diffs)
        assert publish(corpus, look.work).rows[Kind.ARTICLE] == changed > 0
    second.unlink()
    with looked(corpus, pool, "job-2") as look:
        assert look.work.unread(Status.UNREADABLE) == [(second.name, 2, "the file is missing")]
        assert look.total.unchanged == 2
    second.write_bytes(kept)
    with looked(corpus, pool, "job-3") as look:
        assert (look.total.unreadable, look.cleaned) == (0, 2)


def test_a_part_file_that_cannot_be_read_is_named_and_the_others_go_on(corpus: Corpus, pool: Workers) -> None:
    first, _ = [name for name in corpus.visible() if name.startswith("articles/")]
    (corpus.output / first).write_bytes(b"PAR1 and nothing more PAR1")
    (corpus.output / ".state/files" / first).unlink()
    with looked(corpus, pool) as look:
        assert [path for path, _ in look.unread] == [first]
        assert {row["site"] for row in look.diffs} == {"rasid"}


def test_files_that_are_kept_no_more_are_counted_and_not_missed(corpus: Corpus, pool: Workers) -> None:
    first, _ = sorted(path.name for path in (corpus.output / "raw").iterdir())
    (corpus.output / "raw" / first).unlink()
    with looked(corpus, pool, released=frozenset({first})) as look:
        assert (look.total.released, look.total.unreadable, look.total.loss.rows) == (2, 0, 2)
        assert look.work.unread(Status.RELEASED) == [(first, 2, "")]
        assert {row["site"] for row in look.diffs} == {"rasid"}


def kill_for_the_quay(fetched: Page, policy: Policy, memory: SiteMemory) -> Cleaned:
    """In a worker: one page is its end."""
    if fetched.url == url("/a/1"):
        os.kill(os.getpid(), signal.SIGKILL)
    return clean(fetched, policy, memory)


def test_a_page_that_kills_its_worker_is_named_and_tried_again_the_next_time(
    corpus: Corpus, pool: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reclean_sites, "clean", kill_for_the_quay)
        with looked(corpus, pool) as look:
            assert (look.total.rows, look.total.lost, look.total.changed) == (4, 1, 1)
            row = look.by_path()["/a/1"]
            assert (row["outcome"], row["reason"]) == ("lost", "worker_crash")
    with looked(corpus, pool, "job-2") as look:
        assert (look.cleaned, look.total.lost, look.total.changed) == (1, 0, 2)


def test_a_record_that_does_not_say_whose_it_is_is_the_page_of_its_row(corpus: Corpus) -> None:
    row = corpus.newest()["/a/1"]
    with closing(Ledger(corpus.ledger_path, read_only=True)) as ledger:
        pages = StoredPages(ledger.connection, FolderOutput(corpus.output), Choice(["sahifa"]))
        stored = next(each for each in pages if each.id == row["id"])
        raw = RawBytes(FolderOutput(corpus.output)).of(stored)
        whole, bare = (page_of(stored, each, None) for each in (raw, replace(raw, details={})))
        assert whole == bare
        (known,) = ledger.connection.execute("SELECT * FROM urls WHERE key = ?", (url("/a/1"),))
        turned_away = page_of(url_page(known), replace(raw, details={}), None)
    # What the ledger knows of a URL is when it was found first, and not what robots.txt said.
    assert replace(turned_away, robots="allowed", discovered_at=whole.discovered_at) == whole


def test_pages_are_found_by_an_index(corpus: Corpus) -> None:
    with closing(Ledger(corpus.ledger_path, read_only=True)) as ledger:
        said: list[str] = []
        ledger.connection.set_trace_callback(said.append)
        list(StoredPages(ledger.connection, FolderOutput(corpus.output), Choice()))
        ledger.connection.set_trace_callback(None)
        asked = {each for each in said if " FROM urls " in each or " FROM article_versions " in each}
        assert len(asked) > 2
        for each in asked:
            plan = [row["detail"] for row in ledger.connection.execute(f"EXPLAIN QUERY PLAN {each}")]
            assert all(step.startswith("SEARCH") for step in plan), (each, plan)


def test_rows_without_raw_bytes_are_counted_and_stay(corpus: Corpus, pool: Workers) -> None:
    with closing(Ledger(corpus.ledger_path)) as ledger:
        (row,) = [each for each in corpus.rows("articles") if each["url"].endswith("/a/2")]
        with ledger.transaction() as db:
            db.execute(
                "INSERT INTO urls (key, url, site, state, discovered_via, discovered_at, fetch) VALUES "
                "(?, ?, 'sahifa', 'fetched', 'feed', ?, '{}')",
                (url("/old"), url("/old"), DAY.isoformat()),
            )
        bare = replace(
            article_of(row),
            id="f" * 32,
            url=url("/old"),
            url_canonical=url("/old"),
            text_hash="e" * 32,
            warc_file=None,
        )
        ledger.stage(url("/old"), Cleaned(bare))
    corpus.restart()
    with looked(corpus, pool) as look:
        assert (look.total.released, look.total.rows) == (1, 5)
        assert look.work.unread(Status.UNREADABLE) == []


# -- going on


def test_a_rerun_does_only_what_is_missing(corpus: Corpus, pool: Workers) -> None:
    with pytest.raises(Interrupted), looked(corpus, pool, stop_after=2):
        pass
    with looked(corpus, pool, "job-2") as look:
        done = look.cleaned
        assert 0 < done <= 2
        assert (look.total.rows, len(look.diffs)) == (4, 2)
    with looked(corpus, pool, "job-3") as look:
        assert (look.cleaned, look.total.rows, len(look.diffs)) == (0, 4, 2)


def test_what_was_done_with_other_rules_or_another_site_file_is_done_anew(
    corpus: Corpus, pool: Workers
) -> None:
    with looked(corpus, pool) as look:
        assert look.cleaned == 4
    with looked(corpus, pool, "job-2", policy=NO_PHRASES) as look:
        assert (look.cleaned, look.diffs) == (4, [])
    facts = {"rasid": SiteFacts(rules_off=("phrase",))}
    with looked(corpus, pool, "job-3", policy=NO_PHRASES, facts=facts) as look:
        assert look.cleaned == 2  # of the one site
    corpus.crawl({"/a/9": page(9)}, "20261123T083015-cccccc", policy=NO_PHRASES)
    with looked(corpus, pool, "job-4", policy=NO_PHRASES, facts=facts) as look:
        assert look.cleaned == 3  # memory of the other has seen one page more


def test_work_that_cannot_be_read_is_begun_anew(corpus: Corpus, pool: Workers) -> None:
    corpus.work_file.parent.mkdir()
    corpus.work_file.write_bytes(b"no database" * 1000)
    with looked(corpus, pool) as look:
        assert (look.cleaned, len(look.diffs)) == (4, 2)


def test_what_a_run_changed_meanwhile_is_left_to_the_next_time(corpus: Corpus, pool: Workers) -> None:
    with looked(corpus, pool) as look:
        row = corpus.newest()["/a/1"]
        with closing(Ledger(corpus.ledger_path)) as ledger, ledger.transaction() as db:
            newer = replace(article_of(row), text="Another text.", text_hash="d" * 32)
            stored = ledger.last_version(row["url_canonical"])
            assert stored is not None
            db.execute(
                "INSERT INTO article_versions SELECT article, 2, 'new', ?, title, copy, key, warc_file, "
                "warc_offset FROM article_versions WHERE article_id = ?",
                (newer.text_hash, row["id"]),
            )
        taken = publish(corpus, look.work)
    assert (taken.rows[Kind.ARTICLE], taken.stale) == (1, 1)
    assert [row["site"] for row in corpus.rows("articles") if row["version"] == 2] == ["rasid"]


def test_the_outcome_is_the_same_whatever_order_pages_come_back_in(corpus: Corpus, tmp_path: Path) -> None:
    found = []
    for count in (1, 2):
        other = corpus.copy(tmp_path / str(count))
        pool = Workers(count, 60.0, 1 << 30)
        try:
            with looked(Corpus(other.output), pool) as look:
                found.append((look.diffs, look.total))
                publish(Corpus(other.output), look.work)
        finally:
            pool.stop()
        found[-1] += (Corpus(other.output).rows("articles"), other.visible())
    assert found[0] == found[1]


# -- what memory learnt late


def test_what_memory_learnt_late_cleans_the_first_pages(tmp_path: Path, pool: Workers) -> None:
    corpus = Corpus(tmp_path / "output")
    line = "The harbour desk of the paper watches the tide for you every day"
    first = {f"/a/{number}": page(number, line) for number in range(3)}
    corpus.crawl(first, remember=False)
    later = {f"/a/{number}": page(number, line) for number in range(3, 14)}
    corpus.crawl(later, "20261122T083015-bbbbbb", day=DAY + timedelta(1))
    furnished = {path for path, row in corpus.newest().items() if line in row["text"]}
    assert furnished >= first.keys()
    assert len(furnished) < 14
    with looked(corpus, pool) as look:
        found = look.by_path()
        assert {path: row["paragraphs_lost"] for path, row in found.items()} == {
            path: [line] for path in furnished
        }
        publish(corpus, look.work)
    assert {path: row["text"] for path, row in corpus.newest().items()} == {
        f"/a/{number}": "\n\n".join(text_of(number)) for number in range(14)
    }
    assert reconciled(corpus) == []


def test_a_memory_that_was_lost_is_learnt_from_the_stored_pages(tmp_path: Path, pool: Workers) -> None:
    """Without it a reclean would bring back what memory had cut."""
    corpus = Corpus(tmp_path / "output")
    line = "The harbour desk of the paper watches the tide for you every day"
    corpus.crawl({f"/a/{number}": page(number, line) for number in range(12)})
    cut = {path for path, row in corpus.newest().items() if line not in row["text"]}
    assert cut
    rebuild(corpus.ledger_path, FolderOutput(corpus.output), Recheck(), DAY)
    assert corpus.query("SELECT count(*) FROM site_views") == [(0,)]
    with looked(corpus, pool) as look:
        assert not cut & look.by_path().keys()
        assert {row["letters_gained"] for row in look.diffs} <= {0}


def test_a_row_of_the_spool_is_the_record_it_was(corpus: Corpus) -> None:
    for row in corpus.rows("articles"):
        record: Any = article_of(row)
        assert article_of(loads(dumps(to_row(record)))) == record
