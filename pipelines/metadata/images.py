"""Pictures of the article: the cover and the pictures of the body, with caption, credit and alt text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from pipelines.metadata.candidates import Statements
from pipelines.metadata.captions import Captions
from pipelines.metadata.image_data import data, name_words, word_runs
from pipelines.normalize import letters, optional_text
from pipelines.page.outline import Outline
from pipelines.records import Image
from pipelines.urls import without_credentials

_MAX_IMAGES = 50
_MAX_SEEN = 2_000
_MAX_ALT_CHARS = 1_000
_MAX_ADDRESS_CHARS = 2_000
# Where pictures load late, `src` holds a stand-in.
_LATE = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-lazy",
    "data-image",
    "data-url",
)
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+([\d.]{1,9})([wx]))?\s*(?:,|$)")
_MAX_SET_CHARS = 20_000
_MAX_SOURCES = 20
# Pixels; smaller ones are icons and counters.
_MIN_SIDE = 48
_STYLED = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*(\d+)px")
# What is said of the size within a file's name, and edits that WordPress numbers.
_SIZE = re.compile(
    r"[-_@.](?:\d{2,5}x\d{2,5}|\d{2,4}[wh]|w\d{2,4}|[1-4]x|scaled|e\d{9,13}|thumb(?:nail)?|small|medium|large|full|[sml]|xl)$"
)
_SIZE_FIRST = re.compile(r"^\d{2,5}x\d{2,5}[-_]")
# "bridge.jpg_gen/derivatives/640/bridge.jpg" is made of "bridge.jpg".
_DERIVED = re.compile(r"\.(?:jpe?g|png|webp|gif)(?=[_/])")
_PLAIN_NAME = re.compile(r"[^\d_\W]{0,12}\d{0,4}")
_EXTENSION = re.compile(r"\.(jpe?g|png|webp|gif|avif|svg|jfif|bmp|tiff?)$")
_WRAPPED = ("url", "src", "image", "u", "file")
_APART = ("nav", "footer")


def cover(statements: Statements, base: str) -> str | None:
    """Absolute http(s) address of the picture the page puts forward, or None."""
    stated = (absolute(candidate.value, base) for candidate in statements.all("image"))
    # JSON-LD may name the node of a picture, "https://example.org/story/#primaryimage".
    return next((url for url in stated if url and "#" not in url), None)


def figures(
    root: HtmlElement, base: str, front: str | None = None, body: HtmlElement | None = None
) -> tuple[Image, ...]:
    """Pictures of the article in the page's order, each once, at most 50; see `Pictures`."""
    return Pictures(Outline.of(root), base, front).of(body)


