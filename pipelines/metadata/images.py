"""Pictures of the article: the cover and the figures of the body, with caption, credit and alt text."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from lxml.html import HtmlElement

from pipelines.metadata.structured import Statements
from pipelines.normalize import clean_text, optional_text
from pipelines.records import Image

_MAX_IMAGES = 50
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")
_CREDIT = re.compile(r"(?:^|[-_])(?:credit|copyright|source|photographer)(?:$|[-_])")


def cover(statements: Statements, base: str) -> str | None:
    """Absolute http(s) address of the picture the page puts forward, or None."""
    stated = statements.first("image")
    return _absolute(stated, base) if stated else None


def figures(root: HtmlElement, base: str) -> tuple[Image, ...]:
    """Images of <figure> elements in order, each address once."""
    found: dict[str, Image] = {}
    for figure in root.iter("figure"):
        picture = next(figure.iter("img", "amp-img"), None)
        if picture is None:
            continue
        source = next((picture.get(name) for name in _SOURCES if picture.get(name)), None)
        address = _absolute(source, base) if source else None
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
    whole = clean_text(str(element.text_content()))
    if part is None:
        return optional_text(whole), None
    credit = clean_text(str(part.text_content()))
    caption = clean_text(whole.replace(credit, "", 1)) if credit else whole
    return optional_text(caption), optional_text(credit)


def _absolute(source: str, base: str) -> str | None:
    try:
        address = urljoin(base, source.strip())
    except ValueError:
        return None
    return address if address.startswith(("http://", "https://")) else None
