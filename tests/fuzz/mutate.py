"""Mutations of documents, on bytes and on tokens of mark-up, JSON and lines; a generator decides them all."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MAX_BYTES = 64 * 1024
_TOKENS = re.compile(
    rb"""<[^<>]*>|"[^"\n]{0,200}"|'[^'\n]{0,200}'|\r?\n|[\w.-]+|[\x80-\xff]+|[{}\[\](),:;=&?/%#*@]|.""",
    re.DOTALL,
)
# Bytes that mean something to some reader: ends of strings, marks of encodings, edges of UTF-8 and UTF-16.
_BYTES = (0x00, 0x09, 0x0A, 0x0D, 0x1A, 0x1B, 0x20, 0x22, 0x26, 0x27, 0x3C, 0x3E, 0x5C, 0x7F, 0x80, 0x85,
          0xA0, 0xC0, 0xD8, 0xDF, 0xE2, 0xED, 0xEF, 0xF4, 0xFE, 0xFF)  # fmt: skip
_NUMBERS = (
    b"0",
    b"-1",
    b"1e999",
    b"9" * 30,
    b"2147483648",
    b"0x41",
    b"NaN",
    b"1.5",
    "٣".encode(),
    "²".encode(),
)
_NESTS = (
    (b"<div>", b"</div>"), (b"<b><i>", b"</i></b>"), (b"<a href=/x>", b"</a>"), (b"<ul><li>", b"</li></ul>"),
    (b"<table><tr><td>", b"</td></tr></table>"), (b"<font>", b""), (b"<p><span>", b""), (b"<!--", b"-->"),
    (b"<![CDATA[", b"]]>"), (b"[", b"]"), (b'{"a":', b"}"), (b'{"@graph":[', b"]}"), (b"<svg>", b"</svg>"),
    (b"<form><select>", b"</select></form>"), (b"<noscript>", b"</noscript>"), (b"<script>", b"</script>"),
)  # fmt: skip
_NAMES = tuple(
    b"author tag title headline byline related share entry-content menu caption comments / /x-1 "
    b"datePublished next date hidden display:none widget".split()
)
# What every reader of text must get over, besides `words/any.txt`: marks of encodings, halves of letters,
# characters that are not seen.
_HARD = (
    *(char.encode() for char in "\ufeff\u200f\u202e\u00ad\u200c\u2028\n\r\0"),
    *(b"\r\n", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff\xfe", b"\xfe\xff\x00"),
    *(b"\xc7\xe1\xce\xc8\xd1", b"\x1b$B", b"\x81\x30"),
)


@dataclass(frozen=True, slots=True)
class Repeated:
    """`head`, then `unit` over and over, then `tail`: what shows how time grows with length."""

    head: bytes
    unit: bytes
    close: bytes
    tail: bytes

    def of(self, length: int) -> bytes:
        """The document of about so many bytes."""
        count = max((length - len(self.head) - len(self.tail)) // max(len(self.unit + self.close), 1), 1)
        return self.head + self.unit * count + self.close * count + self.tail


class Mutator:
    """Makes new documents of the known ones; `words` are tokens that the target's readers know."""

    def __init__(self, rng: random.Random, words: Sequence[bytes]) -> None:
        self.rng = rng
        self.words = (*words, *_HARD)

    def mutated(self, known: Sequence[bytes]) -> bytes:
        """One of `known`, changed in one to eight places."""
        data = self.rng.choice(known)
        for _ in range(1 << self.rng.randrange(4)):
            data = self.rng.choice(_STEPS)(self, data, known)[:MAX_BYTES]
        return data

    def repeated(self, known: Sequence[bytes]) -> Repeated:
        """A document with a piece of it, or with words of the dictionary, as the unit of repetition."""
        data = self.rng.choice(known)
        tokens = _TOKENS.findall(data[:MAX_BYTES]) or [b" "]
        first, last = self._span(len(tokens), most=12)
        unit, close = b"".join(tokens[first:last]), b""
        how = self.rng.randrange(6)
        if how == 0:
            unit = b"".join(self.rng.choices(self.words, k=self.rng.randint(1, 3)))
        elif how == 1:
            unit, close = self.rng.choice(_NESTS)
        elif how == 2:
            unit = bytes([self.rng.choice(data or b" ")])
        elif how == 3:
            unit += self.rng.choice(self.words)
        head, tail = b"".join(tokens[:first])[:8192], b"".join(tokens[last:])[:8192]
        if how == 5:  # within many boxes, each of which is read with all that is in it
            head += self._box() * self.rng.choice((20, 90, 190))
            unit = self.rng.choice((b"<br>", b"x ", b"<i></i>", unit))
        return Repeated(head, unit or b" ", close, tail if self.rng.random() < 0.7 else b"")

    def _box(self) -> bytes:
        """The beginning of an element, with a word of the target as its name or its value."""
        tag = self.rng.choice(
            (b"div", b"a", b"b><a", b"h1><div", b"span", b"time", b"li", b"article", b"section", b"p><b")
        )
        name = self.rng.choice(
            (b"class", b"id", b"itemprop", b"rel", b"href", b"datetime", b"style", b"role")
        )
        value = self.rng.choice((*_NAMES, *self.words)).strip(b"<>\"' =/")
        return b"<" + tag + b" " + name + b'="' + value + b'">'

    def _span(self, length: int, most: int) -> tuple[int, int]:
        first = self.rng.randrange(length + 1)
        return first, min(first + self.rng.randint(1, max(most, 1)), length)

    # -- on bytes

    def flip(self, data: bytes, known: Sequence[bytes]) -> bytes:
        at = self.rng.randrange(len(data) + 1)
        new = self.rng.choice(_BYTES) if self.rng.random() < 0.7 else self.rng.randrange(256)
        return data[:at] + bytes([new]) + data[at + self.rng.randrange(2) :]

    def cut(self, data: bytes, known: Sequence[bytes]) -> bytes:
        first, last = self._span(len(data), most=len(data) // 4 + 1)
        return data[:first] if self.rng.random() < 0.2 else data[:first] + data[last:]

    def double(self, data: bytes, known: Sequence[bytes]) -> bytes:
        first, last = self._span(len(data), most=200)
        times = 1 << self.rng.randrange(8)
        return data[:last] + data[first:last] * times + data[last:]

    def splice(self, data: bytes, known: Sequence[bytes]) -> bytes:
        other = self.rng.choice(known)
        at, there = self.rng.randrange(len(data) + 1), self.rng.randrange(len(other) + 1)
        return data[:at] + other[there:]

    def say(self, data: bytes, known: Sequence[bytes]) -> bytes:
        first, last = self._span(len(data), most=8)
        return data[:first] + self.rng.choice(self.words) + data[last if self.rng.random() < 0.3 else first :]

    def recode(self, data: bytes, known: Sequence[bytes]) -> bytes:
        """The same text in another encoding, or packed."""
        how = self.rng.choice(("utf-16", "utf-16-be", "cp1256", "utf-32", "gb18030", "gzip", "utf-8-sig"))
        if how == "gzip":
            return gzip.compress(data, 1, mtime=0)
        return data.decode("utf-8", "replace").encode(how, "xmlcharrefreplace")

    # -- on tokens

    def _parted(self, data: bytes) -> tuple[list[bytes], int, int]:
        tokens = _TOKENS.findall(data[:MAX_BYTES]) or [b""]
        return tokens, *self._span(len(tokens), most=1 << self.rng.randrange(6))

    def drop(self, data: bytes, known: Sequence[bytes]) -> bytes:
        tokens, first, last = self._parted(data)
        return b"".join(tokens[:first] + tokens[last:])

    def repeat(self, data: bytes, known: Sequence[bytes]) -> bytes:
        tokens, first, last = self._parted(data)
        times = 1 << self.rng.randrange(10)
        return b"".join((*tokens[:first], *(b"".join(tokens[first:last]),) * times, *tokens[last:]))

    def swap(self, data: bytes, known: Sequence[bytes]) -> bytes:
        tokens, first, last = self._parted(data)
        to = self.rng.randrange(len(tokens) + 1)
        moved, rest = tokens[first:last], tokens[:first] + tokens[last:]
        return b"".join(rest[:to] + moved + rest[to:])

    def nest(self, data: bytes, known: Sequence[bytes]) -> bytes:
        tokens, first, last = self._parted(data)
        begin, end = self.rng.choice(_NESTS)
        times = 1 << self.rng.randrange(10)
        return b"".join((*tokens[:first], begin * times, *tokens[first:last], end * times, *tokens[last:]))

    def insert(self, data: bytes, known: Sequence[bytes]) -> bytes:
        tokens, first, last = self._parted(data)
        new = self.rng.choices(self.words, k=self.rng.randint(1, 3))
        return b"".join(tokens[:first] + new + tokens[last if self.rng.random() < 0.5 else first :])

    def borrow(self, data: bytes, known: Sequence[bytes]) -> bytes:
        """A run of tokens of another document in the place of some of this one."""
        tokens, first, last = self._parted(data)
        others, there, end = self._parted(self.rng.choice(known))
        return b"".join(tokens[:first] + others[there:end] + tokens[last:])

    def number(self, data: bytes, known: Sequence[bytes]) -> bytes:
        found = list(re.finditer(rb"\d+", data[:MAX_BYTES]))
        if not found:
            return self.insert(data, known)
        one = self.rng.choice(found)
        new = self.rng.choice((*_NUMBERS, b"%d" % self.rng.randrange(3000), b"%02d" % self.rng.randrange(99)))
        return data[: one.start()] + new + data[one.end() :]

    def attribute(self, data: bytes, known: Sequence[bytes]) -> bytes:
        tags = list(re.finditer(rb"<[A-Za-z][^<>]*(?=/?>)", data[:MAX_BYTES]))
        if not tags:
            return self.insert(data, known)
        at = self.rng.choice(tags).end()
        name, value = self.rng.choices(self.words, k=2)
        quote = self.rng.choice((b'"', b"'", b""))
        return data[:at] + b" " + name + b"=" + quote + value + quote + data[at:]


_Step = Callable[[Mutator, bytes, Sequence[bytes]], bytes]
_STEPS: tuple[_Step, ...] = (
    Mutator.flip, Mutator.flip, Mutator.cut, Mutator.double, Mutator.splice, Mutator.say, Mutator.say,
    Mutator.drop, Mutator.drop, Mutator.repeat, Mutator.swap, Mutator.swap, Mutator.nest, Mutator.insert,
    Mutator.insert, Mutator.borrow, Mutator.borrow, Mutator.number, Mutator.attribute, Mutator.attribute,
)  # fmt: skip
