"""Into how many shards the sites of an output are split: said once, in the output, and held to.

With another number the sites would be dealt out anew, and each would be crawled and published again by a
ledger that knows nothing of it.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from pipelines.shard import MOST, Shard, shard_in
from pipelines.store.errors import NewerFormat, OtherShards, StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.lock import check_free
from pipelines.store.manifest import overtaken_by
from pipelines.store.output import Files, Output
from pipelines.store.place import ledger_path

SHARDS = "shards.json"
_GO_ON = "go on without -a shard, or choose another output"


def number_of_shards(output: Output) -> int | None:
    """How many the output says it is crawled in; None where it is crawled in one piece.

    Raises `StoreError` when it says something else, or cannot be read.
    """
    try:
        said = output.note(SHARDS)
    except OSError as error:
        raise StoreError(f"cannot read {output.name}/{SHARDS}: {error.strerror or error}") from None
    if said is None:
        return None
    try:
        found = json.loads(said)["shards"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, int) or not 1 <= found <= MOST:
        raise StoreError(
            f'{output.name}/{SHARDS} does not say how many shards there are, as in {{"shards": 8}}'
        )
    return found


def check_shard(output: Output, shard: Shard | None) -> None:
    """Raise `OtherShards` unless the output may be worked on as this shard, or without one in one piece."""
    of = number_of_shards(output)
    if shard is None and of is not None:
        raise OtherShards(f"{output.name} is crawled in {of} shards: say which, as in -a shard=1/{of}")
    if shard is not None and of not in (None, shard.of):
        raise OtherShards(
            f"{output.name} is crawled in {of} shards, not in {shard.of}: give -a shard=1/{of} to {of}/{of}, "
            f"or choose another output (or remove {SHARDS}, as long as nothing was published)"
        )


def claim_shard(output: Output, shard: Shard | None, state: Path, ledger: Path) -> None:
    """Before a run: the output is crawled in so many shards from now on.

    `state` and `ledger` are the run's own folder and ledger. Raises `OtherShards` where it is crawled
    otherwise, `OutputLocked` where it just now is.
    """
    check_shard(output, shard)
    if shard is None:
        return
    whole = ledger_path(state.parent, "")
    if whole.exists() and whole.resolve() != ledger.resolve():
        raise OtherShards(f"{output.name} is crawled in one piece, with the ledger {whole}: {_GO_ON}")
    _refuse_files(output, shard)
    text = json.dumps({"shards": shard.of}) + "\n"
    if output.note(SHARDS) is None and not output.note_once(SHARDS, text.encode()):
        check_shard(output, shard)  # another was quicker
    # A run of the whole takes its lock before it looks for shards: one of the two sees the other.
    check_free(state.parent, whole, output.name)


def _refuse_files(output: Output, shard: Shard) -> None:
    """What a ledger has published that is none of these shards', they would fetch and publish again."""
    for writer, count in Counter(each.writer for each in _listed(output)).items():
        known = shard_in(writer)
        if known is None:
            whose = f"the ledger {writer}" if writer else "a ledger"
            raise OtherShards(f"{output.name} holds {count} files of {whose}, which is of no shard: {_GO_ON}")
        if known.of != shard.of:
            raise OtherShards(f"{output.name} holds {count} files of shard {known}: choose another output")


def check_ledger(ledger: Ledger, path: Path, shard: Shard | None) -> None:
    """Raise `OtherShards` where the ledger given as NEWS_STATE is not the shard's."""
    known = shard_in(ledger.writer)
    if known != shard:
        whose, wanted = (f"shard {each}" if each else "a whole output" for each in (known, shard))
        raise OtherShards(
            f"the ledger {path} is that of {whose}, not of {wanted}: NEWS_STATE names another's"
        )


def is_overtaken(output: Output, ledger: Ledger) -> bool:
    """Whether another ledger of the same shard, on another machine, has published since this one did."""
    if shard_in(ledger.writer) is None:
        return False
    known = {path for (path,) in ledger.connection.execute("SELECT path FROM files")}
    return bool(overtaken_by(ledger.writer, known, _listed(output)))


def _listed(output: Output) -> Files:
    """A damaged manifest stops no ledger that is whole: each lists its files again."""
    try:
        return output.listed()
    except NewerFormat:
        raise
    except StoreError:
        return ()
