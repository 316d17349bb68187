"""The ledger as a spider sees it: links go in, requests that may be made come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from scrapy.http import Response

from crawler.items import Fetched
from crawler.run import Run
from crawler.sites import Site
from pipelines.masking import hidden
from pipelines.records import Page, State
from pipelines.store.errors import StoreError
from pipelines.store.fetch_records import Asked
from pipelines.store.ledger import Lease, Unfinished
from pipelines.store.links import Link
from pipelines.urls import article_key, same_publisher

# Requests of one site that wait in Scrapy at a time: enough to keep its slot busy, few to lose.
_WINDOW = 4
# URLs of a site that its host would not even be asked for; the rest waits for the next run.
_MAX_REFUSED = 32


class Frontier:
    """URLs are durable before they are scheduled; Scrapy's queue is only a buffer of leases."""

    def __init__(self, run: Run, *, obeys_robots: bool, listed_only: bool = False) -> None:
        self._obeys_robots = obeys_robots
        self._listed_only = listed_only
        self._run = run
        self._ledger = run.ledger
        self._in_flight: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def add(self, site: Site, links: Iterable[Link], place: str | None = None) -> int:
        """Remember the links of `place` that are the publisher's; how many are new."""
        own = [link for link in links if same_publisher(link.url, site.start)]
        new = self._ledger.discover(self._run.run_id, site.name, own, datetime.now(UTC), place)
        self._run.figures.sites[site.name].discovered += new
        return new

    def unknown(self, urls: Iterable[str]) -> list[str]:
        """Those of the URLs that are not known to be articles."""
        keys = {url: article_key(url) for url in urls}
        known = self._ledger.known(keys.values())
        return [url for url, key in keys.items() if key not in known]

    def ask_again(self, links: Iterable[Link]) -> None:
        """URLs asked for by name get another chance, however they ended before."""
        self._ledger.reopen(link.key for link in links)

    def lease(self, site: Site) -> list[Lease]:
        """What of the site may be fetched now: new URLs, newest first, then stored articles that are due."""
        if self._refused[site.name] >= _MAX_REFUSED:
            return []
        room = _WINDOW - self._in_flight[site.name]
        leases = self._ledger.lease(
            self._run.run_id, site.name, room, datetime.now(UTC), listed_only=self._listed_only
        )
        self._in_flight[site.name] += len(leases)
        return leases

    def is_under_way(self, site: str) -> bool:
        """Whether articles of the site were asked for and did not answer yet."""
        return self._in_flight[site] > 0

    def fetched(self, lease: Lease, site: Site, response: Response) -> Fetched:
        """The response as an item."""
        self._in_flight[site.name] -= 1
        page = Page(
            url=response.url,
            url_requested=lease.url,
            body=response.body,
            headers=headers_of(response),
            http_status=min(response.status, 999),
            fetched_at=datetime.now(UTC),
            site=site.name,
            run_id=self._run.run_id,
            country=site.country,
            site_language=site.language,
            timezone=site.timezone,
            rules_off=site.rules_off,
            discovered_via=lease.via,
            discovered_at=lease.discovered_at,
            robots="allowed" if self._obeys_robots else None,
            witness=lease.witness,
        )
        return Fetched(lease.key, page, lease.recheck, asked_of(response))

    def ended(self, lease: Lease, site: Site, state: State, reason: str) -> None:
        """The URL gave no page; an article that is stored stays stored."""
        self._in_flight[site.name] -= 1
        if not lease.recheck:
            self._ledger.end(lease.key, state, reason)
            self._run.figures.sites[site.name].failed[reason] += 1
            return
        gone = state is State.GONE
        self._ledger.checked(lease.key, datetime.now(UTC), reason, gone=gone)
        self._run.figures.rechecked["gone" if gone else "failed"] += 1

    def not_modified(self, lease: Lease, site: Site) -> None:
        """The server says that the page is as it was."""
        self._in_flight[site.name] -= 1
        self._ledger.checked(lease.key, datetime.now(UTC))
        self._run.figures.rechecked["not_modified"] += 1
        self._run.figures.sites[site.name].unchanged += 1

    def put_off(self, site: Site) -> None:
        """A host may not be asked any more in this run: its URL stays leased until the run ends."""
        self._in_flight[site.name] -= 1
        self._refused[site.name] += 1

    def unfinished(self) -> Iterator[Fetched]:
        """Pages that a run before fetched and did not clean: read from the WARC, not fetched again."""
        for left in self._ledger.unfinished():
            try:
                raw = self._run.stored_response(left.warc_file, left.warc_offset)
            except StoreError as error:
                if self._run.is_archive(left.warc_file):  # nobody can fetch it; it may be put back
                    self._run.give_up(str(error))
                else:
                    self._ledger.unread(left.key)  # a power cut took the bytes
                continue
            yield Fetched(left.key, unfinished_page(left, raw.body), left.recheck)


def unfinished_page(left: Unfinished, body: bytes) -> Page:
    """The page as it was fetched, from what the ledger and the WARC kept of it."""
    known = dict(left.details)
    for field in ("fetched_at", "discovered_at"):
        known[field] = datetime.fromisoformat(known[field]) if known[field] else None
    known["headers"] = tuple((name, value) for name, value in known["headers"])
    known["rules_off"] = tuple(known.get("rules_off", ()))  # a ledger of an earlier version has none
    return Page(
        **known, body=body, witness=left.witness, warc_file=left.warc_file, warc_offset=left.warc_offset
    )


def asked_of(response: Response) -> Asked | None:
    """What was sent for the response, and how long it took."""
    request = response.request
    if request is None:
        return None
    meta = request.meta
    headers = (
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in request.headers.items()
        for value in values
    )
    return Asked(
        headers=tuple(headers),
        method=request.method,
        ip=str(response.ip_address) if response.ip_address and "proxy" not in meta else None,
        seconds=meta.get("download_latency"),
        redirected_from=tuple(meta.get("redirect_urls", ())),
        retries=meta.get("retry_times", 0),
    )


def headers_of(response: Response) -> tuple[tuple[str, str], ...]:
    """Headers as a `Page` has them: a password in an address goes neither to the ledger nor to the WARC."""
    return tuple(
        (name.decode("latin-1").lower(), hidden(value.decode("latin-1")))
        for name, values in response.headers.items()
        for value in values
    )
