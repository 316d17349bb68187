"""The index of near-duplicates in the ledger: what a row is marked with as it is spooled."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned
from pipelines.similarity.near import signature
from pipelines.store.ledger import Ledger
from pipelines.store.near import with_cluster
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.rebuild import rebuild
from pipelines.urls import article_key
from tests.helpers_ledger import link
from tests.helpers_rebuild import RECHECK
from tests.helpers_store import NOW, Store, article, page

LEAD = "أعلنت بلدية مرسى النخيل صباح الأحد فتح جسر الميناء القديم أمام السيارات بعد ترميم استمر عامين. "
BODY = (
    "وقال المهندس سالم الغيلاني إن العمال بدلوا سبعة وعشرين عمودا من الحديد أكلها الملح، ورفعوا الأرصفة "
    "نصف متر حتى لا تغمرها أمواج الشتاء. وأضاف أن المرور الثقيل سيبقى على الطريق الدائري إلى الربيع. "
    "واشتكى أصحاب المقاهي على الضفة الشرقية من أن الأشغال أبعدت زبائنهم، بينما وعدت البلدية بإعفائهم من "
    "رسوم الواجهات لسنة كاملة. ومن المقرر أن تعبر الجسر عند الافتتاح قافلة من الدراجات يقودها تلاميذ المدارس."
)
OTHER = (
    "تراجعت غلة التمور في واحات الشمال هذا الموسم بنحو الخمس بسبب رياح جافة هبت في أسابيع الإزهار، "
    "بحسب تقرير لاتحاد المزارعين. ودعا الاتحاد إلى تأجيل أقساط القروض وإلى حفر آبار جماعية تراقبها لجان من "
    "أهل القرى. وتوقع تجار في سوق الجملة أن ترتفع الأسعار قبل رمضان إذا لم تصل شحنات من الجنوب."
)


def story(url: str, text: str = LEAD + BODY, at: datetime = NOW, **changes: Any) -> Article:
    return article(url, text, fetched_at=at, minhash=signature(text), **changes)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "output")


def staged(ledger: Ledger, found: Article) -> Article:
    key = article_key(found.url)
    ledger.discover("run-1", "sahifa", [replace(link(), key=key, url=found.url)], NOW)
    with ledger.transaction() as db:
        db.execute("UPDATE urls SET state = 'leased' WHERE key = ?", (key,))
    ledger.fetched(key, page(url=found.url, warc_file="a.warc.gz", warc_offset=0))
    outcome = ledger.stage(key, Cleaned(found))
    assert outcome is not None
    assert isinstance(outcome.result, Article)
    return outcome.result


def marked(ledger: Ledger, *found: Article) -> list[Article]:
    with ledger.transaction() as db:
        return [with_cluster(db, each, DEFAULT_POLICY) for each in found]


def test_the_first_is_its_own_cluster_and_a_copy_names_it(ledger: Ledger) -> None:
    first = staged(ledger, story("https://one.test/a"))
    copy = staged(ledger, story("https://two.test/b", "مرسى النخيل (وكالة) - " + BODY))
    other = staged(ledger, story("https://two.test/c", OTHER))
    assert (first.cluster_id, first.duplicate_of) == (first.id, None)
    assert (copy.cluster_id, copy.duplicate_of) == (first.id, first.id)
    assert (other.cluster_id, other.duplicate_of) == (other.id, None)


def test_a_text_too_short_to_compare_has_no_cluster(ledger: Ledger) -> None:
    found = staged(ledger, story("https://one.test/a", "خبر قصير جدا"))
    assert (found.minhash, found.cluster_id, found.duplicate_of) == (None, None, None)


def test_what_was_spooled_is_what_was_marked(ledger: Ledger) -> None:
    first = staged(ledger, story("https://one.test/a"))
    staged(ledger, story("https://two.test/b"))
    spooled = [row[0] for row in ledger.connection.execute("SELECT row FROM spool ORDER BY seq")]
    assert f'"duplicate_of":"{first.id}"' in spooled[1]


def test_versions_of_an_article_are_no_duplicates_of_each_other(ledger: Ledger) -> None:
    first, second, third = marked(
        ledger,
        story("https://one.test/a"),
        story("https://one.test/a", LEAD + BODY + " وحضره المئات.", NOW + timedelta(hours=1)),
        story("https://one.test/a", OTHER, NOW + timedelta(hours=2)),
    )  # fmt: skip
    assert (second.cluster_id, second.duplicate_of) == (first.id, None)
    assert (third.cluster_id, third.duplicate_of) == (third.id, None)  # another text: no longer near


def test_a_version_of_a_copy_stays_a_copy(ledger: Ledger) -> None:
    first, _, second = marked(
        ledger,
        story("https://one.test/a"),
        story("https://two.test/b"),
        story("https://two.test/b", LEAD + BODY + " ولم تعلن الكلفة.", NOW + timedelta(hours=1)),
    )
    assert (second.cluster_id, second.duplicate_of) == (first.id, first.id)


def test_a_version_that_resembles_a_copy_of_its_first_is_no_duplicate_of_itself(ledger: Ledger) -> None:
    """The article's first version began the cluster, and has left the window."""
    window = timedelta(days=DEFAULT_POLICY.near_window_days)
    first, _, later = marked(
        ledger,
        story("https://one.test/a"),
        story("https://two.test/b", at=NOW + window / 2),
        story("https://one.test/a", at=NOW + window * 1.2),
    )
    assert (later.cluster_id, later.duplicate_of) == (first.id, None)


