"""Pictures from anywhere, decoded without trusting them.

A picture is known by its content, never by its name; its size and pixels are limited before it is
decoded; big ones are decoded one at a time and shrunk before anything else is done with them; what
comes out is plain RGB, upright, on white, without metadata.
"""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from relrec_core.errors import RelRecError, border, shortened
from relrec_core.products.data import rows

MAXIMUM_BYTES = 20_000_000
MAXIMUM_PIXELS = 50_000_000
MAXIMUM_SIDE = 20_000
LARGEST_SIDE = 2_048
"""Pixels; bigger pictures are shrunk to it."""
_BIG = 4_000_000
_ONE_AT_A_TIME = threading.Lock()
WHITE = (255, 255, 255)
WHITENED = 0.6
"""How far a picture that shows nothing any more is on its way from a blurred one to white."""
_HEAD = 16
_TAIL = 65_536
_DAMAGED = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, MemoryError, struct.error, zlib.error),
)
"""What Pillow raises over damaged content."""


class ImageError(RelRecError):
    """A picture that cannot be used; the sentence names it and says why."""


@dataclass(frozen=True)
class Normalisation:
    """What a trunk's first layer expects: (value / 255 * scale - mean) / deviation, per channel."""

    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


TORCHVISION = Normalisation(1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
OXFORD = Normalisation(255.0, (123.68, 116.779, 103.939), (1.0, 1.0, 1.0))
WHITE_IS_ZERO = Normalisation(1.0, (1.0, 1.0, 1.0), (0.3, 0.3, 0.3))
"""Products are shown on white, so that a background gives nothing and can be given no relevance."""
NORMALISATIONS = {"torchvision": TORCHVISION, "oxford": OXFORD, "white": WHITE_IS_ZERO}


def probe(path: Path) -> tuple[int, int]:
    """Width and height in pixels of a picture file, from its header, limits and end alone.

    Raises:
        ImageError: missing, too big, of another type, or cut off.
    """
    name = shortened(path.name)
    with border(_refused(name)):
        size = _size(path)
        with path.open("rb") as file:
            opened = _open(name, file)
            file.seek(max(0, size - _TAIL))
            if not _ends(opened.format, file.read(), size, path):
                raise ImageError(f"{name} is cut off: its end is missing.")
            return opened.size


def read(path: Path, side: int | None = None) -> Image.Image:
    """The picture in a file, as `decode` gives it.

    Raises:
        ImageError: missing, too big, of another type, or damaged.
    """
    with border(_refused(shortened(path.name))):
        _size(path)
        raw = path.read_bytes()
    return decode(raw, side, name=path.name)


def decode(raw: bytes, side: int | None = None, *, name: str = "The picture") -> Image.Image:
    """Plain 8-bit RGB picture from the bytes of a JPEG, PNG, WebP or GIF (its first frame).

    Args:
        raw: content of the file.
        side: pixels; the result is a square of this side, padded with white. None keeps the size,
            up to `LARGEST_SIDE`.
        name: what to call the picture in a sentence.

    Raises:
        ImageError: empty, too big, too many pixels, of another type, or damaged.
    """
    name = shortened(name)
    with border(_refused(name)):
        _check_bytes(name, len(raw))
        opened = _open(name, io.BytesIO(raw))
        wanted = LARGEST_SIDE if side is None else min(LARGEST_SIDE, 2 * side)
        big = opened.width * opened.height > _BIG
        with _ONE_AT_A_TIME if big else contextlib.nullcontext():
            try:
                if not rows.whole(raw, opened):
                    raise ImageError(f"{name} is damaged: it holds fewer rows than it claims.")
                opened.draft(None, (wanted, wanted))
                opened.load()
                plain = _plain(ImageOps.exif_transpose(_shrunk(opened, wanted)))
            except _DAMAGED as error:
                why = shortened(str(error), 80)
                raise ImageError(f"{name} is damaged and cannot be decoded ({why}).") from error
        return plain if side is None else square(plain, side)


def _shrunk(picture: Image.Image, wanted: int) -> Image.Image:
    """The picture, if a side is longer than `wanted` pixels shrunk to it; EXIF stays."""
    if max(picture.size) <= wanted:
        return picture
    exif = picture.getexif()
    if picture.mode in ("P", "PA", "1", "LA", "La"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode.startswith("I;"):
        picture = picture.convert("I")
    factor = max(picture.size) // (2 * wanted)
    if factor > 1:
        picture = picture.reduce(factor)
    small = picture.copy() if picture.readonly else picture
    small.thumbnail((wanted, wanted), Image.Resampling.LANCZOS)
    small.info["exif"] = exif.tobytes()
    return small


def _size(path: Path) -> int:
    name = shortened(path.name) or "The picture"
    if not path.exists():
        raise ImageError(f"{name} does not exist.")
    if not path.is_file():
        raise ImageError(f"{name} cannot be read: it is not a file.")
    size = path.stat().st_size
    _check_bytes(name, size)
    return size


def _refused(name: str) -> Callable[[str], ImageError]:
    return lambda why: ImageError(f"{name} cannot be read ({why}).")


def square(picture: Image.Image, side: int) -> Image.Image:
    """The RGB picture fitted into a white square of `side` pixels, not distorted."""
    if picture.size == (side, side):
        return picture
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    fitted = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    padded = Image.new("RGB", (side, side), WHITE)
    padded.paste(fitted, ((side - width) // 2, (side - height) // 2))
    return padded


def to_array(picture: Image.Image, normalisation: Normalisation) -> npt.NDArray[np.float32]:
    """(3, H, W) float32 array of an RGB picture, as a trunk expects it."""
    values = np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / np.float32(255.0)
    mean = np.array(normalisation.mean, dtype=np.float32)[:, None, None]
    deviation = np.array(normalisation.deviation, dtype=np.float32)[:, None, None]
    scaled = values * np.float32(normalisation.scale)
    return np.ascontiguousarray((scaled - mean) / deviation, dtype=np.float32)


def _check_bytes(name: str, size: int) -> None:
    if size == 0:
        raise ImageError(f"{name} is empty.")
    if size > MAXIMUM_BYTES:
        raise ImageError(
            f"{name} has {size / 1e6:.1f} MB; at most {MAXIMUM_BYTES / 1e6:.0f} MB are accepted."
        )


def _type(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    return "WEBP" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def _open(name: str, file: BinaryIO) -> Image.Image:
    """Header of the picture, checked; its pixels are not decoded yet."""
    kind = _type(file.read(_HEAD))
    if kind is None:
        raise ImageError(f"{name} is not a JPEG, PNG, WebP or GIF picture, whatever its name says.")
    file.seek(0)
    try:
        opened = Image.open(file, formats=(kind,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(_too_many(name)) from error
    except _DAMAGED as error:
        raise ImageError(f"{name} is damaged: its {kind} header cannot be read.") from error
    width, height = opened.size
    if width * height > MAXIMUM_PIXELS or max(width, height) > MAXIMUM_SIDE:
        raise ImageError(_too_many(name, f" It has {width:,} x {height:,}."))
    if min(width, height) < 1:
        raise ImageError(f"{name} has no pixels.")
    return opened


def _too_many(name: str, found: str = "") -> str:
    return (
        f"{name} has too many pixels: at most {MAXIMUM_PIXELS / 1e6:.0f} million, and "
        f"{MAXIMUM_SIDE:,} on a side, are accepted.{found}"
    )


def _ends(kind: str | None, tail: bytes, size: int, path: Path) -> bool:
    """Whether the file holds the mark that ends its format."""
    if kind == "WEBP":
        with path.open("rb") as file:
            return struct.unpack("<I", file.read(8)[4:])[0] + 8 <= size  # type: ignore[no-any-return]
    mark = {"PNG": b"IEND", "GIF": b"\x3b"}.get(kind or "", b"\xff\xd9")
    return mark in tail


def _plain(picture: Image.Image) -> Image.Image:
    """8-bit RGB on white, without anything attached."""
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture).astype(np.float64)
        grey = np.clip(values / 257.0, 0.0, 255.0).round().astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, (*WHITE, 255))
        picture = Image.alpha_composite(white, layer)
    rgb = picture.convert("RGB")
    return Image.frombytes("RGB", rgb.size, rgb.tobytes())