class Pictures:
    """The pictures of a page, each read once, however often it is asked for those of an article.

    `base` is the page's address and `front` the one that `cover` gave.
    """

    def __init__(self, outline: Outline, base: str, front: str | None = None) -> None:
        self.front = front
        self._base = base
        self._wanted = picture_key(front) if front else None
        self._outline = outline
        self._all = [(at, _holder(outline, at)) for at in outline.all("img", "amp-img")[:_MAX_SEEN]]
        self._addresses: dict[int, tuple[str, str] | None] = {}
        self._images: dict[HtmlElement, Image | None] = {}
        self._captions = Captions()

    def of(self, body: HtmlElement | None = None) -> tuple[Image, ...]:
        """Pictures of the article in the page's order, each once, at most 50.

        Those are the pictures in a <figure> or a box that themes make for a captioned one, and within the
        element `body`, when it is given, those without either. The front picture is marked wherever it is
        shown in whatever size, and goes first when it is shown nowhere. An `alt` that says what the caption
        says is left out.
        """
        found: dict[str, Image] = {}
        inside = range(0)
        if body is not None:
            first = self._outline.numbers[body]
            inside = range(first, self._outline.ends[first])
        for at, holder in self._all:
            if holder is None and at not in inside:
                continue
            address = self._address(at, holder)
            if address is None or address[1] in found:
                continue
            held = None if holder is None else self._outline.elements[holder]
            if image := self._image(self._outline.elements[at], held, *address):
                found[address[1]] = image
                if len(found) == _MAX_IMAGES:
                    break
        pictures = tuple(found.values())
        if self.front and self._wanted not in found and not _junk_address(self.front):
            pictures = (Image(self.front, cover=True), *pictures)[:_MAX_IMAGES]
        return pictures

    def _address(self, at: int, holder: int | None) -> tuple[str, str] | None:
        """Address and key of a picture that may be shown."""
        if at not in self._addresses:
            address = None
            if _is_large(self._outline.elements[at]) and not self._is_apart(at if holder is None else holder):
                address = _address(self._outline.elements[at], self._base)
            self._addresses[at] = (address, picture_key(address)) if address else None
        return self._addresses[at]

    def _is_apart(self, at: int) -> bool:
        """Whether it is part of the site's frame."""
        return any(self._outline.tags[box] in _APART for box in _around(self._outline, at))

    def _image(
        self, element: HtmlElement, holder: HtmlElement | None, address: str, key: str
    ) -> Image | None:
        """The picture, unless it is another page's or none of a story."""
        if element not in self._images:
            is_cover = key == self._wanted
            is_kept = is_cover or not (
                _is_teaser(element, holder) or _is_junk(element, holder, address, self._captions)
            )
            image = _image(address, element, holder, self._captions, is_cover=is_cover) if is_kept else None
            self._images[element] = image
        return self._images[element]


def picture_key(address: str) -> str:
    """What addresses of one picture in different sizes have in common.

    >>> picture_key("https://cdn.test/w_300/bridge-dawn-1024x768.jpg?w=300")
    'bridge-dawn'
    >>> picture_key("https://a.test/_next/image?url=%2Fup%2Fbridge-dawn.jpg&w=640")
    'bridge-dawn'
    >>> picture_key("https://a.test/2026/1.jpg") == picture_key("https://a.test/2025/1.jpg")
    False
    """
    try:
        parts = urlsplit(address)
        query = parse_qsl(parts.query[:_MAX_ADDRESS_CHARS], max_num_fields=40)
    except ValueError:
        return address
    wrapped = next((value for name, value in query if name.lower() in _WRAPPED and "/" in value), None)
    if wrapped and len(wrapped) < len(address):
        return picture_key(wrapped)
    path = unquote(parts.path).lower().rstrip("/")
    folder, _, name = path.rpartition("/")
    if whole := _DERIVED.search(path):
        folder, _, name = path[: whole.end()].rpartition("/")
    stem = _EXTENSION.sub("", name)
    if stem == name:
        # No file: the picture is named in the query, by a number or an address.
        rest = sorted((key, value) for key, value in query if key.lower() not in data().sizing)
        return f"{parts.netloc}{path}?{rest}" if rest else path
    while (shorter := _SIZE.sub("", _SIZE_FIRST.sub("", stem))) != stem and shorter:
        stem = shorter
    # "image1" is the name of many a picture; a name of one's own is the same on every server.
    return f"{folder}/{stem}" if _PLAIN_NAME.fullmatch(stem) else stem


def _image(
    address: str, element: HtmlElement, holder: HtmlElement | None, captions: Captions, *, is_cover: bool
) -> Image:
    caption, credit = (None, None) if holder is None else captions.of(holder)
    alt = optional_text(element.get("alt"), _MAX_ALT_CHARS)
    if alt and caption and letters(alt) == letters(caption):
        alt = None
    return Image(address, caption, credit, alt, is_cover)


def _around(outline: Outline, at: int) -> Iterator[int]:
    """Numbers of the elements around one, the nearest first."""
    while (at := outline.parents[at]) >= 0:
        yield at


