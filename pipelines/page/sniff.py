"""What is sent as text/html and is none, told by its first bytes as browsers tell types (WHATWG: sniffing).

A page's own words must never look like a format: short signatures ("BM", "MZ") ask for more than themselves.
"""

from __future__ import annotations

import re

# Signatures of the sniffing standard, and of archives and programs that are served by mistake.
_MAGIC = (
    (b"%PDF-", "PDF"),
    (b"%!PS-Adobe-", "PostScript"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"\x00\x00\x02\x00", "cursor"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"OggS\x00", "Ogg"),
    (b"fLaC\x00", "FLAC"),
    (b"MThd\x00\x00\x00\x06", "MIDI"),
    (b"\x1aE\xdf\xa3", "Matroska"),
    (b"FLV\x01", "Flash video"),
    (b"\x00\x00\x01\xba", "MPEG"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"OTTO\x00", "font"),
    (b"ttcf\x00", "font"),
    (b"\x00\x01\x00\x00", "font"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"\x7fELF", "ELF"),
    (b"\xca\xfe\xba\xbe", "Java class"),
    (b"\x00asm", "WebAssembly"),
)
# Where the signature alone could begin a text.
_SHAPES = (
    (re.compile(rb"RIFF.{4}(?:WEBPVP|WAVE|AVI )", re.DOTALL), "RIFF"),
    (re.compile(rb"FORM.{4}AIF[FC]", re.DOTALL), "AIFF"),
    (re.compile(rb"ID3[\x02-\x04][\x00-\x0a]", re.DOTALL), "MP3"),
    (re.compile(rb"\x00\x00.{2}ftyp", re.DOTALL), "MP4"),
    (re.compile(rb"BM.{4}\x00{4}", re.DOTALL), "bitmap"),
    (re.compile(rb"MZ.{0,62}\x00\x00", re.DOTALL), "Windows program"),
    (re.compile(rb"BZh[1-9]1AY&SY"), "bzip2"),
    (re.compile(rb"(?=.{0,32}\x00).{34}LP", re.DOTALL), "font"),
)
_BLANK = b" \t\r\n\f\xef\xbb\xbf\xff\xfe"
# What stands before the first element of XML: its declaration, comments, the document type.
_ROOT = re.compile(
    rb"(?P<declared><\?xml\b)?(?:[^<]++|<\?[^>]*+>?|<!--[^>]*+>?|<![^>\[]*+(?:\[[^\]]*+\])?[^>]*+>?)*+"
    rb"<(?P<root>[A-Za-z][^\s/><]*+)",
    re.IGNORECASE,
)
_FEEDS = frozenset(b"rss feed rdf:rdf urlset sitemapindex opml svg".split())
# How a page may begin that calls itself XML.
_HTML = frozenset(
    b"html head body title meta link script style base noscript div p span article section main header "
    b"footer nav aside table center font a img form ul ol h1 h2 h3 iframe frameset".split()
)
_HEAD_BYTES = 8_192


def sniffed(body: bytes, markup: bytes) -> str | None:
    """Name of the format `body` is in when that is not HTML, or None.

    `body` is without white space around it, `markup` without control characters, too: text in UTF-16 reads as
    text there.
    """
    start = body[:128]
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return name
    for shape, name in _SHAPES:
        if shape.match(start):
            return name
    return _data(markup) or _xml(markup[:_HEAD_BYTES])


def _data(markup: bytes) -> str | None:
    """JSON begins and ends with its brackets, whatever mark-up it quotes."""
    first, last = markup[:64].lstrip(_BLANK)[:1], markup[-64:].rstrip()[-1:]
    return "JSON" if (first, last) in ((b"{", b"}"), (b"[", b"]")) else None


def _xml(head: bytes) -> str | None:
    """XML that is no XHTML, by its root element."""
    found = _ROOT.match(head.lstrip(_BLANK))
    if found is None:
        return None
    root = found["root"].lower()
    if root in _FEEDS or (found["declared"] and root not in _HTML):
        return f"XML <{root[:40].decode('ascii', errors='replace')}>"
    return None
