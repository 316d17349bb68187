"""Recleans that cannot read everything, are cut, or come after site memory learnt more."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.body.site_memory import SiteMemory
from pipelines.clean import clean
from pipelines.policy import Policy
from pipelines.recheck import Recheck
from pipelines.records import Cleaned, Page
from pipelines.store import reclean_sites
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.rebuild import rebuild
from pipelines.store.reclean_rows import Choice, RawBytes, SiteFacts, StoredPages, page_of, url_page
from pipelines.store.reclean_work import Kind, Status
from pipelines.store.reconcile import reconcile
from pipelines.store.rows import article_of, dumps, loads, to_row
from pipelines.workers import Workers
from tests.helpers_reclean import (
    DAY,
    NO_PHRASES,
    Corpus,
    Interrupted,
    looked,
    page,
    publish,
    text_of,
    url,
)


def reconciled(corpus: Corpus) -> list[str]:
    found = reconcile(corpus.ledger_path, FolderOutput(corpus.output))
    return [str(each) for each in found.imbalances]


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
