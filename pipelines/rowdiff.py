"""What a later cleaning changes in a stored row: pure, over rows as the datasets have them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pipelines.normalize import letters
from pipelines.records import Article

# How the page was come by, what names the row, and measures that move with every model and every page more
# that site memory has seen: for them alone nobody wants another version of a text.
_NOT_COMPARED = frozenset(
    """id site url url_requested url_canonical language_score word_count char_count extraction_score extractor
    removed_blocks removed_chars text_hash minhash cluster_id duplicate_of story_id version previous_id
    change_kind fetched_at http_status etag last_modified discovered_via discovered_at robots warc_file
    warc_offset run_id schema_version""".split()
)
COMPARED = tuple(field.name for field in fields(Article) if field.name not in _NOT_COMPARED)
_DATES = ("published_at", "published_date")
# Scripts that put no spaces between words: each sign counts for itself.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class RowDiff:
    """What changed between a row and its page cleaned again.

    `kinds` are `text`, `title`, `date` or names of other columns; paragraphs stand in the order of their
    text. Letters are those of words that the changed paragraphs have on one side only.
    """

    kinds: tuple[str, ...]
    paragraphs_lost: tuple[str, ...] = ()
    paragraphs_gained: tuple[str, ...] = ()
    letters_lost: int = 0
    letters_gained: int = 0


def row_diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> RowDiff | None:
    """The difference between two rows of `articles`; None where all that is compared is the same."""
    changed = [name for name in COMPARED if _plain(before.get(name)) != _plain(after.get(name))]
    if not changed:
        return None
    kinds = tuple(dict.fromkeys("date" if name in _DATES else name for name in changed))
    if "text" not in kinds:
        return RowDiff(kinds)
    old, new = (str(row["text"]).split("\n\n") for row in (before, after))
    lost, gained = tuple(_beyond(old, new)), tuple(_beyond(new, old))
    return RowDiff(kinds, lost, gained, letters_beyond(lost, gained), letters_beyond(gained, lost))


def letters_beyond(some: Iterable[str], others: Iterable[str]) -> int:
    """Letters of the words that `some` texts have more often than `others`.

    >>> letters_beyond(["The ferry sails. Read also"], ["the ferry sails"])
    8
    """
    left = _words(some) - _words(others)
    return sum(len(word) * count for word, count in left.items())


def count_letters(text: str | None) -> int:
    """Letters of a text, of which `letters_beyond` are a part."""
    return len(letters(text or ""))


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(
        word for text in texts for part in text.split() for word in _WORD.findall(letters(part)) if word
    )


def _beyond(some: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    left = Counter(others)
    for each in some:
        if left[each]:
            left[each] -= 1
        else:
            yield each


def _plain(value: Any) -> Any:
    """Columns that an older schema lacks inside a picture are as if they said nothing."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value] or None
    if isinstance(value, Mapping):
        return {name: each for name, each in value.items() if each not in (None, False)}
    return value
