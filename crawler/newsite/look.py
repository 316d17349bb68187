"""A survey as lines for a person: what answered, a first look at the pages, and what looks wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from crawler.newsite.records import Answer, Look, Surveyed
from crawler.terminal import Terminal, harmless, wrap
from pipelines.records import Article, Rejected

# Below this many columns the names of the fields stand before their values instead of beside them.
_MIN_COLUMNS = 60
_FIELD = 8
_MAX_SENTENCE = 240
_SENTENCE_END = re.compile(r"(?<=[.!?…؟۔।。！？])[\"'”»)\]]*\s+|(?<=[。！？])")


def view(found: Surveyed, doubts: Iterable[str], terminal: Terminal) -> Iterator[str]:
    """All lines."""
    yield from _wrapped(found.start, terminal, "bold")
    if found.start != found.asked:
        yield from _wrapped(f"asked for: {found.asked}", terminal, "dim")
    yield from _row("feeds", _places(found.feeds), terminal)
    yield from _row("sitemaps", _places(found.sitemaps), terminal)
    yield from _row("articles", f"{found.listed or 'none'} listed, {len(found.looks)} looked at", terminal)
    for number, look in enumerate(found.looks, start=1):
        yield ""
        yield from _wrapped(f"{number}. {look.url}", terminal, "bold")
        for field, value in _fields(look):
            yield from _row(field, value, terminal)
    if lines := list(doubts):
        yield ""
        for line in lines:
            yield from _wrapped(f"! {line}", terminal, "yellow")


def _places(answers: Iterable[Answer]) -> str:
    """Those that work, with how much they list."""
    said = [
        f"{answer.url} ({_counted(len(answer.links), 'article')}"
        f"{f' in the first of {answer.places} sitemaps' if answer.places else ''})"
        for answer in answers
        if answer.works
    ]
    return ", ".join(said) or "none"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _fields(look: Look) -> Iterator[tuple[str, str]]:
    if look.cleaned is None:
        yield "failed", look.failed or "?"
    elif isinstance(look.cleaned.result, Rejected):
        refused = look.cleaned.result
        yield "title", refused.title or "none"
        yield "refused", f"{refused.reason}{f' ({refused.detail})' if refused.detail else ''}"
    else:
        yield from _of_article(look.cleaned.result)


def _of_article(article: Article) -> Iterator[tuple[str, str]]:
    yield "title", article.title or "none"
    yield "date", _date(article)
    yield "authors", ", ".join(article.authors or ()) or article.wire_source or "none"
    removed = _counted(article.removed_blocks, "block")
    yield "text", f"{article.language}, {_counted(article.word_count, 'word')}, {removed} removed"
    first, last = ends(article.text)
    yield "first", first
    yield "last", last


def _date(article: Article) -> str:
    if article.published_date is None:
        return "none"
    moment = article.published_at
    said = f"{moment:%Y-%m-%d %H:%M} UTC" if moment else article.published_date.isoformat()
    return f"{said} ({article.published_source})"


def ends(text: str) -> tuple[str, str]:
    """First and last sentence of a text, long ones shortened.

    >>> ends("Rain fell. It was cold. Nobody came. Why?")
    ('Rain fell.', 'Why?')
    """
    paragraphs = text.split("\n\n")
    last = [part for part in _SENTENCE_END.split(paragraphs[-1]) if part][-1:] or [""]
    return _short(_SENTENCE_END.split(paragraphs[0])[0]), _short(last[0])


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= _MAX_SENTENCE else f"{sentence[: _MAX_SENTENCE - 1]}…"


def _row(field: str, value: str, terminal: Terminal) -> Iterator[str]:
    if terminal.columns < _MIN_COLUMNS:
        yield from _wrapped(f"{field}: {value}", terminal)
    else:
        width = terminal.columns - _FIELD - 3
        yield from terminal.row((field, _FIELD, "dim"), (harmless(value), width, None))


def _wrapped(text: str, terminal: Terminal, colour: str | None = None) -> Iterator[str]:
    for line in wrap(harmless(text), terminal.columns):
        yield terminal.paint(line, colour) if colour else line
