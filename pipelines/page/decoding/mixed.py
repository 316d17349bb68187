"""Pages put together of parts in different encodings: a block that another system wrote, a cut teaser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.page.decoding.likelihood import weigh
from pipelines.page.decoding.pieces import pieces_of, runs
from pipelines.page.decoding.read import read

# So many letters in a piece make no valid UTF-8 by accident; so many bytes are a text in another encoding.
_SURE_LETTERS, _SURE_BYTES = 12, 4
_LIKELY = -9.0  # per byte, of a text in an old encoding
_MOST_PARTS = 100_000  # more are no page, and would take seconds


def mended_utf_8(content: bytes) -> str:
    """UTF-8 with broken bytes; pieces without one letter of UTF-8 are read as what they are."""
    pieces = pieces_of(content)
    strange = ((pieces.letters == 0) & (pieces.foreign > pieces.cut))[pieces.of]
    strangers = np.frombuffer(content, np.uint8)[strange].tobytes()
    if strangers:
        evidence = weigh(strangers)
        codec = evidence.best()
        if evidence.foreign >= _SURE_BYTES and evidence.likelihood[codec] > _LIKELY * evidence.foreign:
            return _joined(content, strange, codec, "utf-8")
    return read(content, "utf-8")


def sure_utf_8(content: bytes) -> NDArray[np.bool_]:
    """For each byte, whether its piece is valid UTF-8 by more letters than an accident has."""
    pieces = pieces_of(content)
    return ((pieces.letters >= _SURE_LETTERS) & (pieces.whole == pieces.foreign))[pieces.of]


def with_utf_8(content: bytes, sure: NDArray[np.bool_], codec: str) -> str:
    """Text in `codec`, but for the pieces that are surely UTF-8."""
    return _joined(content, sure, "utf-8", codec) if sure.any() else read(content, codec)


def _joined(content: bytes, apart: NDArray[np.bool_], codec: str, others: str) -> str:
    """Text of the parts: those that are `apart` in `codec`."""
    if np.count_nonzero(apart[1:] != apart[:-1]) > _MOST_PARTS:
        return read(content, others)
    return "".join(read(content[start:end], codec if own else others) for start, end, own in runs(apart))
