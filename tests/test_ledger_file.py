from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.config import RunConfig
from crawler.frontier import Frontier, unfinished_page
from crawler.run import Run
from pipelines.body.marks import Mark, pack
from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned, Page, PageView, State, Witness
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.ledger_file import LEDGER_VERSION
from pipelines.store.links import Link
from pipelines.store.raw import RawStore, read_response
from tests.helpers_ledger import URL, bring_to, discover, leased, link, spooled, state
from tests.helpers_store import NOW, article, fetch, page, rejected, stage


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "state" / "ledger.sqlite")) as opened:
        yield opened


# -- pages fetched and not yet cleaned


def test_a_fetched_page_is_given_back_as_it_was(ledger: Ledger, tmp_path: Path) -> None:
    witness = Witness("عنوان", None, ("سارة",))
    fetched = page(
        body=bytes(range(256)) + "متن".encode(),
        headers=(("etag", 'W/"é"'), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-empty", "")),
        witness=witness,
        country="YE",
        site_language="ar",
        rules_off=("site_memory",),
        robots="allowed",
    )
    discover(ledger, Link(URL, URL, "feed", None, witness))
    leased(ledger)
    raw = RawStore(tmp_path / "raw", "run-1")
    name, offset = raw.write(fetched)
    raw.close()
    ledger.fetched(URL, page_at(fetched, name, offset))
    (left,) = ledger.unfinished()
    body = read_response(tmp_path / "raw" / left.warc_file, left.warc_offset).body
    assert (left.key, unfinished_page(left, body)) == (URL, page_at(fetched, name, offset))


def page_at(fetched: Page, name: str, offset: int) -> Page:
    return page(**{field: getattr(fetched, field) for field in Page.__dataclass_fields__}
                | {"warc_file": name, "warc_offset": offset})  # fmt: skip


def test_a_page_whose_bytes_are_lost_is_fetched_again_and_stops_nothing(tmp_path: Path) -> None:
    config = RunConfig(str(tmp_path), tmp_path / ".state", tmp_path / "ledger.sqlite", 1, 10, 512 << 20)
    run = Run(config, "news")
    try:
        discover(run.ledger, link(1), link(2))
        for key in leased(run.ledger):
            name, offset = run.raw.write(page(url=key))
            run.ledger.fetched(key, page(url=key, warc_file=name, warc_offset=offset))
        path = run.raw_folder / name
        path.write_bytes(path.read_bytes()[: offset + 40])
        assert [fetched.key for fetched in Frontier(run, obeys_robots=True).unfinished()] == [link(1).key]
        assert leased(run.ledger) == [link(2).key]
    finally:
        run.close()


def test_what_is_unknown_of_a_fetched_page_stays_unknown(ledger: Ledger) -> None:
    bare = Page(URL, b"", (), NOW, "sahifa", "run-1", warc_file="a.warc.gz", warc_offset=7)
    bring_to(ledger, State.LEASED)
    ledger.fetched(URL, bare)
    (left,) = ledger.unfinished()
    assert unfinished_page(left, b"") == bare


def test_fetched_bytes_are_not_fetched_again_after_a_crash(ledger: Ledger) -> None:
    bring_to(ledger, State.FETCHED)
    ledger.start_run("run-2", "news", NOW)
    assert leased(ledger, run="run-2") == []
    assert [left.key for left in ledger.unfinished()] == [URL]


def test_a_cleaned_page_is_finished(ledger: Ledger) -> None:
    bring_to(ledger, State.FETCHED)
    ledger.stage(URL, Cleaned(rejected(URL)))
    assert ledger.unfinished() == []


# -- site memory


def shown(*paragraphs: int, body: str = "main/article") -> PageView:
    """A page that shows these paragraphs."""
    marks = [Mark(key=number, place=1, letters=100, linked=False, inside=True) for number in paragraphs]
    return PageView(body, None, pack(marks))


def learn(ledger: Ledger, number: int, view: PageView | None, site: str = "sahifa") -> None:
    url = f"https://{site}.test/news/{number}"
    fetch(ledger, url, site)
    ledger.stage(url, Cleaned(article(url, site=site), (), view))


def test_what_a_site_showed_outlives_the_process(tmp_path: Path) -> None:
    views = [shown(1, 2, 2), shown(3), shown(4, body="main/video")]
    for number, view in enumerate(views):
        with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
            learn(ledger, number, view)
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        assert ledger.site_history("sahifa").views == tuple(views)
        assert ledger.site_history("another").views == ()


def test_only_new_articles_teach(ledger: Ledger) -> None:
    discover(ledger, link())
    for result in (article(), article(), rejected(URL)):
        fetch(ledger, URL)
        ledger.stage(URL, Cleaned(result, (), shown(1)))
    assert ledger.site_history("sahifa").views == (shown(1),)


def test_the_ledger_forgets_what_memory_forgets(tmp_path: Path) -> None:
    """However many pages a site has, a bounded number of them is kept, and the last ones."""
    policy = replace(DEFAULT_POLICY, memory_template_pages=3, memory_site_pages=5)
    history = SiteHistory(policy)
    with closing(Ledger(tmp_path / "ledger.sqlite", policy)) as ledger:
        for number in range(40):
            view = shown(number, body="video" if number % 7 == 0 else f"story-{number // 20}")
            learn(ledger, number, view)
            learn(ledger, number, shown(number), site="another")
            history.learn(view)
            assert ledger.site_history("sahifa").views == history.views
        rows = ledger.connection.execute("SELECT count(*) FROM site_views GROUP BY site ORDER BY site")
        assert [row[0] for row in rows] == [3, 5]


# What versions 1 and 2 had and version 3 has otherwise.
OLD_TABLES = """
CREATE TABLE urls (
    key TEXT PRIMARY KEY, url TEXT NOT NULL, site TEXT NOT NULL, state TEXT NOT NULL, reason TEXT,
    discovered_via TEXT NOT NULL, discovered_at TEXT NOT NULL, hint TEXT, witness TEXT, seen_run TEXT,
    run_id TEXT, attempts INTEGER NOT NULL DEFAULT 0, fetch TEXT, warc_file TEXT, warc_offset INTEGER,
    article_id TEXT
) WITHOUT ROWID;
CREATE TABLE versions (
    url_canonical TEXT NOT NULL, text_hash TEXT NOT NULL, article_id TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (url_canonical, text_hash)
) WITHOUT ROWID;
CREATE TABLE spool (
    seq INTEGER PRIMARY KEY, dataset TEXT NOT NULL, partition TEXT NOT NULL, site TEXT NOT NULL,
    sort_key TEXT NOT NULL, url_key TEXT, final_state TEXT, row TEXT NOT NULL, file TEXT
);
"""


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_earlier_version_is_taken_over(tmp_path: Path, version: int) -> None:
    path = tmp_path / "ledger.sqlite"
    old = article(URL)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(OLD_TABLES + f"PRAGMA user_version = {version}")
        if version == 1:
            db.execute("CREATE TABLE site_pages (site TEXT PRIMARY KEY, pages INTEGER)")
            db.execute("CREATE TABLE site_blocks (site TEXT, block TEXT, pages INTEGER)")
        db.execute(
            "INSERT INTO urls (key, url, site, state, discovered_via, discovered_at, article_id) "
            "VALUES (?, ?, 'sahifa', 'committed', 'feed', ?, ?)",
            (URL, URL, NOW.isoformat(), old.id),
        )
        db.execute("INSERT INTO versions VALUES (?, ?, ?, 1)", (URL, old.text_hash, old.id))
        # Two addresses of one article, as the first versions knew them.
        again = ("http://www.sahifa.test/news/1", "http://www.sahifa.test/news/1")
        db.execute(
            "INSERT INTO urls (key, url, site, state, discovered_via, discovered_at) "
            "VALUES (?, ?, 'sahifa', 'pending', 'feed', '2026-11-21')",
            again,
        )
    with closing(Ledger(path)) as ledger:
        assert state(ledger) == State.COMMITTED
        fetch(ledger, URL)
        assert ledger.stage(URL, Cleaned(old)) is None
        fetch(ledger, URL)
        staged = ledger.stage(URL, Cleaned(article(URL, "متن آخر"), (), shown(1)))
        assert staged is not None
        assert isinstance(staged.result, Article)
        assert (staged.result.version, staged.result.previous_id) == (2, old.id)
        assert ledger.site_history("sahifa").views == (shown(1),)
        tables = ledger.connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'site%' ORDER BY name"
        )
        assert [row[0] for row in tables] == ["site_runs", "site_views", "sites"]
    with closing(Ledger(path)) as ledger:
        assert ledger.connection.execute("PRAGMA user_version").fetchone()[0] == LEDGER_VERSION


