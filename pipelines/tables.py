"""The word lists kept in TOML files beside the modules that use them."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def read_table(package: str, name: str) -> dict[str, Any]:
    """`name` in `package`, parsed."""
    return tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
