"""What a front page declares of itself. Runs in a worker."""

from __future__ import annotations

import re

from pipelines.page.decode import decode
from pipelines.page.precheck import precheck
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY

_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][\w-]*)?\s*")


def stated_language(body: bytes, content_type: str | None) -> str | None:
    """The language of `<html lang>` in lower case, without its country; None when there is none."""
    if precheck(body, DEFAULT_POLICY):
        return None
    root = parse(decode(body, content_type).text)
    stated = _TAG.fullmatch(root.get("lang") or "") if root is not None else None
    return stated.group(1).lower() if stated else None
