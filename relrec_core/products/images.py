"""Pictures from anywhere, decoded without trusting them.

A picture is known by its content, never by its name; its size and pixels are limited before it is
decoded; what comes out is plain RGB, upright, on white, without metadata.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from relrec_core.errors import RelRecError

MAXIMUM_BYTES = 20_000_000
MAXIMUM_PIXELS = 50_000_000
MAXIMUM_SIDE = 20_000
WHITE = (255, 255, 255)
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
    try:
        size = path.stat().st_size
        _check_bytes(path.name, size)
        with path.open("rb") as file:
            opened = _open(path.name, file)
            file.seek(max(0, size - _TAIL))
            if not _ends(opened.format, file.read(), size, path):
                raise ImageError(f"{path.name} is cut off: its end is missing.")
            return opened.size
    except FileNotFoundError as error:
        raise ImageError(f"{path.name} does not exist.") from error
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read ({error}).") from error


def read(path: Path, side: int | None = None) -> Image.Image:
    """The picture in a file, as `decode` gives it.

    Raises:
        ImageError: missing, too big, of another type, or damaged.
    """
    try:
        size = path.stat().st_size
        _check_bytes(path.name, size)
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"{path.name} does not exist.") from error
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read ({error}).") from error
    return decode(raw, side, name=path.name)


def decode(raw: bytes, side: int | None = None, *, name: str = "The picture") -> Image.Image:
    """Plain 8-bit RGB picture from the bytes of a JPEG, PNG, WebP or GIF (its first frame).

    Args:
        raw: content of the file.
        side: pixels; the result is a square of this side, padded with white. None keeps the size.
        name: what to call the picture in a sentence.

    Raises:
        ImageError: empty, too big, too many pixels, of another type, or damaged.
    """
    _check_bytes(name, len(raw))
    opened = _open(name, io.BytesIO(raw))
    try:
        if side is not None:
            opened.draft(None, (2 * side, 2 * side))
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        plain = _plain(upright)
    except _DAMAGED as error:
        raise ImageError(f"{name} is damaged and cannot be decoded ({error}).") from error
    return plain if side is None else square(plain, side)


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
