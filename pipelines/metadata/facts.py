"""The smaller facts about a page: tags and the kind of page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from pipelines.metadata.candidates import Statements
from pipelines.metadata.rights import rights
from pipelines.normalize import letters, weighed
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


def page_type(statements: Statements, url: str = "", root: HtmlElement | None = None, text: str = "") -> str:
    """`article`, `liveblog`, `video`, `gallery` or `opinion`; `article` unless another is evident.

    What the page declares goes first, then what its body looks like, then where it is filed: section and
    folders of the address. Without `root` and `text` only declarations and places are asked.
    """
    kinds = [candidate.value for candidate in statements.all("type")]
    declared = {_DECLARED[kind] for kind in kinds if kind in _DECLARED}
    ordinary = any(kind in ("NewsArticle", "Article") for kind in kinds)
    size = weighed(letters(text))
    folders = _folders(url)
    if "liveblog" in declared or _is_live(url, root, text):
        return "liveblog"
    if "opinion" in declared:
        return "opinion"
    # Articles have a film or a row of pictures somewhere, too; on pages of these kinds there is little else.
    filmed = "video" in declared and (not ordinary or folders & _data("video", "folders"))
    if size < _FILM_LETTERS and (filmed or any(kind.startswith("video") for kind in kinds)):
        return "video"
    pictures = _pictures(root)
    shown = "gallery" in declared and not ordinary
    enough = _NAMED_GALLERY_PICTURES if folders & _data("gallery", "folders") else _GALLERY_PICTURES
    most = min(_MOST_GALLERY_LETTERS, _GALLERY_LETTERS * max(pictures, _GALLERY_PICTURES))
    if size < most and (shown or pictures >= enough):
        return "gallery"
    sections = {letters(candidate.value) for candidate in statements.all("section")}
    if sections & _data("opinion", "sections") or folders & _data("opinion", "folders"):
        return "opinion"
    return "article"


def _path(url: str) -> str:
    """Path of an address as it is read, "" when it is none."""
    try:
        return unquote(urlsplit(url).path).lower()
    except ValueError:
        return ""


def _folders(url: str) -> set[str]:
    """Folders of the address by their letters, without the last part: that is the story's own name."""
    return {letters(part) for part in _path(url).strip("/").split("/")[:-1] if part}


def _is_live(url: str, root: HtmlElement | None, text: str) -> bool:
    """Whether many entries have a time, in a box that is named so or on a page whose address says it is live.

    A timetable and the schedule of a fair have times, too.
    """
    clocks = sum(bool(_CLOCK.match(line)) for line in text.splitlines())
    if clocks >= _LIVE_ENTRIES and _live_words().search(_path(url)):
        return True
    if root is None:
        return False
    boxes = islice(root.iter("div", "section", "article", "ul", "ol", "main"), _MAX_ELEMENTS)
    box = next((box for box in boxes if _live_names().search(_named(box))), None)
    if box is None or box.getparent() is None:
        return False
    times = sum(1 for _ in islice(box.getparent().iter("time"), _LIVE_ENTRIES))
    return max(clocks, times) >= _LIVE_ENTRIES


def _named(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


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


def _pictures(root: HtmlElement | None) -> int:
    """How many pictures stand in the box that holds most of them, each in a frame or an item of its own."""
    inside: dict[HtmlElement, int] = {}
    for figure in () if root is None else islice(root.iter("figure"), _MAX_FIGURES):
        if any(map(_leads_away, chain(figure.iterancestors("a"), islice(figure.iter("a"), 5)))):
            continue  # a teaser of another page
        for box in _two(figure.getparent()):
            inside[box] = inside.get(box, 0) + 1
    return max(inside.values(), default=0)


def _leads_away(link: HtmlElement) -> bool:
    path = (link.get("href") or "").lower().split("?", 1)[0].split("#", 1)[0]
    return bool(path) and not path.endswith((".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"))


def _two(holder: HtmlElement | None) -> Iterator[HtmlElement]:
    """The element and the one around it, unless they are the page."""
    if holder is None or holder.tag in ("body", "html"):
        return
    yield holder
    above = holder.getparent()
    if above is not None and above.tag not in ("body", "html"):
        yield above


@cache
def _data(kind: str, what: str) -> frozenset[str]:
    """One list of `page_types.toml`, by the letters of its names."""
    return frozenset(map(letters, _table(kind, what)))


def _table(kind: str, what: str) -> list[str]:
    values: list[str] = read_table("pipelines.metadata", "page_types.toml")[kind][what]
    return values