def test_an_article_like_two_clusters_joins_the_one_that_began_first(ledger: Ledger) -> None:
    young, old, both = marked(
        ledger,
        story("https://one.test/a", OTHER, NOW),
        story("https://two.test/b", BODY, NOW - timedelta(days=1)),
        story("https://three.test/c", BODY + " " + OTHER, NOW + timedelta(hours=1)),
    )
    assert young.cluster_id != old.cluster_id
    assert both.cluster_id == old.id


def test_what_is_out_of_the_window_is_compared_with_nothing_and_leaves(ledger: Ledger) -> None:
    window = timedelta(days=DEFAULT_POLICY.near_window_days)
    marked(ledger, story("https://one.test/a"), story("https://two.test/clock", at=NOW + 40 * window))
    (late,) = marked(ledger, story("https://three.test/b", at=NOW + 2 * window))
    assert late.duplicate_of is None
    counts = "SELECT (SELECT count(*) FROM near), (SELECT count(DISTINCT seq) FROM near_keys)"
    assert tuple(ledger.connection.execute(counts).fetchone()) == (1, 1)


def test_the_index_follows_its_window(ledger: Ledger) -> None:
    """As many as came leave, so that it does not grow."""
    policy = replace(DEFAULT_POLICY, near_window_days=2)
    with ledger.transaction() as db:
        for number in range(60):
            text = f"{number} " * 9 + OTHER
            with_cluster(db, story(f"https://one.test/{number}", text, NOW + timedelta(days=number)), policy)
    assert ledger.connection.execute("SELECT count(*) FROM near").fetchone()[0] == 3


def test_an_archive_of_old_articles_pushes_nothing_of_today_out(ledger: Ledger) -> None:
    long_ago = NOW - timedelta(days=4_000)
    (today,) = marked(ledger, story("https://one.test/a"))
    with ledger.transaction() as db:
        for number in range(9):
            old = story(f"https://old.test/{number}", f"{number} " * 30 + OTHER, long_ago)
            with_cluster(db, old, DEFAULT_POLICY, NOW)
    copies = marked(
        ledger,
        story("https://two.test/b", at=NOW + timedelta(days=1)),
        story("https://old.test/c", at=long_ago),
    )
    assert [copy.duplicate_of for copy in copies] == [today.id, None]


