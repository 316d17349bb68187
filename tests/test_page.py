"""From bytes to a tree: the input gate, the encodings of the web, one parse that survives everything."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.page.decode import decode
from pipelines.page.precheck import precheck
from pipelines.page.tree import depth, parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Reason

ARABIC = "أعلن المجلس البلدي في مرسى نور أمس افتتاح حديقة عامة على شاطئ البحر بعد عامين من العمل."
HEBREW = "מועצת העיר הודיעה אתמול על פתיחת פארק ציבורי חדש לחוף הים לאחר שנתיים של עבודה."
PERSIAN = (
    "شورای شهر دیروز اعلام کرد که پارک تازه در کنار دریا گشایش یافته است و مردم از فردا به آنجا می روند."
)
RUSSIAN = "Городской совет объявил вчера об открытии нового парка на берегу моря после двух лет работы."
GREEK = "Το δημοτικό συμβούλιο ανακοίνωσε χθες το άνοιγμα ενός νέου πάρκου στην παραλία."
FRENCH = "Le conseil a annoncé hier l'ouverture d'un parc près du théâtre après deux années de travaux."
STYLE = "<style>" + ".menu a{color:#123456;margin:0}" * 10_000 + "</style>"
MANY = DEFAULT_POLICY.max_attributes + 1


def html(text: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><p>{text}</p></body></html>"


def refused(body: bytes) -> Reason | None:
    decided = precheck(body, DEFAULT_POLICY)
    return decided[0] if decided else None


def text_of(source: str) -> str:
    root = parse(source)
    assert root is not None
    return str(root.find("body").text_content())


# The gate


@pytest.mark.parametrize("body", [b"", b" \r\n\t ", b"0123456789", b"<p>Hello</p>" + b" " * 100])
def test_a_body_of_next_to_nothing_is_empty(body: bytes) -> None:
    assert refused(body) is Reason.EMPTY


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.7 <<>>",
        b"\n\n%PDF-1.4 <</Type>>",
        b"\x89PNG\r\n\x1a\n<",
        b"\xff\xd8\xff\xe0<",
        b"GIF89a<",
        b"PK\x03\x04<",
        gzip.compress(b"<p>news</p>", mtime=0),
        b"RIFF....WEBPVP8 <",
        b"OggS\x00<",
        b"\x7fELF<",
        b'{"title": "an answer of an API"}',
        b"plain words, and some more",
    ],
)
def test_what_is_no_html_is_refused_unparsed(body: bytes) -> None:
    assert refused(body) is Reason.NOT_HTML


def test_the_detail_names_the_format() -> None:
    assert precheck(b"%PDF-1.7", DEFAULT_POLICY) == (Reason.NOT_HTML, "PDF")


def test_a_body_of_the_greatest_size_passes_and_one_byte_more_does_not() -> None:
    policy = replace(DEFAULT_POLICY, max_body_bytes=100)
    body = b"<p>".ljust(100, b"x")
    assert precheck(body, policy) is None
    assert precheck(body + b"x", policy) == (Reason.TOO_LARGE, "101 bytes")


def test_a_page_of_too_many_tags_is_refused() -> None:
    policy = replace(DEFAULT_POLICY, max_tags=10)
    assert precheck(b"<b>" * 10, policy) is None
    assert precheck(b"<b>" * 11, policy) == (Reason.TOO_MANY_TAGS, "11 tags")


NAMES = [f"a{number}" for number in range(MANY)]
BOMBS = {
    "names": f"<p {' '.join(NAMES)}>",
    "values": "<p " + " ".join(f'{name}="v"' for name in NAMES) + ">",
    "no space between": "<p " + "".join(f'{name}=""' for name in NAMES) + ">",
    "slashes between": f"<p/{'/'.join(NAMES)}>",
    "lines between": "<p\n" + "\r\n".join(NAMES) + ">",
    "an end in quotes": f"<p title='>' {' '.join(NAMES)}>",
    "a start in quotes": f"<p title='<' {' '.join(NAMES)}>",
    "a quote in a name": f"<p it's {' '.join(NAMES)} '>",
    "a lone equals sign": f"<p = {' '.join(NAMES)}>",
    "never closed": f"<p {' '.join(NAMES)}",
    "a control in the tag": f"<\0p {' '.join(NAMES)}>",
    "after a script": f"<script>if (a < b) '</script><p {' '.join(NAMES)}>",
    "after an empty comment": f"<!--><p {' '.join(NAMES)}>",
    "after a comment": f"<!-- ' --!><p {' '.join(NAMES)}>",
    "after a title": f'<title><a b="</title><p {" ".join(NAMES)}>',
    "after a script that closes itself": f"<script/><p {' '.join(NAMES)}>",
    "on a script": f"<script {' '.join(NAMES)}></script>",
    "upper case": f"<P {' '.join(NAMES).upper()}>",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_an_attribute_bomb_is_refused_however_it_is_written(bomb: str) -> None:
    body = html(ARABIC).replace("</body>", bomb).encode()
    assert refused(body) is Reason.TOO_MANY_ATTRIBUTES


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_the_bombs_are_such_to_the_parser(bomb: str) -> None:
    root = parse(f"<body>{bomb}></body>")
    assert root is not None
    assert max(len(element.attrib) for element in root.iter()) >= MANY - 1


def test_a_bomb_in_utf_16_is_refused() -> None:
    assert refused(f"<p {' '.join(NAMES)}>".encode("utf-16")) is Reason.TOO_MANY_ATTRIBUTES


def test_as_many_attributes_as_are_allowed_pass() -> None:
    assert refused(f"<p {' '.join(NAMES[:-1])}>".encode()) is None


@pytest.mark.parametrize(
    "inside",
    [
        f"<p data-state='{' '.join(NAMES)}'>",
        f'<p data-state="{{a > b, <i>c</i>}} {" ".join(NAMES)}">',
        f"<script>for (i = 0; i<n; i++) {{ {' = '.join(NAMES)} }}</script>",
        f"<style>/* a<b {' '.join(NAMES)} */</style>",
        f"<!-- a <b {' '.join(NAMES)} -->",
        f"<textarea> a <b {' '.join(NAMES)}</textarea>",
        f"<p>2 < 3 {' '.join(NAMES)}</p>",
    ],
)
def test_many_words_that_are_no_attributes_pass(inside: str) -> None:
    assert refused(html(ARABIC + inside).encode()) is None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>pa='\"/ -!\n", max_size=60))
def test_the_gate_counts_no_fewer_attributes_than_the_parser_finds(source: str) -> None:
    root = parse(f"<p>{source}")
    assert root is not None
    found = max(len(element.attrib) for element in root.iter())
    if found:
        policy = replace(DEFAULT_POLICY, max_attributes=found - 1)
        assert precheck(f"<p>{source}".encode(), policy) is not None


# Encodings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ARABIC, "windows-1256"),
        (ARABIC, "iso-8859-6"),
        (PERSIAN.replace("ی", "ي"), "windows-1256"),
        (HEBREW, "windows-1255"),
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "windows-1253"),
        (FRENCH, "windows-1252"),
    ],
)
@pytest.mark.parametrize(
    "head", ["", '<meta charset="utf-8">', STYLE], ids=["undeclared", "as utf-8", "styled"]
)
def test_a_legacy_encoding_is_recognised_from_its_bytes(text: str, encoding: str, head: str) -> None:
    body = html(text, head).encode(encoding)
    decoded = decode(body, None)
    assert text in decoded.text
    assert decoded.replacement_share == 0


def test_windows_1256_that_the_header_calls_utf_8_is_read() -> None:
    assert ARABIC in decode(html(ARABIC).encode("cp1256"), "text/html; charset=UTF-8").text


@pytest.mark.parametrize("name", ["windows-1256", "cp1256", "WINDOWS-1256"])
def test_a_declared_encoding_is_believed(name: str) -> None:
    body = html(ARABIC).encode("cp1256")
    assert decode(body, f'text/html; charset="{name}"').text == html(ARABIC)


def test_a_page_stored_as_utf_8_under_the_name_it_had_before_is_read() -> None:
    for name in ("iso-8859-15", "windows-1252", "windows-1256"):
        body = html(
            "¿Qué pasó ayer en la estación? Mañana será otro día, señaló él; según Íñigo, aún más.",
            f'<meta charset="{name}">',
        )
        assert "estación" in decode(body.encode(), None).text
    few = html("naïve", '<meta charset="windows-1252">')
    assert "naïve" in decode(few.encode("cp1252"), None).text


def test_the_header_outranks_the_page() -> None:
    body = html(ARABIC, '<meta charset="windows-1255">').encode("cp1256")
    assert ARABIC in decode(body, "text/html; charset=windows-1256").text


def test_latin_1_is_read_as_browsers_read_it() -> None:
    body = html("“It’s – a quote…”", '<meta charset="iso-8859-1">').encode("cp1252")
    assert "“It’s – a quote…”" in decode(body, None).text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_outranks_every_declaration(encoding: str) -> None:
    body = html(ARABIC, '<meta charset="windows-1255">').encode(encoding)
    assert decode(body, "text/html; charset=windows-1256").text == html(
        ARABIC, '<meta charset="windows-1255">'
    )


@pytest.mark.parametrize("declared", ["utf-16", "utf-16le", "utf-32", "windows-31", "", "none", "utf8mb4"])
def test_utf_8_under_a_wrong_or_unknown_name_is_read(declared: str) -> None:
    body = html(ARABIC, f'<meta charset="{declared}">').encode()
    assert decode(body, None).text.count(ARABIC) == 1
    assert decode(body, f"text/html; charset={declared}").text.count(ARABIC) == 1


@pytest.mark.parametrize(
    "name",
    ["hex", "zlib", "rot13", "idna", "punycode", "undefined", "base64", "unicode_escape", "utf-7", "cp037"],
)
def test_a_codec_that_is_no_encoding_of_the_web_is_not_used(name: str) -> None:
    body = html(ARABIC, f'<meta charset="{name}">').encode()
    assert ARABIC in decode(body, f"text/html; charset={name}").text


def test_teasers_cut_inside_a_letter_do_not_cost_the_page_its_text() -> None:
    teasers = b"".join(b"<p>" + ARABIC[:40].encode() + b"\xd8</p>" for _ in range(40))
    for head in ("", '<meta charset="utf-8">'):
        decoded = decode(html(ARABIC, head).encode() + teasers, None)
        assert ARABIC in decoded.text
        assert decoded.encoding == "utf-8"
        assert 0 < decoded.replacement_share < 0.05


def test_what_no_encoding_explains_is_said_to_be_unreadable() -> None:
    decoded = decode(b"<p>" + bytes(range(256)) * 40, None)
    assert decoded.replacement_share > DEFAULT_POLICY.max_replacement_share


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([None, "text/html", "text/html; charset=x", "charset=gbk", ";;="]),
)
def test_any_bytes_become_text_that_can_be_stored(body: bytes, content_type: str | None) -> None:
    decoded = decode(body, content_type)
    assert 0 <= decoded.replacement_share <= 1
    root = parse(decoded.text)
    if root is not None:
        str(root.text_content()).encode()


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=200))
def test_declared_utf_8_comes_back_as_it_was(text: str) -> None:
    body = text.encode()
    if not body.startswith((b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")):
        assert decode(body, "text/html; charset=utf-8").text == text


# The tree


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a\0b</p>", "ab"),
        ("<p>a\x01\x0b\x1fb\x7f</p>", "ab"),
        ("<p>a\ud83db</p>", "a\ufffdb"),
        ("<p>a&#xD83D;b</p>", "a\ufffdb"),
        ("<p>a&#0;b&#1;&#x1F;&#127;c&#xfffe;&#0000011;d</p>", "abcd"),
        ("<p>&amp;#1; &#x6A9; &#1581 &#99999999999; &#xD83D;</p>", "&#1; \u06a9 \u062d \ufffd \ufffd"),
        ("<p>a\ufffeb\uffffc</p>", "abc"),
        ("<p>می\u200cشود \U0001f600</p>", "می\u200cشود \U0001f600"),
        ("<p>a<!-- not <b>this</b> -->b<?php echo 1 ?></p>", "ab"),
        ("<p>2 < 3 & 4 &gt; 3 &amp;lt;", "2 < 3 & 4 > 3 &lt;"),
        ('<?xml version="1.0" encoding="windows-1256"?><html><body>خبر</body></html>', "خبر"),
        ('<meta charset="windows-1256"><p>خبر', "خبر"),
        ("just words", "just words"),
    ],
)
def test_the_text_of_a_sloppy_page_is_read_whole(source: str, text: str) -> None:
    assert text_of(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "",
        " \n ",
        "\0\0",
        "<!-- nothing -->",
        "</ ",
        "<?php",
        "<script>only()</script>",
        '<html><frameset cols="*"><frame src="a.html"></frameset></html>',
    ],
)
def test_a_page_without_a_body_is_no_tree(source: str) -> None:
    assert parse(source) is None


@pytest.mark.parametrize("levels", [1, 10, 100, 190])
def test_depth_counts_the_levels_of_elements(levels: int) -> None:
    root = parse("<html><body>" + "<div>" * levels + "x")
    assert root is not None
    assert depth(root) == levels + 2


@pytest.mark.parametrize("levels", [200, 253, 300, 5_000, 40_000])
def test_what_the_parser_would_drop_for_its_depth_is_seen_to_be_too_deep(levels: int) -> None:
    root = parse("<html><body>" + "<div>" * levels + "x" + "</div>" * levels)
    assert root is not None
    assert depth(root) > DEFAULT_POLICY.max_depth


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_parses_to_a_tree_or_to_none(text: str) -> None:
    root = parse(text)
    assert root is None or depth(root) >= 2