def test_a_ledger_of_version_4_knows_what_its_places_listed_last(tmp_path: Path) -> None:
    path, feed = tmp_path / "ledger.sqlite", "https://sahifa.test/feed"
    with closing(Ledger(path)) as ledger:
        ledger.discover("run-1", "sahifa", [link(1)], NOW, feed)
        ledger.discover("run-2", "sahifa", [link(2)], NOW, feed)
        for step in (
            "DROP TABLE listings",
            *(f"ALTER TABLE site_views DROP COLUMN {name}" for name in ("quality", "stated", "beside")),
            "DROP INDEX urls_by_run",
            "DROP INDEX urls_to_fetch",
            "DROP INDEX urls_by_state",
            "CREATE INDEX urls_by_state ON urls (state, site, hint)",
            "CREATE INDEX urls_by_place ON urls (place) WHERE place IS NOT NULL",
            "PRAGMA user_version = 4",
        ):
            ledger.connection.execute(step)
    with closing(Ledger(path)) as ledger:
        ledger.listed_still("run-3", feed)
        assert ledger.seen("run-3") == {"sahifa": {"pending": 1}}
        names = ledger.connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'urls_%' ORDER BY 1"
        )
        assert [row[0] for row in names] == [
            "urls_by_due",
            "urls_by_run",
            "urls_by_state",
            "urls_to_fetch",
            "urls_to_retry",
        ]


