"""The parts of the card that are the same for every dataset, as Markdown."""

from __future__ import annotations

from importlib.resources import files


def said(name: str) -> str:
    """The text of that name, without the end of its last line."""
    return files("pipelines.card.text").joinpath(f"{name}.md").read_text(encoding="utf-8").rstrip("\n")
