"""Made-up news in any amount: addresses, articles, and the ledger of a crawler that ran for long."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.records import Article, Page
from pipelines.similarity.near import signature
from pipelines.store.ledger import Ledger
from pipelines.store.links import MAX_ATTEMPTS

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SITES = 50
# How URLs of a crawler that ran for long stand, out of 100; the rest is stored.
_PENDING, _REJECTED, _FAILED = 10, 6, 2
_ATTEMPTS = {"pending": 0, "failed": MAX_ATTEMPTS}
_LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_RUN = "20261101T000000-aaaaaa"


def site_name(number: int) -> str:
    """The name of a site."""
    return f"site-{number % SITES:02}"


def address(number: int, slug: str = "news") -> str:
    """The URL, and the key, of an article; sites take turns."""
    return f"https://{site_name(number)}.test/{slug}/{number // SITES:08}/{_digest(number)[:24]}"


def feed(site: str) -> str:
    """The place where the site lists what is new."""
    return f"https://{site}.test/feed"


@lru_cache(maxsize=1)
def _words() -> list[str]:
    chosen = random.Random(1)
    return ["".join(chosen.choices(_LETTERS, k=chosen.randint(2, 8))) for _ in range(20_000)]


@lru_cache(maxsize=1000)
def prose(number: int, words: int = 300) -> str:
    """Text of made-up words in paragraphs, the same for the same number."""
    chosen = random.Random(number)
    # A few words are frequent, as in any language.
    picked = [_words()[int(20_000 * chosen.random() ** 3)] for _ in range(words)]
    return "\n\n".join(" ".join(picked[start : start + 50]) for start in range(0, words, 50))


def article(number: int, url: str, site: str, text: str) -> Article:
    """An article with the metadata that most have."""
    everything: dict[str, Any] = dict.fromkeys(Article.__dataclass_fields__)
    everything |= {
        "id": _digest(url, text),
        "site": site,
        "publisher": f"صحيفة {site}",
        "url": url,
        "url_requested": url,
        "url_canonical": url,
        "title": text[:60],
        "description": text[:150],
        "text": text,
        "language": "ar",
        "language_script": "Arab",
        "language_score": 0.99,
        "authors": (f"كاتب {number % 97}",),
        "tags": ("اخبار", f"وسم {number % 31}"),
        "section": f"قسم {number % 7}",
        "published_at": NOW - timedelta(minutes=number % 10_000),
        "published_date": (NOW - timedelta(minutes=number % 10_000)).date(),
        "published_source": "json_ld",
        "published_raw": (NOW - timedelta(minutes=number % 10_000)).isoformat(),
        "image_url": f"{url}.jpg",
        "page_type": "article",
        "word_count": len(text.split()),
        "char_count": len(text),
        "extraction_score": 0.9 + number % 100 / 1000,
        "extractor": EXTRACTOR,
        "removed_blocks": number % 20,
        "removed_chars": number % 2000,
        "text_hash": _digest(text),
        "minhash": signature(text),
        "version": 1,
        "fetched_at": NOW + timedelta(seconds=number % 3600),
        "http_status": 200,
        "etag": f'"{_digest(number)[:16]}"',
        "discovered_via": "feed",
        "discovered_at": NOW,
        "robots": "allowed",
        "warc_file": f"{_RUN}-00000.warc.gz",
        "warc_offset": number * 20_000,
        "run_id": _RUN,
        "schema_version": SCHEMA_VERSION,
    }
    return Article(**everything)


def page(url: str, site: str) -> Page:
    """A fetched page, without its bytes."""
    return Page(
        url,
        b"",
        (),
        NOW,
        site,
        _RUN,
        url_requested=url,
        http_status=200,
        warc_file="a.warc.gz",
        warc_offset=1,
    )


def fill_ledger(path: Path, known: int) -> None:
    """Make a ledger that knows so many URLs: rows by SQL in one transaction, then the indexes."""
    with closing(Ledger(path)) as ledger:
        db = ledger.connection
        db.execute("PRAGMA journal_mode = OFF")  # until it is opened again
        db.execute("PRAGMA cache_size = -500000")
        with ledger.transaction():
            later = _without_indexes(db)
            db.execute(
                "INSERT INTO runs VALUES (?, 'news', ?, ?, 'finished')", (_RUN, *[NOW.isoformat()] * 2)
            )
            db.executemany(_INSERT_URL, _urls(known))
            db.execute(_VERSIONS)
            db.execute("INSERT INTO sites SELECT site, count(*) FROM urls GROUP BY site")
            for statement in later:
                db.execute(statement)


_URL_COLUMNS = (
    "key", "url", "site", "state", "discovered_via", "discovered_at", "hint", "seen_run", "run_id",
    "attempts", "fetch", "warc_file", "warc_offset", "article_id", "place", "etag", "first_at", "checked_at",
    "due_at",
)  # fmt: skip
_INSERT_URL = f"INSERT INTO urls ({', '.join(_URL_COLUMNS)}) VALUES ({', '.join('?' * len(_URL_COLUMNS))})"
_VERSIONS = """
    INSERT INTO article_versions
    SELECT key, 1, article_id, article_id, substr(article_id, 9), 'copy' || article_id, key, warc_file,
        warc_offset
    FROM urls WHERE article_id NOT NULL ORDER BY key
"""
_FETCH = '{"url_requested":null,"headers":[["content-type","text/html; charset=utf-8"]],"http_status":200}'


def _in_order(known: int) -> Iterator[int]:
    """Numbers of URLs in the order of their keys, which makes inserting them cheap."""
    for site in range(SITES):
        yield from range(site, known, SITES)


def _standing(number: int) -> str:
    at = number // SITES * 37 % 100
    for state, share in (("pending", _PENDING), ("rejected", _REJECTED), ("failed", _FAILED)):
        if at < share:
            return state
        at -= share
    return "committed"


def _urls(known: int) -> Iterator[tuple[Any, ...]]:
    for number in _in_order(known):
        key, site, state = address(number), site_name(number), _standing(number)
        found = (NOW - timedelta(seconds=30 * (known - number))).isoformat()
        hint = found if number % 3 else None
        fetched = state in ("committed", "rejected")
        stored = state == "committed"
        due = (NOW + timedelta(hours=number % 500)).isoformat() if stored and number % 50 == 0 else None
        yield (
            key, key, site, state, "feed", found, hint, _RUN, _RUN, _ATTEMPTS.get(state, 1),
            _FETCH if fetched else None, "a.warc.gz" if fetched else None, number if fetched else None,
            _digest(number)[:32] if stored else None, feed(site), '"0123456789abcdef"' if stored else None,
            found if stored else None, found if stored else None, due,
        )  # fmt: skip


def _without_indexes(db: sqlite3.Connection) -> list[str]:
    """Drop the indexes; the statements that make them again."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    found = db.execute(query).fetchall()
    for name, _ in found:
        db.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def _digest(*parts: object) -> str:
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


fresh = count(10**9).__next__
