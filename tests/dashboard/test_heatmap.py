"""Heatmaps: one scale, nothing over zero, the sums kept, and everything said in words."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from dashboard.figures.closeup import Region, contours, strongest_region
from dashboard.figures.heatmap import (
    CELLS,
    DETAILS,
    SMOOTHED,
    Panel,
    marks,
    over,
    overlay,
    shared_scale,
)
from dashboard.figures.palette import OPPOSITION, SUPPORT, rgb
from dashboard.figures.product_sheet import product_report, sheet
from dashboard.figures.report import ROWS
from relrec_core.explanation import Audit, DeletionTest, Ledger, Provenance
from relrec_core.products.explanation.result import GRID, Cell, ProductExplanation

pytestmark = pytest.mark.numerics

SIDE = 64


def panel(title: str = "Red <mug>", detail: str = SMOOTHED, factor: float = 1.0) -> Panel:
    """Support at the upper left, half as much opposition at the lower right."""
    relevance = np.zeros((SIDE, SIDE), dtype=np.float32)
    relevance[4:8, 4:8] = factor
    relevance[56:60, 56:60] = -factor / 2
    return Panel(Image.new("RGB", (SIDE, SIDE), (180, 40, 40)), relevance, title, detail)


def test_zero_is_transparent_and_signs_have_their_colours() -> None:
    pixels = np.asarray(overlay(np.array([[0.0, 2.0, -2.0, 1.0, -9.0]]), 2.0))[0]
    assert pixels[:, 3].tolist() == [0, 255, 255, 128, 255]
    assert tuple(pixels[1, :3]) == tuple(pixels[3, :3]) == rgb(SUPPORT)
    assert tuple(pixels[2, :3]) == rgb(OPPOSITION)


def test_all_pictures_share_the_scale_of_the_strongest() -> None:
    weak, strong = panel(factor=0.1), panel(factor=1.0)
    scale = shared_scale([weak, strong])
    assert scale == shared_scale([strong]) > shared_scale([weak])
    deepest = [np.asarray(p.overlay(scale))[..., 3].max() for p in (weak, strong)]
    assert deepest[1] == 255 and 0 < deepest[0] < 0.3 * 255


@pytest.mark.parametrize("detail", DETAILS)
def test_every_way_of_drawing_keeps_the_sum(detail: str) -> None:
    shown = panel(detail=detail)
    assert shown.drawn.mean() * GRID**2 == pytest.approx(shown.total, rel=1e-4)


def test_a_map_of_nothing_is_drawn_as_nothing() -> None:
    empty = Panel(Image.new("RGB", (8, 8)), np.zeros((SIDE, SIDE)), "Nothing")
    assert not np.asarray(empty.overlay(shared_scale([empty])))[..., 3].any()
    assert marks(empty) == [] and "raises it nowhere, lowers it nowhere" in empty.in_words()


def test_what_lowers_the_score_evenly_names_no_place() -> None:
    even = Panel(Image.new("RGB", (8, 8)), np.full((SIDE, SIDE), -1e-4, np.float32), "Even")
    assert marks(even) == [] and "raises it nowhere, lowers it evenly" in even.in_words()


def test_a_map_with_little_of_its_score_is_painted_weakly() -> None:
    whole = panel()
    for share, strength in ((0.5, 1.0), (0.05, 1.0), (0.01, 0.2)):
        one = Panel(whole.picture, whole.relevance, "Weak", score=whole.total / share)
        assert whole.full / shared_scale([one]) == pytest.approx(strength)


def test_the_numbers_and_words_name_the_places() -> None:
    support, against = marks(panel())
    assert (support.across, support.down) < (0.5, 0.5) < (against.across, against.down)
    assert support.relevance == pytest.approx(16) and against.relevance == pytest.approx(-8)
    words = panel().in_words()
    assert "+8.00" in words
    assert "raises the score most in the upper left" in words
    assert "lowers it most in the lower right" in words


def test_the_strongest_region_is_the_square_with_the_largest_sum() -> None:
    relevance = np.zeros((SIDE, SIDE), dtype=np.float32)
    relevance[20:24, 40:44] = 1  # one strong cell alone, 5 down and 10 across
    relevance[44:60, 4:20] = 0.1  # sixteen weaker ones, 11 down and 1 across
    picture = Image.fromarray((np.arange(SIDE**2) % 251).astype(np.uint8).reshape(SIDE, SIDE))
    region = strongest_region(Panel(picture, relevance, "Two"))
    assert region == Region(1 / 16, 11 / 16, 4 / 16, pytest.approx(0.1 * 256))
    assert (np.asarray(region.crop(picture)) == np.asarray(picture)[44:60, 4:20]).all()
    assert strongest_region(Panel(picture, -relevance, "Opposed")) is None


def test_contours_are_lines_of_the_map_and_leave_the_rest_of_the_picture() -> None:
    shown = panel(detail=CELLS)
    pixels = np.asarray(contours(shown, shared_scale([shown])))
    side = len(pixels)
    strong, weak = pixels[: side // 2, : side // 2], pixels[side // 2 :, side // 2 :]
    lines = {tuple(map(int, colour)) for colour in pixels[pixels[..., 3] == 255][:, :3]}
    assert lines == {rgb(SUPPORT), rgb(OPPOSITION)}
    for part, colour in ((strong, SUPPORT), (weak, OPPOSITION)):
        down, across = np.nonzero((part[..., :3] == rgb(colour)).all(axis=-1))
        assert np.ptp(down) == np.ptp(across) == pytest.approx(side / GRID, abs=6)
    assert (pixels[..., 3] == 0).mean() > 0.9


def test_strength_zero_shows_the_faint_picture_alone() -> None:
    flat = np.asarray(over(panel(), 1.0, SIDE, 0.0))
    assert (flat == flat[0, 0]).all() and len(set(flat[0, 0].tolist())) == 1
    assert np.ptp(np.asarray(over(panel(), 1.0, SIDE, 1.0))) > 50


def test_the_page_to_take_away_needs_nothing_else() -> None:
    shown = panel()
    picture = sheet("Why <this>?", [(shown, "You"), (shown, "It")], 1.0, "Data: x")
    assert picture.count("<image ") == 2 and "Why &lt;this&gt;?" in picture
    cells = tuple(
        Cell(picture=name, row=r, column=c, relevance=float(shown.cells[r, c]))
        for name in ("query", "recommended")
        for r in range(GRID)
        for c in range(GRID)
    )
    explanation = ProductExplanation(
        score=20.0,
        audit=Audit(
            ledger=Ledger(score=20.0, features=15.0, bias=4.0, epsilon=1.0),
            deletion=DeletionTest(
                removed=26,
                score=20.0,
                after_top=3.0,
                after_random=18.0,
                low=17.0,
                high=19.0,
                beaten=1.0,
                repetitions=20,
            ),
        ),
        provenance=Provenance(
            dataset="Studio",
            dataset_hash="",
            licence="free",
            run="r",
            method="m",
            parameters={"preset": "reference"},
            seed=0,
            code_version="0",
        ),
        query="a",
        query_title="Red <mug>",
        item="b",
        item_title="Blue bowl",
        relation="also_bought",
        user=None,
        reading="evidence",
        logit=1.0,
        probability=0.73,
        cells=cells,
    )
    page = product_report(explanation, picture, [shown, shown], "")
    assert "<mug>" not in page and explanation.item_title in page
    told = (
        "Contribution of both pictures +15.0000, blurred baseline +4.0000, not attributed +1.0000"
    )
    assert told in page and "Confirmed: larger drop than at all 20 random places" in page
    assert page.count("<td>recommended</td>") + page.count("<td>query</td>") == ROWS
    assert f"{2 * GRID**2 - ROWS} others together" in page and "<script" not in page
    addresses = re.findall(r'<(?:img|image|link|script)\b[^>]* (?:src|href)="([^"]{0,12})', page)
    assert addresses and all(a.startswith("data:") for a in addresses)
