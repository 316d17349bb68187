"""Hostile pages that are served well: bombs, damage and disguise in answers that HTTP has no fault with."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable
from functools import cache

import brotli

from pipelines.records import Reason
from tests.hostile.cases import BARE_HTML, HTML, Case, Row, Where, failed, stored, turned_away
from tests.web.outlets import story

MIB = 1024 * 1024
# What it all unpacks to: far more than is ever read, and little enough to make.
_BOMB_MIB = 100
_NESTED = 100_000
_HERE = '<div class="story-body">'
_SCRIPT_TITLE = '</title><script>alert("khabar")</script>\x1b[31m<b>'


def spoilt(old: str, new: Callable[[], str]) -> Callable[[Where], bytes]:
    """The page of the story with `new` in front of the first `old`."""
    return lambda where: where.page.replace(old, new() + old, 1).encode()


def encoded(coding: str, pack: Callable[[], bytes]) -> tuple[Callable[[Where], bytes], dict[str, object]]:
    """A body made once for all, and the header that names its coding."""
    return (lambda _: pack()), {"headers": (*HTML, ("Content-Encoding", coding))}


@cache
def _gzip_bomb() -> bytes:
    return _streamed(zlib.compressobj(9, wbits=31))


@cache
def _deflate_bomb() -> bytes:
    return _streamed(zlib.compressobj(9))


def _streamed(packer: zlib._Compress) -> bytes:
    packed = b"".join(packer.compress(b"<p>" + bytes(MIB)) for _ in range(_BOMB_MIB))
    return packed + packer.flush()


@cache
def _brotli_bomb() -> bytes:
    packer = brotli.Compressor(quality=5)
    packed: bytes = b"".join(packer.process(b"<p>" + bytes(MIB)) for _ in range(_BOMB_MIB))
    return packed + bytes(packer.finish())


@cache
def _double_bomb() -> bytes:
    return gzip.compress(_gzip_bomb())


def _seeded(length: int) -> bytes:
    return random.Random("hostile").randbytes(length)


def _statement(said: str) -> str:
    return f'<script type="application/ld+json">{said}</script>'


def _surrogates(where: Where) -> bytes:
    """Half letters in JSON and in character references, beside the statements of the story itself."""
    said = '<meta name="keywords" content="&#xD800;&#xDFFF;">'
    said += _statement('{"@type":"NewsArticle","keywords":"\\ud800","a":"\\udc00"}')
    return where.page.replace("</head>", f"{said}</head>", 1).encode()


def _renamed(title: str) -> Callable[[Where], bytes]:
    """The page under another headline, wherever it states one."""

    def make(where: Where) -> bytes:
        start = where.page.index("<h1>") + 4
        old = where.page[start : where.page.index("</h1>")]
        return where.page.replace(old, title).encode()

    return make


def _has_short_title(row: Row) -> bool:
    return len(row["title"]) <= 1_000


def _dated(when: str) -> Callable[[Where], bytes]:
    """The page with another date of publication in all its places."""

    def make(where: Where) -> bytes:
        stated = json.loads(where.page.split('application/ld+json">')[1].split("</script>")[0])
        iso = stated["datePublished"]
        return where.page.replace(iso, when).replace(iso[:16].replace("T", " "), when).encode()

    return make


def _is_dated_by_the_sitemap(row: Row) -> bool:
    """What the page says cannot be; what its sitemap says can."""
    return row["published_at"] is not None and row["published_at"].year == story("ar", 0).published.year


def _as(codec: str) -> Callable[[Where], bytes]:
    undeclared = ('<meta charset="utf-8">', "", 1)
    return lambda where: where.page.replace(*undeclared).encode(codec, "xmlcharrefreplace")


def _broken_letters(where: Where) -> bytes:
    """A tenth of the letters is no UTF-8 and nothing else either."""
    page = where.page.encode()
    noise = random.Random("letters")
    return b"".join(bytes((byte,)) if byte < 0x80 or noise.random() > 0.1 else b"\xff" for byte in page)


def _wall(text: str) -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>{text}</title></head><body><p>{text}</p></body></html>".encode()
    )


def _pad(size: int) -> str:
    return f'<img src="data:image/png;base64,{"iVBORw0KGgo" * (size // 11)}">'


BOMBS: tuple[Case, ...] = (
    turned_away("nested", spoilt(_HERE, lambda: "<div>" * 45_000), Reason.TOO_DEEP),
    turned_away("nested-100k", spoilt(_HERE, lambda: "<div>" * _NESTED), Reason.TOO_MANY_TAGS),
    turned_away("nested-inline", spoilt(_HERE, lambda: "<b><i>" * 20_000), Reason.TOO_DEEP),
    turned_away(
        "attributes",
        spoilt(_HERE, lambda: f"<div {' '.join(f'a{n}=1' for n in range(200_000))}>"),
        Reason.TOO_MANY_ATTRIBUTES,
    ),
    turned_away("tiny-paragraphs", spoilt(_HERE, lambda: "<p>a</p>" * 100_000), Reason.TOO_MANY_TAGS),
    turned_away("line-breaks", spoilt(_HERE, lambda: "a<br>" * 200_000), Reason.TOO_MANY_TAGS),
    turned_away("cells", spoilt(_HERE, lambda: "<table>" + "<tr><td>1" * 60_000), Reason.TOO_MANY_TAGS),
    turned_away("links", spoilt(_HERE, lambda: '<a href="/x">y</a>' * 60_000), Reason.TOO_MANY_TAGS),
    stored("references", spoilt("</head>", lambda: f'<meta name="a" content="{"&amp;" * 300_000}">')),
    stored("comments", spoilt("</head>", lambda: f"<!--{'<!-' * 5_000}-->")),
    stored("json-nested", spoilt("</head>", lambda: _statement("[" * _NESTED + "]" * _NESTED))),
    stored("json-2-mb", spoilt("</head>", lambda: _statement("[{" * MIB))),
    stored("picture-in-the-page", spoilt(_HERE, lambda: _pad(3 * MIB))),
    stored("style-3-mb", spoilt("</head>", lambda: f"<style>{'a{b:c}' * (MIB // 2)}</style>")),
    stored("link-1-mb", spoilt("</article>", lambda: f'<a href="/{"a/" * (MIB // 2)}">.</a>')),
    failed("page-6-mb-plain", lambda _: b"<p>" + b"a" * (6 * MIB), "too_large"),
    failed("bomb-gzip", *(b := encoded("gzip", _gzip_bomb))[:1], "too_large", **b[1]),
    failed("bomb-deflate", *(b := encoded("deflate", _deflate_bomb))[:1], "too_large", **b[1]),
    failed("bomb-br", *(b := encoded("br", _brotli_bomb))[:1], "too_large", **b[1]),
    turned_away("bomb-double-gzip", *(b := encoded("gzip", _double_bomb))[:1], Reason.NOT_HTML, **b[1]),
)
DISGUISES: tuple[Case, ...] = (
    turned_away("png", b"\x89PNG\r\n\x1a\n" + _seeded(50_000), Reason.NOT_HTML),
    turned_away("noise", b"\x00\x01" + _seeded(50_000).replace(b"<", b""), Reason.NOT_HTML),
    turned_away("blank", b" \n" * 500, Reason.EMPTY),
    turned_away("soft-404", _wall("404 - الصفحة غير موجودة"), Reason.SOFT_404),
    turned_away(
        "js-shell",
        b"<html><head><title>x</title></head><body><noscript>You need to enable JavaScript to run this app."
        b'</noscript><div id="root"></div><script src="/a.js"></script></body></html>',
        Reason.JS_SHELL,
    ),
)
DAMAGE: tuple[Case, ...] = (
    stored("nul-bytes", lambda where: where.page.replace("</p>", "\x00</p>\x00").encode()),
    stored("surrogates", _surrogates),
    stored("title-half-mb", _renamed("خبر " * (MIB // 16)), check=_has_short_title),
    stored("title-script", _renamed(_SCRIPT_TITLE)),
    stored(
        "title-formula", _renamed('=HYPERLINK("http://127.0.0.1")\r\n2026-01-01 00:00:00 [root] INFO: forged')
    ),
    stored("date-1970", _dated("1970-01-01T00:00:00+00:00"), check=_is_dated_by_the_sitemap),
    stored("date-3026", _dated("3026-01-01T00:00:00+00:00"), check=_is_dated_by_the_sitemap),
    stored("date-absurd", _dated("99999-99-99T99:99:99+99:99"), check=_is_dated_by_the_sitemap),
    stored(
        "entities",
        lambda where: (
            b'<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
            b'<!ENTITY x SYSTEM "file:///etc/passwd">]>' + where.page.split("\n", 1)[1].encode()
        ),
    ),
    stored("not-closed", lambda where: where.page.replace("</p>", "").replace("</div>", "").encode()),
    stored("cp1256-as-utf-8", _as("cp1256")),
    stored("cp1256-undeclared", _as("cp1256"), headers=BARE_HTML),
    stored("utf-16-with-mark", _as("utf-16"), headers=BARE_HTML),
    turned_away("broken-letters", _broken_letters, Reason.BAD_ENCODING),
    stored(
        "gzip",
        lambda where: gzip.compress(where.page.encode()),
        headers=(*HTML, ("Content-Encoding", "gzip")),
    ),
)
PAGES = BOMBS + DISGUISES + DAMAGE
