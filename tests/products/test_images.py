"""Pictures of every sort come out plain; hostile ones come out as a sentence."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from relrec_core.products.data import images
from relrec_core.products.data.images import ImageError
from tests.products.pictures import encoded

pytestmark = pytest.mark.numerics

RED = Image.new("RGB", (20, 10), (200, 30, 40))


def near(pixel: object, wanted: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(np.subtract(pixel, wanted)).max() <= tolerance)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_types_are_known_by_content(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.exe"
    path.write_bytes(encoded(RED, kind))
    assert images.probe(path) == (20, 10)
    picture = images.read(path, 40)
    assert (picture.mode, picture.size) == ("RGB", (40, 40))
    assert near(picture.getpixel((20, 20)), (200, 30, 40))
    assert picture.getpixel((20, 2)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "EPS", "PDF"])
def test_other_types_are_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(RED, kind))
    for use in (images.probe, images.read):
        with pytest.raises(ImageError, match=r"picture\.jpg is not a JPEG, PNG, WebP or GIF"):
            use(path)


def test_colours_of_every_mode() -> None:
    cmyk = images.decode(encoded(RED.convert("CMYK"), "JPEG"))
    assert near(cmyk.getpixel((10, 5)), (200, 30, 40), 20)
    deep = Image.fromarray(np.full((6, 6), 32768, dtype=np.uint16))
    assert near(images.decode(encoded(deep)).getpixel((3, 3)), (128, 128, 128), 1)
    dark = Image.fromarray(np.full((6, 6), 200, dtype=np.uint16))
    assert near(images.decode(encoded(dark)).getpixel((3, 3)), (1, 1, 1), 1)
    half = Image.new("RGBA", (6, 6), (255, 0, 0, 0))
    assert images.decode(encoded(half)).getpixel((3, 3)) == (255, 255, 255)
    glass = Image.new("RGBA", (6, 6), (0, 0, 0, 128))
    assert near(images.decode(encoded(glass, "WEBP", lossless=True)).getpixel((3, 3)), (127,) * 3)
    keyed = Image.new("P", (6, 6), 0)
    keyed.putpalette([9, 9, 9])
    assert images.decode(encoded(keyed, "PNG", transparency=0)).getpixel((0, 0)) == (255, 255, 255)
    for mode in ("1", "L", "LA"):
        assert images.decode(encoded(Image.new(mode, (4, 4)))).mode == "RGB"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    raw = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=10)
    assert near(images.decode(raw).getpixel((4, 4)), (255, 0, 0), 4)


def test_rotation_is_applied_and_metadata_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where I live"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    raw = encoded(RED, "JPEG", exif=exif, icc_profile=profile, comment=b"secret")
    picture = images.decode(raw)
    assert picture.size == (10, 20)
    assert picture.info == {}
    again = encoded(picture)
    assert b"where I live" not in again
    assert b"secret" not in again


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png(width: int, height: int, *between: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (8000, 8000), (30_000, 10)])
def test_decompression_bombs(width: int, height: int, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(width, height))
    for use in (images.probe, images.read):
        with pytest.raises(ImageError, match=r"bomb\.png has too many pixels"):
            use(path)


def test_text_bomb_inside_a_picture() -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 100_000_000))
    with pytest.raises(ImageError, match="damaged"):
        images.decode(png(8, 8, text))


def test_sizes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is empty"):
        images.decode(b"")
    monkeypatch.setattr(images, "MAXIMUM_BYTES", 10)
    with pytest.raises(ImageError, match="at most 0 MB"):
        images.decode(encoded(RED))
    with pytest.raises(ImageError, match=r"none\.png does not exist"):
        images.read(tmp_path / "none.png")
    monkeypatch.undo()
    with pytest.raises(ImageError, match="cannot be read"):
        images.read(tmp_path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_damage_is_an_image_error_or_a_picture(kind: str) -> None:
    chance = random.Random(kind)
    noise = Image.effect_noise((40, 30), 80).convert("RGB")
    whole = encoded(noise, kind)
    with pytest.raises(ImageError):
        images.decode(whole[: len(whole) // 3])
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            raw[chance.randrange(12, len(raw))] = chance.randrange(256)
        try:
            assert images.decode(bytes(raw), 16).size == (16, 16)
        except ImageError as error:
            assert str(error).startswith("The picture")


def test_thin_picture_and_array() -> None:
    line = images.decode(encoded(Image.new("RGB", (2000, 1))), 32)
    assert line.size == (32, 32)
    grey = images.square(Image.new("RGB", (4, 2), (124, 117, 104)), 4)
    values = images.to_array(grey, images.OXFORD)
    assert (values.shape, values.dtype) == ((3, 4, 4), np.float32)
    assert np.allclose(values[:, 1, 1], (0.32, 0.221, 0.061), atol=1e-4)
    white = images.to_array(grey, images.TORCHVISION)[:, 0, 0]
    assert np.allclose(white, ((1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225))
