"""The input gate: linear checks on bytes, before any parser sees them."""

from __future__ import annotations

import re

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
# Only tags long enough to hold too many attributes are looked into; `[^<>]` keeps it linear.
_LONG_TAG = re.compile(rb"<[A-Za-z][^<>]{1024,}")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")


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
    tags = body.count(b"<") or body.count(b"<\x00")
    if tags == 0:
        return Reason.NOT_HTML, "no tag"
    if tags > policy.max_tags:
        return Reason.TOO_MANY_TAGS, f"{tags} tags"
    for match in _LONG_TAG.finditer(body):
        attributes = len(_QUOTED.sub(b"", match.group()).split()) - 1
        if attributes > policy.max_attributes:
            return Reason.TOO_MANY_ATTRIBUTES, f"{attributes} attributes on one tag"
    return None
