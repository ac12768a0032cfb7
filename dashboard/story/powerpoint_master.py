"""The master of our presentations: neutral, in our colours, with one layout."""

from __future__ import annotations

import re
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.package import XmlPart
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Emu

from dashboard.figures.palette import ACCENT, NEUTRAL, OPPOSITION, SUPPORT
from dashboard.figures.svg import INK, LINE, PAPER, QUIET
from dashboard.story.layout import GOOD, WARN

PIXEL = 9525
"""English metric units in one of the 1280 x 720 pixels of a slide."""
WIDTH, HEIGHT = 1280, 720
EDGE = 52
HEADINGS, TEXT = "Georgia", "Arial"
LAYOUT = "Explanation"
COLOURS = {
    "dk1": INK,
    "lt1": PAPER,
    "dk2": QUIET,
    "lt2": LINE,
    "accent1": ACCENT,
    "accent2": SUPPORT,
    "accent3": OPPOSITION,
    "accent4": GOOD,
    "accent5": WARN,
    "accent6": NEUTRAL,
    "hlink": ACCENT,
    "folHlink": QUIET,
}
TITLE = PP_PLACEHOLDER.TITLE
BOXES = {
    TITLE: (EDGE, 58, WIDTH - 2 * EDGE, 76),
    PP_PLACEHOLDER.FOOTER: (EDGE, 682, 1040, 30),
    PP_PLACEHOLDER.SLIDE_NUMBER: (WIDTH - EDGE - 80, 682, 80, 30),
}
"""Left, top, width and height of the placeholders, in pixels."""

BAR = (
    f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="90" name="Edge"/><p:cNvSpPr/><p:nvPr '
    f'userDrawn="1"/></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{7 * PIXEL}" '
    f'cy="{HEIGHT * PIXEL}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill>'
    '<a:schemeClr val="accent1"/></a:solidFill><a:ln><a:noFill/></a:ln></p:spPr></p:sp>'
)
"""A band of our colour at the left edge of every slide."""


def empty(title: str) -> Any:
    """A presentation without slides."""
    made = Presentation()
    made.slide_width, made.slide_height = Emu(WIDTH * PIXEL), Emu(HEIGHT * PIXEL)
    made.core_properties.title = title
    made.core_properties.author = "RelRec"
    master = made.slide_master
    for of in (master, made.notes_master):
        _theme(of)
    layout = next(one for one in made.slide_layouts if one.name == "Title Only")
    for other in [one for one in made.slide_layouts if one is not layout]:
        made.slide_layouts.remove(other)
    layout.name = LAYOUT
    for of in (master, layout):
        _placed(of)
    master.shapes._spTree.insert(2, parse_xml(BAR))
    return made


def _theme(master: Any) -> None:
    part = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    text = part.blob.decode("utf-8")
    for name, colour in COLOURS.items():
        now = f'<a:{name}><a:srgbClr val="{colour[1:].upper()}"/></a:{name}>'
        text = re.sub(rf"<a:{name}>.*?</a:{name}>", now, text, count=1, flags=re.DOTALL)
    for kind, face in (("majorFont", HEADINGS), ("minorFont", TEXT)):
        text = re.sub(rf'(<a:{kind}>\s*<a:latin typeface=")[^"]*', rf"\g<1>{face}", text, count=1)
    if isinstance(part, XmlPart):  # that of the notes is open already
        part._element = parse_xml(text.encode("utf-8"))
    else:
        part._blob = text.encode("utf-8")


def _placed(of: Any) -> None:
    """Title, footer and number at their places; what we do not use goes."""
    for shape in list(of.placeholders):
        box = BOXES.get(shape.placeholder_format.type)
        if box is None:
            shape.element.getparent().remove(shape.element)
            continue
        shape.left, shape.top, shape.width, shape.height = (Emu(v * PIXEL) for v in box)
        frame = shape.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        title = shape.placeholder_format.type == TITLE
        frame.vertical_anchor = MSO_ANCHOR.TOP if title else MSO_ANCHOR.BOTTOM
        _styled(shape, title)


def _styled(shape: Any, title: bool) -> None:
    """Sizes and colours that every slide inherits, and the alignment."""
    number = shape.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER
    styles = shape.text_frame._txBody.find(qn("a:lstStyle"))
    for old in list(styles):
        styles.remove(old)
    size = 2300 if title else 800 if not number else 1000
    colour = "tx1" if title else "tx2"
    face = "+mj-lt" if title else "+mn-lt"
    align = "r" if number else "l"
    styles.append(
        parse_xml(
            f'<a:lvl1pPr {nsdecls("a")} algn="{align}"><a:lnSpc><a:spcPct val="95000"/></a:lnSpc>'
            f'<a:defRPr sz="{size}" b="{int(title)}"><a:solidFill><a:schemeClr val="{colour}"/>'
            f'</a:solidFill><a:latin typeface="{face}"/></a:defRPr></a:lvl1pPr>'
        )
    )
