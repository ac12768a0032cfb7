"""What a story is exported to says what the story says, as text, in files that fetch nothing."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pypdf import PdfReader

from dashboard.story.deck import deck_file
from dashboard.story.pdf import pdf
from dashboard.story.powerpoint import TWICE, powerpoint
from dashboard.story.powerpoint_master import (
    COLOURS,
    HEADINGS,
    HEIGHT,
    LAYOUT,
    PIXEL,
    TEXT,
    WIDTH,
)
from dashboard.story.story import Item, Story
from dashboard.story.storyfile import written
from tests.conftest import REPOSITORY
from tests.dashboard.drawn import NASTY, Page
from tests.dashboard.stories import movie, story

BASE = "http://relrec.example"


def bare(text: str) -> str:
    """Without spaces, where files break lines as they like."""
    return re.sub(r"\s|­", "", text)


def texts(item: Item) -> list[str]:
    """What a slide must say."""
    slide = item.slide
    cells = [cell for row in (slide.table.headings, *slide.table.rows) for cell in row]
    proofs = [proof.said for proof in slide.proofs]
    said = [item.title, item.subtitle, item.note, slide.asked, slide.reading]
    return [*said, *cells, *proofs, slide.origin.in_words()]


@pytest.fixture(scope="module")
def made() -> Story:
    return story()


@pytest.fixture(scope="module")
def presentation(made: Story) -> Any:
    return Presentation(io.BytesIO(powerpoint(made, BASE)))


def test_every_slide_has_title_table_picture_and_notes(made: Story, presentation: Any) -> None:
    assert len(presentation.slides) == len(made.items)
    for page, item in zip(presentation.slides, made.items, strict=True):
        told, table = item.slide, item.slide.table
        assert bare(page.shapes.title.text_frame.text) == bare(item.title)
        (frame,) = (shape for shape in page.shapes if shape.has_table)
        rows = [[cell.text_frame.text for cell in row.cells] for row in frame.table.rows]
        assert rows == [list(table.headings), *map(list, table.rows)]
        shown = " ".join(s.text_frame.text for s in page.shapes if s.has_text_frame)
        notes = page.notes_slide.notes_text_frame.text
        for said in (item.note, *(proof.said for proof in told.proofs), told.origin.in_words()):
            assert bare(said) in bare(shown) and bare(said) in bare(notes)
        assert told.sentence in notes and told.origin.dataset_hash in notes
        assert told.link(BASE) in notes


def test_pictures_have_twice_the_pixels_and_their_proportions(presentation: Any) -> None:
    for page in presentation.slides:
        (shown,) = (shape for shape in page.shapes if hasattr(shape, "image"))
        with Image.open(io.BytesIO(shown.image.blob)) as picture:
            picture.load()
            assert picture.width == pytest.approx(TWICE * shown.width / PIXEL, abs=2)
            assert picture.height == pytest.approx(TWICE * shown.height / PIXEL, abs=2)
            alpha = picture.convert("RGBA").getchannel("A")
        assert alpha.getextrema()[0] == 0 and alpha.getextrema()[1] == 255
        assert shown._element.nvPicPr.cNvPr.get("descr")


def test_everything_lies_on_the_slide_and_the_master_is_ours(presentation: Any) -> None:
    assert (presentation.slide_width, presentation.slide_height) == (WIDTH * PIXEL, HEIGHT * PIXEL)
    assert [layout.name for layout in presentation.slide_layouts] == [LAYOUT]
    for page in presentation.slides:
        kinds = {shape.placeholder_format.type for shape in page.placeholders}
        assert {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER} <= kinds
        for shape in page.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= WIDTH * PIXEL
            assert shape.top >= 0 and shape.top + shape.height <= HEIGHT * PIXEL
    for master in (presentation.slide_master.part, presentation.notes_master.part):
        rels = master.rels.values()
        theme = next(r.target_part for r in rels if r.reltype.endswith("/theme")).blob.decode()
        for name, colour in COLOURS.items():
            assert f'<a:{name}><a:srgbClr val="{colour[1:].upper()}"/>' in theme
        faces = re.findall(r'<a:(?:major|minor)Font>\s*<a:latin typeface="([^"]*)"', theme)
        assert faces == [HEADINGS, TEXT]
    for page in presentation.slides:
        assert not page.element.xpath(".//a:rPr/a:latin")  # all text follows the theme


def test_a_pdf_has_a_page_a_slide_its_text_and_its_drawing(made: Story) -> None:
    found = PdfReader(io.BytesIO(pdf(made, BASE)))
    assert found.metadata is not None and found.metadata.title == made.title
    assert len(found.pages) == len(made.items)
    for page, item in zip(found.pages, made.items, strict=True):
        text = bare(page.extract_text())
        for said in texts(item):
            assert bare(said) in text
        assert not page.images  # no drawing of these holds a picture, so all of it is vectors
        links = [a.get_object()["/A"]["/URI"] for a in page["/Annots"]]
        assert set(links) == {item.slide.link(BASE)}
        assert float(page.mediabox.width) / float(page.mediabox.height) == pytest.approx(16 / 9)


def test_slides_in_one_file_fetch_nothing_and_show_texts_as_texts(made: Story) -> None:
    page, plain = Page(deck_file(made, BASE)), Page(deck_file(Story().plus(movie()), BASE))
    nasty = Page(deck_file(Story(title=NASTY).plus(movie(NASTY)), BASE))
    assert nasty.tags == plain.tags  # not one element more
    assert page.tags.count("section") == len(made.items) and page.tags.count("script") == 1
    assert not [link for link in page.links if re.match(r"\s*(\w+:)?//", link)]
    assert not {"link", "img", "iframe"} & {*page.tags}
    shown = bare("".join(page.words))
    for item in made.items:
        assert all(bare(said) in shown for said in texts(item))
    ids = re.findall(r' id="([^"]+)"', deck_file(made, ""))
    assert len(ids) == len(set(ids))


def test_libreoffice_shows_what_powerpoint_would(made: Story, soffice: str, tmp_path: Path) -> None:
    file = tmp_path / "story.pptx"
    file.write_bytes(powerpoint(made, BASE))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir"]
    subprocess.run([*command, str(tmp_path), str(file)], check=True, capture_output=True)
    found = PdfReader(tmp_path / "story.pdf")
    assert len(found.pages) == len(made.items)
    for number, (page, item) in enumerate(zip(found.pages, made.items, strict=True), start=1):
        text = bare(page.extract_text())
        for said in texts(item):
            assert bare(said) in text
        assert str(number) in page.extract_text().split()


def export(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(REPOSITORY / "scripts" / "export.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_batch_needs_no_browser(made: Story, tmp_path: Path) -> None:
    file = tmp_path / "story.json"
    file.write_text(written(made), encoding="utf-8")
    wanted = {kind: tmp_path / f"out.{kind}" for kind in ("pptx", "pdf", "html")}
    arguments = [word for kind, path in wanted.items() for word in (f"--{kind}", str(path))]
    ran = export(str(file), *arguments, "--address", BASE)
    assert ran.returncode == 0, ran.stderr
    assert len(Presentation(str(wanted["pptx"])).slides) == len(made.items)
    assert len(PdfReader(wanted["pdf"]).pages) == len(made.items)
    assert wanted["html"].read_text("utf-8") == deck_file(made, BASE)


def test_a_batch_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    out = tmp_path / "out.pdf"
    missing = export(str(file), "--pdf", str(out))
    file.write_text("{}", encoding="utf-8")
    wrong = export(str(file), "--pdf", str(out))
    file.write_text(written(Story()), encoding="utf-8")
    empty = export(str(file), "--pdf", str(out))
    for ran in (missing, wrong, empty):
        assert ran.returncode == 1 and "no.json" in ran.stderr and "Traceback" not in ran.stderr
    assert export(str(file)).returncode == 2 and not out.exists()
