"""Pages with gold, read as the cleaner reads them: what the models are trained on."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from benchmarks.adapter import as_page
from benchmarks.training.labels import body_shares
from pipelines.body.reading import Reading
from pipelines.body.site_memory import NO_MEMORY
from pipelines.clean import read_page
from pipelines.learned.block_features import block_features
from pipelines.learned.columns import Matrix, Vector
from pipelines.learned.markup import read_markup
from pipelines.learned.page_features import page_facts
from pipelines.learned.page_words import page_words
from pipelines.normalize import clean_text
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Rejected

FOLDS = 5
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Sample:
    """One page: its blocks' features, its facts, and what its gold says of both.

    `wanted` is the share of each block in the gold body, None without one; `must` and `must_not` tell which
    blocks hold a snippet of that kind.
    """

    set: str
    id: str
    fold: int
    reading_kept: tuple[int, ...]
    cuts: tuple[str | None, ...]
    texts: tuple[str, ...]
    sizes: NDArray[np.float64]
    rows: Matrix
    facts: Vector
    words: frozenset[str]
    wanted: NDArray[np.float64] | None
    must: NDArray[np.bool_]
    must_not: NDArray[np.bool_]
    body: str | None
    article: bool


def fold_of(name: str) -> int:
    """Fold of a host: pages of one registered name are always in the same."""
    bare = ".".join(name.split(".")[-2:])
    return int(hashlib.md5(bare.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


def collect(data: Path, sets: Sequence[str]) -> list[Sample]:
    """Samples of all pages of `sets` that can be parsed, in order; uses every core."""
    with multiprocessing.Pool() as pool:
        return [sample for sample in pool.imap(_sample, _pages(data, sets), chunksize=8) if sample]


def _pages(data: Path, sets: Sequence[str]) -> Iterator[tuple[str, dict[str, Any], bytes]]:
    for name in sets:
        for line in (data / name / "gold.jsonl").read_text(encoding="utf-8").split("\n"):
            if line:
                gold = json.loads(line)
                yield name, gold, gzip.decompress((data / name / f"{gold['id']}.html.gz").read_bytes())


def _sample(source: tuple[str, dict[str, Any], bytes]) -> Sample | None:
    name, gold, body = source
    page = as_page(gold.get("url") or "", body, gold.get("headers") or {})
    read = read_page(page, DEFAULT_POLICY, NO_MEMORY)
    if isinstance(read, Rejected):
        return None
    reading: Reading = read.reading
    markup = read_markup(read.opened.outline)
    blocks = reading.blocks
    flat = [clean_text(block.text) for block in blocks]
    host = urlsplit(gold.get("url") or "").hostname or f"{name}-{gold['id']}"
    wanted = body_shares([block.letters for block in blocks], gold["body"]) if gold.get("body") else None
    return Sample(
        set=name,
        id=gold["id"],
        fold=fold_of(host),
        reading_kept=tuple(reading.kept),
        cuts=tuple(cut.rule if cut else None for cut in reading.cuts),
        texts=tuple(block.text for block in blocks),
        sizes=np.array([len(block.letters) for block in blocks], dtype=np.float64),
        rows=block_features(reading, read.known, read.opened.outline),
        facts=page_facts(markup, read.opened.statements, page.url, read.opened.stated_title),
        words=page_words(markup, [block.text for block in blocks], read.opened.statements, page.url),
        wanted=None if wanted is None else np.array(wanted),
        must=_holding(flat, gold.get("with") or ()),
        must_not=_holding(flat, gold.get("without") or ()),
        body=gold.get("body"),
        article=gold.get("kind") != "other",
    )


def _holding(texts: Sequence[str], snippets: Sequence[str]) -> NDArray[np.bool_]:
    folded = [clean_text(snippet) for snippet in snippets]
    return np.array([any(snippet in text for snippet in folded) for text in texts], dtype=np.bool_)


def f1(text: str, gold: str) -> float:
    """Harmonic mean of precision and recall of the words, counted."""
    found, wanted = (Counter(_WORDS.findall(value.lower())) for value in (text, gold))
    both = sum((found & wanted).values())
    return 2 * both / (sum(found.values()) + sum(wanted.values())) if both else 0.0
