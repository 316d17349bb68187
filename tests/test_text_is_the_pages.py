"""The promise about characters: a text is made of the page's own character runs and of nothing else."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from pipelines.body.blocks import INVISIBLE
from pipelines.clean import clean
from pipelines.page.decode import decode
from pipelines.page.tree import parse
from pipelines.records import Article
from tests.crawling import ROOT
from tests.helpers_clean import document, page

DATA = ROOT.parent / "shared" / "data"
# What text loses, told once more: bidi controls, soft hyphen, zero-width space, word joiner, BOM, controls.
LOST = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)


def folded(text: str) -> str:
    """White space folded, controls gone, NFC: all that may happen to a character."""
    return unicodedata.normalize("NFC", " ".join(LOST.sub("", text).split()))


def bare(text: str) -> str:
    """Without any white space, decomposed, so that runs can be laid end to end."""
    return unicodedata.normalize("NFD", "".join(LOST.sub("", text).split()))


# -- pages whose every run is known

WORDS = [
    *"ميناء مُحَمَّدٌ ﷺ ﻻ كتـــاب ١٢٣ قُرى جائیں۔ می\u200cرود اصلاح\u200cطلبان نامه\u200cای كاره\u200c".split(),
    *"«خبر» بہ\u200cقول נָמֵל ״חוף״ ש\u05f3 श्री\u200dमान क्\u200dष cafe\u0301 naïve İzmir ß ﬁne".split(),
    *'北京 東京の 한국 👩\u200d🚒 ❤\ufe0f 3½ H₂O <tag> a&b & "x" don’t — U+200C'.split(),
    *"ju\u00adry \u200fيمين\u200e \u2067عزل\u2069 \ufeffbom zero\u200bwidth \u202bembed\u202c".split(),
]
SPACES = [" ", "\n", "  ", "\t", "\u00a0", "\u2009", " \n   "]
MARKS = "a b em i span strong sub sup mark bdi bdo u cite code font small time abbr x".split()[:-1]
# Structure only: what names say is furniture comes back when it seems to have misled.
FURNITURE = [
    "<button>Save it</button>",
    "<span hidden>hidden <b>words</b></span>",
    '<span style="display: none">more hidden words</span>',
    "<script>track()</script>",
    "<!-- note -->",
    "<style>p{}</style>",
]
BETWEEN = [
    "",
    '<aside><div><p>Other news of the day</p><ul><li><a href="/3">Nets</a></li></ul></div></aside>',
    '<figure><img src="x.jpg"><figcaption>A crane at <i>the</i> quay</figcaption></figure>',
    "<form><label>Letter</label><input><button>Go</button></form>",
    "<aside><nav><div><aside><p>Nested deep</p></aside></div></nav></aside>",
]
WRAPPERS = ["<p>%s</p>", "<div>%s</div>", "<div><p>%s</p></div>", "<section><div><p>%s</p></div></section>"]


@dataclass(frozen=True)
class Paragraph:
    """Mark-up of a paragraph, and the text a reader sees in it, furniture apart."""

    markup: str
    text: str


def spelled(char: str, how: int) -> str:
    """One character as page source: itself, or an entity."""
    if char in "<&" or how == 1:
        return f"&#{ord(char)};"
    return f"&#x{ord(char):X};" if how == 2 else char


@st.composite
def paragraph(draw: st.DrawFn) -> Paragraph:
    markup, text = [], []
    for _ in range(draw(st.integers(15, 25))):
        word = draw(st.sampled_from(WORDS))
        cut = draw(st.integers(0, len(word)))
        how = draw(st.sampled_from([0, 0, 0, 1, 2]))
        head, tail = ("".join(spelled(char, how) for char in part) for part in (word[:cut], word[cut:]))
        mark = draw(st.sampled_from([None, None, *MARKS]))
        space = draw(st.sampled_from(SPACES))
        furniture = draw(st.sampled_from([""] * 20 + FURNITURE))
        markup.append((f"{head}<{mark}>{tail}</{mark}>" if mark else head + tail) + space)
        markup.append(f"{furniture} " if furniture else "")
        text.append(word + space)
    return Paragraph("".join(markup), folded("".join(text)))


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A page, and the texts of its paragraphs."""
    drawn = draw(st.lists(paragraph(), min_size=3, max_size=5))
    inside, texts = [], []
    for number, part in enumerate(drawn):
        name = f"Quay {number} "  # no two alike: a repeated paragraph is read once
        inside.append(draw(st.sampled_from(WRAPPERS)) % (name + part.markup))
        inside.append(draw(st.sampled_from(BETWEEN)))
        texts.append(folded(name + part.text))
    title = "The quay and its cranes"
    body = f'<nav><a href="/">Home</a></nav><article><h1>{title}</h1>{"".join(inside)}</article>'
    return document(body, title), texts


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_every_paragraph_of_the_text_is_a_whole_paragraph_of_the_page(story: tuple[str, list[str]]) -> None:
    markup, texts = story
    result = clean(page(markup)).result
    assume(isinstance(result, Article))  # words in no order are not always taken for prose
    assert isinstance(result, Article)
    found = result.text.split("\n\n")
    assert [part for part in found if part not in texts] == []
    assert [text for text in texts if text in found] == found  # in the order of the page, each once


