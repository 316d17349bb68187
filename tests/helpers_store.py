"""Records, stores and accidents for the tests of `pipelines.store`."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow.parquet as pq

import pipelines.store.publish as publishing
from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.records import Article, Cleaned, Page, Reason, Rejected, RemovedBlock
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Published, Publisher

NOW = datetime(2026, 11, 21, 8, 30, 15, 123456, tzinfo=UTC)
STORE = str(Path(publishing.__file__).parent)
# A fork of a small server: this process has threads, and SQLite must not be carried across a fork.
FORKSERVER = multiprocessing.get_context("forkserver")
# pyarrow imports pandas, where it is, with the first array; that takes longer than all else.
FORKSERVER.set_forkserver_preload(["tests.helpers_store", "pandas"])


def digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def page(**changes: Any) -> Page:
    plain = Page(
        url="https://sahifa.test/news/1",
        url_requested="http://sahifa.test/news/1",
        body="<p>نص قصير</p>".encode(),
        headers=(("content-type", "text/html; charset=utf-8"),),
        fetched_at=NOW,
        site="sahifa",
        run_id="run-1",
        http_status=200,
        discovered_via="feed",
        discovered_at=NOW - timedelta(minutes=5),
    )
    return replace(plain, **changes)


def article(url: str = "https://sahifa.test/news/1", text: str = "نص الخبر", **changes: Any) -> Article:
    everything: dict[str, Any] = dict.fromkeys(Article.__dataclass_fields__)
    everything |= {
        "id": digest(url, text),
        "site": "sahifa",
        "url": url,
        "url_canonical": url,
        "text": text,
        "language": "ar",
        "word_count": len(text.split()),
        "char_count": len(text),
        "extractor": EXTRACTOR,
        "removed_blocks": 0,
        "removed_chars": 0,
        "text_hash": digest(text),
        "version": 1,
        "published_date": date(2026, 11, 20),
        "fetched_at": NOW,
        "run_id": "run-1",
        "schema_version": SCHEMA_VERSION,
    }
    return Article(**everything | changes)


def rejected(url: str = "https://sahifa.test/about", **changes: Any) -> Rejected:
    plain = Rejected(
        site="sahifa",
        url=url,
        url_requested=url,
        reason=Reason.NOT_ARTICLE,
        detail="12 letters",
        title=None,
        http_status=200,
        content_type="text/html",
        body_bytes=120,
        discovered_via="link",
        fetched_at=NOW,
        warc_file=None,
        warc_offset=None,
        extractor=EXTRACTOR,
        run_id="run-1",
        schema_version=SCHEMA_VERSION,
    )
    return replace(plain, **changes)


def block(order: int = 3, text: str = "اقرأ أيضا") -> RemovedBlock:
    return RemovedBlock(
        order=order, path="html/body/div[2]", text=text, rule="phrase:see-also", reason="teaser"
    )


def stage(ledger: Ledger, result: Article | Rejected, *removed: RemovedBlock) -> Cleaned | None:
    """Bring one page under its URL to its spooled outcome."""
    fetch(ledger, result.url, result.site)
    return ledger.stage(result.url, Cleaned(result, removed))


def fetch(ledger: Ledger, url: str, site: str = "sahifa") -> None:
    """Bring a URL to FETCHED, wherever it stands: it is discovered, or due to be looked at again."""
    ledger.discover("run-1", site, [Link(url, url, "list")], NOW)
    ledger.reopen([url])
    with ledger.transaction() as db:
        db.execute("UPDATE urls SET state = 'committed' WHERE key = ? AND state = 'staged'", (url,))
        db.execute("UPDATE urls SET state = 'leased' WHERE key = ?", (url,))
    ledger.fetched(url, page(url=url, site=site))


@dataclass(frozen=True)
class Store:
    """A folder with a ledger, opened anew by each `publisher` as after a restart."""

    output: Path

    @property
    def ledger_path(self) -> Path:
        return self.output / ".state" / "ledger.sqlite"

    @property
    def scratch(self) -> Path:
        return self.output / ".state" / "scratch"

    @contextmanager
    def publisher(self, run_id: str = "run-1") -> Iterator[Publisher]:
        with closing(Ledger(self.ledger_path)) as ledger:
            yield Publisher(ledger, FolderOutput(self.output), self.scratch, run_id)

    def restart(self, run_id: str = "run-2") -> None:
        """What the next run does."""
        with self.publisher(run_id) as publisher:
            publisher.recover()
            publisher.publish()

    def publish(self) -> Published:
        with self.publisher() as publisher:
            return publisher.publish()

    def fill(self, count: int, length: int = 20) -> None:
        """Spool articles of letters that do not compress, in no order."""
        letters = random.Random(7)
        with closing(Ledger(self.ledger_path)) as ledger:
            for number in letters.sample(range(count), count):
                text = "".join(letters.choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", k=length))
                stage(ledger, article(f"https://sahifa.test/many/{number}", text))

    def copy(self, output: Path) -> Store:
        shutil.copytree(self.output, output)
        return Store(output)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.ledger_path)) as db:
            return db.execute(sql).fetchall()

    def visible(self) -> list[str]:
        """Everything a reader's pattern matches."""
        found = (path for path in self.output.glob("[!.]*/**/*.parquet"))
        return sorted(path.relative_to(self.output).as_posix() for path in found)

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """Rows of all visible files, every page's checksum verified."""
        found: list[dict[str, Any]] = []
        for name in self.visible():
            if name.startswith(f"{dataset}/"):
                with pq.ParquetFile(self.output / name, page_checksum_verification=True) as file:
                    found.extend(file.read().to_pylist())
        return found

    def identities(self) -> Counter[tuple[Any, ...]]:
        """Every visible row by what makes it one, and how often it is there."""
        found: Counter[tuple[Any, ...]] = Counter(("articles", row["id"]) for row in self.rows("articles"))
        found.update(("rejected", row["url"]) for row in self.rows("rejected"))
        found.update(("removed", row["article_id"], row["order"]) for row in self.rows("removed_blocks"))
        return found

    def assert_manifest_equals_folder(self) -> None:
        listed = FolderOutput(self.output).listed()
        assert sorted(entry.path for entry in listed) == self.visible()
        for entry in listed:
            data = (self.output / entry.path).read_bytes()
            assert (len(data), sha256(data).hexdigest()) == (entry.bytes, entry.sha256)
            assert (self.output / entry.stable_path).read_bytes() == data

    def assert_settled(self, expected: set[tuple[Any, ...]]) -> None:
        """Every row in exactly one listed file, every URL at its end, nothing left over."""
        assert self.identities() == Counter(expected)
        self.assert_manifest_equals_folder()
        assert self.query("SELECT count(*) FROM spool") == [(0,)]
        assert self.query("SELECT count(*) FROM files WHERE published = 0") == [(0,)]
        assert {state for (state,) in self.query("SELECT state FROM urls")} <= {"committed", "rejected"}
        assert not list(self.scratch.glob("*"))
        assert not list(self.output.rglob("*.tmp"))


