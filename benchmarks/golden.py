"""Quality gate on our own pages: `tests/golden/`, written for this, in the mark-up idioms of real news sites.

    python -m benchmarks.golden [--raise] [--show]

A page is NAME.html with NAME.toml beside it: `title`, `date`, `authors`, `text` (paragraphs apart by a blank
line, character for character), `removed` (strings that must not be in the text); or `refused = true`.
`floors.toml` there pins each figure, the pages that come out exactly and the pages rightly refused. Floors
only go up: `--raise` lifts what was beaten and lowers nothing. New pages set new figures, since the old ones
were measured without them; a page that came out exactly must go on doing so all the same.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import re
import statistics
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.gate import lifted, shortfalls
from pipelines.clean import clean
from pipelines.normalize import letters
from pipelines.records import Article, Page

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden"
FLOORS = FOLDER / "floors.toml"
# The day the pages are read on: none of their dates lies after it.
_FETCHED = datetime(2027, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"\w+")
_SET = "golden"


@dataclass(frozen=True, slots=True)
class GoldenPage:
    """A page and what must come of it; `text` is None when it must be refused."""

    name: str
    body: bytes
    title: str | None
    text: str | None
    removed: tuple[str, ...]
    day: date | None
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures over all pages, and the names of the pages that came out exactly, or rightly refused."""

    figures: dict[str, float]
    exact: tuple[str, ...]


def load(folder: Path = FOLDER) -> tuple[GoldenPage, ...]:
    """Every page of the folder, by name."""
    return tuple(_load(file) for file in sorted(folder.glob("*.html")))


def _load(file: Path) -> GoldenPage:
    gold = tomllib.loads(file.with_suffix(".toml").read_text(encoding="utf-8"))
    return GoldenPage(
        name=file.stem,
        body=file.read_bytes(),
        title=gold.get("title"),
        text=None if gold.get("refused") else gold["text"],
        removed=tuple(gold.get("removed", ())),
        day=gold.get("date"),
        authors=tuple(gold.get("authors", ())),
    )


def outcome(golden: GoldenPage) -> Article | None:
    """What the cleaning makes of the page; None when it is refused."""
    page = Page(
        url=f"http://golden.test/{golden.name}",
        body=golden.body,
        headers=(("content-type", "text/html"),),
        fetched_at=_FETCHED,
        site="golden",
        run_id="golden",
    )
    result = clean(page).result
    return result if isinstance(result, Article) else None


def measure(pages: Sequence[GoldenPage]) -> Measured:
    """The figures: names and senses as in `make score`; `para` counts whole paragraphs."""
    found: dict[str, list[float]] = {}
    exact = []
    for golden in pages:
        article = outcome(golden)
        if golden.text is None:
            right = article is None
            found.setdefault("reject", []).append(right)
        else:
            text = article.text if article else ""
            right = text == golden.text
            for key, value in _scores(golden, golden.text, article):
                found.setdefault(key, []).append(value)
        if right:
            exact.append(golden.name)
    return Measured({key: statistics.fmean(values) for key, values in found.items()}, tuple(exact))


def _scores(golden: GoldenPage, expected: str, article: Article | None) -> Iterator[tuple[str, float]]:
    text = article.text if article else ""
    yield "kept", article is not None
    yield "f1", f1(text, expected)
    paragraphs, wanted = Counter(text.split("\n\n")), Counter(expected.split("\n\n"))
    yield "para", (paragraphs & wanted).total() / wanted.total()
    for snippet in golden.removed:
        yield "leak", " ".join(snippet.split()) in " ".join(text.split())
    headline = letters(golden.title or "")
    yield "head", headline in map(letters, text.split("\n\n"))
    yield "title", article is not None and letters(article.title or "") == headline
    if golden.day:
        yield "date", article is not None and article.published_date == golden.day
    if golden.authors:
        yield "author", article is not None and article.authors == golden.authors


