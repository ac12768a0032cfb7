"""Small pictures and catalogue folders for the tests."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

ITEMS = """item_id,title,category,image
a,Red mug,mug,images/a.png
b,,mug,images/b.png
c,"Vase, tall",vase,images/c.png
"""
RELATIONS = """source,target,relation
a,b,also_viewed
b,a,also_viewed
c,a,also_bought
"""


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Bytes of the picture as a file of this kind."""
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def catalogue(folder: Path, **files: str) -> Path:
    """A catalogue of three products; `items`, `relations` and `purchases` replace its tables."""
    (folder / "images").mkdir(parents=True)
    for item, colour in (("a", "red"), ("b", "green"), ("c", "blue")):
        content = encoded(Image.new("RGB", (8, 6), colour))
        (folder / "images" / f"{item}.png").write_bytes(content)
    for name, text in ({"items": ITEMS, "relations": RELATIONS} | files).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
