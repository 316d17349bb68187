"""Bytes to text as browsers do it: BOM, header, meta; detection only where nothing is declared."""

from __future__ import annotations

import re
from dataclasses import dataclass

import charset_normalizer
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, to_unicode

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# So many letters beyond ASCII make no valid UTF-8 by accident.
_SURE_LETTERS = 12
# A declaration is doubted when more than this share of what is not ASCII is unreadable with it.
_DOUBT = 0.02
# UTF-8 with broken bytes (teasers cut inside a letter) stays below this share, other encodings are far above.
_BROKEN_UTF_8 = 0.3
# Codecs of the encodings that browsers know and people write news in. Python knows more, and some are no
# character sets at all ("hex"), raise ("idna") or take seconds ("punycode").
_LEGACY = tuple(
    "cp1256 cp1255 cp1252 cp1251 cp1250 cp1253 cp1254 cp1257 cp1258 cp866 cp874 cp932 cp949 gb18030 "
    "big5hkscs euc_jp koi8-r koi8-u iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 "
    "iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16".split()
)
_MULTIBYTE = ("gb18030", "big5hkscs", "euc_jp", "cp932", "cp949")
_UNICODE = frozenset("utf-16 utf-16-be utf-16-le utf-32 utf-32-be utf-32-le".split())
_KNOWN = frozenset(_LEGACY) | _UNICODE | {"utf-8", "iso2022_jp", "mac-roman", "mac-cyrillic"}
# Candidates of the detection: the rarest, which differ from the others in a few letters, win by accident.
_DETECTED = [
    name.replace("-", "_")
    for name in _LEGACY
    if name not in ("iso8859-3", "iso8859-4", "iso8859-10", "iso8859-13", "iso8859-14", "iso8859-16")
]
_FOREIGN = re.compile("[^\x00-\x7f]+")
# None of these is a part of a letter in any of them.
_PIECES = re.compile(rb"[<>\r\n\";]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The page as text, the encoding it was read with, and the share of U+FFFD in it."""

    text: str
    encoding: str
    replacement_share: float


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Text of `body`; a declared encoding that does not fit is checked against the bytes themselves."""
    encoding, mark = read_bom(body)
    content = body.removeprefix(mark or b"")
    encoding = encoding or _stated(body, content_type) or _detect(body)
    if encoding in _LEGACY and _is_utf_8(content):
        encoding = "utf-8"  # stored or passed on in another encoding than the one the page still names
    text = to_unicode(content, encoding)
    if _unreadable(text) > _DOUBT:
        other = _detect(content)
        if other != encoding:
            second = to_unicode(content, other)
            if _unreadable(second) < _unreadable(text):
                encoding, text = other, second
    return Decoded(text, encoding, text.count(REPLACEMENT) / len(text) if text else 0.0)


def _is_utf_8(content: bytes) -> bool:
    """Whether the bytes are valid UTF-8 and say so by more than a few letters."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum(len(piece) for piece in _FOREIGN.findall(text)) >= _SURE_LETTERS


def _stated(body: bytes, content_type: str | None) -> str | None:
    """Codec of the header or else of the page itself; UTF-16 of a body without a NUL is a slip."""
    for encoding in (http_content_type_encoding(content_type), html_body_declared_encoding(body)):
        if encoding in _KNOWN and (encoding not in _UNICODE or b"\x00" in body):
            return encoding
    return None


def _detect(body: bytes) -> str:
    """Encoding judged from the bytes: UTF-8, if need be with some broken, or what the statistics say.

    They are asked about the pieces that are not ASCII: a long style sheet says nothing about the text.
    """
    if _unreadable(body.decode("utf-8", errors="replace")) <= _BROKEN_UTF_8:
        return "utf-8"
    foreign = b" ".join(piece for piece in _PIECES.split(body) if not piece.isascii())
    best = charset_normalizer.from_bytes(foreign, steps=8, chunk_size=1024, cp_isolation=_DETECTED).best()
    return best.encoding if best else _multibyte(foreign) or "cp1252"


def _multibyte(foreign: bytes) -> str | None:
    """The East Asian encoding that reads nearly all of it: one letter cut in half refutes none of them."""
    doubts = {name: _unreadable(foreign.decode(name, errors="replace")) for name in _MULTIBYTE}
    best = min(doubts, key=doubts.__getitem__)
    return best if doubts[best] <= _DOUBT else None


def _unreadable(text: str) -> float:
    """Share of U+FFFD among the characters that are not ASCII: mark-up says nothing about the encoding."""
    foreign = len(text) - len(text.encode("ascii", errors="ignore"))
    return text.count(REPLACEMENT) / foreign if foreign else 0.0
