"""Does a picture's file hold all the rows that its header claims?

Decoders fill what is missing with grey, so a picture of half its rows would pass for a whole one.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

STEP = 65_536
"""Bytes unpacked at a time; none is kept."""
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""First column, first row and steps of the passes of an interlaced PNG."""
_ENDS, _ALONE = 0xD9, (0x00, 0x01, *range(0xD0, 0xD9))
"""Marks of JPEG: of the end, and those that no length follows."""
_PIXELS = b"\x55\x2a" * 64
_OTHER = _PIXELS + b"".join(bytes((0xFF, mark)) + _PIXELS for mark in range(0xD0, 0xD8))
"""Packed pixels, also behind each restart mark, that no whole JPEG has a use for."""


def whole(raw: bytes, opened: Image.Image) -> bool:
    """Whether the file holds every row; of a GIF or WebP that its decoder says itself.

    Args:
        raw: content of the file.
        opened: the same, its header read by Pillow, its pixels not decoded.
    """
    if opened.format == "PNG":
        return _png(raw, opened)
    return opened.format != "JPEG" or _jpeg(raw)


def _png(raw: bytes, opened: Image.Image) -> bool:
    depth, kind, _, _, interlaced = struct.unpack(">5B", raw[24:29])
    bits = depth * {2: 3, 4: 2, 6: 4}.get(kind, 1)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    needed = 0
    for x, y, across, down in passes:
        wide, high = -(-(opened.width - x) // across), -(-(opened.height - y) // down)
        if wide > 0 and high > 0:
            needed += high * (1 + (wide * bits + 7) // 8)
    unpack, there = zlib.decompressobj(), 0
    for part in _pixel_parts(raw):
        while part and there < needed:
            there += len(unpack.decompress(part, STEP))
            part = unpack.unconsumed_tail
    while there < needed and (rest := unpack.decompress(unpack.unconsumed_tail, STEP)):
        there += len(rest)
    return there >= needed


def _pixel_parts(raw: bytes) -> Iterator[bytes]:
    """Contents of the chunks of a PNG that hold packed pixels."""
    place = 8
    while place + 8 <= len(raw):
        length = int.from_bytes(raw[place : place + 4], "big")
        if raw[place + 4 : place + 8] == b"IDAT":
            yield raw[place + 8 : place + 8 + length]
        place += 12 + length


def _jpeg(raw: bytes) -> bool:
    """Whether other bytes behind the last packed ones leave the picture as it is.

    They are read only where the decoder still looks for pixels.
    """
    end = _end(raw)
    if end is None:
        return False
    return _thumbnail(raw) == _thumbnail(raw[:end] + _OTHER + raw[end:])


def _thumbnail(raw: bytes) -> bytes:
    """Pixels of a JPEG at an eighth of its size, which is cheap to decode."""
    with Image.open(io.BytesIO(raw), formats=("JPEG",)) as picture:
        picture.draft(None, (1, 1))
        return picture.tobytes()


def _end(raw: bytes) -> int | None:
    """Place of the mark that ends a JPEG's pictures (ITU T.81, annex B); None without one."""
    place = 2
    while 0 <= (place := raw.find(b"\xff", place)) < len(raw) - 1:
        mark = raw[place + 1]
        if mark == _ENDS:
            return place
        if mark == 0xFF:
            place += 1
        elif mark in _ALONE:
            place += 2
        else:
            place += 2 + int.from_bytes(raw[place + 2 : place + 4], "big")
    return None
