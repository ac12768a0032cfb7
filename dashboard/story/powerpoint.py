"""A story as PowerPoint: titles, tables and notes to edit, pictures at twice their size."""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from typing import Any

from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Emu, Pt

from dashboard.story.drawing import size_of
from dashboard.story.layout import picture_share
from dashboard.story.measure import ARIAL, BOLD, lines_of, width_of
from dashboard.story.powerpoint_master import EDGE, PIXEL, TITLE, WIDTH, empty
from dashboard.story.slide import Slide
from dashboard.story.story import Item, Story
from dashboard.story.typeset import POINTS, pictures

TWICE = 2
"""Pixels of a picture for one of a slide of 1280 x 720."""
TITLE_WIDTH = 1.3
"""How much wider a title is set, in bold Georgia or what stands for it, than in our font."""
GAP, FOOT = 30, 676
"""Between the picture and what stands beside it, and where the footer begins, in pixels."""
INCH = 96
"""Pixels of a slide."""
TITLES = ((90, 23.0), (190, 18.5), (10_000, 14.5))
"""Up to how many letters a title has which size, in points."""
SIZES = (12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0)
"""Of tables and proofs, in points: the first that fits."""
MARKS = {True: ("✓ ", MSO_THEME_COLOR.ACCENT_4), False: ("! ", MSO_THEME_COLOR.ACCENT_5)}
PLAIN = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""PowerPoint's table style without any."""
Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""


def powerpoint(story: Story, base: str) -> bytes:
    """The file; `base` is the dashboard's address, or "" where it is not known."""
    made = empty(story.title)
    boxes = [_picture_box(item) for item in story.items]
    drawn = [
        (item.slide.picture, box[2] * POINTS / INCH, box[3] * POINTS / INCH)
        for item, box in zip(story.items, boxes, strict=True)
    ]
    images = pictures(drawn, TWICE * INCH)
    for item, box, image in zip(story.items, boxes, images, strict=True):
        _add(made, item, box, image, base)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _add(made: Any, item: Item, box: Box, image: bytes, base: str) -> None:
    slide, page = item.slide, made.slides.add_slide(made.slide_layouts[0])
    size, high = _title(item)
    title = page.shapes.title
    title.left, title.top, title.width, title.height = _emu((EDGE, 58, WIDTH - 2 * EDGE, high))
    title.text_frame.text = item.title
    for paragraph in title.text_frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = Pt(size)
    asked = _text(page, (EDGE, 34, WIDTH - 2 * EDGE, 20), slide.asked, 10.5)
    _coloured(asked, MSO_THEME_COLOR.ACCENT_1, bold=True)
    for text, top, high, points in _said(item):
        frame = _text(page, (EDGE, top, WIDTH - 2 * EDGE, high), text, points)
        if text == item.subtitle:
            _coloured(frame, MSO_THEME_COLOR.TEXT_2)
    shown = page.shapes.add_picture(io.BytesIO(image), *_emu(box))
    shown._element.nvPicPr.cNvPr.set("descr", slide.words)
    shown.name = "Picture"
    if slide.reading:
        under = (box[0], box[1] + box[3] + 8, _left(slide), 44)
        _coloured(_text(page, under, slide.reading, 9), MSO_THEME_COLOR.TEXT_2)
    _beside(page, item)
    _foot(made, page, slide, base)
    page.notes_slide.notes_text_frame.text = _notes(item, base)


def _title(item: Item) -> tuple[float, float]:
    """Size of the title in points, and its height in pixels."""
    size = next(size for letters, size in TITLES if len(item.title) <= letters)
    lines = lines_of(item.title, size, WIDTH - 2 * EDGE, TITLE_WIDTH)
    return size, 1.22 * size * lines * INCH / POINTS


