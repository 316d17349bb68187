"""Sitemaps, plain or gzip, indexes and Google-News fields: bytes to links. Runs in a worker."""

from __future__ import annotations

import zlib
from urllib.parse import urljoin

from lxml import etree

from crawler.discovery.records import MAX_PLACES, Discovered, make_link, unique
from pipelines.normalize import optional_text
from pipelines.records import Witness

_MAX_BYTES = 50 * 1024 * 1024  # the sitemap protocol's own limit


def read_sitemap(body: bytes, url: str) -> Discovered:
    """Articles of a sitemap, or the sitemaps of an index."""
    root = _parse(_unpacked(body))
    if root is None:
        return Discovered()
    if _local(root) == "sitemapindex":
        places = [urljoin(url, place) for node in root if (place := _child(node, "loc"))]
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
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    try:
        return etree.fromstring(body.strip(), parser=parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


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
