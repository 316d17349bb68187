"""Elements of SVG, escaped; colours are classes, so that the page's style sheet decides."""

from __future__ import annotations

from markupsafe import Markup, escape

from pipelines.report.words import shown

_ATTRIBUTES = str.maketrans({"_": "-"})
# Its letters are capital in SVG, which HTML's own names never are.
_CAMEL = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}


def element(name: str, *children: str, **attributes: object) -> Markup:
    """`<name attributes>children</name>`; strings are shown as texts of strangers are, and escaped.

    Attributes that are None are left out; a final underscore goes, the others are hyphens.

    >>> element("text", "a < b", class_="axis", x=3)
    Markup('<text class="axis" x="3">a &lt; b</text>')
    """
    given = (
        f' {_name(key)}="{escape(_value(value))}"' for key, value in attributes.items() if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else escape(shown(child)) for child in children)
    return Markup(f"<{name}{''.join(given)}>{inner}</{name}>")  # noqa: S704  its parts are escaped above


def picture(label: str, *children: str, width: float, height: float, **attributes: object) -> Markup:
    """An `<svg>` of this size in its own units, which readers of the screen call `label`."""
    box = f"0 0 {_value(width)} {_value(height)}"
    title = element("title", label)
    return element("svg", title, *children, role="img", viewbox=box, **attributes)


def _name(key: str) -> str:
    plain = key.rstrip("_").translate(_ATTRIBUTES)
    return _CAMEL.get(plain, plain)


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
