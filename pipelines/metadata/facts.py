"""The smaller facts about a page: tags and the kind of page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain, islice
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from pipelines.metadata.candidates import Statements
from pipelines.metadata.rights import rights
from pipelines.normalize import letters, weighed
from pipelines.page.outline import Outline
from pipelines.tables import read_table

__all__ = ["page_type", "rights", "tags"]

_SPLIT_TAGS = re.compile(r"\s*[,،;|]\s*")
_MAX_TAGS = 50
_MAX_ELEMENTS, _MAX_FIGURES = 20_000, 500
_DECLARED = {
    "LiveBlogPosting": "liveblog",
    "OpinionNewsArticle": "opinion",
    "VideoObject": "video",
    "ImageGallery": "gallery",
    "MediaGallery": "gallery",
}
# A gallery has so many pictures at least, and so few letters for each and in all;
_GALLERY_PICTURES, _GALLERY_LETTERS, _MOST_GALLERY_LETTERS = 8, 120, 1_500
# ... where its address says that it is one, fewer pictures do.
_NAMED_GALLERY_PICTURES = 4
# A page that shows a film says no more than this beside it (letters).
_FILM_LETTERS = 600
# A live blog has so many entries with a time.
_LIVE_ENTRIES = 8
_BOXES = ("div", "section", "article", "ul", "ol", "main")
_CLOCK = re.compile(
    r"\W*(?:[01]?\d|2[0-3])\s?(?:[:.h]\s?[0-5]\d)(?::[0-5]\d)?\s*(?:[ap]\.?\s?m\b\.?|uhr\b|gmt\b|utc\b|h\b)?",
    re.IGNORECASE,
)


def tags(statements: Statements) -> tuple[str, ...]:
    """Keywords of the first source that gives any, each once."""
    by_source: dict[str, dict[str, str]] = {}
    for candidate in statements.all("tag"):
        for tag in _SPLIT_TAGS.split(candidate.value):
            if folded := letters(tag):
                by_source.setdefault(candidate.source, {}).setdefault(folded, tag.strip())
    found = next(iter(by_source.values()), {})
    return tuple(found.values())[:_MAX_TAGS]


def page_type(statements: Statements, url: str = "", outline: Outline | None = None, text: str = "") -> str:
    """`article`, `liveblog`, `video`, `gallery` or `opinion`; `article` unless another is evident.

    What the page declares goes first, then what its body looks like, then where it is filed: section and
    folders of the address. Without `outline` and `text` only declarations and places are asked.
    """
    kinds = [candidate.value for candidate in statements.all("type")]
    declared = {_DECLARED[kind] for kind in kinds if kind in _DECLARED}
    ordinary = any(kind in ("NewsArticle", "Article") for kind in kinds)
    folders = _folders(url)
    if "liveblog" in declared or _is_live(url, outline, text):
        return "liveblog"
    if "opinion" in declared:
        return "opinion"
    # Articles have a film or a row of pictures somewhere, too; on pages of these kinds there is little else.
    filmed = "video" in declared and (not ordinary or folders & _data("video", "folders"))
    filmed = filmed or any(kind.startswith("video") for kind in kinds)
    if filmed and weighed(letters(text)) < _FILM_LETTERS:
        return "video"
    pictures = _pictures(outline) if outline else 0
    shown = "gallery" in declared and not ordinary
    enough = _NAMED_GALLERY_PICTURES if folders & _data("gallery", "folders") else _GALLERY_PICTURES
    most = min(_MOST_GALLERY_LETTERS, _GALLERY_LETTERS * max(pictures, _GALLERY_PICTURES))
    if (shown or pictures >= enough) and weighed(letters(text)) < most:
        return "gallery"
    sections = {letters(candidate.value) for candidate in statements.all("section")}
    if sections & _data("opinion", "sections") or folders & _data("opinion", "folders"):
        return "opinion"
    return "article"


# One page's is asked for with more than one question.
@lru_cache(maxsize=4)
def _path(url: str) -> str:
    """Path of an address as it is read, "" when it is none."""
    try:
        return unquote(urlsplit(url).path).lower()
    except ValueError:
        return ""


def _folders(url: str) -> set[str]:
    """Folders of the address by their letters, without the last part: that is the story's own name."""
    return {letters(part) for part in _path(url).strip("/").split("/")[:-1] if part}


