"""The names of all rules that cut blocks, as `removed_blocks.rule` has them and site files turn them off."""

from __future__ import annotations

from functools import cache

from pipelines.body.furniture import FURNITURE
from pipelines.body.phrases import load_phrases

# Rules of one name each; furniture, phrases and the learned model bring their own.
_SINGLE = (
    "page.byline",
    "page.caption",
    "page.headline",
    "page.repeated",
    "site_memory",
    "structure.box",
    "structure.caption",
    "structure.copyright",
    "structure.dateline",
    "structure.heading",
    "structure.links",
    "structure.outside",
    "structure.picture",
    "structure.signature",
)
# What the model cuts carries a name of its own making below this one.
_OPEN = "model"


@cache
def rule_names() -> frozenset[str]:
    """Every rule there is, in full."""
    return frozenset(
        {*_SINGLE, _OPEN}
        | {f"structure.{kind}" for kind in FURNITURE}
        | {f"phrase.{name}" for name in load_phrases().names}
    )


def checked_rule(name: str) -> str:
    """`name`, when it is a rule or the beginning of one ("phrase.ar"); raises `ValueError` naming the known.

    >>> checked_rule("structure.links"), checked_rule("phrase.ar.share")
    ('structure.links', 'phrase.ar.share')
    """
    if name.split(".", maxsplit=1)[0] == _OPEN:
        return name
    above, names = "", rule_names()
    for part in name.split("."):
        steps = {rule.removeprefix(above).split(".")[0] for rule in names if rule.startswith(above)}
        if part not in steps:
            below = f" below {above.removesuffix('.')}" if above else ""
            raise ValueError(f"unknown rule {name!r}; known{below} are {', '.join(sorted(steps))}")
        above += f"{part}."
    return name