def _said(item: Item) -> list[tuple[str, float, float, float]]:
    """Sentence and note below the title: text, top, height in pixels, size in points."""
    top, found = 58 + _title(item)[1] + 6, []
    for text, points in ((item.subtitle, 12.0), (item.note, 12.5)):
        if text:
            high = 1.3 * points * INCH / POINTS * lines_of(text, points, WIDTH - 2 * EDGE)
            found.append((text, top, high, points))
            top += high + 8
    return found


def _top(item: Item) -> float:
    """Where picture and table begin."""
    said = _said(item)
    return (said[-1][1] + said[-1][2] if said else 58 + _title(item)[1]) + 18


def _left(slide: Slide) -> float:
    """Width of the picture's room."""
    return picture_share(slide) * (WIDTH - 2 * EDGE - GAP)


def _picture_box(item: Item) -> Box:
    """Where the picture stands, in its own proportions."""
    slide, top = item.slide, _top(item)
    width, height = size_of(slide.picture)
    room = max(FOOT - top - (52 if slide.reading else 12), 60.0)
    scale = min(_left(slide) / width, room / height)
    left = EDGE + (_left(slide) - scale * width) / 2
    return left, top, scale * width, scale * height


def _beside(page: Any, item: Item) -> None:
    """The table, native, and the proof below it, in the first size in which both fit."""
    slide, top = item.slide, _top(item)
    left = EDGE + _left(slide) + GAP
    width, room = WIDTH - EDGE - left, FOOT - top - 10
    for size in SIZES:
        rows, proof = _row_heights(slide, size, width), _proof_height(slide, size, width)
        if sum(rows) + proof + 14 <= room:
            break
    if slide.table.rows:
        _table(page, slide, (left, top, width, sum(rows)), rows, size)
    if slide.proofs:
        _proofs(page, slide, (left, top + sum(rows) + 14, width, proof), size)


def _columns(slide: Slide, size: float, width: float) -> list[float]:
    """Widths: numbers have what they need, or at least their longest word; the first column the
    rest."""
    cells = list(zip(*(slide.table.headings, *slide.table.rows), strict=True))[1:]
    whole = [max(_widths(column, size)) + 18 for column in cells]
    words = [
        max(max(_widths(cell.split(" "), size)) for cell in (column[0], *column)) + 18
        for column in cells
    ]
    found = whole if sum(whole) <= 0.6 * width else words
    if sum(found) > 0.75 * width:
        found = [0.75 * width / len(found)] * len(found)
    return [width - sum(found), *found]


def _widths(cells: Sequence[str], size: float) -> list[float]:
    """Of texts, of which the first may be bold."""
    return [width_of(cell, size, BOLD if i == 0 else ARIAL) for i, cell in enumerate(cells)]


def _row_heights(slide: Slide, size: float, width: float) -> list[float]:
    if not slide.table.rows:
        return []
    widths = _columns(slide, size, width)
    line, found = 1.2 * size * INCH / POINTS, []
    for number, row in enumerate((slide.table.headings, *slide.table.rows)):
        face = ARIAL if number else BOLD
        cells = zip(row, widths, strict=True)
        lines = max(lines_of(cell, size, wide - 12, face) for cell, wide in cells)
        found.append(lines * line + 7)
    return found


def _proof_height(slide: Slide, size: float, width: float) -> float:
    lines = sum(lines_of(f"– {proof.said}", size, width) for proof in slide.proofs)
    return (1.25 * lines * size + 4 * len(slide.proofs)) * INCH / POINTS


def _table(page: Any, slide: Slide, box: Box, heights: list[float], size: float) -> None:
    cells = [slide.table.headings, *slide.table.rows]
    frame = page.shapes.add_table(len(cells), len(cells[0]), *_emu(box))
    frame.name = "Table"
    table = frame.table
    table._tbl.tblPr.find(_named("tableStyleId")).text = PLAIN
    table.horz_banding = False
    for column, wide in zip(table.columns, _columns(slide, size, box[2]), strict=True):
        column.width = Emu(round(wide * PIXEL))
    for number, (row, high) in enumerate(zip(table.rows, heights, strict=True)):
        row.height = Emu(round(high * PIXEL))
        for place, cell in enumerate(row.cells):
            _cell(cell, cells[number][place], size, head=number == 0, first=place == 0)


