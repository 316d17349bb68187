"""Pages that would cost whoever parses them minutes or gigabytes: named and refused, or cleaned in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import clean
from pipelines.page.precheck import precheck
from pipelines.page.sniff import sniffed
from pipelines.page.tree import depth, parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned, Reason
from pipelines.workers import Workers
from tests.helpers_clean import document, page
from tests.hostile.content import GATE, KEPT, TEXT, Case
from tests.hostile.content import page as with_story

MEMORY = 1024 << 20
LEVELS = DEFAULT_POLICY.max_depth


def refused(markup: str | bytes) -> Reason | None:
    body = markup.encode() if isinstance(markup, str) else markup
    decided = precheck(body, DEFAULT_POLICY)
    return decided[0] if decided else None


# The gate


@pytest.mark.parametrize("case", GATE, ids=lambda case: case.path)
def test_the_gate_refuses_it_with_its_reason(case: Case) -> None:
    assert refused(case.body()) is case.reason


def test_as_many_open_elements_as_are_allowed_pass() -> None:
    assert refused("<div>" * LEVELS + "x") is None
    assert precheck(b"<div>" * (LEVELS + 1), DEFAULT_POLICY) == (
        Reason.TOO_DEEP,
        f"more than {LEVELS} elements open",
    )


@pytest.mark.parametrize(
    "unit",
    [
        "<p>a",
        "<li>a",
        "<br>",
        "<tr><td>a",
        "<dt>a<dd>b",
        "<option>a",
        "<img src='a'>",
        "<a href='b'>a",
        "<div></div>",
        "<div/>",
        "<b><i></b>",
        "<DIV></div>",
        "</div><div></div></b>",
        "<script><div></script>",
        "<!-- <div> -->",
        "<textarea><div></textarea>",
        "a < b ",
    ],
)
def test_what_does_not_nest_is_not_counted(unit: str) -> None:
    assert refused("<body>" + unit * 400) is None


@pytest.mark.parametrize(
    "unit", ["<div>", "<b>", "<DIV>", "<div a='>'>", "<table><tr><td>", "<ul><li>", "<x-y>"]
)
def test_what_nests_is_counted(unit: str) -> None:
    assert refused(document(unit * (LEVELS + 1))) is Reason.TOO_DEEP


_TAGS = st.sampled_from(
    "<div> </div> <b> </b> <p> </p> <table> <tr> <td> </table> <ul> <li> </ul> <br> <a> </a> <h2> x".split()
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_TAGS, max_size=300))
def test_the_gate_finds_nothing_too_deep_that_the_parser_finds_flat(tags: list[str]) -> None:
    policy = replace(DEFAULT_POLICY, max_depth=20)
    markup = "".join(tags)
    root = parse(markup)
    if root is not None and (decided := precheck(markup.encode() + b"<p>", policy)):
        assert decided[0] is not Reason.TOO_DEEP or depth(root) > policy.max_depth // 2


def test_attributes_of_all_tags_are_counted_one_by_one() -> None:
    policy = replace(DEFAULT_POLICY, max_page_attributes=10)
    assert precheck(b"<p a b c d e><p a='1' b=\"2\" c=3 d = 4 e>", policy) is None
    assert precheck(b"<p a b c d e><p a='1' b=\"2\" c=3 d = 4 e f>", policy) == (
        Reason.TOO_MANY_ATTRIBUTES,
        "more than 10 on the page",
    )
    assert precheck(b"<p class='" + b"a b c d e " * 99 + b"'>", policy) is None


# What is no HTML


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\x24\x00\x00\x00WAVE", "RIFF"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "RIFF"),
        (b"FORM\x00\x00\x00\x24AIFF", "AIFF"),
        (b"ID3\x03\x00\x00", "MP3"),
        (b"OggS\x00", "Ogg"),
        (b"\x00\x00\x00\x18ftypmp42", "MP4"),
        (b"\x1aE\xdf\xa3\x9f", "Matroska"),
        (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00", "bitmap"),
        (b"\x00\x00\x01\x00\x01\x00", "icon"),
        (b"wOFF\x00\x01\x00\x00", "font"),
        (b"OTTO\x00", "font"),
        (b"\x00\x01\x00\x00\x00\x12", "font"),
        (b"Rar!\x1a\x07\x00", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"BZh91AY&SY", "bzip2"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "Windows program"),
        (b"\x7fELF\x02", "ELF"),
        (b"SQLite format 3\x00", "SQLite"),
        (b'{"a": [1, "<p>x</p>"]}', "JSON"),
        (b'\xef\xbb\xbf [{"html": "<html><body>x"}] \n', "JSON"),
        (b"<rss version='2.0'><channel>", "XML <rss>"),
        (b"<?xml version='1.0'?><!-- x --><feed xmlns='http://www.w3.org/2005/Atom'>", "XML <feed>"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><urlset>", "XML <urlset>"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML <error>"),
        ("<?xml version='1.0' encoding='utf-16'?><rss>".encode("utf-16"), "XML <rss>"),
    ],
)
def test_the_format_is_named(start: bytes, name: str) -> None:
    body = start if name == "JSON" else start + b"<html><body><p>news"
    assert precheck(body, DEFAULT_POLICY) == (Reason.NOT_HTML, name)


@pytest.mark.parametrize(
    "start",
    [
        "",
        "\ufeff",
        "\r\n \t<!-- made by a program -->\n",
        "<!doctype html>",
        "<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'x.dtd'>",
        "<?xml version='1.0'?><div>",
        "BMW opens a plant ",
        "MZ is the name of a motorcycle ",
        "RIFF is a song ",
        "ID3 tags explained ",
        "[Update] ",
        "{lead} ",
        "GIF makers ",
        "Rar! ",
        "<?php echo 1 ?>",
        "<svg-banner></svg-banner>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1256"])
def test_a_page_that_begins_oddly_is_html(start: str, encoding: str) -> None:
    body = f"{start}<html><body><p>The park opens in spring.</p></body></html>".encode(
        encoding, errors="ignore"
    )
    assert precheck(body, DEFAULT_POLICY) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_sniffed(body: bytes) -> None:
    assert sniffed(body, body) is None or refused(body) in (Reason.NOT_HTML, Reason.EMPTY)


# Behind the gate. No time is measured: what costs the square of its size is stopped at the deadline, and then
# its outcome is another.


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1, 150, MEMORY)
    yield pool
    pool.stop()


def cleaned(workers: Workers, body: str | bytes) -> Cleaned:
    return asyncio.run(workers.run(clean, page(body)))


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.path)
def test_the_article_is_found_and_nothing_else(workers: Workers, case: Case) -> None:
    result = cleaned(workers, case.body()).result
    assert isinstance(result, Article), result
    assert result.text == TEXT
    assert len(result.title or "") <= DEFAULT_POLICY.max_title_chars


LINEAR = {
    "lines that are broken in one box": "A line of a poem that nobody wrote<br>" * 2_500,
    "dates in one box": "<span class='date'>12 March 2026</span><br>" * 900,
    "marks piled on a letter": "<p>e" + "\u0301\u0316\u0334" * 200_000 + "</p>",
    "marks piled by references": "<p>e" + "&#x301;&#x316;" * 100_000 + "</p>",
    "marks that come apart": "<p>e" + "\u0f73" * 300_000 + "</p>",
    "one box around all pictures": "<figure>" + "<img src='/a.jpg'><p>a word of it</p>" * 1_500 + "</figure>",
    "boxes around all text named as titles": "<div class='title'>" * 180 + "word of it " * 40_000,
    "a class above all paragraphs": f"<div class='{'Abc-def ' * 300_000}'>"
    + "<p>a word</p>" * 2_000
    + "</div>",
    "brackets": "<p>" + "(" * 2_000_000 + "</p>",
    "a word": "<p>" + "w" * 500_000 + "</p>",
}
HEADS = {
    "bars in the title": "<meta property='og:title' content='" + "word a | " * 100_000 + "'>",
    "titles": "".join(f"<meta property='og:title' content='Headline {n} of a page'>" for n in range(20_000)),
    "canonical addresses": "".join(f"<link rel='canonical' href='/story-{n}'>" for n in range(20_000)),
    "dates": "<meta property='article:published_time' content='" + "2026-11-" * 200_000 + "'>",
    "JSON that ends in blanks": '<script type="application/ld+json">{"a":1}' + " " * 1_000_000 + "x</script>",
    "JSON of a cut string": '<script type="application/ld+json">{"a":"' + '\\"' * 200_000 + "</script>",
    "JSON of marks": '<script type="application/ld+json">{"@type":"NewsArticle","headline":"e'
    + r"\u0301\u0316" * 100_000
    + '"}</script>',
}


@pytest.mark.parametrize("inside", LINEAR.values(), ids=LINEAR)
def test_what_repeats_costs_no_square(workers: Workers, inside: str) -> None:
    cleaned(workers, document(f"<h1>Park</h1>{inside}"))


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_head_full_of_one_thing_costs_no_square_and_the_article_is_kept(
    workers: Workers, head: str
) -> None:
    result = cleaned(workers, with_story("", head)).result
    assert isinstance(result, Article), result
    assert result.text == TEXT
