"""Holds what a crawl of the hostile web left behind against what it owes; each finding is one line."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from crawler.errors import ExitCode
from pipelines.records import State
from tests.crawling import rows
from tests.hostile.cases import ANY_TEXT, PASSWORD, Case, Row, Where
from tests.hostile.places import BROKEN
from tests.hostile.runner import Outcome
from tests.hostile.world import Host

MIB = 1024 * 1024
MOST_OF_SCRAPY, MOST_OF_A_WORKER = 512 * MIB, 1024 * MIB
MOST_LAG = 0.1
_SHORT = re.compile(r"^Short of expectations: ([^:]+):", re.MULTILINE)
# States of a URL that will be tried again, or was and had no answer.
_WITHOUT_A_PAGE = {State.FAILED, State.PENDING}
# What a file of this machine would show, what addresses must lose, and what only a forged line says.
_SECRETS = ("root:x:0:0", PASSWORD)
_FORGED = "2026-01-01 00:00:00"


def good_articles(outcome: Outcome) -> Iterator[str]:
    """Every good article is stored in one row with the site's own text."""
    stored = Counter((row["url"], row["text"]) for row in rows(outcome.output, "articles"))
    texts = dict(stored.keys())
    times = Counter(url for url, _ in stored.elements())
    for url, text in outcome.world.articles().items():
        if url not in texts:
            yield f"{url} is not stored but {_states(outcome).get(url)}"
        elif times[url] != 1:
            yield f"{url} is stored {times[url]} times"
        elif texts[url] != text:
            yield f"{url} is stored with another text: {texts[url][:80]!r}"


def hostile_addresses(outcome: Outcome) -> Iterator[str]:
    """Every hostile address stands where it must in the ledger, and those that are stored are right."""
    known = _states(outcome)
    stored = {row["url"]: row for row in rows(outcome.output, "articles")}
    for case, where in outcome.world.cases():
        state, reason = known.get(where.url, (None, None))
        if state == case.or_else is not None:
            continue
        if state != case.state or (case.reason is not None and reason != case.reason):
            yield f"{case.path}: {state} {reason!r}, not {case.state} {case.reason!r}"
        elif case.state is State.COMMITTED:
            yield from _wrong_row(case, where, stored.get(where.url))


def _wrong_row(case: Case, where: Where, row: Row | None) -> Iterator[str]:
    if row is None:
        yield f"{case.path}: there is no row"
    elif case.text != ANY_TEXT and row["text"] != (where.text if case.text is None else case.text):
        yield f"{case.path}: another text: {row['text'][:80]!r}"
    elif case.check and not case.check(row):
        yield f"{case.path}: the row is wrong: {row['title'][:80]!r}, {row['published_at']}"


def hosts(outcome: Outcome) -> Iterator[str]:
    """No host is asked more than it may be, and none fills the ledger."""
    known = _states(outcome)
    for host in outcome.world.hosts:
        expected = {f"{host.origin}{path}" for path in (*host.articles, *host.cases)}
        own = {url for url in known if url.startswith(f"{host.origin}/")}
        if len(own - expected) > host.place.floods:
            yield f"{host.name}: {len(own - expected)} addresses of its making are in the ledger"
        asked = outcome.web.requests(host.address)
        if asked > host.place.requests and host.place.name != "newsroom":
            yield f"{host.name}: asked {asked} times"
        if host.place.name in BROKEN:
            yield from _had(host, known)
    origins = tuple(f"{host.origin}/" for host in outcome.world.hosts)
    yield from (f"{url} is in the ledger" for url in known if not url.startswith(origins))


def _had(host: Host, known: dict[str, tuple[str, str | None]]) -> Iterator[str]:
    for path in host.articles:
        state = known.get(f"{host.origin}{path}", ("", None))[0]
        if state not in _WITHOUT_A_PAGE:
            yield f"{host.name}: {path} is {state}"


def ending(outcome: Outcome) -> Iterator[str]:
    """The exit code says that some sites gave nothing, and the summary names these and no other."""
    if outcome.code != ExitCode.SHORTFALL:
        yield f"exit code {outcome.code}"
    named = set(_SHORT.findall(outcome.out))
    owed = {host.name for host in outcome.world.hosts if not host.place.reachable}
    if named != owed:
        yield f"short of expectations: {sorted(named)}, not {sorted(owed)}"
    for name, done in (("reconcile", outcome.reconciled), ("verify", outcome.verified)):
        if done.code != ExitCode.OK:
            yield f"scrapy {name} exits with {done.code}: {done.out[-500:]}{done.err[-500:]}"


def log(outcome: Outcome) -> Iterator[str]:
    """No traceback, no line that a page wrote, nothing that steers a terminal."""
    told = outcome.log + outcome.out
    for sign in ("Traceback", "\x1b", *_SECRETS):
        if sign in told:
            at = told.index(sign)
            yield f"{sign!r} in the log: {told[max(at - 200, 0) : at + 1_500]}"
    yield from (f"a forged line: {line}" for line in told.splitlines() if line.startswith(_FORGED))


def secrets(outcome: Outcome) -> Iterator[str]:
    """Nothing of this machine's files and no password came into the output or the ledger."""
    for dataset in ("articles", "rejected", "removed_blocks"):
        told = json.dumps(rows(outcome.output, dataset), default=str)
        yield from (f"{secret!r} in {dataset}" for secret in _SECRETS if secret in told)
    for file in (outcome.output / ".state").rglob("*.sqlite*"):
        yield from (
            f"{secret!r} in {file.name}" for secret in _SECRETS if secret.encode() in file.read_bytes()
        )


def reach(outcome: Outcome) -> Iterator[str]:
    """Nobody asked a server that may not be asked, and no process of the crawl opened a port."""
    yield from (f"the canary was asked: {asked}" for asked in outcome.web.canaries)
    yield from (f"a port was open: {port}" for port in outcome.figures.ports)


def memory(outcome: Outcome) -> Iterator[str]:
    """Peaks of the Scrapy process and of its workers."""
    figures = outcome.figures
    if figures.own_peak > MOST_OF_SCRAPY:
        yield f"the Scrapy process took {figures.own_peak / MIB:.0f} MiB"
    if figures.worker_peak > MOST_OF_A_WORKER:
        yield f"a worker took {figures.worker_peak / MIB:.0f} MiB"


def lag(outcome: Outcome) -> Iterator[str]:
    """How late the reactor was; no judgement of a busy machine."""
    late = outcome.figures.lag["percentiles"]["99.9"]
    if late >= MOST_LAG:
        yield f"the reactor was late by {late * 1000:.0f} ms (p99.9)"


JUDGES: dict[str, Callable[[Outcome], Iterator[str]]] = {
    "good articles": good_articles,
    "hostile addresses": hostile_addresses,
    "hosts": hosts,
    "ending": ending,
    "log": log,
    "secrets": secrets,
    "reach": reach,
    "memory": memory,
}


def _states(outcome: Outcome) -> dict[str, tuple[str, str | None]]:
    """URL -> (state, reason) in the ledger."""
    ledger: Path = outcome.output / ".state" / "ledger.sqlite"
    with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as db:
        return {
            url: (state, reason) for url, state, reason in db.execute("SELECT url, state, reason FROM urls")
        }