def _cell(cell: Any, text: str, size: float, *, head: bool, first: bool) -> None:
    cell.text_frame.text = text
    cell.text_frame.word_wrap = True
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    cell.margin_left = Emu((0 if first else 5) * PIXEL)
    cell.margin_right = Emu(5 * PIXEL)
    cell.margin_top = cell.margin_bottom = Emu(2 * PIXEL)
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT if first else PP_ALIGN.RIGHT
    for run in paragraph.runs:
        run.font.size, run.font.bold = Pt(size), head
        run.font.color.theme_color = MSO_THEME_COLOR.TEXT_2 if head else MSO_THEME_COLOR.TEXT_1
    fill = '<a:solidFill><a:schemeClr val="bg2"/></a:solidFill>'
    line = f'<a:lnB {nsdecls("a")} w="6350">{fill}</a:lnB>'
    cell._tc.get_or_add_tcPr().insert(0, parse_xml(line))


def _proofs(page: Any, slide: Slide, box: Box, size: float) -> None:
    frame = _text(page, box, "", size)
    for number, proof in enumerate(slide.proofs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        mark, colour = MARKS.get(proof.passed, ("– ", MSO_THEME_COLOR.TEXT_2))  # type: ignore[arg-type]
        first, rest = paragraph.add_run(), paragraph.add_run()
        first.text, rest.text = mark, proof.said
        first.font.bold, first.font.size, rest.font.size = True, Pt(size), Pt(size)
        first.font.color.theme_color = colour
        paragraph.space_after = Pt(3)


def _foot(made: Any, page: Any, slide: Slide, base: str) -> None:
    """Provenance and number, in the placeholders of the layout."""
    for shape in made.slide_layouts[0].placeholders:
        kind = shape.placeholder_format.type
        if kind == TITLE:
            continue
        own = copy.deepcopy(shape.element)
        page.shapes._spTree.append(own)
        placed = page.shapes[-1]
        placed.text_frame._txBody.find(_named("lstStyle")).clear()
        if kind == PP_PLACEHOLDER.FOOTER:
            placed.text_frame.text = slide.origin.in_words()
            if link := slide.link(base):
                run = placed.text_frame.paragraphs[0].add_run()
                run.text = " Live view"
                run.hyperlink.address = link


def _notes(item: Item, base: str) -> str:
    """What the speaker reads: note, proof, picture in words, provenance with its checksums."""
    slide = item.slide
    proofs = [f"- {proof.said}" for proof in slide.proofs]
    parts = [
        item.note,
        slide.sentence,
        "\n".join(["Proof:", *proofs]) if proofs else "",
        slide.words,
        slide.reading,
        slide.origin.in_words(),
        f"Data SHA-256: {slide.origin.dataset_hash}",
        f"Model SHA-256: {slide.origin.model}" if slide.origin.model else "",
        f"Live view: {slide.link(base)}" if base else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _text(page: Any, box: Box, text: str, size: float) -> Any:
    """A box of text without margins; gives its frame."""
    frame = page.shapes.add_textbox(*_emu(box)).text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    if text:
        frame.text = text
        for paragraph in frame.paragraphs:
            for run in paragraph.runs:
                run.font.size = Pt(size)
    return frame


def _coloured(frame: Any, colour: MSO_THEME_COLOR, *, bold: bool = False) -> None:
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.color.theme_color = colour
            run.font.bold = bold


def _emu(box: Box) -> tuple[Emu, ...]:
    return tuple(Emu(round(value * PIXEL)) for value in box)


def _named(name: str) -> str:
    return f"{{http://schemas.openxmlformats.org/drawingml/2006/main}}{name}"
