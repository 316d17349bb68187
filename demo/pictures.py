"""Small JPEG landscapes drawn from a file name, so that pages need no picture files.

Every 8 by 8 block has one flat colour, hence a JPEG of direct-current coefficients alone: a
few lines of code encode it, and the bytes are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

COLUMNS, ROWS = 120, 68
Colour = tuple[int, int, int]
_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((58, 110, 165), (224, 226, 214)),
    ((38, 70, 110), (242, 178, 121)),
    ((108, 158, 190), (238, 240, 232)),
    ((70, 62, 98), (233, 150, 122)),
    ((94, 128, 140), (236, 222, 190)),
)
_LANDS: tuple[Colour, ...] = ((74, 92, 70), (120, 100, 74), (62, 74, 92), (104, 84, 88))
_SEAS: tuple[Colour, ...] = ((42, 98, 128), (36, 84, 104), (58, 116, 124))


def _mix(first: Colour, second: Colour, part: int, whole: int) -> Colour:
    red, green, blue = ((a * (whole - part) + b * part) // whole for a, b in zip(first, second, strict=True))
    return red, green, blue


def _wave(place: int, period: int, height: int) -> int:
    """A triangle wave in whole numbers, free of floating point and its platforms."""
    return abs(place % period * 2 - period) * height // period


def _colour(column: int, row: int, seed: int) -> Colour:
    """The colour of one block: sky with a sun, hills, then water with glints."""
    top, bottom = _SKIES[seed % len(_SKIES)]
    shore = 44 + seed // 5 % 8
    land = _LANDS[seed // 7 % len(_LANDS)]
    if row >= shore:
        sea = _SEAS[seed // 11 % len(_SEAS)]
        glint = (column * 7 + row * 13 + seed) % 23 == 0
        return _mix(sea, bottom, 4 if glint else (ROWS - row) // 6, 12)
    far = shore - 4 - _wave(column + seed % 61, 47, 12) - _wave(column + seed % 29, 19, 4)
    near = shore - 1 - _wave(column + seed % 83, 67, 8) - _wave(column + seed % 17, 11, 2)
    if row >= near:
        return land
    if row >= far:
        return _mix(land, bottom, 2, 5)
    across, down = column - 20 - seed // 13 % 80, row - 10 - seed // 17 % 12
    if across * across + down * down < 26:
        return (250, 240, 208)
    return _mix(top, bottom, row, shore)


def _components(colour: Colour) -> Colour:
    """The colour as luminance and two differences, in whole numbers centred on nought."""
    red, green, blue = colour
    luminance = (299 * red + 587 * green + 114 * blue) // 1000
    return luminance - 128, (blue - luminance) * 564 // 1000, (red - luminance) * 713 // 1000


def _codes(seed: int) -> Iterator[str]:
    """The entropy-coded blocks as strings of bits."""
    before = [0, 0, 0]
    for row in range(ROWS):
        for column in range(COLUMNS):
            for index, value in enumerate(_components(_colour(column, row, seed))):
                change = value - before[index]
                before[index] = value
                size = abs(change).bit_length()
                bits = change if change > 0 else change + (1 << size) - 1
                yield f"{size:04b}" + (f"{bits:0{size}b}" if size else "") + "0"


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def picture(name: str) -> bytes:
    """A JPEG of 960 by 544 that depends on the file name alone."""
    bits = "".join(_codes(crc32(name.encode())))
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    size = (ROWS * 8).to_bytes(2, "big") + (COLUMNS * 8).to_bytes(2, "big")
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            _segment(0xDB, b"\x00" + bytes([8]) * 64),
            _segment(0xC0, b"\x08" + size + b"\x03" + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"),
            _segment(0xC4, b"\x00" + bytes([0, 0, 0, 9] + [0] * 12) + bytes(range(9))),
            _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00"),
            _segment(0xDA, b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"),
            data,
            b"\xff\xd9",
        )
    )
