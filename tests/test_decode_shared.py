"""Encodings of real pages and of the cases that browsers are tested with."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.page.decode import decode
from pipelines.page.decoding.declared import declared
from pipelines.page.decoding.labels import codec_of
from pipelines.policy import DEFAULT_POLICY

SHARED = Path(__file__).resolve().parents[2] / "shared"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no measuring data beside the project"),
]
# What only a browser that runs scripts can know.
SCRIPTED = "html5lib_scripted_tests1.dat"
# A page of UTF-8 that says EUC-JP: browsers show it garbled.
DENIED = "html5lib_test-yahoo-jp.dat"
FEEDS = {
    "Big5": "big5hkscs",
    "CP932": "cp932",
    "CP949": "cp949",
    "EUC-JP": "euc_jp",
    "EUC-KR": "cp949",
    "GB2312": "gb18030",
    "IBM866": "cp866",
    "KOI8-R": "koi8-r",
    "MacCyrillic": "mac-cyrillic",
    "SHIFT_JIS": "cp932",
    "TIS-620": "cp874",
    "iso-8859-2-hungarian": "iso8859-2",
    "iso-8859-5-bulgarian": "iso8859-5",
    "iso-8859-5-russian": "iso8859-5",
    "iso-8859-7-greek": "iso8859-7",
    "iso-8859-9-turkish": "cp1254",
    "windows-1250-hungarian": "cp1250",
    "windows-1251-bulgarian": "cp1251",
    "windows-1251-russian": "cp1251",
    "windows-1255-hebrew": "cp1255",
}
# Old encodings of the languages of the real pages.
PAGES = {
    "ar": ("cp1256", "iso8859-6"),
    "fa": ("cp1256",),
    "ur": ("cp1256",),
    "he": ("cp1255",),
    "el": ("cp1253", "iso8859-7"),
    "tr": ("cp1254",),
    "th": ("cp874",),
    "ko": ("cp949",),
    "fr": ("cp1252",),
}
_DECLARATION = re.compile(r"""<meta[^>]*charset\s*=[^>]*>|<\?xml[^>]*\?>""", re.IGNORECASE)
_NO_WORD = re.compile(r"\W+")


def _vectors() -> Iterator[tuple[str, bytes, str]]:
    for file in sorted((SHARED / "vectors" / "encoding").glob("*.dat")):
        for part in re.split(rb"(?:^|\n)#data\n", file.read_bytes())[1:]:
            data, _, encoding = part.partition(b"\n#encoding\n")
            yield file.name, data, encoding.split(b"\n")[0].decode().strip()


def test_a_page_declares_what_the_cases_of_browsers_say() -> None:
    wrong, seen = [], 0
    for name, data, encoding in _vectors():
        seen += 1
        marked = data.startswith(b"\xef\xbb\xbf")
        found = "utf-8" if marked else next(iter(declared(data, None)), "cp1252")
        if found != codec_of(encoding) and name != SCRIPTED:
            wrong.append((name, data))
    assert not wrong
    assert seen > 80


def test_a_page_that_names_the_wrong_encoding_is_read_all_the_same() -> None:
    (data,) = [data for name, data, _ in _vectors() if name == DENIED]
    assert decode(data, None).text == data.decode()
    plain = (SHARED / "vectors" / "encoding" / "html5lib_chardet_test_big5.txt").read_bytes()
    assert decode(plain, None).text == plain.decode("big5hkscs")


def _pages(folder: str) -> Iterator[tuple[dict[str, str], bytes]]:
    for gold in sorted((SHARED / "data").glob(f"{folder}/gold.jsonl")):
        for line in gold.read_text(encoding="utf-8").strip().split("\n"):
            row = json.loads(line)
            yield row, gzip.decompress((gold.parent / f"{row['id']}.html.gz").read_bytes())


def test_pages_that_declare_nothing_are_read() -> None:
    found = {row["encoding"]: decode(body, None) for row, body in _pages("encodings")}
    assert {name: decoded.encoding for name, decoded in found.items()} == {
        "EUC-JP": "euc_jp",
        "GB2312": "gb18030",
        "UTF-32LE": "utf-32-le",
        "ascii": "utf-8",
        "iso-8859-5-russian": "iso8859-5",
        "iso-8859-7-greek": "cp1253",
        "utf-8": "utf-8",
        "windows-1254-turkish": "cp1254",
        "windows-1255-hebrew": "cp1255",
        "windows-1256-arabic": "cp1256",
    }
    assert all(decoded.replacement_share == 0 for decoded in found.values())


def test_feeds_without_their_declaration_are_read() -> None:
    wrong, seen = [], 0
    for file in sorted((SHARED / "vectors" / "feeds" / "chardet").glob("*.xml")):
        codec = FEEDS.get(file.name.split("__")[0])
        body = re.sub(rb"<\?xml[^>]*\?>", b"", file.read_bytes())
        if codec is None or body.isascii():
            continue
        seen += 1
        words = _NO_WORD.sub("", decode(body, None).text)
        if words != _NO_WORD.sub("", body.decode(codec, errors="replace")):
            wrong.append(file.name)
    assert not wrong
    assert seen > 130


def test_no_real_page_is_unreadable() -> None:
    pages = sorted((SHARED / "data").glob("*/*.html.gz"))
    decoded = (decode(gzip.decompress(page.read_bytes()), None) for page in pages)
    share = [page.replacement_share for page in decoded]
    assert len(share) > 2_000
    assert max(share) < DEFAULT_POLICY.max_replacement_share / 2


def test_real_pages_in_old_encodings_are_read_whatever_they_declare() -> None:
    wrong, seen = [], 0
    for folder in ("rtl", "fundus", "dates"):
        for row, body in _pages(folder):
            text = _DECLARATION.sub("", decode(body, None).text).replace("ی", "ي")
            for codec in PAGES.get(row.get("lang", ""), ()):
                old = text.encode(codec, "xmlcharrefreplace")
                if len(old.translate(None, bytes(range(128)))) < 20:
                    continue
                seen += 1
                for header in (None, "text/html; charset=utf-8", "text/html; charset=iso-8859-1"):
                    if decode(old, header).text != old.decode(codec):
                        wrong.append((row["id"], codec, header))
    assert not wrong
    assert seen > 25
