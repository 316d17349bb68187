"""Stories without end: invented news of our own writing, the same for the same language and number."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from demo.content import load

WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)
# The newest story; each number is half an hour older than the one before it.
NEWEST = datetime(2026, 11, 12, 16, tzinfo=UTC)
_AGE = timedelta(minutes=30)
_SENTENCE_END = re.compile(r"(?<=[^\W\d]{3}[.؟!]) (?=\S)")
_QUOTES = re.compile('[«»"“”״:]')


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, as the reader should find it; `paragraphs` are the whole text."""

    language: str
    number: int
    title: str
    description: str
    paragraphs: tuple[str, ...]
    author: str
    published: datetime
    note: str | None = None

    @property
    def text(self) -> str:
        """The text a perfect crawl stores, the correction note included."""
        return "\n\n".join((*self.paragraphs, self.note) if self.note else self.paragraphs)


def story(language: str, number: int) -> Story:
    """Story `number` of the language; headlines repeat only after hundreds."""
    words, facts = WORDS[language], _facts(language, number)
    chance = random.Random(f"{language}-{number}")

    def say(sentences: list[str]) -> str:
        return chance.choice(sentences).format(**facts)

    pool = chance.sample(_sentences(language), 10)
    return Story(
        language=language,
        number=number,
        title=words["titles"][number % len(words["titles"])].format(**facts),
        description=words["description"].format(**facts),
        paragraphs=(
            f"{say(words['leads'])} {pool[0]}",
            *(" ".join(pool[start : start + 2]) for start in range(1, 9, 2)),
            f"{pool[9]} {say(words['closings'])}",
        ),
        author=words["author"][number % len(words["author"])],
        published=NEWEST - number * _AGE,
    )


def stories(language: str, count: int, start: int = 0) -> tuple[Story, ...]:
    """`count` stories, newest first."""
    return tuple(story(language, number) for number in range(start, start + count))


def sentence(kind: str, told: Story) -> str:
    """What the outlet adds to a story later: its `news`, `correction` or `withdrawn` line."""
    said = WORDS[told.language][kind]
    return (said if isinstance(said, str) else said[0]).format(**_facts(told.language, told.number))


def _facts(language: str, number: int) -> dict[str, str | int]:
    """Place, thing and numbers of a story: no two of a language share all three parts of a headline."""
    words = WORDS[language]
    rest, _ = divmod(number, len(words["titles"]))
    further, thing = divmod(rest, len(words["things"]))
    return {
        # The place moves with the thing, so that neighbours in a list do not all tell of one town.
        "place": words["places"][(further + thing) % len(words["places"])],
        "thing": words["things"][thing],
        "count": 31 + number * 7,
        "cost": 120 + number * 13,
        "days": 12 + number % 80,
    }


@cache
def _sentences(language: str) -> list[str]:
    """Whole sentences of the demo newsroom's articles that stand on their own."""
    return sorted(set(_spoken(language)))


def _spoken(language: str) -> Iterator[str]:
    for outlet in load():
        if outlet.language != language:
            continue
        for article in outlet.articles:
            for block in article.blocks:
                if block.kind == "paragraph":
                    parts = _SENTENCE_END.split(block.text)
                    yield from (part for part in parts if len(part) > 70 and not _QUOTES.search(part))
