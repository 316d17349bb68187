"""One linear look at the tags of a page: attributes of each and of all, and how deep they nest.

Tags are told as HTML tokenises them. What is counted as nested errs to the flat side: elements that have no
end, or that the next of their kind ends, do not count.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache

from pipelines.policy import Policy
from pipelines.records import Reason

# ">" may stand in a quoted value, "/" or nothing between two attributes. Possessive throughout, so that
# nothing is read twice and no tag is failed after a long read.
_ATTRIBUTE = rb"""(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_COMMENT_END = re.compile(rb"--!?>")
# What stands in these is text, whatever it looks like.
_RAW_NAMES = b"title textarea xmp iframe noembed noframes script style plaintext".split()
_RAW = frozenset(_RAW_NAMES)
# Without an end, or ended by the next of their kind.
_FLAT = _RAW | frozenset(
    b"area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr "
    b"html head body a p li dt dd tr td th tbody thead tfoot caption colgroup option optgroup form "
    b"rb rp rt rtc".split()
)
# What follows the name of a usual tag: values in quotes, no other "=" or quote, an end. Read in a fraction of
# the time.
_USUAL_REST = rb"""[^"'>=]*+(?:(?<=[^\s/>="'])=(?:"[^"]*+"|'[^']*+')[^"'>=]*+)*+>"""
_REST = rb"(?:" + _USUAL_REST + rb"|(?:[\s/]*+" + _ATTRIBUTE + rb")*+[\s/]*+>?)"
_COMMENT = rb"!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+(?:--!?>)?)"
# Up to its own end a raw element is passed over, unless it closes itself.
_RAW_TEXT = rb"(?:(?<!/>)[^<]*+(?:<(?!/(?i:(?P=raw))[\s/>])[^<]*+)*+(?:</(?i:(?P=raw)))?+)?+"
_ALL_TAGS = re.compile(
    rb"<(?:" + _COMMENT + rb"|(?:(?=[TtXxIiNnSsPp])(?P<raw>(?i:" + rb"|".join(_RAW_NAMES) + rb"))(?=[\s/>])"
    rb"|(/?)([A-Za-z][^\s/>]*+))(" + _REST + rb")(?(raw)" + _RAW_TEXT + rb"))"
)
_FLAT_OR_NONE = _FLAT | {b""}
_PARTING = b" \t\n\r\f\v/\"'"
# An attribute and what parts it from the next take this many bytes at least.
_ATTRIBUTE_BYTES = 2

Fault = tuple[Reason, str]


def fault_of_tags(markup: bytes, policy: Policy) -> Fault | None:
    """Reason and detail why no parser should see these tags, or None. Linear in the length of `markup`."""
    return None if _is_harmless(markup, policy) else _exact_fault(markup, policy)


def _is_harmless(markup: bytes, policy: Policy) -> bool:
    """Whether a quick look at the same tags finds no fault; it may count an attribute too many of each."""
    found = _ALL_TAGS.findall(markup)
    rests = [rest for _, _, _, rest in found]
    most, all_ = policy.max_attributes, policy.max_page_attributes
    if any(len(rest) > most and _count(rest) > most for rest in rests):
        return False
    written = b"".join(rests)
    # An attribute begins behind one of these.
    if len(written) - len(written.translate(None, _PARTING)) > all_:
        return False
    return _most_open(found) <= policy.max_depth


def _most_open(found: list[tuple[bytes, bytes, bytes, bytes]]) -> int:
    """No fewer elements than are ever open at once: here an end closes one, and none of those in it."""
    open_: defaultdict[bytes, int] = defaultdict(int)
    now = most = 0
    for _, slash, name, rest in found:
        if name in _FLAT_OR_NONE or (name := name.lower()) in _FLAT or rest.endswith(b"/>"):
            continue
        if not slash:
            open_[name] += 1
            now += 1
            most = max(most, now)
        elif open_[name]:
            open_[name] -= 1
            now -= 1
    return most


def _exact_fault(markup: bytes, policy: Policy) -> Fault | None:
    """The first fault, tag by tag."""
    look = _Look(policy)
    tags, at = _tags(policy.max_attributes + 1), 0
    while tag := tags.search(markup, at):
        at = tag.end()
        comment, slash, name, attributes = tag.groups()
        closes_itself = markup[at - 2 : at] == b"/>"
        if comment:
            end = None if tag.end() > tag.end(1) else _COMMENT_END
        else:
            name = name.lower()
            if fault := look.attributes(attributes) or (None if closes_itself else look.nest(slash, name)):
                return fault
            end = _raw_end(name) if name in _RAW and not slash and not closes_itself else None
        if end:
            closed = end.search(markup, at)
            if closed is None:
                return None
            at = closed.end()
    return None


class _Look:
    """What was seen of a page so far."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._written = 0
        self._texts: list[bytes] | None = []
        self._attributes = 0
        self._open: list[bytes] = []
        self._names: Counter[bytes] = Counter()

    def attributes(self, written: bytes) -> Fault | None:
        """Count those of one tag; one by one only where there are enough bytes for too many."""
        most, all_ = self._policy.max_attributes, self._policy.max_page_attributes
        if len(written) > most and _count(written) > most:
            return Reason.TOO_MANY_ATTRIBUTES, f"more than {most} on one tag"
        self._written += len(written)
        if self._texts is not None:
            self._texts.append(written)
            if self._written <= _ATTRIBUTE_BYTES * all_:
                return None
            self._attributes, self._texts = sum(map(_count, self._texts)), None
        else:
            self._attributes += _count(written)
        return (
            (Reason.TOO_MANY_ATTRIBUTES, f"more than {all_} on the page") if self._attributes > all_ else None
        )

    def nest(self, slash: bytes, name: bytes) -> Fault | None:
        """Open or close an element; what closes closes all that was opened in it."""
        if name in _FLAT:
            return None
        if not slash:
            self._open.append(name)
            self._names[name] += 1
        elif self._names[name]:
            while (last := self._open.pop()) != name:
                self._names[last] -= 1
            self._names[name] -= 1
        if len(self._open) > self._policy.max_depth:
            return Reason.TOO_DEEP, f"more than {self._policy.max_depth} elements open"
        return None


def _count(written: bytes) -> int:
    return len(_ATTRIBUTES.findall(written))


@cache
def _tags(most: int) -> re.Pattern[bytes]:
    """Finds comments and tags; of a tag's attributes `most` are read and the others are text."""
    attributes = rb"(?:[\s/]*+" + _ATTRIBUTE + rb"){0,%d}+" % most
    return re.compile(rb"<(?:(!--)(?:-?>)?|(/?)([A-Za-z][^\s/>]*+)(" + attributes + rb")[\s/]*+>?)")


@cache
def _raw_end(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE)
