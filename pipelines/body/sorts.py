"""What each tag is to the text around it: a box, a part of a line, nothing at all."""

from __future__ import annotations

# Never text, in any reading of the page.
INVISIBLE = frozenset(
    "script style noscript template svg math head iframe object embed canvas audio video map select "
    "option datalist textarea input progress meter link meta title area track source".split()
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big button cite code data del dfn em font i img ins kbd label mark nobr q rp "
    "rt ruby s samp small span strike strong sub sup time tt u var wbr".split()
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
KINDS = {
    **dict.fromkeys(HEADINGS, "heading"),
    "li": "item",
    "dt": "item",
    "dd": "item",
    "blockquote": "quote",
    "pre": "preformatted",
    "tr": "row",
    "figcaption": "caption",
    "caption": "caption",
}
# Containers pass the kind of what they stand in: a <p> in a <blockquote> is a quotation.
TRANSPARENT = INLINE | {"p", "div"}
CELLS = frozenset({"td", "th"})
# Parts of a text, not places of a page: a list item's home is what the list stands in.
TEXT_PARTS = (
    INLINE
    | CELLS
    | {"p", *HEADINGS, "li", "ul", "ol", "dl", "dt", "dd", "blockquote", "pre", "figure"}
    | {"table", "tbody", "thead", "tr"}
)
LINES = frozenset({"br", "p", "div", "table"})
BOLD = frozenset({"b", "strong"})
# What an element is to the text around it; a cell of lines is a block, furniture in a line an aside.
BLOCK, IN_LINE, CELL, BREAK, UNSEEN, ASIDE = range(6)
SORTS = {
    "": UNSEEN,
    **dict.fromkeys(INLINE, IN_LINE),
    **dict.fromkeys(CELLS, CELL),
    **dict.fromkeys(("br", "hr"), BREAK),
    **dict.fromkeys(INVISIBLE, UNSEEN),
}
