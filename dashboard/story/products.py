"""Explanations of the products page as slides."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

from PIL import Image

from dashboard.figures.heatmap import Panel, data_url
from dashboard.figures.palette import plain, signed
from dashboard.figures.pinned import Span, summed
from dashboard.figures.pinned_products import area
from dashboard.figures.product_sheet import mapped_sheet
from dashboard.figures.product_words import CATEGORIES, PLACES, ledger_in_words, relation_title
from dashboard.figures.report import strongest
from dashboard.figures.smallest_cells import before_and_after
from dashboard.figures.strategies import grid_panel, heading
from dashboard.figures.svg import INK, LINE, document, element, tagged
from dashboard.story.slide import Origin, Proof, Slide, Table
from relrec_core.products.explanation.result import ProductExplanation
from relrec_core.products.explanation.smallest_change import SmallestChange
from relrec_core.products.explanation.strategies_result import Strategies

SHOWN = 8
"""Rows of a table."""
SIDE, GAP, TOP = 300, 24, 28
"""Of a picture, between two, and above them, in pixels."""
LETTERS = 36
"""Of a picture's title."""


def product_slide(
    told: ProductExplanation,
    sentence: str,
    panels: Sequence[tuple[Panel, str]],
    look: tuple[Span, bool],
    view: str,
    model: str,
) -> Slide:
    """Why a product, or why it rather than another.

    Args:
        told: the explanation.
        sentence: as the page says it.
        panels: the pictures with their maps, each with what stands above it.
        look: ends of the colours, and whether pictures keep their own colours.
        view: parameters of the address.
        model: SHA-256 of the model's file.
    """
    (_, full), coloured = look
    words = " ".join(panel.in_words() for panel, _ in panels)
    ledger = told.audit.ledger
    sums = summed((area(cell), cell.relevance) for cell in told.cells)
    rows = strongest(([name] for name in sums), sums.values(), SHOWN, 2)
    rest = ledger.score - ledger.features - ledger.base
    more = [[CATEGORIES, signed(ledger.base)]] if ledger.base else []
    more += [["Not from the pictures", signed(rest)]] if abs(rest) >= 0.005 else []
    rather = f" rather than ‘{told.other_title}’" if told.other_title else ""
    return Slide(
        page="products",
        view=view,
        asked=f"‘{told.item_title}’{rather} beside ‘{told.query_title}’, "
        f"{relation_title(told.relation).lower()}",
        sentence=sentence,
        picture=mapped_sheet(panels, full, words, coloured),
        words=words,
        reading=f"Warm raises the score, cool lowers it; darkest colour = {plain(full)} points per "
        "grid cell.",
        table=Table(
            headings=("Area", "Points"), rows=[*rows, *more, ["Score", plain(ledger.score)]]
        ),
        proofs=(
            Proof.of_sums(ledger_in_words(told), [ledger]),
            Proof.of_test("Strongest areas blurred", told.audit.deletion, PLACES),
        ),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def cells_slide(
    told: SmallestChange, before: Image.Image, after: Image.Image, view: str, model: str
) -> Slide:
    """The fewest cells without which a product would not be recommended."""
    count = len(told.cells)
    cells = "1 grid cell" if count == 1 else f"{count} grid cells"
    words = f"The picture with {cells} outlined, and the same with {cells} blurred."
    rows = before_and_after(told.shifts)[: SHOWN + 3]
    return Slide(
        page="products",
        view=view,
        asked=f"‘{told.item_title}’ beside ‘{told.query_title}’, "
        f"{relation_title(told.relation).lower()}: what would change the answer?",
        sentence=told.sentence(),
        picture=beside([(before, f"Before: {cells} outlined"), (after, "After")], words),
        words=words,
        table=Table(headings=("Product", "Before", "After"), rows=rows),
        proofs=(Proof(said=f"{told.standing()}. {told.means()}", passed=told.proven or None),),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def missing_slide(
    asked: str,
    said: str,
    pictures: tuple[Image.Image, Image.Image],
    ranks: Sequence[tuple[str, int | None, int]],
    origin: Origin,
    view: str,
) -> Slide:
    """What becomes of the list where parts of the picture are erased.

    Args:
        asked: the product, in a line.
        said: what is erased, and what that does.
        pictures: before and after.
        ranks: title, place before and after of the first products.
        origin: where the model comes from.
        view: parameters of the address.
    """
    words = "The picture as it is, and with the chosen parts blurred."
    titles = ("As it is", "Without these parts")
    rows = [
        [title, "–" if before is None else f"{before:,}", f"{after:,}"]
        for title, before, after in ranks[: SHOWN + 3]
    ]
    return Slide(
        page="products",
        view=view,
        asked=asked,
        sentence=said,
        picture=beside(list(zip(pictures, titles, strict=True)), words),
        words=words,
        table=Table(headings=("Product", "Before", "After"), rows=rows),
        proofs=(Proof(said="The whole catalogue was ranked again without them.", passed=None),),
        origin=origin,
        value={"changed": said, "ranks": [list(row) for row in ranks]},
    )


def strategies_slide(
    told: Strategies, means: Sequence[Image.Image], view: str, model: str
) -> Slide:
    """The strategies of the recommender as a whole; `means` are the mean pictures of the groups."""
    shown = list(zip(told.strategies, means, strict=True))[:4]
    panels = [
        (grid_panel(mean, group.mean, f"Mean of strategy {number}"), f"Strategy {number}")
        for number, (group, mean) in enumerate(shown, start=1)
    ]
    words = " ".join(heading(n, group) + "." for n, (group, _) in enumerate(shown, start=1))
    rows = [
        [heading(n, group), f"{group.displaced:.0%}"]
        for n, group in enumerate(told.strategies[: SHOWN + 3], start=1)
    ]
    return Slide(
        page="products",
        view=view,
        asked=f"The recommender as a whole: strategies for "
        f"{relation_title(told.relation).lower()}, {told.category or 'all kinds'}",
        sentence=told.sentence(),
        picture=mapped_sheet(panels, max(panel.full for panel, _ in panels), words, False),
        words=words,
        reading="The mean picture of each strategy under its mean map.",
        table=Table(headings=("Recommendations", "Leave the list"), rows=rows),
        proofs=tuple(
            Proof.of_test(f"Strategy {n}, its place blurred", group.audit)
            for n, (group, _) in enumerate(shown, start=1)
        ),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def beside(
    pictures: Sequence[tuple[Image.Image, str]], words: str, columns: int | None = None
) -> str:
    """Pictures side by side, so many in a row, each under its title."""
    columns, parts = columns or len(pictures), []
    high = TOP + SIDE + 6
    for i, (picture, title) in enumerate(pictures):
        left, top = i % columns * (SIDE + GAP), i // columns * (high + GAP) + TOP
        at: dict[str, Any] = {"x": left, "y": top, "width": SIDE, "height": SIDE}
        short = title if len(title) <= LETTERS else title[: LETTERS - 1].rstrip() + "…"
        parts.append(tagged(left, top - 14, html.escape(short), 15, INK, "start", 0.5))
        parts.append(element("image", href=data_url(picture), **at))
        parts.append(element("rect", fill="none", stroke=LINE, **at))
    rows = -(-len(pictures) // columns)
    return document(columns * (SIDE + GAP) - GAP, rows * (high + GAP) - GAP, parts, words)
