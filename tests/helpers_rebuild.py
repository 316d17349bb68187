"""Histories of URLs as a crawl makes them, from the bytes of their pages alone, and ledgers compared."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from crawler.frontier import unfinished_page
from pipelines.recheck import Recheck
from pipelines.records import Article, Cleaned, Page, Reason, Witness
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.raw import RawStore, read_response
from pipelines.store.rebuild import Rebuilt, rebuild
from pipelines.urls import article_key
from tests.helpers_store import NOW, Store, article, block, page, rejected

RECHECK = Recheck.parse("1h,6h,1d,7d")
# Nobody can know these again: where and by which run a URL was listed, what is for the order of fetching,
# how often it was tried, and details of a page that is cleaned.
UNKNOWN = {"hint", "seen_run", "place", "fetch", "attempts"}


def cleaned(page: Page) -> Cleaned:
    """What a body says it is: `reject REASON`, or `TITLE|TEXT|NOISE`."""
    said = page.body.decode()
    if said.startswith("reject "):
        names = ("url", "url_requested", "site", "run_id", "warc_file", "warc_offset", "fetched_at")
        same = {name: getattr(page, name) for name in (*names, "discovered_via")}
        return Cleaned(rejected(**same | {"reason": Reason(said.split()[1])}))
    title, text, _ = said.split("|")
    found = article(
        page.url,
        text,
        title=title,
        url_requested=page.url_requested,
        site=page.site,
        run_id=page.run_id,
        fetched_at=page.fetched_at,
        discovered_via=page.discovered_via,
        discovered_at=page.discovered_at,
        warc_file=page.warc_file,
        warc_offset=page.warc_offset,
        etag=page.header("etag"),
    )
    return Cleaned(found, (block(1), block(2, "تابعونا")))


def take(ledger: Ledger, key: str, fetched: Page, *, recheck: bool) -> None:
    """What the item pipelines do with a page."""
    result = cleaned(fetched)
    if recheck and isinstance(result.result, Article):
        stored = ledger.last_version(result.result.url_canonical)
        if stored is not None and stored.shows(result.result):
            ledger.unchanged(key, result.result)
            return
    ledger.stage(key, result)


class Crawl:
    """One run on a store, by hand. Leaving it publishes, unless `killed` is called."""

    def __init__(self, store: Store, run_id: str, ledger: Ledger, raw: RawStore) -> None:
        self.store = store
        self.run_id = run_id
        self.ledger = ledger
        self.raw = raw
        self.alive = True

    def finish(self) -> None:
        """Clean what a run before fetched."""
        for left in self.ledger.unfinished():
            raw = read_response(self.store.output / "raw" / left.warc_file, left.warc_offset)
            take(self.ledger, left.key, unfinished_page(left, raw.body), recheck=left.recheck)

    def look(self, url: str, body: str, at: datetime = NOW, *, clean: bool = True) -> None:
        """Fetch an address, known or new; clean it, unless the run is to die before."""
        key, witness = article_key(url), Witness("عنوان", None, ("ليلى",))
        self.ledger.discover(self.run_id, "sahifa", [Link(key, url, "feed", None, witness)], at)
        self.ledger.reopen([key])
        with self.ledger.transaction() as db:
            db.execute("UPDATE urls SET state = 'leased', run_id = ? WHERE key = ?", (self.run_id, key))
        row = self.ledger.connection.execute("SELECT * FROM urls WHERE key = ?", (key,)).fetchone()
        fetched = page(
            url=url,
            url_requested=url,
            body=body.encode(),
            headers=(("content-type", "text/html"), ("etag", '"1"')),
            fetched_at=at,
            run_id=self.run_id,
            discovered_at=datetime.fromisoformat(row["discovered_at"]),
            witness=witness,
            rules_off=("site_memory",),
            country="YE",
        )
        name, offset = self.raw.write(fetched)
        fetched = replace(fetched, warc_file=name, warc_offset=offset)
        self.ledger.fetched(key, fetched)
        if clean:
            take(self.ledger, key, fetched, recheck=row["article_id"] is not None)

    def killed(self) -> None:
        self.alive = False


@contextmanager
def crawl(store: Store, number: int = 1, recheck: Recheck = RECHECK) -> Iterator[Crawl]:
    """The run of this number; a day has room for many."""
    began = NOW + timedelta(minutes=number)
    run_id = f"{began:%Y%m%dT%H%M%S}-{number:06x}"
    with closing(Ledger(store.ledger_path, recheck=recheck)) as ledger:
        raw = RawStore(store.output / "raw", run_id, ledger.writer)
        publisher = Publisher(ledger, FolderOutput(store.output), store.scratch, run_id)
        publisher.recover()
        ledger.start_run(run_id, "news", began)
        run = Crawl(store, run_id, ledger, raw)
        run.finish()
        yield run
        raw.close()
        if run.alive:
            publisher.publish()
            ledger.end_run(run_id, "ok", began + timedelta(minutes=1))


def rebuilt(store: Store, writer: str = "", recheck: Recheck = RECHECK) -> Rebuilt:
    return rebuild(store.ledger_path, FolderOutput(store.output), recheck, NOW, writer)


def lose(store: Store) -> Path:
    """Put the ledger where it can be compared."""
    kept = store.output.parent / f"kept-{store.output.name}.sqlite"
    store.ledger_path.rename(kept)
    return kept


def known(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The tables a rebuild can know, without the columns it cannot; of pages not cleaned, what they need."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        tables = ("urls", "article_versions", "files", "sites", "meta", "spool")
        found = {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for name in tables}
        found["runs"] = [dict(row) for row in db.execute("SELECT run_id FROM runs")]
    for row in found["urls"]:
        fetch = json.loads(row["fetch"]) if row["state"] == "fetched" else None
        for name in UNKNOWN:
            del row[name]
        if fetch is not None:
            fetch["headers"] = [pair for pair in fetch["headers"] if pair[0] != "content-length"]
            row["fetched"] = fetch
    return found


URLS = [f"https://sahifa.test/news/{number}" for number in range(1, 5)]
HOUR = timedelta(hours=1)


def seed(store: Store) -> None:
    """Articles, one of them changed twice, one looked at again, and pages turned away before and after."""
    with crawl(store, 1) as run:
        run.look(URLS[0], "عنوان|متن|1")
        run.look(URLS[1], "כותרת|טקסט|1")
        run.look(URLS[2], "reject not_article")
        run.look("http://www.sahifa.test/news/4/?utm_source=x", "Fourth|text|1")
    with crawl(store, 2) as run:
        run.look(URLS[0], "عنوان|متن آخر|2", NOW + HOUR)
        run.look(URLS[1], "כותרת|טקסט|1", NOW + HOUR)  # the same bytes
    with crawl(store, 3) as run:
        run.look(URLS[0], "عنوان|متن ثالث|3", NOW + 2 * HOUR)
        run.look(URLS[1], "reject soft_404", NOW + 2 * HOUR)
