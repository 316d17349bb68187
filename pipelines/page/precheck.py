"""The input gate: linear checks on bytes, before any parser sees them."""

from __future__ import annotations

import re

from pipelines.page.sniff import sniffed
from pipelines.page.tags import fault_of_tags
from pipelines.policy import Policy
from pipelines.records import Reason

# Dropped before the parse, so dropped here: a NUL in a tag's name hides no tag, UTF-16 is read as well.
_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
_WHITE = b" \t\r\n\f\v"
_ANY_TAG = re.compile(rb"<[A-Za-z!/?]")


def precheck(body: bytes, policy: Policy) -> tuple[Reason, str] | None:
    """Reason and detail why `body` must not be parsed, or None. Linear in its length."""
    shown = body.strip(_WHITE)
    if not shown:
        return Reason.EMPTY, f"{len(body)} bytes"
    if len(body) > policy.max_body_bytes:
        return Reason.TOO_LARGE, f"{len(body)} bytes"
    tags = body.count(b"<")
    markup = shown.translate(None, _CONTROLS)
    if format_ := sniffed(shown, markup):
        return Reason.NOT_HTML, format_
    if len(shown) < policy.min_body_bytes:
        return Reason.EMPTY, f"{len(body)} bytes"
    if not _ANY_TAG.search(markup):
        return Reason.NOT_HTML, "no tag"
    if tags > policy.max_tags:
        return Reason.TOO_MANY_TAGS, f"{tags} tags"
    return fault_of_tags(markup, policy)