def _is_live(url: str, outline: Outline | None, text: str) -> bool:
    """Whether many entries have a time, in a box that is named so or on a page whose address says it is live.

    A timetable and the schedule of a fair have times, too.
    """
    if _live_words().search(_path(url)) and _clocks(text) >= _LIVE_ENTRIES:
        return True
    holder = _live_holder(outline) if outline else None
    if outline is None or holder is None:
        return False
    times = sum(holder <= at < outline.ends[holder] for at in outline.all("time"))
    return times >= _LIVE_ENTRIES or _clocks(text) >= _LIVE_ENTRIES


def _clocks(text: str) -> int:
    """How many lines begin with a time of day."""
    return sum(bool(_CLOCK.match(line)) for line in text.splitlines())


def _live_holder(outline: Outline) -> int | None:
    """What holds the first box that is named as one of a live blog."""
    # Most pages have no such name: that is seen in all of them together, and without a search.
    bare = "\n".join(filter(None, {*outline.classes, *outline.ids})).lower().replace("-", "").replace("_", "")
    if not any(name in bare for name in _bare_live_names()):
        return None
    boxes = outline.all(*_BOXES)[:_MAX_ELEMENTS]
    names = {(outline.classes[at], outline.ids[at]): at for at in reversed(boxes)}
    first = min((at for said, at in names.items() if _live_names().search(_named(*said))), default=0)
    return outline.parents[first] if first else None


def _named(classes: str | None, ids: str | None) -> str:
    return f"{classes or ''} {ids or ''}".lower()


@cache
def _bare_live_names() -> tuple[str, ...]:
    """Names of a live blog's box with nothing between their words."""
    return tuple(name.replace("-", "") for name in _table("liveblog", "names"))


@cache
def _live_names() -> re.Pattern[str]:
    """Finds a name of a live blog's box among class and id names, however its words are joined."""
    names = (name.replace("-", "[-_]?") for name in _table("liveblog", "names"))
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(names)})(?![a-z0-9])")


@cache
def _live_words() -> re.Pattern[str]:
    """Finds a word of a live page in the path of an address."""
    words = map(re.escape, _table("liveblog", "words"))
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(words)})(?![^\W_])")


def _pictures(outline: Outline) -> int:
    """How many pictures stand in the box that holds most of them, each in a frame or an item of its own."""
    inside: Counter[int] = Counter()
    for at in outline.all("figure")[:_MAX_FIGURES]:
        figure = outline.elements[at]
        if any(map(_leads_away, chain(figure.iterancestors("a"), islice(figure.iter("a"), 5)))):
            continue  # a teaser of another page
        inside.update(_two(outline, outline.parents[at]))
    return max(inside.values(), default=0)


def _leads_away(link: HtmlElement) -> bool:
    path = (link.get("href") or "").lower().split("?", 1)[0].split("#", 1)[0]
    return bool(path) and not path.endswith((".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"))


def _two(outline: Outline, holder: int) -> Iterator[int]:
    """The element and the one around it, unless they are the page."""
    for _ in range(2):
        if holder < 0 or outline.tags[holder] in ("body", "html"):
            return
        yield holder
        holder = outline.parents[holder]


@cache
def _data(kind: str, what: str) -> frozenset[str]:
    """One list of `page_types.toml`, by the letters of its names."""
    return frozenset(map(letters, _table(kind, what)))


def _table(kind: str, what: str) -> list[str]:
    values: list[str] = read_table("pipelines.metadata", "page_types.toml")[kind][what]
    return values
