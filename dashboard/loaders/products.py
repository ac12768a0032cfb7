"""The model of the products wing, its recommendations and its maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st
from PIL import Image

from dashboard.figures.heatmap import data_url
from dashboard.loaders.common import ModelKey, key_of
from dashboard.once import Once
from dashboard.turns import heavy, in_turn
from relrec_core import paths
from relrec_core.products import store as product_store
from relrec_core.products.data import images
from relrec_core.products.data.catalogue import ITEM, Catalogue
from relrec_core.products.explanation.counterfactual import Displaced, smallest_change
from relrec_core.products.explanation.default_item import clear_case
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import Map, PairMaps, ProductExplanation
from relrec_core.products.explanation.smallest_change import SmallestChange
from relrec_core.products.explanation.strategies import Asked as Grouped
from relrec_core.products.explanation.strategies import strategies
from relrec_core.products.explanation.strategies_result import Strategies
from relrec_core.products.model.ranking import Candidate
from relrec_core.products.studio import ground_truth, redrawn
from relrec_core.products.studio.ground_truth import Truth
from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run

THUMBNAIL, LARGEST = 160, 1_024
"""Sides in pixels: of a picture in the gallery, which people see at half of it or less, and of any
other at most."""
MAPS = 64
"""Questions whose maps are kept, about three for each of twenty visitors; those of three products
take 222 kB."""
P = ParamSpec("P")
T = TypeVar("T")
_GROUPED: Once[Strategies] = Once(32)


@dataclass(frozen=True, eq=False)
class Asked:
    """A question about a product, and the text that says all it depends on.

    `about` is the part of the text that says what is asked, and not how it is explained.
    """

    question: Question
    text: str
    about: str


def product_model() -> tuple[Explainer, ModelKey]:
    """The model the products wing shows.

    Raises:
        SourceError, DataError, CheckpointError, RunError: as one sentence, to be shown.
    """
    run = product_store.shown_run()
    key = key_of(run)
    return _explainer(*key, data_home=str(paths.home())), key


@st.cache_resource(max_entries=2, show_spinner="Opening the model and the catalogue …")
def _explainer(path: str, sha256: str, data_home: str) -> Explainer:
    return Explainer(product_store.recommender(Run.open(Path(path))))


@st.cache_data(max_entries=8, show_spinner=False)
@in_turn
def product_to_begin_with(_explainer: Explainer, key: ModelKey) -> int:
    """Row of the product that is shown before anybody has asked about one."""
    return clear_case(_explainer)


@st.cache_data(max_entries=2, show_spinner=False)
def product_card(path: str, sha256: str) -> Card:
    """What the run says of itself."""
    return Run.open(Path(path)).card()


@st.cache_resource(max_entries=2, show_spinner=False)
def product_truth(folder: Path) -> Truth:
    """The planted causes of a rendered catalogue."""
    return ground_truth.load(folder)


@st.cache_data(max_entries=5_000, show_spinner=False)
def product_thumbnail(_catalogue: Catalogue, content_hash: str, row: int) -> str:
    """A product's small picture as an address that needs no server.

    Raises:
        ImageError: the file was damaged or removed since the catalogue was checked.
    """
    return data_url(_catalogue.picture(row, THUMBNAIL))


@st.cache_data(max_entries=32, show_spinner=False)
def product_picture(_catalogue: Catalogue, content_hash: str, row: int) -> Image.Image:
    """A product's picture as large as its file has it, or as it is drawn; at most `LARGEST` pixels.

    Raises:
        ImageError: the file was damaged or removed since the catalogue was checked.
    """
    if _catalogue.rendered:
        drawn = redrawn.large(_catalogue.folder, str(_catalogue.items[ITEM].iloc[row]))
        if drawn is not None:
            return drawn
    side = max(images.probe(_catalogue.image_path(row)))
    return _catalogue.picture(row, min(LARGEST, side))


@st.cache_data(max_entries=2 * MAPS, show_spinner=False)
def product_address(_catalogue: Catalogue, content_hash: str, row: int) -> str:
    """`product_picture` as an address that needs no server."""
    return data_url(product_picture(_catalogue, content_hash, row))


def _remembered(
    max_entries: int, show_spinner: bool | str = False, show_time: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Answers are kept for all visitors; those about a visitor's own picture end with the visit."""

    def remember(function: Callable[P, T]) -> Callable[P, T]:
        shared = st.cache_data(
            max_entries=max_entries, show_spinner=show_spinner, show_time=show_time
        )(function)
        private = st.cache_data(
            max_entries=max_entries,
            show_spinner=show_spinner,
            show_time=show_time,
            scope="session",
        )(function)

        @wraps(function)
        def answer(*args: P.args, **named: P.kwargs) -> T:
            question = args[1]
            assert isinstance(question, Question)
            return (private if question.query.row is None else shared)(*args, **named)

        return answer

    return remember