def _holder(outline: Outline, at: int) -> int | None:
    """The <figure> around a picture, or the box that a theme makes of it and its caption."""
    for level, box in enumerate(_around(outline, at)):
        if outline.tags[box] == "figure":
            return box
        if level < 4 and name_words(outline.elements[box]) & data().frames:
            return box
    return None


def _is_large(element: HtmlElement) -> bool:
    """Whether the picture is larger than an icon, as far as the page says."""
    styled = dict(_STYLED.findall(element.get("style") or ""))
    for side in ("width", "height"):
        said = (element.get(side) or styled.get(side) or "").strip().removesuffix("px")
        if said.isascii() and said.isdigit() and int(said[:6]) < _MIN_SIDE:
            return False
    return True


def _is_teaser(element: HtmlElement, holder: HtmlElement | None) -> bool:
    """Whether the picture leads to another page and has no caption of its own: it belongs to that page."""
    link = next(element.iterancestors("a"), None)
    target = "" if link is None else (link.get("href") or "")
    caption = None if holder is None else next(holder.iter("figcaption"), None)
    if caption is not None and target:
        # A caption that leads there, too, is the other page's headline.
        linked = chain(caption.iterancestors("a"), islice(caption.iter("a"), 20))
        if all(each.get("href") != target for each in linked):
            return False
    path = target.lower().split("?", 1)[0].split("#", 1)[0]
    return bool(path) and not _EXTENSION.search(path) and not path.startswith("javascript:")


def _is_junk(element: HtmlElement, holder: HtmlElement | None, address: str, captions: Captions) -> bool:
    """Whether names say that it is an avatar, a logo, an advertisement; nothing of that has a caption."""
    if holder is not None and any(captions.of(holder)):
        return False
    around = (element, *islice(element.iterancestors(), 2))
    return any(name_words(each) & data().junk for each in around) or _junk_address(address)


def _junk_address(address: str) -> bool:
    """Whether the address is that of a logo or the like: a folder, or a short name of the file."""
    try:
        path = unquote(urlsplit(address).path)
    except ValueError:
        return True
    *folders, name = path.split("/")
    words = word_runs(_EXTENSION.sub("", name.lower()))
    # A long name tells a story, "the-new-logo-of-the-port-is-unveiled".
    return bool(data().junk & {folder.lower() for folder in folders}) or (
        len(words) <= 6 and bool(words & data().junk)
    )


def _address(element: HtmlElement, base: str) -> str | None:
    """The largest address of a picture that can be fetched."""
    sets = [element.get(name) for name in _SETS]
    # The parser puts a picture into the <source> before it.
    picture = next((box for box in islice(element.iterancestors(), 6) if box.tag == "picture"), None)
    if picture is not None:
        sets += [
            source.get(name) for source in islice(picture.iter("source"), _MAX_SOURCES) for name in _SETS
        ]
    sized = [each for value in sets if value for each in _candidates(value)]
    # The first of equals: sources stand in the order of preference.
    largest = [url for _, url in sorted(sized, key=lambda each: -each[0])]
    plain = [element.get(name) for name in (*_LATE, "src")]
    return next(filter(None, (absolute(url, base) for url in (*largest, *plain) if url)), None)


def _candidates(value: str) -> Iterator[tuple[float, str]]:
    """Width (a density counts as so many thousand) and address of the candidates of a `srcset`."""
    for match in islice(_CANDIDATE.finditer(value[:_MAX_SET_CHARS]), 40):
        url, number, unit = match.groups()
        try:
            size = float(number or 1)
        except ValueError:
            size = 0.0
        yield size if unit == "w" else size * 1_000, url


def absolute(source: str, base: str) -> str | None:
    """The http(s) address that `source` names on the page `base`, without credentials, or None."""
    source = source.strip()
    if len(source) > _MAX_ADDRESS_CHARS or "{" in source:  # a template that a script would have filled
        return None
    try:
        address = without_credentials(urljoin(base, source))
        host = urlsplit(address).hostname
    except ValueError:
        return None
    return address if address.startswith(("http://", "https://")) and host else None
