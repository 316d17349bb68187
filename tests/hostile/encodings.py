"""Pages whose encoding is hidden, denied or broken: those that are read, and those that are refused."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pipelines.records import Reason, State
from tests.web.outlets import story

Headers = tuple[tuple[str, str], ...]

BARE: Headers = (("Content-Type", "text/html"),)
_SCRIPT = "<script>" + "var menu = ['#123456', 0];\n" * 4_000 + "</script>"
_WESTERN = "<aside><p>Le théâtre a été fermé; déjà, à l'été, près du café.</p></aside>"
# The same in every run.
_NOISE = random.Random("noise").randbytes(9_000)


@dataclass(frozen=True, slots=True)
class Case:
    """What is served at `path`, and how it ends; `text` of what is COMMITTED, whole paragraphs of it."""

    path: str
    body: bytes
    headers: Headers
    state: State
    reason: Reason | None = None
    text: str | None = None


def said(charset: str) -> Headers:
    """A header that names an encoding."""
    return (("Content-Type", f"text/html; charset={charset}"),)


def text_of(language: str, number: int) -> str:
    """The story's text; Persian with the letter for "y" that its old encoding has."""
    text = "\n\n".join(story(language, number).paragraphs)
    return text.replace("ی", "ي") if language == "fa" else text


def page(language: str, number: int, head: str = "", end: str = "") -> str:
    """An article page that declares nothing."""
    title = story(language, number).title
    told = "".join(f"<p>{paragraph}</p>" for paragraph in text_of(language, number).split("\n\n"))
    source = (
        f'<!DOCTYPE html><html lang="{language}"><head><title>{title}</title>{head}</head>'
        f"<body><article><h1>{title}</h1>{told}</article>{end}</body></html>"
    )
    return source.replace("ی", "ي") if language == "fa" else source


def _read(path: str, language: str, number: int, codec: str, headers: Headers = BARE, **more: str) -> Case:
    body = page(language, number, **more).encode(codec, "xmlcharrefreplace")
    return Case(f"/enc/{path}", body, headers, State.COMMITTED, None, text_of(language, number))


def _mended(path: str, number: int, body: bytes, headers: Headers = BARE) -> Case:
    return Case(f"/enc/{path}", body, headers, State.COMMITTED, None, text_of("ar", number))


def _refused(path: str, body: bytes, headers: Headers = BARE) -> Case:
    return Case(f"/enc/{path}", body, headers, State.REJECTED, Reason.BAD_ENCODING)


def _spoilt(source: str, share: float) -> bytes:
    """The page in UTF-8 with the second byte of some letters lost."""
    chance = random.Random("spoilt")  # the same damage in every run
    letters = (letter.encode() for letter in source)
    return b"".join(
        letter[:1] if len(letter) > 1 and chance.random() < share else letter for letter in letters
    )


CASES = (
    _read("arabic-undeclared", "ar", 5900, "cp1256"),
    _read("arabic-as-utf-8", "ar", 5901, "cp1256", said("utf-8")),
    _read("arabic-as-latin-1", "ar", 5902, "cp1256", said("iso-8859-1")),
    _read("arabic-as-hebrew", "ar", 5903, "cp1256", said("windows-1255")),
    _read("arabic-behind-a-script", "ar", 5904, "cp1256", head=_SCRIPT),
    _read("arabic-iso-declared", "ar", 5905, "iso8859-6", said("iso-8859-6")),
    _read("arabic-iso-undeclared", "ar", 5906, "iso8859-6"),
    _read("persian-undeclared", "fa", 5900, "cp1256"),
    _read("hebrew-undeclared", "he", 5900, "cp1255", head=_SCRIPT),
    _read("hebrew-as-utf-8", "he", 5901, "cp1255", head='<meta charset="utf-8">'),
    _read("utf-8-as-arabic", "ar", 5907, "utf-8", said("windows-1256")),
    _read("utf-8-as-latin-1", "ar", 5908, "utf-8", said("iso-8859-1")),
    _read("utf-8-as-nonsense", "ar", 5909, "utf-8", said("hex")),
    _read("utf-8-as-utf-16", "ar", 5910, "utf-8", said("utf-16")),
    _read("utf-16-le", "ar", 5911, "utf-16-le"),
    _read("utf-16-be-as-utf-8", "ar", 5912, "utf-16-be", said("utf-8")),
    _read("utf-32", "ar", 5913, "utf-32-be"),
    _mended("cut-in-a-letter", 5914, page("ar", 5914).encode() + "<footer>نهاية".encode()[:-1]),
    _mended("few-broken-bytes", 5915, page("ar", 5915).encode() + b"<footer>\xff \xfe \xd8</footer>"),
    _mended("western-block", 5916, page("ar", 5916).encode() + _WESTERN.encode("cp1252")),
    _mended(
        "arabic-and-utf-8",
        5917,
        page("ar", 5917).encode("cp1256", "xmlcharrefreplace") + f"<footer>{'خبر عاجل ' * 9}".encode(),
    ),
    _refused("broken-utf-8", _spoilt(page("ar", 5918), 0.05), said("utf-8")),
    _refused("broken-behind-a-script", _spoilt(page("ar", 5919, head=_SCRIPT), 0.05), said("utf-8")),
    _refused(
        "noise", b"<html><body><p>" + random.Random("noise").randbytes(9_000) + b"</p></body></html>"
    ),  # the same in every run
    _refused("utf-7", page("ar", 5920).encode("utf-7"), said("utf-7")),
    _refused(
        "iso-2022-kr", "<p>시의회는 새 공원을 연다고 발표했다.</p>".encode("iso2022_kr"), said("iso-2022-kr")
    ),
    _refused("hz", "<p>市议会昨天宣布新公园开放。</p>".encode("hz"), said("hz-gb-2312")),
)
