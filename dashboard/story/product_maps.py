"""Maps of two products as slides: which parts match, other methods, the known correct answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
from PIL import Image

from dashboard.figures.heatmap import Panel, laid, shared_scale
from dashboard.figures.known_cause import Found
from dashboard.figures.palette import signed
from dashboard.figures.product_sheet import SIDE, under
from dashboard.figures.report import strongest
from dashboard.figures.smallest_cells import outlined
from dashboard.story.products import SHOWN, beside
from dashboard.story.slide import ROWS, Origin, Proof, Slide, Table
from relrec_core.products.explanation.sentences import places

COMPARED = 4
"""Methods that are drawn."""
Regions = npt.NDArray[np.float64]
"""(rows, columns) sums of relevance."""


def match_slide(
    asked: str,
    said: str,
    pair: tuple[Panel, Panel],
    matches: tuple[Regions, Regions, Sequence[int]],
    origin: Origin,
    view: str,
) -> Slide:
    """Which regions of the one picture the chosen regions of the other match.

    Args:
        asked: both products, in a line.
        said: what is chosen, and what it matches.
        pair: both pictures with their maps.
        matches: (rows, columns) of what each region of the first picture matches altogether, and of
            what the chosen ones match by regions of the second; the numbers of the chosen ones.
        origin: where the model comes from.
        view: parameters of the address.
    """
    whole, answers, chosen = matches
    names = (f"Row {i + 1}, column {k + 1}" for i, k in np.ndindex(answers.shape))
    rows = strongest(([name] for name in names), answers.ravel().tolist(), SHOWN, 2)
    part, total = float(answers.sum()), float(whole.sum())
    others = np.ones(whole.size, dtype=np.bool_)
    others[list(chosen)] = False
    query, item = (under(panel, shared_scale([panel]), False) for panel in pair)
    drawn = [(outlined(query, others.reshape(whole.shape)), pair[0].title), (item, pair[1].title)]
    return Slide(
        page="products",
        view=view,
        asked=f"{asked}: which parts match?",
        sentence=said,
        picture=beside(drawn, said),
        words=said,
        reading="Outlined: the chosen regions. Warm matches, cool clashes, each picture by a scale "
        "of its own.",
        table=Table(
            headings=("Region of the second picture", "Points"), rows=[*rows, ["Sum", signed(part)]]
        ),
        proofs=(
            Proof(
                said=f"The {whole.size} regions of the first picture match {signed(total)} in all, "
                f"the {len(chosen)} chosen of them {signed(part)}.",
                passed=None,
            ),
        ),
        origin=origin,
        value={"chosen": list(chosen), "whole": whole.tolist(), "matched": answers.tolist()},
    )


def methods_slide(
    asked: str,
    maps: Sequence[tuple[str, tuple[Panel, Panel], tuple[str, str]]],
    origin: Origin,
    view: str,
) -> Slide:
    """The same recommendation by several methods.

    Args:
        asked: both products, in a line.
        maps: each method's name, both pictures with its maps, and how well these find the cause,
            where it is known.
        origin: where the model comes from.
        view: parameters of the address.
    """
    drawn = maps[:COMPARED]
    above, below = (
        [
            (under(pair[side], shared_scale(pair), False), f"{name}: {pair[side].title}")
            for name, pair, _ in drawn
        ]
        for side in (0, 1)
    )
    query, item = (panel.title for panel in maps[0][1])
    marked = [(name, [places(panel.cells) for panel in pair]) for name, pair, _ in maps]
    told = "; ".join(f"{name}: {ours}" for name, (ours, _) in marked)
    words = "; ".join(f"{n}: {ours} of {query}, {its} of {item}" for n, (ours, its) in marked)
    return Slide(
        page="products",
        view=view,
        asked=f"{asked}: compare methods",
        sentence=f"What each method marks most in ‘{query}’: {told}.",
        picture=beside([*above, *below], words, len(drawn)),
        words=words,
        reading="Warm supports, cool opposes; each method has its own scale.",
        table=Table(
            headings=("Method", "You look at", "The other"),
            rows=[[name, *found] for name, found in marked[:ROWS]],
        ),
        proofs=tuple(
            Proof(said=f"{name}: you look at {ours}, the other {its}.", passed=None)
            for name, _, (ours, its) in drawn
            if ours and its
        ),
        origin=origin,
        value={"cells": {name: [p.cells.tolist() for p in pair] for name, pair, _ in maps}},
    )


def known_slide(
    asked: str,
    said: str,
    found: Sequence[tuple[Panel, Image.Image, Found]],
    look: tuple[float, bool],
    origin: Origin,
    view: str,
) -> Slide:
    """The maps beside what is known to be the cause.

    Args:
        asked: both products, in a line.
        said: whether the two share the cause.
        found: each picture with its map, its cause (`tinted`), and how well the one finds the
            other.
        look: relevance that gets the full colour, and whether pictures keep their own colours.
        origin: where the model comes from.
        view: parameters of the address.
    """
    scale, coloured = look
    above = [(under(panel, scale, coloured), f"Marked: {one.title}") for panel, _, one in found]
    below = [
        (
            laid(cause.resize((SIDE, SIDE), Image.Resampling.BICUBIC), panel.picture, 0.8),
            f"Known correct answer: {one.title}",
        )
        for panel, cause, one in found
    ]
    words = " ".join(one.sentence() for _, _, one in found)
    headings = ("Picture", "Cause takes", "It gets", "Times chance")
    return Slide(
        page="products",
        view=view,
        asked=f"{asked}: known correct answer",
        sentence=said,
        picture=beside([*above, *below], words, len(found)),
        words=words,
        reading="Above what the model used, below what made the two related.",
        table=Table(headings=headings, rows=[one.row for _, _, one in found]),
        proofs=tuple(Proof(said=one.sentence(), passed=one.pointed) for _, _, one in found),
        origin=origin,
        value={"found": [asdict(one) for _, _, one in found]},
    )
