"""Stored pages cleaned again: exactly what changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.rowdiff import count_letters
from pipelines.store.errors import StoreError
from pipelines.store.reclean_diff import DIFF, write_diff
from pipelines.store.reclean_rows import SiteFacts
from pipelines.workers import Workers
from tests.helpers_reclean import (
    DAY,
    NO_PHRASES,
    READ_ALSO,
    Corpus,
    advertised,
    looked,
    publish,
)

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
