"""Pages that harm whoever parses them, and what a run must make of each: cases for runs over a loopback web.

Bodies are made when they are asked for: some have five megabytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.records import Reason, State

MIB = 1 << 20
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_SENTENCES = (
    "The council of the harbour town said on Monday that the new park will open to everyone next spring.",
    "Work on the old quay began two years ago and cost three million dollars, a third of it from the port.",
    "Residents asked for shade, benches and a path for bicycles, and the architect drew the plan again.",
    "The first trees were planted in January, and a nursery in the hills has promised two hundred more.",
)
# The text that a page with an article in it must be stored with.
TEXT = "\n\n".join(_SENTENCES)
STORY = "".join(f"<p>{sentence}</p>" for sentence in _SENTENCES)


@dataclass(frozen=True, slots=True)
class Case:
    """A page at `path` and the end of its URL: `state`, with a `reason` where it is rejected.

    `reasons` are others that are as right: what a machine has no time for it cannot tell.
    """

    path: str
    body: Callable[[], bytes]
    headers: tuple[tuple[str, str], ...] = _HTML
    state: State = State.REJECTED
    reason: Reason | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def accepted(self) -> frozenset[Reason]:
        """Every reason that is right."""
        return frozenset(filter(None, (self.reason, *self.reasons)))


def page(inside: str, head: str = "", title: str = "New park opens on the quay") -> bytes:
    """A page whose body begins with `inside`; the article follows."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body>{inside}<main><article><h1>{title}</h1>{STORY}</article></main></body></html>"
    ).encode()


def _json_ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def _refused(reason: Reason, bodies: dict[str, Callable[[], bytes]], *others: Reason) -> Iterator[Case]:
    for name, body in bodies.items():
        yield Case(f"/hostile/{reason.replace('_', '-')}-{name}", body, reason=reason, reasons=others)


def _kept(bodies: dict[str, Callable[[], bytes]]) -> Iterator[Case]:
    for name, body in bodies.items():
        yield Case(f"/hostile/article-with-{name}", body, state=State.COMMITTED)


# Refused before anything parses them.
GATE: tuple[Case, ...] = (
    *_refused(
        Reason.TOO_DEEP,
        {
            "divs": lambda: page("<div>" * 49_000),
            "spans": lambda: page("<span>" * 49_000),
            "closed": lambda: page("<div>" * 24_000 + "</div>" * 24_000),
            "tables": lambda: page("<table><tr><td>" * 16_000),
            "lists": lambda: page("<ul><li>" * 24_000),
            "mixed": lambda: page("<b><i><u><em><strong><font>" * 8_000),
        },
    ),
    *_refused(
        Reason.TOO_MANY_ATTRIBUTES,
        {
            "one-tag": lambda: page("<p " + " ".join(f"a{n}=1" for n in range(400_000)) + ">"),
            "many-tags": lambda: page(("<p " + " ".join(f"a{n}" for n in range(500)) + ">x</p>") * 1_900),
        },
    ),
    *_refused(
        Reason.TOO_MANY_TAGS,
        {
            "deep": lambda: page("<div>" * 100_000),
            "tiny-paragraphs": lambda: page("<p>x</p>" * 60_000),
            "cells": lambda: page("<table>" + "<tr><td>a</td></tr>" * 60_000 + "</table>"),
            "breaks": lambda: page("<br>" * 200_000),
            "links": lambda: page("<a href='/x'>y</a>" * 60_000),
            "unclosed": lambda: page("<i>a" * 80_000),
        },
    ),
    *_refused(
        Reason.NOT_HTML,
        {
            "pdf": lambda: b"%PDF-1.7\n<</Type/Catalog>>" * 100,
            "png": lambda: b"\x89PNG\r\n\x1a\n<html>" * 100,
            "zip": lambda: b"PK\x03\x04<html>" * 100,
            "gzip": lambda: gzip.compress(page(""), mtime=0),
            "program": lambda: b"MZ\x90\x00\x03\x00\x00\x00\x04<html>" * 100,
            "film": lambda: b"\x00\x00\x00\x20ftypisom<html>" * 100,
            "font": lambda: b"wOF2\x00\x01\x00\x00<html>" * 100,
            "sqlite": lambda: b"SQLite format 3\x00<html>" * 100,
            "json": lambda: b'{"html": "<p>news</p>", "items": []}',
            "feed": lambda: b'<?xml version="1.0"?><rss version="2.0"><channel></channel></rss>',
            "words": lambda: b"plain words and no tag " * 100,
        },
    ),
    Case("/hostile/empty", lambda: b" \r\n" * 50, reason=Reason.EMPTY),
)

# Parsed, and the article among the bombs is found.
KEPT: tuple[Case, ...] = tuple(
    _kept(
        {
            "comments": lambda: page("<!--a-->" * 20_000),
            "an-open-quote-behind": lambda: page("").replace(b"</body>", b'<p a="' + b"'" * 4_000_000),
            "noscripts": lambda: page("<noscript>x</noscript>" * 2_000),
            "a-giant-script": lambda: page("<script>" + "var a = '&';\n" * 370_000 + "</script>"),
            "a-giant-style": lambda: page("<style>" + ".a{color:red}\n" * 330_000 + "</style>"),
            "a-picture-in-itself": lambda: page(f"<img src='data:image/png;base64,{'A' * 4_800_000}'>"),
            "giant-json": lambda: page(
                "", _json_ld('{"@type":"NewsArticle","a":"' + "word " * 900_000 + '"}')
            ),
            "deep-json": lambda: page("", _json_ld('{"@graph":[' * 100_000)),
            "json-of-quotes": lambda: page("", _json_ld('{"a":"' + '\\"' * 200_000)),
            "json-of-blanks": lambda: page("", _json_ld('{"a":1}' + " " * 1_900_000 + "x")),
            "references": lambda: page("<p hidden>" + "&#1605;" * 150_000 + "</p>"),
            "forbidden-references": lambda: page("<p hidden>" + "&#xD800;&#1;" * 70_000 + "</p>"),
            "piled-marks": lambda: page("<p hidden>e" + "\u0301\u0316" * 1_100_000 + "</p>"),
            "blanks": lambda: page("<p>" + " \n\t" * 1_500_000 + "</p>"),
            "a-class-of-megabytes": lambda: page(f"<p class='{'Abc-def ' * 560_000}'></p>"),
            "many-metas": lambda: page("", "<meta name='author' content='Jane Roe'>" * 2_000),
            "nul": lambda: page("\0" * 4_000_000),
            "controls": lambda: page("<p hidden>" + "\x01" * 4_000_000 + "</p>"),
            "a-title-of-megabytes": lambda: page("").replace(
                b"</title>", b" and more" * 400_000 + b"</title>"
            ),
        }
    )
)

# Parsed at a price: at the deadline or before it they are told to be no article, or to have none.
DEAR: tuple[Case, ...] = tuple(
    _refused(
        Reason.EXTRACT_TIMEOUT,
        {
            "spans": lambda: b"<p>" + b"<span>word </span>" * 24_000,
            "lines": lambda: b"<div>" + b"A line of a poem,<br>" * 45_000,
            "ligatures": lambda: page("<p>" + "\ufdfa" * 1_600_000 + "</p>"),
            "identified": lambda: b"".join(b"<div id=i%d>text %d</div>" % (n, n) for n in range(24_000)),
        },
        Reason.NOT_ARTICLE,
        Reason.NO_BODY,
        Reason.WORKER_MEMORY,
    )
)

CASES: tuple[Case, ...] = (*GATE, *KEPT, *DEAR)