@_remembered(max_entries=512, show_spinner=False)
@in_turn
def product_candidates(
    _explainer: Explainer,
    _question: Question,
    key: ModelKey,
    asked: str,
    n: int,
    category: str | None,
) -> list[Candidate]:
    """The recommendations."""
    of, q = _explainer.recommender, _question
    return of.recommend(q.query, q.relation, q.user, n, category=category)


@_remembered(max_entries=MAPS)
@in_turn
def product_relevance(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, rows: Sequence[int]
) -> list[PairMaps]:
    """The maps of the query with each of these products."""
    return _explainer.relevance(_question, rows)


@_remembered(max_entries=MAPS)
@in_turn
def product_contrast(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, row: int, other: int
) -> PairMaps:
    """The map of the query: why the one product rather than the other."""
    return _explainer.contrast(_question, row, other)


@_remembered(max_entries=256, show_spinner="Erasing parts of the pictures, as a test …")
def product_explanation(
    _explainer: Explainer,
    _question: Question,
    _relevance: PairMaps,
    key: ModelKey,
    asked: str,
    row: int,
    other: int | None = None,
) -> ProductExplanation:
    """An explanation with its proof."""
    with heavy() as between:
        return _explainer.explain(_question, _relevance, other=other, between=between)


@_remembered(
    max_entries=128,
    show_spinner="Following every region of both pictures; a large network takes a minute …",
    show_time=True,
)
def product_regions(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, row: int, cells: int
) -> Map:
    """(cells, cells, cells, cells): region of the query, region of the product; score units."""
    with heavy() as between:
        found = _explainer.correspondence(_question, row, cells, between)
    return 2 * found.regions.numpy()


@_remembered(max_entries=512, show_spinner=False)
@in_turn
def product_method(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, row: int, name: str
) -> tuple[Map, Map]:
    """Maps of both pictures by one of several methods."""
    from relrec_core.products.explanation.attribution import attribute

    return attribute(_explainer, _question, row, name)


@_remembered(max_entries=256, show_spinner="Blurring cells and ranking again …", show_time=True)
def product_smallest(
    _explainer: Explainer,
    _question: Question,
    _relevance: PairMaps,
    key: ModelKey,
    asked: str,
    row: int,
    wanted: Displaced,
) -> SmallestChange:
    """The fewest cells without which a recommendation leaves the list."""
    of = _explainer.recommender
    with heavy() as between:
        return smallest_change(of, _question, _relevance, wanted, between)


def product_strategies(
    explainer: Explainer, key: ModelKey, grouped: Grouped, tell: Callable[[float], None]
) -> Strategies:
    """The groups of recommendations whose maps are alike; `tell` is told how far it is."""

    def found() -> Strategies:
        with heavy() as between:

            def step(fraction: float) -> None:
                between()
                tell(fraction)

            return strategies(explainer, grouped, step)

    return _GROUPED((key, grouped), found)
