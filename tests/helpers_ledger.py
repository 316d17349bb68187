"""Short ways to move one site's URLs through a ledger."""

from __future__ import annotations

from pipelines.records import Cleaned, State
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.rows import loads
from tests.helpers_store import NOW, article, page, rejected

URL = "https://sahifa.test/news/1"


def link(number: int = 1, **changes: str | None) -> Link:
    url = f"https://sahifa.test/news/{number}"
    return Link(url, url, changes.get("via") or "feed", changes.get("hint"))


def discover(ledger: Ledger, *links: Link, run: str = "run-1") -> int:
    return ledger.discover(run, "sahifa", links, NOW)


def leased(ledger: Ledger, limit: int = 10, run: str = "run-1") -> list[str]:
    return [lease.key for lease in ledger.lease(run, "sahifa", limit)]


def state(ledger: Ledger, key: str = URL) -> str:
    row = ledger.connection.execute("SELECT state FROM urls WHERE key = ?", (key,)).fetchone()
    return str(row["state"])


def spooled(ledger: Ledger, dataset: str = "articles") -> list[dict[str, object]]:
    query = "SELECT row FROM spool WHERE dataset = ? ORDER BY seq"
    return [loads(row["row"]) for row in ledger.connection.execute(query, (dataset,))]


def bring_to(ledger: Ledger, wanted: State) -> None:
    """Take the one URL to the state by the calls a run makes."""
    discover(ledger, link())
    if wanted is State.PENDING:
        return
    leased(ledger)
    if wanted in (State.FETCHED, State.STAGED, State.COMMITTED, State.REJECTED):
        ledger.fetched(URL, page(warc_file="a.warc.gz", warc_offset=0))
        if wanted is not State.FETCHED:
            result = rejected(URL) if wanted is State.REJECTED else article()
            ledger.stage(URL, Cleaned(result))
        if wanted in (State.COMMITTED, State.REJECTED):
            ledger.connection.execute("UPDATE urls SET state = ? WHERE key = ?", (wanted, URL))
    elif wanted is not State.LEASED:
        ledger.end(URL, wanted, "because")