def seed_small(output: Path) -> tuple[Store, set[tuple[Any, ...]]]:
    """A store with a spool of two files to be, and the identities of its rows."""
    store = Store(output)
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(ledger, article())
        stage(ledger, rejected())
    return store, {("articles", article().id), ("rejected", rejected().url)}


def seed(output: Path) -> tuple[Store, set[tuple[Any, ...]]]:
    """A store with a spool of four files to be, and the identities of its rows."""
    store = Store(output)
    first = article("https://sahifa.test/news/1", "متن اول", removed_blocks=2)
    second = article("https://sahifa.test/news/2", "טקסט שני")
    late = article("https://sahifa.test/news/3", "late text", fetched_at=NOW + timedelta(days=1))
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(ledger, first, block(1), block(4))
        stage(ledger, second)
        stage(ledger, late)
        stage(ledger, rejected())
    expected: set[tuple[Any, ...]] = {("articles", item.id) for item in (first, second, late)}
    expected |= {("removed", first.id, 1), ("removed", first.id, 4), ("rejected", rejected().url)}
    return store, expected


class Crash(BaseException):
    """An accident that no code expects."""


class LineTracer:
    """Counts the lines run in `pipelines/store`; raises `Crash` before the line number `stop`."""

    def __init__(self, stop: int | None = None) -> None:
        self.lines: list[tuple[str, int]] = []
        self._stop = stop

    def __enter__(self) -> LineTracer:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "call" and not frame.f_code.co_filename.startswith(STORE):
            return None
        if event == "line":
            if len(self.lines) == self._stop:
                self._stop = None
                raise Crash
            self.lines.append((frame.f_code.co_filename, frame.f_lineno))
        return self._trace


# Where a child may be killed: the steps of `publish`, by where their name is looked up.
STEPS: dict[str, tuple[Any, str]] = {
    "write": (publishing, "write_part"),
    "note": (Publisher, "_note"),
    "rename": (Path, "rename"),
    "manifest": (publishing, "write_manifest"),
    "commit": (Publisher, "_commit"),
}


def die_at(step: tuple[Any, str], when: str, number: int) -> None:
    """Make this process kill itself before or after the given call of the step."""
    holder, name = step
    real: Callable[..., Any] = getattr(holder, name)
    calls = 0

    def deadly(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args)
        if calls == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, deadly)


def publish_until_killed(output: Path, step: str, when: str, number: int) -> None:
    """In a child: publish, and die before or after the given call of the step."""
    die_at(STEPS[step], when, number)
    with Store(output).publisher() as publisher:
        publisher.publish()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes: the kernel's own error, as of a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
