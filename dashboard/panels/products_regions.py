"""Regions of the query: which part of the product answers them, and what if they were missing?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch
from PIL import Image

from dashboard import escape, links
from dashboard.components.picture import Look, mapped, plain_picture
from dashboard.components.picture_buttons import Gallery, GalleryItem, picture_buttons
from dashboard.components.pictures import figure, pictures
from dashboard.components.regions import RegionPicture, region_grid
from dashboard.figures.heatmap import CELLS, Panel, data_url, shared_scale
from dashboard.figures.palette import counted, plain, signed
from dashboard.loaders.products import product_candidates, product_regions
from dashboard.panels.product_shown import Shown
from dashboard.panels.story_keep import keep_button
from dashboard.story.product_maps import match_slide
from dashboard.story.products import missing_slide
from dashboard.turns import heavy
from relrec_core.products.data.perturbation import blurred, erased
from relrec_core.products.explanation.remaining import Remaining, remaining
from relrec_core.products.explanation.result import pooled
from relrec_core.products.explanation.sentences import places
from relrec_core.products.explanation.standing import Standing, standing
from relrec_core.products.model.ranking import Candidate

Regions = npt.NDArray[np.float64]
"""Relevance by region."""
GRID = 8
"""Regions down and across, to choose from."""
ERASED = 4
"""Regions erased by the button: the strongest ones."""
LISTED, RANKED = 5, 50


def _chosen(key: str, first: list[int], text: str) -> list[int]:
    """Regions chosen on the page for the question `text`; the address holds their numbers."""
    asked = links.adopt(key).get(key)
    if asked is not None:
        numbers = {int(t) for t in ",".join(asked).split(",") if t.isdecimal()}
        st.session_state[key] = (text, sorted(n for n in numbers if n < GRID**2) or first)
    if st.session_state.get(key, ("", None))[0] != text:
        st.session_state[key] = (text, first)
    chosen: list[int] = st.session_state[key][1]
    links.publish(key, None if chosen == first else ",".join(map(str, chosen)))
    return chosen


def correspondence(shown: Shown) -> None:
    """Choose regions of the query and see which regions of the recommendation match them."""
    found = product_regions(
        shown.explainer,
        shown.asked.question,
        shown.key,
        shown.asked.text,
        shown.candidate.row,
        GRID,
    )
    between = found.reshape(GRID**2, GRID, GRID)  # (query's region, down, across)
    whole = between.sum(axis=(1, 2)).reshape(GRID, GRID)
    text = f"{shown.asked.text}\x1f{shown.candidate.row}"
    chosen = _chosen("regions", [int(whole.argmax())], text)
    answers = between[chosen].sum(axis=0) if chosen else np.zeros((GRID, GRID))
    ours, theirs = shown.panels()
    query = Panel(ours.picture, _spread(whole), ours.title, CELLS)
    answer = Panel(theirs.picture, _spread(answers), theirs.title, CELLS)
    told = _answered(ours.title, theirs.title, whole, answers, chosen)
    st.markdown(f"**{escape.markdown(told)}**")
    left, right, beside = st.columns([1, 1, 0.9], gap="medium")
    scale = shared_scale([query])
    with left:
        region_grid(
            RegionPicture(
                mapped(query, scale),
                GRID,
                shown.roles[0],
                ours.title,
                f"Regions of {ours.title}; arrows move, space chooses",
            ),
            chosen,
            Look(scale),
            key="region_grid",
            on_chosen=lambda cells: st.session_state.update(regions=(text, cells)),
        )
        st.caption(_full(scale))
    own = shared_scale([answer])
    with right:
        pictures(
            [figure(mapped(answer, own), shown.roles[1], theirs.title, _full(own))],
            Look(own),
            key="answering",
            with_legend=False,
        )
    with beside:
        st.caption(
            "Choose regions on the left: click or drag, or use the arrow keys and space. On the "
            "right is what in the recommendation they match (warm) and what they clash with "
            "(cool). Left, each region carries the sum of all its matches."
        )
        st.caption(
            "Always explained by shared features, since only these can be split between regions "
            "of two pictures. The two pictures have colour scales of their own here."
        )
    if chosen:
        _keep_match(shown, told, (query, answer), (whole, answers, chosen))


def _keep_match(
    shown: Shown, told: str, pair: tuple[Panel, Panel], sums: tuple[Regions, Regions, list[int]]
) -> None:
    """Add to the story what the chosen regions match."""
    origin = shown.origin("shared features, split between regions of both pictures")
    keep_button(
        lambda view: match_slide(shown.question, told, pair, sums, origin, view), "product_match"
    )


def _full(scale: float) -> str:
    return f"darkest colour = {plain(4 * scale)} points per region"


def _spread(regions: Regions) -> Regions:
    """Regions as pixels that sum to them."""
    return np.kron(regions, np.full((4, 4), 1 / 16))


def _answered(query: str, item: str, whole: Regions, answers: Regions, chosen: list[int]) -> str:
    if not chosen:
        return "Choose a region of the left picture."
    one = len(chosen) == 1
    what = "region" if one else f"{len(chosen)} regions"
    total = signed(float(answers.sum()))
    if answers.max() <= 0:
        match = "matches" if one else "match"
        return f"The chosen {what} of ‘{query}’ {match} nothing in ‘{item}’ ({total})."
    return (
        f"The chosen {what} of ‘{query}’ add{'s' if one else ''} {total} to the match of "
        f"{plain(float(whole.sum()))}; {places(answers)} of ‘{item}’ matches best."
    )


def missing(shown: Shown) -> None:
    """Erase regions of the query and see the ranking change."""
    ours, _ = shown.panels()
    strength = pooled(ours.relevance, GRID)
    strongest = sorted(np.argsort(-strength, axis=None)[:ERASED].tolist())
    text = shown.asked.text
    chosen = _chosen("erased", strongest, text)
    before = _ranking(shown)
    after, told, picture = _without(shown, chosen)
    said = _change(shown, before, after, told, len(chosen))
    st.markdown(f"**{escape.markdown(said)}**")
    left, was, now = st.columns([1, 1, 1], gap="medium")
    look, parts = Look(1.0), counted(len(chosen), "region")
    with left:
        region_grid(
            RegionPicture(
                plain_picture(data_url(picture), f"{ours.title} with {parts} blurred away"),
                GRID,
                "Erase parts of",
                ours.title,
                f"Regions of {ours.title} to erase; arrows move, space erases",
            ),
            chosen,
            look,
            key="erase_grid",
            on_chosen=lambda cells: st.session_state.update(erased=(text, cells)),
        )
        strong, none = st.columns(2)
        strong.button(
            "The strongest part",
            on_click=lambda: st.session_state.update(erased=(text, strongest)),
            width="stretch",
        )
        none.button(
            "Clear",
            on_click=lambda: st.session_state.update(erased=(text, [])),
            width="stretch",
        )
    with was:
        _ranked(shown, "Original ranking", before[:LISTED], None)
    with now:
        _ranked(shown, "Without these parts", after[:LISTED], before)
    st.caption(
        "What is erased is blurred until no detail is left, the score is computed again, and the "
        "whole catalogue is ranked again. A network that has learned what products show may see "
        "in what is left something that is not there; the evidence page says how often, for the "
        "rendered products. Click or drag over the picture to erase more or less."
    )
    if chosen:
        _keep(shown, said, (before, after), picture)


def _keep(
    shown: Shown,
    said: str,
    rankings: tuple[list[Candidate], list[Candidate]],
    picture: Image.Image,
) -> None:
    """Add to the story what becomes of both rankings, and the picture with parts erased."""
    before, after = rankings
    was_at = {c.row: place for place, c in enumerate(before, start=1)}
    ranks = [
        (shown.title(c.row), was_at.get(c.row), place) for place, c in enumerate(after, start=1)
    ]
    drawn = shown.choice.picture, picture
    asked = f"{shown.asked.question.query.title}: what if a part were missing?"
    origin = shown.origin("parts blurred, and the catalogue ranked again")
    keep_button(
        lambda view: missing_slide(asked, said, drawn, ranks, origin, view), "product_missing"
    )


def _ranking(shown: Shown) -> list[Candidate]:
    return product_candidates(
        shown.explainer,
        shown.asked.question,
        shown.key,
        shown.asked.text,
        RANKED,
        shown.choice.settings.category,
    )


@dataclass(frozen=True)
class _Told:
    """Where the picked product stands without the regions, and what is called related then."""

    at: Standing
    remaining: Remaining


def _without(shown: Shown, regions: list[int]) -> tuple[list[Candidate], _Told, Image.Image]:
    """With these regions of the query erased: ranking, what is told of it, and the picture."""
    of, question, settings = shown.of, shown.asked.question, shown.choice.settings
    kept = np.ones(GRID**2, dtype=np.bool_)
    kept[regions] = False
    x = question.query.picture
    picture = erased(x, torch.from_numpy(kept.reshape(1, GRID, GRID)), blurred(x))
    with heavy():
        seen = of.seen(picture)
    ranking = of.recommend(
        question.query,
        question.relation,
        question.user,
        RANKED,
        category=settings.category,
        features=seen,
    )
    told = _Told(
        standing(of, question, shown.candidate.row, settings.category, seen),
        remaining(of, question, seen, settings.category),
    )
    drawn = partly_blurred(shown, x, shown.choice.picture, kept.reshape(GRID, GRID))
    return ranking, told, drawn


def partly_blurred(
    shown: Shown, x: torch.Tensor, large: Image.Image, kept: npt.NDArray[np.bool_]
) -> Image.Image:
    """A picture for people, blurred as the network's own is but for the cells that are kept.

    Args:
        shown: whose model.
        x: (1, 3, S, S) the picture as the network reads it.
        large: the same for people.
        kept: (rows, columns) cells.
    """
    small = shown.of.pictures.picture(blurred(x))
    mask = Image.fromarray(kept.astype(np.uint8) * 255)
    mask = mask.resize(large.size, Image.Resampling.NEAREST)
    return Image.composite(large, small.resize(large.size), mask)


def _change(
    shown: Shown, before: list[Candidate], after: list[Candidate], without: _Told, count: int
) -> str:
    """What becomes of the list, of the picked product, and of what is called related."""
    if not count:
        return "Nothing is erased: choose regions of the picture."
    picked, question, at = shown.candidate, shown.asked.question, without.at
    first = {c.row for c in before[:LISTED]}
    gone = len(first - {c.row for c in after[:LISTED]})
    was = standing(shown.of, question, picked.row, shown.choice.settings.category)
    if at.excluded:
        told = f"goes from {was.probability:.0%} to {at.probability:.0%}, without a place"
    else:
        told = (
            f"goes from place {was.place:,} ({was.probability:.0%}) to {at.place:,} "
            f"({at.probability:.0%})"
        )
    changed = f"{gone or 'none'} of the first {LISTED} change{'' if gone > 1 else 's'}"
    moved = f"Without {count} of {GRID**2} regions ‘{shown.title(picked.row)}’ {told}; {changed}."
    return f"{moved} {without.remaining.sentence()}"


def _ranked(
    shown: Shown, heading: str, ranking: list[Candidate], before: list[Candidate] | None
) -> None:
    st.markdown(f"##### {heading}")
    was = {c.row: i for i, c in enumerate(before or (), start=1)}
    items = []
    for place, candidate in enumerate(ranking, start=1):
        lines = [f"{candidate.probability:.1%}"]
        if before is not None:
            lines[0] += f" · {_move(was.get(candidate.row), place)}"
        title = shown.title(candidate.row)
        picture = plain_picture(shown.thumbnail(candidate.row), title)
        items.append(GalleryItem(str(candidate.row), f"{place}. {title}", [picture], lines))
    picture_buttons(Gallery(items, heading, "list"), Look(1.0), key=heading)


def _move(was: int | None, now: int) -> str:
    if was is None:
        return "new"
    if was == now:
        return "same place"
    return f"▲ from {was}" if was > now else f"▼ from {was}"
