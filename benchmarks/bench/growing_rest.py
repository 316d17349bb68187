"""What grows beside the ledger: keys of addresses, the memory of a site, and what is published at once."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.bench.synthetic import NOW, article, prose, site_name
from pipelines.body.marks import Mark, pack
from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import PageView
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.rows import dumps, to_row
from pipelines.store.site_views import learn, load_history
from pipelines.urls import article_key

_KEYS = 2000
# Pages that are measured when so many were seen, a whole number of times between two decisions of memory.
_NEXT = 40
_BLOCKS = 60


def key_costs(hosts: int) -> dict[str, float]:
    """Seconds for a key, when addresses of so many hosts were met before."""
    for number in range(hosts):
        article_key(_far_address(number, number))
    some = random.Random(7)
    asked = [_far_address(some.randrange(hosts), number) for number in range(_KEYS)]
    started = process_time()
    for url in asked:
        article_key(url)
    return {"key of an address": (process_time() - started) / _KEYS}


def _far_address(host: int, number: int) -> str:
    return f"http://www.host-{host}.test/news/{number}/amp/?utm_source=feed&id={number}"


def memory_costs(seen: int) -> dict[str, float]:
    """Seconds for one more page of a site of which so many were seen."""
    history = SiteHistory(DEFAULT_POLICY)
    with tempfile.TemporaryDirectory() as folder, closing(Ledger(Path(folder) / "l.sqlite")) as ledger:
        with ledger.transaction() as db:
            for number in range(seen):
                history.learn(_view(number))
                learn(db, "site", _view(number), DEFAULT_POLICY)
        history.snapshot()
        views = [_view(seen + number) for number in range(_NEXT)]
        started = process_time()
        for view in views:
            history.learn(view)
            history.snapshot()
        decided = process_time()
        for view in views:
            with ledger.transaction() as db:
                learn(db, "site", view, DEFAULT_POLICY)
        written = process_time()
        load_history(ledger.connection, "site", DEFAULT_POLICY)
        loaded = process_time()
    return {
        "learn a page and decide": (decided - started) / _NEXT,
        "remember it in the ledger": (written - decided) / _NEXT,
        "load what is known, once a run": loaded - written,
    }


def _view(number: int) -> PageView:
    """A page of three templates: a quarter of its blocks are the site's."""
    template = number % 3
    marks = [
        Mark(
            template * 1000 + at if at % 4 == 0 else number * 1000 + at, at % 9, 90, at % 8 == 0, 5 < at < 50
        )
        for at in range(_BLOCKS)
    ]
    return PageView(f"html/body/main.t{template}", "html/body/h1", pack(marks))


def publication_costs(rows: int) -> dict[str, float]:
    """Seconds for a row, when so many are published at once."""
    with tempfile.TemporaryDirectory() as name, closing(Ledger(Path(name) / ".state" / "l.sqlite")) as ledger:
        folder = Path(name)
        with ledger.transaction() as db:
            db.executemany(
                "INSERT INTO urls (key, url, site, state, discovered_via, discovered_at) "
                "VALUES (?1, ?1, ?2, 'staged', 'feed', ?3)",
                ((_address(number), site_name(number), NOW.isoformat()) for number in range(rows)),
            )
            db.executemany(
                "INSERT INTO spool (dataset, partition, site, sort_key, url_key, final_state, row) "
                "VALUES ('articles', ?, ?, ?, ?, 'committed', ?)",
                _spooled(rows),
            )
        publisher = Publisher(ledger, FolderOutput(folder), folder / ".state" / "scratch", "bench")
        started = process_time()
        publisher.publish()
        return {"publish a row": (process_time() - started) / rows}


def _address(number: int) -> str:
    return f"https://{site_name(number)}.test/news/{number * 7919 % 1_000_003}"


def _spooled(rows: int) -> Iterator[tuple[Any, ...]]:
    for number in range(rows):
        url, site = _address(number), site_name(number)
        # A thousand texts, each under many addresses: making up more would take longer than publishing them.
        row = to_row(article(number, url, site, prose(number % 1000)))
        yield NOW.date().isoformat(), site, url, url, dumps(row)