def test_of_more_articles_than_the_index_holds_the_oldest_leave(ledger: Ledger) -> None:
    policy = replace(DEFAULT_POLICY, near_max_rows=20)
    with ledger.transaction() as db:
        for number in range(60):
            with_cluster(db, story(f"https://one.test/{number}", f"{number} " * 30 + OTHER), policy)
    assert ledger.connection.execute("SELECT count(*), min(seq) FROM near").fetchone()[:] == (21, 40)


def test_a_bucket_that_everybody_is_in_costs_no_more_than_its_bound(ledger: Ledger) -> None:
    """The newest of a hundred copies is compared with as many as the policy says, and joins them."""
    copies = marked(ledger, *(story(f"https://site{number}.test/a") for number in range(100)))
    said: list[str] = []
    ledger.connection.set_trace_callback(said.append)
    (last,) = marked(ledger, story("https://last.test/a"))
    ledger.connection.set_trace_callback(None)
    assert last.cluster_id == copies[0].id
    read = [text for text in said if "FROM near WHERE seq = " in text]
    assert len(read) == DEFAULT_POLICY.near_bucket


def test_no_statement_reads_or_sorts_a_whole_table(ledger: Ledger) -> None:
    marked(ledger, story("https://one.test/a"), story("https://two.test/b"))
    said: list[str] = []
    ledger.connection.set_trace_callback(said.append)
    marked(ledger, story("https://three.test/c", at=NOW + timedelta(days=90)))
    ledger.connection.set_trace_callback(None)
    asked = {text for text in said if re.match(r"SELECT|DELETE|INSERT", text)}
    assert {text.split()[0] for text in asked} == {"SELECT", "DELETE", "INSERT"}
    plans = {
        row[3] for text in asked for row in ledger.connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
    }
    assert plans
    assert not [step for step in plans if "SCAN" in step or "TEMP B-TREE" in step]


INDEX = (
    "SELECT hex(article), at, cluster_id, began, hex(first), hex(signature), "
    "(SELECT group_concat(key) FROM near_keys WHERE near_keys.seq = near.seq ORDER BY key) "
    "FROM near ORDER BY at, 1, 6"
)


def index_of(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return [tuple(row) for row in db.execute(INDEX)]


def test_a_rebuilt_ledger_compares_with_what_was_published(store: Store) -> None:
    long_ago = NOW - timedelta(days=2 * DEFAULT_POLICY.near_window_days)
    with closing(Ledger(store.ledger_path, recheck=RECHECK)) as ledger:
        ledger.start_run("run-0", "news", long_ago)
        staged(ledger, story("https://old.test/a", at=long_ago))
        ledger.start_run("run-1", "news", NOW)
        first = staged(ledger, story("https://one.test/a", at=NOW - timedelta(days=3)))
        staged(ledger, story("https://two.test/b", "مرسى النخيل - " + BODY, NOW - timedelta(days=2)))
        staged(ledger, story("https://two.test/c", OTHER, NOW - timedelta(days=2)))
        staged(ledger, story("https://two.test/short", "قصير", NOW - timedelta(days=2)))
        publisher = Publisher(ledger, FolderOutput(store.output), store.scratch, "run-1")
        publisher.publish()
        staged(ledger, story("https://one.test/a", LEAD + BODY + " ولم تعلن الكلفة.", NOW))
        publisher.publish()
    before = index_of(store.ledger_path)
    store.ledger_path.unlink()
    rebuild(store.ledger_path, FolderOutput(store.output), RECHECK, NOW)
    assert index_of(store.ledger_path) == before
    with closing(Ledger(store.ledger_path, recheck=RECHECK)) as ledger:
        copy = staged(ledger, story("https://three.test/d"))
    assert (copy.cluster_id, copy.duplicate_of) == (first.id, first.id)
