"""Pictures of the article: the cover and the figures of the body, with caption, credit and alt text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from lxml.html import HtmlElement

from pipelines.metadata.structured import Statements
from pipelines.normalize import optional_text
from pipelines.records import Image

_MAX_IMAGES = 50
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")
_CREDIT = re.compile(r"(?:^|[-_])(?:credit|copyright|source|photographer)(?:$|[-_])")


def cover(statements: Statements, base: str) -> str | None:
    """Absolute http(s) address of the picture the page puts forward, or None."""
    stated = (_absolute(candidate.value, base) for candidate in statements.all("image"))
    return next(filter(None, stated), None)


def figures(root: HtmlElement, base: str) -> tuple[Image, ...]:
    """Images of <figure> elements in order, each address once."""
    found: dict[str, Image] = {}
    for figure in root.iter("figure"):
        picture = next(figure.iter("img", "amp-img"), None)
        if picture is None:
            continue
        # Where pictures load late, `src` holds a data: placeholder.
        sources = (_absolute(source, base) for name in _SOURCES if (source := picture.get(name)))
        address = next(filter(None, sources), None)
        if address is None or address in found:
            continue
        caption, credit = _caption(figure)
        found[address] = Image(address, caption, credit, optional_text(picture.get("alt")))
        if len(found) == _MAX_IMAGES:
            break
    return tuple(found.values())


def _caption(figure: HtmlElement) -> tuple[str | None, str | None]:
    element = next(figure.iter("figcaption"), None)
    if element is None:
        return None, None
    part = next(
        (e for e in element.iter() if e is not element and _CREDIT.search(e.get("class") or "")),
        None,
    )
    if part is None:
        return optional_text(str(element.text_content())), None
    return optional_text("".join(_texts(element, part))), optional_text(str(part.text_content()))


def _texts(element: HtmlElement, without: HtmlElement) -> Iterator[str]:
    """Texts of `element` in order but for those of one element in it."""
    yield element.text or ""
    for child in element:
        if child is not without:
            yield from _texts(child, without)
        yield child.tail or ""


def _absolute(source: str, base: str) -> str | None:
    try:
        address = urljoin(base, source.strip())
    except ValueError:
        return None
    return address if address.startswith(("http://", "https://")) else None
