"""What the cleaner reaches on pages with gold, as the quality gate measured it; of this version."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SCORES = "gate_scores.toml"
# The sets of the measuring data, as people know such pages, in the order of the card.
KINDS = {
    "rtl": "news in Arabic, Persian, Urdu and Hebrew",
    "fundus": "news in 25 languages",
    "daniel": "news in Greek, Polish, Russian, Chinese and English, of 2011 and 2012",
    "chinese": "news in Chinese",
    "wcxb": "articles of all sorts: news, threads, goods, guides",
    "snippets": "articles and blogs, mostly German",
    "dates": "news in 40 languages, for their dates",
    "metadata": "news and magazines, mostly English, for title, author and date",
    "sites": "pages made of real ones: eleven sites of twelve pages, for what repeats on a site",
    "seeds": "five news pages, for what must not be left in the text",
    "not-articles": "pages that are no article",
}
# Figures that the card shows, with what they say.
FIGURES = {
    "f1": "words of the text against a human's reading, F1",
    "para": "paragraphs found character for character",
    "title": "headlines that are exact",
    "author": "pages of which all authors are named and nobody else",
    "date": "pages whose day of publication is right",
    "lang": "pages whose language is right",
    "reject": "pages turned away",
}


@dataclass(frozen=True, slots=True)
class SetScores:
    """Figure -> value on one set of `pages`: `ours` and those of the peer, 0..1, more is better."""

    pages: int
    ours: dict[str, float]
    peer: dict[str, float]


@dataclass(frozen=True, slots=True)
class Scores:
    """`version` of ours was measured beside `peer`; sets in the order of `KINDS`."""

    version: str
    peer: str
    sets: dict[str, SetScores]


@cache
def gate_scores() -> Scores:
    """What stands in the package."""
    return parse_scores(files("pipelines.card").joinpath(SCORES).read_text(encoding="utf-8"))


def parse_scores(text: str) -> Scores:
    """The file's content."""
    plain = tomllib.loads(text)
    sets = {name: SetScores(**plain[name]) for name in KINDS if name in plain}
    return Scores(plain["version"], plain["peer"], sets)


def dump_scores(scores: Scores) -> str:
    """What `parse_scores` takes."""
    lines = [
        "# What data cards say of the cleaning: floors of the quality gate, and a peer's beside them.",
        "# Written by `python -m benchmarks.gate --raise`.",
        "",
        f'version = "{scores.version}"',
        f'peer = "{scores.peer}"',
    ]
    for name, each in scores.sets.items():
        lines += ["", f"[{name}]", f"pages = {each.pages}"]
        lines += [
            f"{who} = {{ {_pairs(found)} }}" for who, found in (("ours", each.ours), ("peer", each.peer))
        ]
    return "\n".join(lines) + "\n"


def _pairs(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} = {figures[name]:.3f}" for name in FIGURES if name in figures)
