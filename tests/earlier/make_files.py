"""Writes a few rows with whatever version of `pipelines` is on the path; see README.md beside it."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.store.parquet import write_part
from pipelines.store.schema import SCHEMAS, SORT_KEYS

FETCHED = datetime(2026, 11, 2, 6, 30, 15, 250_000, tzinfo=UTC)
RUN = "20261102T063000-000001"
PAGES = (
    ("sahifa", "ar", "أمطار على الساحل",
     "هطلت أمطار غزيرة على الساحل صباح اليوم.\n\nوتوقف الصيادون عن العمل حتى المساء."),
    ("sahifa", "ar", "افتتاح سوق جديدة",
     "افتتحت البلدية سوقا جديدة للخضار قرب الميناء.\n\nويعمل فيها أربعون بائعا."),
    ("harbour", "en", "The ferry runs again",
     "The ferry to the islands runs again from Monday.\n\nTickets cost the same as before."),
)  # fmt: skip
IMAGES = (
    {"url": "https://sahifa.test/1.jpg", "caption": "الساحل بعد المطر", "credit": None, "alt": "بحر"},
    {"url": "https://sahifa.test/2.jpg", "caption": None, "credit": "أرشيف", "alt": None},
)
COMMON = {"run_id": RUN, "schema_version": SCHEMA_VERSION, "fetched_at": FETCHED}


def articles() -> list[dict[str, Any]]:
    """Three articles; the first has something in most columns."""
    rows = []
    for number, (site, language, title, text) in enumerate(PAGES, 1):
        url = f"https://{site}.test/news/{number}"
        digest = sha256(text.encode()).hexdigest()[:32]
        row = {
            "id": sha256(f"{url}\n{digest}".encode()).hexdigest()[:32],
            "site": site, "url": url, "url_requested": url, "url_canonical": url,
            "title": title, "text": text, "text_hash": digest, "language": language,
            "published_at": FETCHED - timedelta(hours=3), "published_date": date(2026, 11, 2),
            "word_count": len(text.split()), "char_count": len(text), "version": 1, "extractor": EXTRACTOR,
        }  # fmt: skip
        rows.append(COMMON | row)
    rows[0] |= {
        "publisher": "صحيفة", "country": "YE", "authors": ["ليلى حسن"], "tags": ["طقس", "ساحل"],
        "image_url": IMAGES[0]["url"], "images": list(IMAGES), "removed_blocks": 1, "removed_chars": 9,
        "language_script": "Arab", "language_score": 0.99, "http_status": 200, "discovered_via": "feed",
        "published_source": "json_ld", "published_raw": "2026-11-02T06:30:00+03:00", "robots": "allowed",
    }  # fmt: skip
    return rows


def rejected() -> list[dict[str, Any]]:
    """One page turned away."""
    url = "https://sahifa.test/about"
    return [COMMON | {"site": "sahifa", "url": url, "reason": "not_article", "extractor": EXTRACTOR}]


def removed_blocks() -> list[dict[str, Any]]:
    """One block of the first article."""
    of = articles()[0]
    block = {
        "order": 3,
        "path": "html/body/div[2]",
        "text": "اقرأ أيضا",
        "rule": "see-also",
        "reason": "teaser",
    }
    return [COMMON | {"article_id": of["id"], "site": of["site"], "url": of["url"]} | block]


def write(output: Path) -> None:
    """All three datasets below `output`, as a run would."""
    for dataset, found in (
        ("articles", articles()),
        ("rejected", rejected()),
        ("removed_blocks", removed_blocks()),
    ):
        rows = [dict.fromkeys(SCHEMAS[dataset].names) | row for row in found]
        rows.sort(key=lambda row: [row[name] for name in SORT_KEYS[dataset]])
        folder = output / dataset / f"fetch_date={FETCHED.date()}"
        folder.mkdir(parents=True)
        part = write_part(dataset, [(100, row) for row in rows], folder / "part", RUN)
        part.path.rename(folder / part.name)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