def f1(text: str, expected: str) -> float:
    """Harmonic mean of precision and recall over words, each counted.

    >>> f1("a b c", "a b d")
    0.6666666666666666
    """
    got, wanted = Counter(_WORD.findall(text)), Counter(_WORD.findall(expected))
    common = (got & wanted).total()
    return 2 * common / (got.total() + wanted.total()) if common else 0.0


def fingerprint(pages: Sequence[GoldenPage]) -> str:
    """Hash of pages and gold: the figures hold for what they were measured on."""
    return hashlib.sha256(repr(tuple(pages)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Floors:
    """What is pinned."""

    pages: str
    figures: dict[str, float]
    exact: tuple[str, ...]


def read_floors(file: Path = FLOORS) -> Floors:
    """The pinned floors; none where there is no file."""
    if not file.exists():
        return Floors("", {}, ())
    pinned = tomllib.loads(file.read_text(encoding="utf-8"))
    return Floors(pinned["pages"], pinned["figures"], tuple(pinned["exact"]))


def fallen(floors: Floors, pages: Sequence[GoldenPage], measured: Measured) -> Iterator[str]:
    """One line for each page that no longer comes out exactly, and each figure below its floor."""
    present = {golden.name for golden in pages}
    for name in floors.exact:
        if name not in present:
            yield f"page {name} is gone"
        elif name not in measured.exact:
            yield f"page {name} no longer comes out exactly"
    if floors.pages == fingerprint(pages):
        yield from shortfalls({_SET: floors.figures}, {_SET: measured.figures})
    else:
        yield "pages or gold are not the pinned ones: pin them with --raise"


def raised(floors: Floors, pages: Sequence[GoldenPage], measured: Measured) -> Floors:
    """The floors with all that was beaten lifted; figures anew where the pages changed."""
    same = floors.pages == fingerprint(pages)
    before = {_SET: floors.figures} if same else {}
    figures = lifted(before, {_SET: measured.figures})[_SET]
    return Floors(fingerprint(pages), figures, tuple(sorted({*floors.exact, *measured.exact})))


def write_floors(floors: Floors, file: Path = FLOORS) -> None:
    """Pin these floors."""
    lines = [
        "# Floors of the gate on our own pages; they only go up (python -m benchmarks.golden --raise).",
        f'pages = "{floors.pages}"',
        "# Pages that come out character for character, or are rightly refused.",
        "exact = [",
        *(f'    "{name}",' for name in floors.exact),
        "]",
        "",
        "[figures]",
        *(f"{key} = {value:.3f}" for key, value in sorted(floors.figures.items())),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def difference(golden: GoldenPage) -> Iterator[str]:
    """Lines that tell the outcome from the gold: `-` is missing, `+` should not be there."""
    article = outcome(golden)
    if golden.text is None or article is None:
        yield f"{golden.name}: {'kept' if article else 'refused'}, the gold says otherwise"
        return
    for line in difflib.ndiff(golden.text.split("\n\n"), article.text.split("\n\n")):
        if line[0] in "+-":
            yield f"{golden.name}: {line}"


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every floor holds, 1 when one fell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.golden", description="Gate on our own pages.")
    parser.add_argument("--raise", dest="lift", action="store_true", help="lift floors that were beaten")
    parser.add_argument("--show", action="store_true", help="how each page that is not exact differs")
    arguments = parser.parse_args(argv)
    pages, floors = load(), read_floors()
    measured = measure(pages)
    print("  ".join(f"{key} {value:.3f}" for key, value in measured.figures.items()))
    print(f"{len(measured.exact)} of {len(pages)} pages exact")
    if arguments.show:
        wrong = (golden for golden in pages if golden.name not in measured.exact)
        print("\n".join(line for golden in wrong for line in difference(golden)))
    if arguments.lift:
        floors = raised(floors, pages, measured)
        write_floors(floors)
    found = list(fallen(floors, pages, measured))
    print("\n".join(found) if found else "all floors hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
