"""Recleaned rows become new versions: spooled in one transaction, and seen by readers in one step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pipelines.policy import DEFAULT_POLICY
from pipelines.recheck import Recheck
from pipelines.store.ledger import Ledger
from pipelines.store.near import with_cluster
from pipelines.store.publish import Published, Publisher, in_one_step
from pipelines.store.reclean_work import Kind, Recleaned, Work
from pipelines.store.staging import Cluster, stage_gained, stage_recleaned


@dataclass(slots=True)
class Taken:
    """What was made of the publishable rows; `stale` are pages that a run has changed meanwhile."""

    rows: Counter[Kind] = field(default_factory=Counter)
    stale: int = 0
    published: Published | None = None


def publish_recleaned(
    ledger: Ledger, publisher: Publisher, work: Work, run_id: str, *, recheck: Recheck, now: datetime
) -> Taken:
    """Publish what `work` holds; under the lock, after `Publisher.recover`. Raises `StoreError`.

    A crash before the spool's transaction ends leaves everything as it was; after it, the next start
    publishes the rest. `work` forgets what was taken: a row that is one cannot become one again.
    """
    taken = Taken()
    cluster = partial(with_cluster, ledger.connection, policy=DEFAULT_POLICY, now=now)
    with ledger.transaction(durable=True) as db:
        for each in work.publishable():
            if _staged(ledger, each, recheck, cluster):
                taken.rows[each.kind] += 1
            else:
                taken.stale += 1
        if taken.rows:
            in_one_step(db, run_id)
    if taken.rows:
        taken.published = publisher.publish()
    work.forget_published()
    return taken


def _staged(ledger: Ledger, each: Recleaned, recheck: Recheck, cluster: Cluster) -> bool:
    """Inside the transaction."""
    if each.kind is Kind.ARTICLE:
        return stage_recleaned(ledger.connection, each.article, each.removed, each.id, cluster)
    return stage_gained(
        ledger.connection, each.id, each.article, each.removed, recheck=recheck, cluster=cluster
    )
