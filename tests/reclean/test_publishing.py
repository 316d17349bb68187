"""What is published of a reclean: new versions, and pages that are articles now."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb

from pipelines.loss import LossBudget
from pipelines.policy import DEFAULT_POLICY
from pipelines.recheck import Recheck
from pipelines.rowdiff import count_letters
from pipelines.similarity.fingerprint import article_id
from pipelines.store.compact import Compactor
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.rebuild import rebuild
from pipelines.store.reclean_rows import SiteFacts
from pipelines.store.reclean_work import Kind, Status
from pipelines.store.reconcile import reconcile
from pipelines.store.rows import article_of
from pipelines.workers import Workers
from tests.helpers_reclean import (
    DAY,
    NO_PHRASES,
    READ_ALSO,
    Corpus,
    looked,
    page,
    publish,
    text_of,
    url,
)

TITLE = "The quay opens again after the winter"


def reconciled(corpus: Corpus) -> list[str]:
    found = reconcile(corpus.ledger_path, FolderOutput(corpus.output))
    return [str(each) for each in found.imbalances]


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
