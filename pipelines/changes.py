"""What changed between two readings of an article: pure, with the notices of newsrooms as data."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from pipelines.body.words import folded_words
from pipelines.normalize import count_words
from pipelines.records import ChangeKind
from pipelines.tables import read_table

# A notice of withdrawal takes the place of the story; of a longer text it is a sentence.
_MAX_NOTICE_WORDS = 120
_MOST_LEFT = 0.5
# A note about a correction says so at its beginning, or is a sentence or two.
_MAX_NOTE_WORDS = 60


class Reading(Protocol):
    """What is compared of an article: its `Article`, or as much of one."""

    @property
    def title(self) -> str | None:
        """Its headline."""

    @property
    def text(self) -> str:
        """Its body."""

    @property
    def text_hash(self) -> str:
        """The hash of its body."""

    @property
    def word_count(self) -> int:
        """Words of its body."""


def change_kind(before: Reading, after: Reading) -> ChangeKind | None:
    """What `after` changed, both cleaned with the same knowledge of the site; None for nothing that counts.

    A headline that only lost or gained a part, as a site's name, is no other headline.
    """
    if before.text_hash == after.text_hash:
        return ChangeKind.HEADLINE if _says_otherwise(before.title, after.title) else None
    if _is_withdrawn(before, after):
        return ChangeKind.REMOVED
    known = set(before.text.split("\n\n"))
    added = [paragraph for paragraph in after.text.split("\n\n") if paragraph not in known]
    if any(_is_correction(paragraph) for paragraph in added):
        return ChangeKind.CORRECTION
    return ChangeKind.TEXT


def _says_otherwise(before: str | None, after: str | None) -> bool:
    old, new = ("".join(folded_words(title or "")) for title in (before, after))
    return bool(old and new) and old not in new and new not in old


def _is_withdrawn(before: Reading, after: Reading) -> bool:
    words = after.word_count
    if words > _MAX_NOTICE_WORDS or words > _MOST_LEFT * before.word_count:
        return False
    return _has_phrase(after.text, "withdrawn")


def _is_correction(paragraph: str) -> bool:
    return count_words(paragraph) <= _MAX_NOTE_WORDS and _has_phrase(paragraph, "correction")


def _has_phrase(text: str, table: str) -> bool:
    said = f" {' '.join(folded_words(text))} "
    return any(phrase in said for phrase in _phrases(table))


@cache
def _phrases(table: str) -> tuple[str, ...]:
    lines: dict[str, str] = read_table("pipelines", "changes.toml")[table]
    phrases = (phrase for line in lines.values() for phrase in line.split(","))
    return tuple(f" {' '.join(folded_words(phrase))} " for phrase in phrases)