# -- pages of any shape

_NESTED = st.recursive(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(
        lambda words: " ".join(map(_escaped, words))
    ),
    lambda inner: st.builds(
        lambda tag, name, parts: f'<{tag} class="{name}">{"".join(parts)}</{tag}>',
        st.sampled_from(
            "p div span b li ul td tr table h2 blockquote section aside pre x-y details dl dd".split()
        ),
        st.sampled_from(["", "entry", "share", "related", "byline", "post-content"]),
        st.lists(inner, max_size=5),
    ),
    max_leaves=30,
)


def _escaped(word: str) -> str:
    return word.replace("&", "&amp;").replace("<", "&lt;")


def visible_runs(element: HtmlElement) -> Iterator[str]:
    """Character runs of the page in reading order, without what is never shown."""
    if isinstance(element.tag, str) and element.tag not in INVISIBLE:
        yield element.text or ""
        for child in element:
            yield from visible_runs(child)
            yield child.tail or ""


def is_made_of(text: str, runs: list[str]) -> bool:
    """Whether `text` is some of `runs`, in their order, laid end to end."""
    reached = {0}
    for run in runs:
        if run:
            reached |= {at + len(run) for at in reached if text.startswith(run, at)}
    return len(text) in reached


def strangers(markup: bytes) -> list[str]:
    """Paragraphs of the text that the page does not hold."""
    fetched = page(markup)
    result = clean(fetched).result
    if not isinstance(result, Article):
        return []
    root = parse(decode(markup, fetched.header("content-type")).text)
    assert root is not None
    runs = [bare(run) for run in visible_runs(root.find("body"))]
    whole = "".join(runs)
    parts = result.text.split("\n\n")
    return [part for part in parts if bare(part) not in whole and not is_made_of(bare(part), runs)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_NESTED, min_size=1, max_size=6).map("".join))
@example("<p>" + "اصلاح\u200cطلبان می\u200cگویند " * 9 + "<span class='share'>x</span>tail" * 3 + "</p>")
def test_a_text_is_made_of_character_runs_of_the_page(inside: str) -> None:
    assert strangers(document(inside).encode()) == []


def test_a_character_that_the_page_does_not_hold_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property can fail: an extractor's own text, without its joiners, is not the page's."""
    from pipelines.body import blocks

    original = blocks.clean_text
    monkeypatch.setattr(blocks, "clean_text", lambda text: original(text.replace("\u200c", "")))
    inside = "<p>" + "اصلاح\u200cطلبان می\u200cگویند که باران آمد. " * 9 + "</p>"
    assert strangers(document(inside).encode())


def real_pages() -> list[tuple[str, str]]:
    """(set, id) of some fifty of the real pages with a body, spread over the sets."""
    found = [
        (file.parent.name, entry["id"])
        for file in sorted(DATA.glob("*/gold.jsonl"))
        for entry in map(json.loads, filter(None, file.read_text(encoding="utf-8").split("\n")))
        if entry.get("kind") != "other"
    ]
    return found[:: max(1, len(found) // 50)]


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="the measuring data is not beside this checkout")
def test_texts_of_real_pages_are_made_of_their_character_runs() -> None:
    wrong = {
        (name, key): parts
        for name, key in real_pages()
        if (parts := strangers(gzip.decompress((DATA / name / f"{key}.html.gz").read_bytes())))
    }
    assert wrong == {}
