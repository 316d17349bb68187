"""The steps between a request and its committed row, each of them a place to die.

A step is a function, by where its name is looked up. The kill comes before or after one of its calls. To add
one, add a line to `STEPS`; a soak that never reaches a step fails, so a step that was renamed does not go
unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass

# Per-article steps are called as often as there are articles.
_OFTEN = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """`target` is "module:attribute" or "module:Class.attribute".

    `most` calls of it come in any run that has something to do. With `in_new_outlet` it is reached only
    while a site is new; with `in_worker` it is a task of the workers, and one of them is the first to die.
    `command` is the command that takes the step.
    """

    target: str
    most: int = 1
    in_new_outlet: bool = False
    in_worker: bool = False
    command: str = "crawl"


STEPS: dict[str, Step] = {
    # -- before the first request
    "recover": Step("pipelines.store.publish:Publisher.recover", most=2),
    "start_run": Step("pipelines.store.ledger:Ledger.start_run"),
    "unfinished": Step("crawler.frontier:Frontier.unfinished"),
    # -- from link to bytes
    "discover": Step("pipelines.store.ledger:Ledger.discover"),
    "place": Step("pipelines.store.places:Places.answered", most=2),
    "lease": Step("pipelines.store.ledger:Ledger.lease", most=_OFTEN),
    "warc": Step("pipelines.store.raw:RawStore.append", most=_OFTEN),
    "fetched": Step("pipelines.store.ledger:Ledger.fetched", most=_OFTEN),
    # -- from bytes to spool
    "clean": Step("pipelines.clean:clean", most=_OFTEN, in_worker=True),
    "hold": Step("pipelines.holding:FirstPages.add", most=_OFTEN, in_new_outlet=True),
    "let_go": Step("pipelines.holding:FirstPages.take_all", in_new_outlet=True),
    "stage": Step("pipelines.store.ledger:Ledger.stage", most=_OFTEN),
    # -- from spool to readers
    "raw_close": Step("pipelines.store.raw:RawStore.close"),
    "cases": Step("crawler.watch:Watched.save_cases"),
    "write_part": Step("pipelines.store.publish:write_part"),
    "note": Step("pipelines.store.publish:Publisher._note"),
    "rename": Step("os:rename"),
    "manifest": Step("pipelines.store.publish:write_manifest"),
    "commit": Step("pipelines.store.publish:Publisher._commit"),
    "end_run": Step("pipelines.store.ledger:Ledger.end_run"),
    # -- from many files to few
    "compact_write": Step("pipelines.store.compact:write_tables", command="compact"),
    "compact_note": Step("pipelines.store.replacement:note", command="compact"),
    "exchange": Step("pipelines.store.partition:exchange", command="compact"),
    "drop_hollow": Step("pipelines.store.partition:Partition._drop_hollow", command="compact"),
    "compact_finish": Step("pipelines.store.replacement:finish", command="compact"),
}
