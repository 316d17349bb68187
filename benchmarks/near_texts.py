"""Real articles in clusters: how many, how large, across outlets, and what a full comparison finds more."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.similarity import near
from pipelines.similarity.clusters import Member, clusters
from pipelines.similarity.folding import folded_codes

# Of all shingles so many are looked up to find pairs; those found are compared whole.
_ONE_IN = 8
_MOST_IN_BUCKET = 200


@dataclass(frozen=True, slots=True)
class Printed:
    """An article of an outlet."""

    source: str
    at: str
    text: str


def load(folder: Path) -> list[Printed]:
    """All articles of the folder's files, in the order in which they were seen."""
    found = []
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        found += [Printed(row["source"], row["date_extracted"], row["content"]) for row in rows]
    return sorted(found, key=lambda printed: (printed.at, printed.source, printed.text))


def report(folder: Path) -> Iterator[str]:
    """Lines to print."""
    printed = load(folder)
    began = time.perf_counter()
    signed = {
        str(number): found for number, each in enumerate(printed) if (found := near.signature(each.text))
    }
    yield f"{len(printed)} articles, {len(signed)} with a signature, {_each(began, len(printed)):.2f} ms each"
    began = time.perf_counter()
    marks = clusters(Member(number, found, (printed[int(number)].at,)) for number, found in signed.items())
    yield f"clusters of all: {_each(began, len(signed)):.2f} ms an article"
    yield from _sizes(printed, marks)
    day = Counter(each.at[:10] for each in printed).most_common(1)[0][0]
    yield from _recall([each.text for each in printed if each.at.startswith(day)], day)


def _each(began: float, count: int) -> float:
    return 1000 * (time.perf_counter() - began) / count


def _sizes(printed: Sequence[Printed], marks: Mapping[str, tuple[str, str | None]]) -> Iterator[str]:
    grouped: dict[str, list[int]] = defaultdict(list)
    for number, (cluster, _) in marks.items():
        grouped[cluster].append(int(number))
    several = sorted((group for group in grouped.values() if len(group) > 1), key=len)
    across = [group for group in several if len({printed[number].source for number in group}) > 1]
    rows = sum(map(len, several))
    yield f"{len(several)} clusters of two and more with {rows} articles, {len(across)} across outlets"
    sizes = Counter("2 3 4 5".split()[len(group) - 2] if len(group) < 6 else "6-" for group in several)
    yield f"sizes: {dict(sorted(sizes.items()))}, the largest {list(map(len, several[-8:]))}"


def _recall(texts: Sequence[str], day: str, policy: Policy = DEFAULT_POLICY) -> Iterator[str]:
    """Against the same rule on all shingles of the day's texts."""
    signed = [near.signature(text) for text in texts]
    shingles = [_shingles(text) if found else None for text, found in zip(texts, signed, strict=True)]
    kept = [(all_, found) for all_, found in zip(shingles, signed, strict=True) if all_ is not None and found]
    whole = [all_ for all_, _ in kept]
    true = {(one, other) for one, other in _candidates(whole) if _is_near(whole[one], whole[other], policy)}
    keyed: dict[bytes, list[int]] = defaultdict(list)
    for number, (_, found) in enumerate(kept):
        for key in near.bands(found):
            keyed[key].append(number)
    pairs = {pair for bucket in keyed.values() for pair in combinations(bucket, 2)}
    got = {(one, other) for one, other in pairs if near.is_near(kept[one][1], kept[other][1], policy)}
    shared = len(true & got)
    yield (
        f"{day}: {len(true)} pairs by all shingles, {len(got)} by signatures, {shared} by both: "
        f"recall {shared / len(true):.3f}, precision {shared / len(got):.3f}; with a key in common: "
        f"{len(true & pairs) / len(true):.4f}"
    )


def _shingles(text: str) -> NDArray[np.uint64]:
    return near.shingles(folded_codes(text[: DEFAULT_POLICY.near_max_chars]))


def _candidates(shingles: Sequence[NDArray[np.uint64]]) -> set[tuple[int, int]]:
    buckets: dict[int, list[int]] = defaultdict(list)
    for number, hashes in enumerate(shingles):
        for each in hashes[hashes % np.uint64(_ONE_IN) == 0].tolist():
            buckets[each].append(number)
    small = (bucket for bucket in buckets.values() if len(bucket) <= _MOST_IN_BUCKET)
    return {pair for bucket in small for pair in combinations(bucket, 2)}


def _is_near(one: NDArray[np.uint64], other: NDArray[np.uint64], policy: Policy) -> bool:
    fewer, more = sorted((one.size, other.size))
    missing = 1 - fewer / more
    common = np.intersect1d(one, other, assume_unique=True).size
    wanted = policy.near_min_containment + policy.near_containment_slope * missing
    return missing <= 1 - policy.near_min_part and common >= wanted * fewer
