"""Writes what stands beside the data: README.md (the data card), croissant.json and views.sql."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler.config import RunConfig
from crawler.upkeep.card_ledgers import read_ledgers
from pipelines import EXTRACTOR
from pipelines.card.card import card
from pipelines.card.croissant import croissant
from pipelines.card.data import MARK, CardData
from pipelines.card.notes import kept_notes
from pipelines.card.scores import gate_scores
from pipelines.card.views import views
from pipelines.store.ends import NOTHING_KNOWN, KnownEnds
from pipelines.store.errors import StoreError
from pipelines.store.file_figures import FIGURES, count_files
from pipelines.store.output import Files, Output

CARD, CROISSANT, VIEWS = "README.md", "croissant.json", "views.sql"
# Where the card goes when README.md is somebody's own.
SECOND = "DATACARD.md"
# Runs of other shards publish meanwhile: the last of them to write has seen all files.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Written:
    """`targets` were written, below the output; `said` are lines for the user.

    `not_counted` is what could not be read, a line each; `refused` says why nothing could be written;
    `is_empty`: nothing is published yet.
    """

    targets: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    refused: str = ""
    is_empty: bool = False


def write_card(config: RunConfig, now: datetime, known: KnownEnds = NOTHING_KNOWN) -> Written:
    """Describe the whole output, whoever published it, and put the documents there.

    Only files that are new since the last time are read. Whatever cannot be read or written is told of in
    what it returns: no run fails for it.
    """
    try:
        return _written(config, config.open_output(), now, known)
    except (StoreError, OSError) as error:
        return Written(refused=str(error))


def _written(config: RunConfig, output: Output, now: datetime, known: KnownEnds) -> Written:
    for _ in range(_TRIES):
        data = _data(config, output, now, known)
        targets, said = _put(output, data)
        if _listed(output)[0] == data.files:
            break
    return Written(targets, said, data.not_counted, is_empty=not data.files and not data.not_counted)


def _put(output: Output, data: CardData) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put the documents in place of ours, those of others stay; what was put, and what is to be said."""
    there = {name: _text(output, name) for name in (CARD, SECOND, CROISSANT, VIEWS)}
    notes = {name: "" if (text := there[name]) is None else kept_notes(text) for name in (CARD, SECOND)}
    taken = notes[CARD] is None
    target = SECOND if taken else CARD
    texts = {
        target: card(data, gate_scores(), notes[target] or notes[SECOND]),
        CROISSANT: croissant(data),
        VIEWS: views(data.place, data.filled, MARK, mixed=data.mixed),
    }
    stay = [name for name in (CARD, SECOND) if taken and notes[name] is None]
    stay += [name for name in (CROISSANT, VIEWS) if MARK not in (there[name] or MARK)]
    targets = tuple(name for name in texts if name not in stay)
    for name in targets:
        output.put_document(name, texts[name])
    if not taken and there[SECOND] is not None and notes[SECOND] is not None:
        output.remove(SECOND)
    why = "is not of Khabar's making, or lost the lines around its notes"
    return targets, tuple(f"{output.name}/{name} {why}: it stays as it is" for name in stay)


def _text(output: Output, name: str) -> str | None:
    found = output.note(name)
    return None if found is None else found.decode("utf-8", "replace")


def _data(config: RunConfig, output: Output, now: datetime, known: KnownEnds) -> CardData:
    files, missing = _listed(output)
    counted = count_files(output, files, config.state / FIGURES)
    ledgers = read_ledgers(config, output, known, has_files=bool(files))
    return CardData(
        made_at=now,
        version=EXTRACTOR,
        place=config.output if "://" in config.output else str(Path(config.output).absolute()),
        files=files,
        counted=counted,
        steps=ledgers.steps,
        runs=ledgers.runs,
        last_run=ledgers.last_run,
        missing=(*missing, *ledgers.missing),
    )


def _listed(output: Output) -> tuple[Files, tuple[str, ...]]:
    """The files, and what is wrong with the manifest."""
    try:
        return output.listed(), ()
    except StoreError as error:
        return (), (str(error),)
