"""The argument `shard`: which of the sites a run crawls."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.errors import UserError
from pipelines.shard import Shard

ARGUMENT = "shard"


def given_shard(arguments: Mapping[str, str]) -> Shard | None:
    """The shard that the arguments name; None without. Raises `UserError`."""
    text = arguments.get(ARGUMENT)
    if text is None:
        return None
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise UserError(f"argument {ARGUMENT}: {error}") from None
