"""Sitemaps, plain or gzip, indexes and Google-News fields: bytes to links. Runs in a worker."""

from __future__ import annotations

import re
import zlib

from lxml import etree

from crawler.discovery.records import MAX_PLACES, Discovered, make_link, make_place, unique
from pipelines.normalize import optional_text
from pipelines.records import Witness

_MAX_BYTES = 50 * 1024 * 1024  # the sitemap protocol's own limit
_BARE_AMPERSAND = re.compile(rb"&(?!#?\w+;)")


def read_sitemap(body: bytes, url: str) -> Discovered:
    """Articles of a sitemap, or the sitemaps of an index."""
    root = _parse(_unpacked(body))
    if root is None:
        return Discovered()
    if _local(root) == "sitemapindex":
        places = [place for node in root if (place := make_place(_child(node, "loc"), url))]
        return Discovered(sitemaps=tuple(dict.fromkeys(places))[:MAX_PLACES])
    links = (
        make_link(place, url, "sitemap", _witness(node))
        for node in root
        if _local(node) == "url" and (place := _child(node, "loc"))
    )
    return Discovered(links=unique(links))


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _MAX_BYTES)
    except zlib.error:
        return b""


def _parse(body: bytes) -> etree._Element | None:
    """Root of the document; what is broken is mended, since libxml2 alone makes "?a=1=2" of "?a=1&b=2"."""
    body = body.strip()
    try:
        return etree.fromstring(body, parser=_parser(recover=False))
    except (etree.XMLSyntaxError, ValueError):
        pass
    wide = b"\0" in body[:4]  # UTF-16: an ampersand is no single byte there
    try:
        return etree.fromstring(
            body if wide else _BARE_AMPERSAND.sub(b"&amp;", body), parser=_parser(recover=True)
        )
    except (etree.XMLSyntaxError, ValueError):
        return None


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=recover, huge_tree=False
    )


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _child(node: etree._Element, name: str) -> str | None:
    return next((optional_text(child.text) for child in node if _local(child) == name), None)


def _witness(node: etree._Element) -> Witness:
    """What the news: fields say; `lastmod` is a change and no publication, so it stays out."""
    news = next((child for child in node if _local(child) == "news"), None)
    if news is None:
        return Witness()
    return Witness(title=_child(news, "title"), published=_child(news, "publication_date"))
