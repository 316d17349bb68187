"""Text that a page prints twice: the same paragraph again, a pull quote, the whole story in one block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pipelines.policy import Policy

# A block that so many others make up to this share is the story printed once more in one piece; the copy for
# machines may have addresses between its words.
_COPIES = ((3, 0.8), (8, 0.5))


# Of texts with one beginning so many are looked for: lists have hundreds, and no page may cost its square.
_MOST_ALIKE = 20


def find_repeats(texts: Mapping[int, str], policy: Policy) -> dict[int, str]:
    """Which of the blocks say what the others say, and how; `texts` are letters in reading order.

    Blocks under `min_restored_letters` repeat nothing: a name, a heading or a refrain may stand twice. Nor
    does the lead, the first of them, unless it is the whole story.
    """
    least = policy.min_restored_letters
    lead = next(iter(texts.values()), "")
    left: dict[str, int] = {}
    found: dict[int, str] = {}
    for at, text in texts.items():
        if len(text) < least:
            continue
        if text in left:
            found[at] = "repeated"
        else:
            left[text] = at
    holders = _holders(left, least)
    parts: dict[str, int] = defaultdict(int)
    held: dict[str, int] = defaultdict(int)
    for part, holder in holders.items():
        parts[holder] += 1
        held[holder] += len(part)
    rest = sum(map(len, left)) - len(lead)
    copies = {
        text
        for text in parts
        if any(parts[text] >= number and held[text] >= share * len(text) for number, share in _COPIES)
        if text != lead or held[text] >= _COPIES[0][1] * rest
    }
    if copies:
        found |= {left.pop(text): "whole text once more" for text in copies}
        holders = _holders(left, least)
    return found | {left[text]: "quoted" for text, holder in holders.items() if lead not in (text, holder)}


def _holders(texts: Mapping[str, int], least: int) -> dict[str, str]:
    """Text -> the first longer text it stands in, for those that stand in one. Linear in all letters.

    Texts are as long as `least`. A holder is looked at in steps of a quarter of that: one of the pieces that
    begin there lies within the first letters of what stands in it, and there the rest is compared.
    """
    step = max(1, least // 4)
    size = least - step + 1
    starts: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        if len(alike := starts[text[:least]]) < _MOST_ALIKE:
            alike.append(text)
    pieces = _pieces(starts, step, size)
    found: dict[str, str] = {}
    for holder in texts:
        for begin in range(0, len(holder) - size + 1, step):
            for ahead in pieces.get(holder[begin : begin + size], ()):
                at = begin - ahead
                waiting = starts.get(holder[at : at + least]) if at >= 0 else None
                if not waiting:
                    continue
                here = [text for text in waiting if len(text) < len(holder) and holder.startswith(text, at)]
                for text in here:
                    found[text] = holder
                    waiting.remove(text)
    return found


def _pieces(starts: Iterable[str], step: int, size: int) -> dict[str, tuple[int, ...]]:
    """The pieces of some beginnings -> how far into them they stand, of `step` places."""
    pieces: dict[str, tuple[int, ...]] = {}
    for start in starts:
        for ahead in range(step):
            piece = start[ahead : ahead + size]
            known = pieces.get(piece, ())
            if ahead not in known:
                pieces[piece] = (*known, ahead)
    return pieces
