"""The input gate: linear checks on bytes, before any parser sees them."""

from __future__ import annotations

import re
from functools import cache
from itertools import islice

from pipelines.policy import Policy
from pipelines.records import Reason

# What is sent as text/html and is none. Offsets from the formats' own specifications.
_MAGIC = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"RIFF", "RIFF"),
    (b"OggS", "Ogg"),
    (b"\x7fELF", "ELF"),
)
# Dropped before the parse, so dropped here: a NUL in a tag's name hides no tag, UTF-16 is read as well.
_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
# Tags as HTML tokenises them: ">" may stand in a quoted value, "/" or nothing between two attributes.
# Possessive throughout, so that nothing is read twice and no tag is failed after a long read.
_ATTRIBUTE = rb"""(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_TAG = re.compile(rb"<(?:(!--)(?:-?>)?|([A-Za-z][^\s/>]*+)((?:[\s/]*+" + _ATTRIBUTE + rb")*+)[\s/]*+>?)")
_COMMENT_END = re.compile(rb"--!?>")
# What stands in these is text, whatever it looks like.
_RAW = frozenset(b"title textarea xmp iframe noembed noframes script style plaintext".split())


def precheck(body: bytes, policy: Policy) -> tuple[Reason, str] | None:
    """Reason and detail why `body` must not be parsed, or None. Linear in its length."""
    if not body.strip():
        return Reason.EMPTY, f"{len(body)} bytes"
    if len(body) > policy.max_body_bytes:
        return Reason.TOO_LARGE, f"{len(body)} bytes"
    start = body[:64].lstrip()
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return Reason.NOT_HTML, name
    tags = body.count(b"<")
    if tags == 0:
        return Reason.NOT_HTML, "no tag"
    if tags > policy.max_tags:
        return Reason.TOO_MANY_TAGS, f"{tags} tags"
    if _has_long_tag(body.translate(None, _CONTROLS), policy.max_attributes):
        return Reason.TOO_MANY_ATTRIBUTES, f"more than {policy.max_attributes} on one tag"
    return None


def _has_long_tag(markup: bytes, most: int) -> bool:
    """Whether some tag has more than `most` attributes."""
    at = 0
    while tag := _TAG.search(markup, at):
        at = tag.end()
        comment, name, attributes = tag.groups()
        if comment:
            end = None if tag.group().endswith(b">") else _COMMENT_END
        else:
            if len(attributes) > most and next(islice(_ATTRIBUTES.finditer(attributes), most, None), None):
                return True
            raw = name.lower() in _RAW and not tag.group().endswith(b"/>")
            end = _raw_end(name.lower()) if raw else None
        if end:
            closed = end.search(markup, at)
            if closed is None:
                return False
            at = closed.end()
    return False


@cache
def _raw_end(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE)
