"""What `scrapy rebuild` does: move the ledger aside, make another, say what it knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from crawler.config import RunConfig
from crawler.errors import UserError
from crawler.summary import rebuilt_lines
from pipelines.store.errors import LedgerDamaged
from pipelines.store.ledger import Ledger
from pipelines.store.publish import write_manifest
from pipelines.store.rebuild import rebuild, writers
from pipelines.store.rebuild_files import ALL
from pipelines.store.shards import claim_shard


def rebuilt(config: RunConfig, writer: str) -> Iterator[str]:
    """Rebuild the ledger of `config` and say what was found; `writer`: whose files, or empty."""
    output = config.open_output()
    claim_shard(output, config.shard, config.state, config.ledger)
    if writer and config.shard:
        raise UserError(f"-a shard={config.shard} says whose files are taken over; leave -a writer out")
    known = writers(output)
    if writer not in ("", ALL, *known):
        named = ", ".join(sorted(filter(None, known))) or "none"
        raise UserError(f"the manifest names no ledger {writer!r}; it names {named}")
    path = config.ledger
    if path.exists():
        with suppress(LedgerDamaged):
            Ledger(path).close()  # what SQLite keeps beside the file goes into it; a newer one is refused
    now = datetime.now(UTC)
    rebuilt = rebuild(path, output, config.recheck, now, writer, shard=config.shard)
    ledger = Ledger(path)
    try:
        write_manifest(output, ledger, rebuilt.replaces)
        if len(known) > 1:
            yield f"{output.name} is written to by {len(known)} ledgers; this one is {ledger.writer}"
            yield from (f"  {name or 'unnamed'}: {count} files" for name, count in sorted(known.items()))
    finally:
        ledger.close()
    yield from rebuilt_lines(rebuilt)
