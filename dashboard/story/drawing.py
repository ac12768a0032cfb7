"""Drawings that come from outside: an SVG is made anew from what is known to do nothing."""

from __future__ import annotations

import base64
import binascii
import io
import re
from xml.etree import ElementTree

from PIL import Image

SPACE = "http://www.w3.org/2000/svg"
_SPACING = "{http://www.w3.org/XML/1998/namespace}space"
LARGEST = 6_000_000
"""Letters of one drawing."""
ELEMENTS = 20_000
PIXELS = 4_000_000
"""Of one picture within a drawing."""
SIDES = (8.0, 6_000.0)
"""Least and most width and height of a drawing."""
TAGS = frozenset(
    {"svg", "title", "g", "defs", "rect", "line", "path", "circle", "text", "tspan", "image"}
    | {"pattern", "linearGradient", "stop"}
)
ATTRIBUTES = frozenset(
    {"id", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "width", "height", "d"}
    | {"viewBox", "role", "aria-label", "offset", "patternUnits", "href", "font-family"}
    | {"fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity"}
    | {"stop-color", "font-size", "font-weight", "text-anchor", "opacity", "clip-path"}
    | {"stroke-linejoin", "transform"}
)
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold, or that nobody can see."""
_FREE = frozenset({"aria-label"})
_PLAIN = re.compile(r"[\w\s.,#%()'+-]*")
_REFERENCE = re.compile(r"url\(#([\w-]+)\)")
_INSIDE = re.compile(r"data:image/(png|webp|jpeg);base64,([A-Za-z0-9+/=]+)")

ElementTree.register_namespace("", SPACE)


def safe(text: str) -> str:
    """The same drawing, made of known elements and attributes only; nothing outside is fetched.

    Raises:
        ValueError: it is no drawing of this kind, or too large.
    """
    text = UNWRITABLE.sub("", text)
    if len(text) > LARGEST:
        raise ValueError(f"the drawing has more than {LARGEST:,} letters")
    if "<!" in text or "<?" in text:
        raise ValueError("the drawing has declarations, which none of ours has")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"the drawing is no SVG: {error}") from error
    if root.tag != f"{{{SPACE}}}svg":
        raise ValueError("the drawing is no SVG")
    for number, element in enumerate(root.iter()):
        if number >= ELEMENTS:
            raise ValueError(f"the drawing has more than {ELEMENTS:,} parts")
        _checked(element)
    width, height = size(root)
    if not all(SIDES[0] <= side <= SIDES[1] for side in (width, height)):
        raise ValueError(f"the drawing is {width:g} x {height:g} pixels large")
    return ElementTree.tostring(root, encoding="unicode")


def size(root: ElementTree.Element) -> tuple[float, float]:
    """Width and height in pixels."""
    try:
        return float(root.get("width", "")), float(root.get("height", ""))
    except ValueError as error:
        raise ValueError("the drawing does not say how large it is") from error


def size_of(picture: str) -> tuple[float, float]:
    """Width and height of a drawing that was checked, in pixels."""
    return size(ElementTree.fromstring(picture))


def scoped(picture: str, prefix: str) -> str:
    """The drawing with names of its own, so that several can stand in one page."""
    named = re.sub(r' id="([\w-]+)"', rf' id="{prefix}\1"', picture)
    return _REFERENCE.sub(rf"url(#{prefix}\1)", named)


def _checked(element: ElementTree.Element) -> None:
    tag = str(element.tag).removeprefix(f"{{{SPACE}}}")
    if tag not in TAGS:
        raise ValueError(f"the drawing has a part that none of ours has: ‘{tag[:40]}’")
    for name, value in element.attrib.items():
        if name == _SPACING and value == "preserve":
            continue
        if name not in ATTRIBUTES:
            raise ValueError(f"a part of the drawing has the property ‘{name[:40]}’")
        if name == "href":
            _looked_at(tag, value)
        elif name not in _FREE and not _PLAIN.fullmatch(_REFERENCE.sub("", value)):
            raise ValueError(f"the property ‘{name}’ of the drawing is ‘{value[:40]}’")
        elif name not in _FREE and "url" in _REFERENCE.sub("", value).lower():
            raise ValueError(f"the property ‘{name}’ of the drawing refers to something outside")


def _looked_at(tag: str, address: str) -> None:
    """A picture within a drawing is one, and no larger than it may be."""
    found = _INSIDE.fullmatch(address) if tag == "image" else None
    if found is None:
        raise ValueError("the drawing refers to something outside")
    kind, data = found.groups()
    try:
        with Image.open(io.BytesIO(base64.b64decode(data)), formats=[kind.upper()]) as picture:
            if picture.width * picture.height > PIXELS or getattr(picture, "n_frames", 1) > 1:
                raise ValueError("a picture in the drawing is too large")
            picture.load()
    except (OSError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise ValueError("a picture in the drawing cannot be read") from error
