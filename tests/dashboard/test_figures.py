"""Figures that add up, numbers and outcomes in words, and what figures may import."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.figures import palette
from dashboard.figures.audit import deletion_figure, deletion_in_words, judged
from dashboard.figures.palette import SUPPORT, plain, signed
from dashboard.figures.sankey import sankey
from dashboard.figures.toy import toy_figure
from dashboard.figures.waterfall import steps, waterfall
from relrec_core.explanation import DeletionTest
from relrec_core.movies.explanation.result import MovieExplanation
from tests.dashboard.drawn import COUNTS, asked, explanation, explanations

pytestmark = pytest.mark.numerics


FIGURES = Path(palette.__file__).parent


def test_what_is_drawn_unvalidated_is_valid() -> None:
    told = explanation([("film", "Alien", 2.0), ("genre", "War", -1.0)], base=1)
    for drawn in (sankey(told), waterfall(told)):
        plain = drawn.to_dict()
        assert go.Figure(plain).to_dict() == plain and "template" in plain["layout"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.414, "+0.41"),
        (-0.416, "−0.42"),
        (0.0, "+0.00"),
        (12.0, "+12.00"),
        (0.0041, "+0.004"),
        (-0.00041, "−0.0004"),
        (0.005, "+0.01"),
    ],
)
def test_signed_numbers(value: float, said: str) -> None:
    assert signed(value) == said


@given(st.floats(-1e6, 1e6))
@settings(deadline=None, derandomize=True)
def test_numbers_read_back_as_they_are(value: float) -> None:
    for text in (signed(value), plain(value)):
        assert "-" not in text
        assert float(text.replace("−", "-")) == pytest.approx(value, abs=0.00501)
    assert signed(value)[0] == ("+" if value > 0 else "−" if value < 0 else signed(value)[0])
    if abs(value) >= 1e-5:
        assert re.search("[1-9]", signed(value))
    if plain(value).strip("0.−") == "":
        assert plain(value) == "0.00"


def test_the_deletion_picture_is_the_test() -> None:
    test = DeletionTest(
        removed=5,
        score=2.0,
        after_top=-0.5,
        after_random=1.5,
        low=1.0,
        high=1.8,
        beaten=1,
        repetitions=9,
    )
    band, dots = deletion_figure(test).data
    assert list(band.x) == [1.0, 1.8]
    assert list(dots.x) == [-0.5, 1.5, 2.0]
    assert band.y[0] == band.y[1] == dots.y[1]
    assert dots.y[0].startswith("without the 5 strongest")
    assert dots.marker.color[0] == SUPPORT
    words = deletion_in_words(test)
    for number in ("2.00", "−0.50", "1.50", "1.00", "1.80"):
        assert number in words


@settings(asked, max_examples=25)
@given(told=explanations(), shown=COUNTS)
def test_a_waterfall_ends_at_the_score(told: MovieExplanation, shown: int) -> None:
    *made, score = steps(told, shown)
    at = 0.0
    for step in made:
        assert step.start == pytest.approx(at, abs=1e-9)
        at = step.start + step.change
    assert at == pytest.approx(told.score, abs=1e-9) and score.change == told.score
    sizes = [abs(step.change) for step in made if step.feature is not None]
    assert len(sizes) == min(shown, len(told.features)) and sizes == sorted(sizes, reverse=True)
    bars = waterfall(told, shown).data[0]
    assert list(bars.base) == [step.start for step in (*made, score)]
    assert list(bars.x) == [step.change for step in (*made, score)]


@pytest.mark.parametrize("file", sorted(FIGURES.glob("*.py")), ids=lambda p: p.stem)
def test_figures_import_neither_streamlit_nor_torch(file: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert not imported & {"streamlit", "torch"}


def test_the_toy_figure_shows_every_point_in_the_colour_of_its_experts() -> None:
    points = pd.DataFrame(
        {
            "task": ["a", "b", "b"],
            "x1": [-2.0, 4.0, 0.0],
            "x2": [0.0, 4.0, 2.0],
            "label": [0, 0, 1],
            "probability": [0.1, 0.2, 0.9],
            "share of x1": [1.0, 0.0, 0.0],
            "share of x2": [0.0, 0.0, 1.0],
            "share of x1 and x2": [0.0, 1.0, 0.0],
        }
    )
    traces = toy_figure(points).data
    assert [len(t.x) for t in traces[:4]] == [1, 1, 2, 2]
    legend = {t.name: t.marker.color for t in traces[4:]}
    assert list(traces[1].marker.color) == [legend["x1 decides"]] == ["rgb(225,60,60)"]
    assert list(traces[3].marker.color) == [legend["x1 and x2 decides"], legend["x2 decides"]]
    assert list(traces[2].marker.symbol) == ["circle", "x"]


@pytest.mark.parametrize(
    ("beaten", "said"),
    [
        (1.0, "Confirmed: larger drop than all 200 random removals"),
        (0.95, "Confirmed: larger drop than 190 of 200 random removals"),
        (0.5, "Not confirmed: larger drop than 100 of 200 random removals (190 needed)"),
    ],
)
def test_the_outcome_of_a_test_in_words(beaten: float, said: str) -> None:
    test = explanation([("film", "Alien", 1.0)]).audit.deletion
    confirmed, words = judged(test.model_copy(update={"beaten": beaten}))
    assert (words, confirmed) == (said, not said.startswith("Not"))


def test_a_score_that_does_not_fall_confirms_nothing() -> None:
    """Even where as many others raise it further."""
    test = explanation([("film", "Alien", 1.0)]).audit.deletion
    risen = {"beaten": 1.0, "after_top": test.score, "after_random": test.score + 1}
    found = judged(test.model_copy(update=risen))
    assert found == (False, "Not confirmed: it does not drop at all")


@pytest.mark.parametrize(("beaten", "outcome"), [(1.0, None), (0.0, False)])
def test_a_test_without_anything_to_compare_with_is_not_confirmed(
    beaten: float, outcome: bool | None
) -> None:
    test = explanation([("film", "Alien", 1.0)]).audit.deletion
    confirmed, words = judged(test.model_copy(update={"beaten": beaten, "repetitions": 0}))
    assert confirmed is outcome is not True
    assert not words.startswith("Confirmed") and "0 of 0" not in words