# -- the file


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        stage(ledger, article())
        before = spooled(ledger)
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        assert spooled(ledger) == before
        assert state(ledger) == State.STAGED


def test_a_run_is_recorded_with_its_outcome(ledger: Ledger) -> None:
    ledger.start_run("run-1", "news", NOW)
    ledger.end_run("run-1", "ok", NOW + timedelta(minutes=2))
    row = ledger.connection.execute("SELECT * FROM runs").fetchone()
    assert (row["spider"], row["outcome"]) == ("news", "ok")
    assert datetime.fromisoformat(row["ended_at"]) == datetime(2026, 11, 21, 8, 32, 15, 123456, tzinfo=UTC)


def test_a_newer_ledger_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {LEDGER_VERSION + 1}")
    with pytest.raises(StoreError, match=r"ledger\.sqlite has ledger version"):
        Ledger(path)


def test_a_refused_ledger_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"these are no pages of a database " * 300)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"ledger\.sqlite.*move it away"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_ledger_cut_short_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(Ledger(path)) as ledger:
        stage(ledger, article())
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StoreError, match=r"ledger\.sqlite"):
        Ledger(path)


def test_a_ledger_with_a_page_overwritten_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(Ledger(path)) as ledger:
        stage(ledger, article())
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"ledger\.sqlite"):
        Ledger(path)


def test_a_folder_in_the_ledger_s_place_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=tmp_path.name):
        Ledger(tmp_path)
