"""robots.txt as RFC 9309 reads it: bytes to the rules that hold for us. Runs in a worker.

Protego normalises and matches the patterns. It is given our own group alone, for two reasons: its cost grows
with agents times rules (300 KB of them took 65 s), and it takes an unknown line for the end of a group and
any word of our name for our name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from protego import Protego

from crawler.discovery.records import MAX_PLACES, make_place

# What RFC 9309 (2.5) wants to be read at least.
MAX_BYTES = 500 * 1024
# Stars are matched in the process that fetches, each in up to 2.5 µs on a URL of 2,000 characters: 60 ms for
# all that fit into 500 KiB, some 10 ms for as many as this. No honest file we know of has 1,000 of them.
MAX_STARS = 5_000

_LINE_END = re.compile(r"\r\n|\r|\n")
# A page that says "not found" with status 200.
_MARKUP = re.compile(rb"\s*<[!?/a-zA-Z]")
# How RFC 9309 spells a product token; what follows (a version, a comment) is not looked at.
_TOKEN = re.compile(r"[a-zA-Z_-]+")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
# Names of the fields, with the spellings that Google's reader and protego forgive.
_FIELDS = {
    "user-agent": "agent", "useragent": "agent", "user agent": "agent",
    "allow": "allow",
    "disallow": "disallow", "dissallow": "disallow", "dissalow": "disallow", "disalow": "disallow",
    "diasllow": "disallow", "disallaw": "disallow",
    "crawl-delay": "delay", "crawl delay": "delay", "crawldelay": "delay",
    "sitemap": "sitemap", "sitemaps": "sitemap", "site-map": "sitemap",
}  # fmt: skip

_Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What a robots.txt asks of us; `crawl_delay` in seconds, `sitemaps` absolute and at most 50."""

    patterns: Protego
    crawl_delay: float | None = None
    sitemaps: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether the absolute `url` may be fetched; the longest rule that matches decides."""
        try:
            return self.patterns.can_fetch(url, "*")
        except ValueError:  # no URL
            return False


def read_robots(body: bytes, agent: str, url: str = "http://robots.invalid/robots.txt") -> RobotsRules:
    """The rules for the product token `agent` in the file at `url`; a page in its place has none."""
    fields = [] if _MARKUP.match(body.removeprefix(b"\xef\xbb\xbf")) else list(_fields(_cut(body)))
    group = _group(fields, agent.lower())
    return RobotsRules(
        patterns=_patterns(group),
        crawl_delay=max((delay for name, value in group if name == "delay" and (delay := _seconds(value))),
                        default=None),
        sitemaps=_sitemaps((value for name, value in fields if name == "sitemap"), url),
    )  # fmt: skip


def _cut(body: bytes) -> str:
    """The part of the file that is read: no line of it is half a line."""
    if len(body) > MAX_BYTES:
        body = body[:MAX_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return body.decode("utf-8-sig", errors="replace")


def _fields(text: str) -> Iterator[_Field]:
    """Each line that means something, as (field, value); a forgotten colon is forgiven."""
    for line in _LINE_END.split(text):
        stated = line.partition("#")[0].strip()
        name, colon, value = stated.partition(":")
        if not colon and len(words := stated.split()) == 2:
            name, value = words
        if field := _FIELDS.get(name.strip().lower()):
            yield field, value.strip()


def _group(fields: Iterable[_Field], agent: str) -> list[_Field]:
    """Rules of all groups that name `agent`, or else of all that name everyone."""
    named, ours, everyones = False, list[_Field](), list[_Field]()
    in_ours = in_everyones = naming = False
    for name, value in fields:
        if name == "agent":
            if not naming:
                in_ours = in_everyones = False
            naming = True
            token = _TOKEN.match(value)
            in_ours |= token is not None and token[0].lower() == agent
            in_everyones |= value.split()[:1] == ["*"]
            named |= in_ours
        elif name != "sitemap":  # sitemaps belong to no group and end none
            naming = False
            ours += [(name, value)] * in_ours
            everyones += [(name, value)] * in_everyones
    return ours if named else everyones


def _patterns(group: Iterable[_Field]) -> Protego:
    rules = dict.fromkeys(
        (name, quote(value, safe=_PRINTABLE))
        for name, value in group
        if value and name in ("allow", "disallow")
    )
    lines = "".join(f"{name}: {value}\n" for name, value in _bounded(rules))
    patterns = Protego.parse(f"user-agent: *\n{lines}")
    patterns.can_fetch("/", "*")  # builds its index here, not where it is asked
    return patterns


def _bounded(rules: Iterable[_Field]) -> Iterator[_Field]:
    """The rules; those with stars beyond `MAX_STARS` forbid all that begins as they do, and allow nothing.

    Stars at the end of a pattern keep its length, by which rules outrank each other.
    """
    stars = 0
    widened: dict[str, int] = {}
    for name, value in rules:
        stars += value.count("*")
        if "*" not in value or stars <= MAX_STARS:
            yield name, value
        elif name == "disallow":
            prefix = value.partition("*")[0]
            widened[prefix] = max(widened.get(prefix, 0), len(value))
    yield from (("disallow", prefix.ljust(length, "*")) for prefix, length in widened.items())


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value.replace(",", "."))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None


def _sitemaps(values: Iterable[str], url: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in values:
        if place := make_place(value, url):
            found[place] = None
        if len(found) == MAX_PLACES:
            break
    return tuple(found)
