"""Words of a text, folded so that spellings of one phrase in any script compare as equal."""

from __future__ import annotations

import re
from functools import cache

from pipelines.normalize import clean_text, normal
from pipelines.tables import read_table

# Marks that writers set or leave out at will: accents (capitals often go without), Hebrew points, Arabic
# vowels, hamza on its carrier, tatweel.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u0670]")
# Scripts that put no space between words: each character is a word of its own.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORDS = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:['\u2019\u200c\u05f3\u05f4\"][^\W_{_UNSPACED}]+)*")
# Most texts have none of what makes that search slow.
_PLAIN_WORDS = re.compile(r"\w+")
_NOT_PLAIN = re.compile(rf"[{_UNSPACED}_'\"\u05f3\u05f4]")
# Letters that are one to a reader and several to Unicode; any one text has few of them.
_ONE = [*zip("ىيېكەہھةۀıłøđ’", "یییکهههههilod'", strict=True), ("\u200c", "")]
# ASCII has no marks; where nothing joins words, what is no letter or digit parts them.
_ASCII_SPACED = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128))
_ASCII_SPACED += b" " * 128
_ASCII_WORDS = re.compile(r"[a-z0-9]+(?:['\"][a-z0-9]+)*")
_NUMBER = re.compile(r"\d+(?:[a-z]{1,2}|[hu]\d\d)?")


def folded_words(text: str) -> tuple[str, ...]:
    """Words of `text` folded for phrase matching: case, accents, alef and ya forms.

    >>> folded_words("اقرأ أيضًا ..") == folded_words("إقرأ ايضا:")
    True
    >>> folded_words("ΔΙΑΒΑΣΤΕ ΕΠΙΣΗΣ") == folded_words("Διαβάστε επίσης")
    True
    >>> folded_words("相关阅读")
    ('相', '关', '阅', '读')
    """
    return folded_words_of_clean(clean_text(text))


def folded_words_of_clean(text: str) -> tuple[str, ...]:
    """The `folded_words` of a text that `clean_text` made."""
    if text.isascii():
        if "'" in text or '"' in text:
            return tuple(_ASCII_WORDS.findall(text.lower()))
        return tuple(text.encode().translate(_ASCII_SPACED).decode().split())
    folded = _folded(text)
    return tuple((_WORDS if _NOT_PLAIN.search(folded) else _PLAIN_WORDS).findall(folded))


def _folded(text: str) -> str:
    plain = _MARKS.sub("", normal("NFKD", normal("NFKD", text).casefold()))
    for several, one in _ONE:
        plain = plain.replace(several, one)
    return plain


def cased_words(text: str) -> tuple[str, ...]:
    """The same words as they are written; as many of them, unless folding made or ate one."""
    return tuple(_WORDS.findall(_MARKS.sub("", normal("NFKD", clean_text(text)))))


def is_number(word: str) -> bool:
    """Whether a folded word is a number in any digits, or one with a short unit: 12, ٣, 1st, 2k, 14h30."""
    return word[:1].isdecimal() and bool(_NUMBER.fullmatch(word))


@cache
def _date_words() -> tuple[frozenset[str], frozenset[str]]:
    tables: dict[str, dict[str, str]] = read_table("pipelines.body", "datewords.toml")
    strong = frozenset(folded_words(" ".join(tables["telling"].values())))
    return strong, strong | frozenset(folded_words(" ".join(tables["between"].values())))


def is_date_word(word: str) -> bool:
    """Whether a folded word stands in dates and times: a month, a unit of time, "at", "Uhr"; no number."""
    return word in _date_words()[1]


def tells_date(word: str) -> bool:
    """Whether a folded word with a number makes a date or a time: a month, a weekday, a unit."""
    return word in _date_words()[0]
