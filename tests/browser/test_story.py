"""A story of six views: made, brought in order, saved, opened elsewhere, presented, exported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pptx import Presentation
from pypdf import PdfReader

from dashboard.story.storyfile import read
from tests.browser.conftest import Open
from tests.browser.pages import download, fits, keep, sentence, settled

VIEWS = (
    ("Movies", None),
    ("Movies", "Smallest change"),
    ("Products", None),
    ("Products", "Smallest change"),
    ("Sessions", None),
    ("Evidence", None),
)
"""Page, and the question below its answer that is kept in its place."""


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    settled(page)


def titles(page: Page) -> list[str]:
    settled(page)
    found = page.get_by_label("Title", exact=True)
    return [found.nth(i).input_value() for i in range(found.count())]


def item(page: Page, place: int) -> Locator:
    return page.locator(f".st-key-story_item_{place}")


def arranged(page: Page, kept: list[str]) -> None:
    """The third goes first and gets a name and a note; one goes and comes back."""
    assert titles(page) == kept
    for place in (2, 1):
        item(page, place).get_by_role("button", name="Up").click()
        settled(page)
    kept.insert(0, kept.pop(2))
    assert titles(page) == kept
    item(page, 0).get_by_label("Title", exact=True).fill("What the picture says")
    item(page, 0).get_by_label("Note").fill("<b>Look</b> at the warm areas.")
    item(page, 0).get_by_label("Note").blur()
    settled(page)
    item(page, 1).get_by_role("button", name="Remove").click()
    expect(item(page, len(kept) - 1)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(item(page, len(kept) - 1)).to_be_visible()
    assert titles(page) == ["What the picture says", *kept[1:]]
    page.get_by_label("Name of the story").fill("Before the board")
    page.get_by_label("Name of the story").blur()
    settled(page)


def presented(page: Page, count: int) -> None:
    """By keys from slide to slide, to the live view, and back."""
    page.get_by_role("button", name="Present").click()
    deck = page.locator(".deck")
    number, shown = deck.locator(".count"), deck.locator(".slide.shown")
    expect(shown.locator("h1")).to_have_text("What the picture says")
    expect(shown.locator(".note")).to_have_text("<b>Look</b> at the warm areas.")
    box = deck.bounding_box()
    assert box is not None and page.viewport_size is not None
    assert box["width"] >= page.viewport_size["width"]
    for key, at in (
        ("ArrowRight", 2),
        ("Space", 3),
        ("ArrowLeft", 2),
        ("End", count),
        ("ArrowRight", count),
        ("Home", 1),
        ("Shift+Space", 1),
        ("PageDown", 2),
    ):
        page.keyboard.press(key)
        expect(number).to_have_text(f"{at} / {count}")
        expect(shown).to_have_count(1)
        inside = shown.evaluate(
            "e => [...e.querySelectorAll('figure svg, table, ul, footer')].every(part => {"
            " const [a, b] = [part.getBoundingClientRect(), e.getBoundingClientRect()];"
            " return a.left >= b.left && a.right <= b.right + 1 && a.bottom <= b.bottom + 1; })"
        )
        assert inside
    theme = deck.get_attribute("data-theme")
    page.keyboard.press("d")
    expect(deck).not_to_have_attribute("data-theme", str(theme))
    link = shown.get_attribute("data-link")
    with page.context.expect_page() as opened:
        page.keyboard.press("l")
    assert opened.value.url == link
    opened.value.close()
    page.keyboard.press("Escape")
    expect(deck).to_have_count(0)


def exported(page: Page, count: int) -> None:
    page.get_by_role("button", name="Export").click()
    files = {
        kind: download(page, re.compile(name))
        for kind, name in (("pptx", "PowerPoint"), ("pdf", "PDF"), ("html", "Slides in one file"))
    }
    with files["pptx"].open("rb") as file:
        slides = Presentation(file).slides
    assert len(slides) == count and all(any(s.has_table for s in slide.shapes) for slide in slides)
    assert slides[0].shapes.title.text_frame.text == "What the picture says"
    assert len(PdfReader(files["pdf"]).pages) == count
    in_file(page, files["html"], count)


def in_file(page: Page, file: Path, count: int) -> None:
    """The file's own keys, without a network."""
    alone = page.context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.set_content(file.read_text("utf-8"))
    for _ in range(count - 1):
        alone.keyboard.press("ArrowRight")
    expect(alone.locator(".count")).to_have_text(f"{count} / {count}")
    alone.keyboard.press("Home")
    expect(alone.locator(".slide.shown h1")).to_have_text("What the picture says")
    assert not [url for url in asked if not url.startswith(("data:", "about:"))]
    alone.close()


def test_a_story_of_six_views_across_the_wings(site: str, open_page: Open) -> None:
    page, kept = open_page(f"{site}/movies?viewer=300"), []
    for number, (name, question) in enumerate(VIEWS, start=1):
        if question is None:
            if number > 1:
                go(page, name)
            shown = "" if name == "Evidence" else sentence(page)
        else:
            page.get_by_role("tab", name=question).click()
        keep(page, number, 0 if question is None else 1)
        kept.append(shown if question is None else "")
    go(page, "Story")
    named = titles(page)
    assert [a for a, b in zip(named, kept, strict=True) if b] == [b for b in kept if b]
    arranged(page, [*named])
    saved = download(page, "Save")
    story = read(saved.read_bytes(), "story.json")
    assert story.title == "Before the board" and len(story.items) == len(VIEWS)
    assert {entry.slide.page for entry in story.items} == {
        "movies",
        "products",
        "sessions",
        "evidence",
    }
    other = open_page(f"{site}/story")
    opened(other, saved)
    assert titles(other) == [entry.title for entry in story.items]
    presented(other, len(VIEWS))
    exported(other, len(VIEWS))


def opened(page: Page, file: Path) -> None:
    """A file that is no story is refused; then the story is opened."""
    settled(page)
    expect(page.get_by_text("Nothing is kept yet.")).to_be_visible()
    page.get_by_role("button", name="Open").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "bad.json", "mimeType": "application/json", "buffer": b'{"kind": "<b>"}'}
    )
    expect(page.get_by_text("‘bad.json’ is no story")).to_be_visible()
    settled(page)
    if page.locator("input[type=file]").count() == 0:
        page.get_by_role("button", name="Open").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "s.json", "mimeType": "application/json", "buffer": file.read_bytes()}
    )
    expect(item(page, len(VIEWS) - 1)).to_be_visible()


@pytest.mark.parametrize("name", ["movies", "sessions", "evidence"])
def test_each_page_is_presented_without_controls(name: str, site: str, open_page: Open) -> None:
    page = open_page(f"{site}/{name}")
    side = page.locator(".st-key-page_list, .st-key-page_side").first
    present = page.get_by_role("button", name="Present", exact=True)
    for _ in range(2):
        settled(page)
        expect(side).to_be_visible()
        present.click()
        expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()
        settled(page)
        assert "present=1" in page.url
        expect(side).to_be_hidden()
        expect(page.get_by_role("button", name="Add to story").filter(visible=True)).to_have_count(
            0
        )
        page.keyboard.press("Escape")
        expect(present).to_be_visible()


def test_the_story_on_a_telephone(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/evidence")
    keep(page, 1)
    go(page, "Story")
    assert len(titles(page)) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    fits(page)
