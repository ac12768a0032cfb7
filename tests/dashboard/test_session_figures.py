"""The pictures of a session are valid, and say what the explanation says."""

from __future__ import annotations

import gc
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures import sessions as figures
from dashboard.figures.audit import deletion_figure
from dashboard.figures.drawing import drawn
from dashboard.figures.palette import OPPOSITION, SUPPORT, contrast
from dashboard.figures.session_circumstances import circumstances
from dashboard.figures.session_learnt import (
    NAMES,
    learnt_figure,
    learnt_in_words,
    verdict_in_words,
)
from dashboard.figures.session_report import TREE, session_report
from dashboard.figures.session_turns import turns
from dashboard.figures.session_words import circumstances_in_words, flip_words
from dashboard.figures.still import WIDTH, still
from dashboard.memory import settle
from dashboard.story.sessions import elsewhere_slide, learnt_slide
from dashboard.story.slide import Origin
from relrec_core.sessions import store
from relrec_core.sessions.explanation.elsewhere import Elsewhere, Option
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.result import (
    Change,
    Flip,
    SessionExplanation,
    expert_title,
)
from relrec_core.sessions.model.comparison import LAST, MEAN, MODEL, Comparison, Interval
from tests.dashboard.drawn import NASTY, SVG, Page, assert_whole
from tests.sessions import made

BETTER = Comparison(
    accuracy={name: Interval(0.7, 0.6, 0.8) for name in (MODEL, LAST, MEAN)},
    better=LAST,
    ahead=Interval(0.1, 0.05, 0.15),
)


@pytest.fixture(scope="module")
def told() -> SessionExplanation:
    run = store.shown_run()
    explorer = Explorer(store.predictor(run), made.data(20, seed=9), run.name)
    return explorer.explain(explorer.session(4), 1, donors=8)


def somewhere() -> Elsewhere:
    was = {"played from": "radio", "time": "8:00", "day": "Friday"}
    values = (
        {"time": "9:00"},
        {"played from": "charts"},
        {"played from": "charts", "time": "9:00"},
    )
    options = [Option(values=one, probability=0.1 * i) for i, one in enumerate(values, 1)]
    options.append(Option(values={"day": "Monday"}, probability=0.9))
    return Elsewhere(track="x", was=was, before=0.6, options=tuple(options), least=1)


def test_each_context_and_hour_has_its_cell_and_two_are_framed() -> None:
    told = somewhere()
    figure = circumstances(told)
    assert figure is not None
    grid, (was, least) = figure.data[0], figure.layout.shapes
    assert (list(grid.x), list(grid.y)) == (["8:00", "9:00"], ["radio", "charts"])
    assert [list(row) for row in grid.z] == [[0.6, 0.1], [0.2, pytest.approx(0.3)]]
    assert (was.x0, was.y0) == (-0.5, -0.5) and (least.x0, least.y0) == (-0.5, 0.5)
    assert told.proof() in circumstances_in_words(told)
    only_day = told.model_copy(update={"was": {"day": "Friday"}, "options": told.options[3:]})
    assert circumstances(only_day) is None


def drawn_as(picture: str, tag: str) -> list[dict[str, str]]:
    return [part.attrib for part in ElementTree.fromstring(picture).iter(f"{SVG}{tag}")]


def test_a_story_keeps_the_grid_of_contexts_and_hours(told: SessionExplanation) -> None:
    where = somewhere()
    grid = circumstances(where)
    assert grid is not None
    slide = elsewhere_slide(told, where, grid, "look=What+if", "a" * 64)
    boxes = drawn_as(slide.picture, "rect")
    cells, frames = boxes[1:8:2], boxes[8:]
    # Rows from below, from .5 on warm: the farther, the less transparent.
    assert [box["fill"] for box in cells] == [SUPPORT, OPPOSITION, OPPOSITION, OPPOSITION]
    seen = [float(box["fill-opacity"]) for box in cells]
    assert seen == pytest.approx([0.2, 0.8, 0.6, 0.4])
    for frame, box in zip(frames, (cells[0], cells[2]), strict=True):
        assert float(frame["x"]) == pytest.approx(float(box["x"]) - 0.5, abs=0.02)
        assert float(frame["y"]) == pytest.approx(float(box["y"]) - 0.5, abs=0.02)
    assert (slide.sentence, slide.proofs[0].said) == (where.sentence(), where.proof())
    assert slide.table.rows[0] == ("9:00", "60%", "10%")
    assert Elsewhere.model_validate(slide.value["elsewhere"]) == where


def test_a_story_keeps_how_well_a_network_learnt() -> None:
    accuracy = {name: Interval(0.6 + i / 10, 0.5 + i / 10, 0.9) for i, name in enumerate(NAMES)}
    found = replace(BETTER, accuracy=accuracy)
    origin = Origin.made(made.data(3, seed=0), "in memory", "", "bootstrap")
    slide = learnt_slide(found, {"context": 0.3, "track": 0.7}, "Learnt from 3.", origin, "")
    dots, lines = drawn_as(slide.picture, "circle"), drawn_as(slide.picture, "line")
    across = [float(dot["cx"]) for dot in dots]
    assert np.diff(across) == pytest.approx([across[1] - across[0]] * 2, abs=0.02)
    assert across[1] > across[0]
    for dot, line in zip(across, lines, strict=True):
        assert float(line["x1"]) < dot < float(line["x2"]) == float(lines[0]["x2"])
    assert_whole(slide.picture, WIDTH, 1000)
    assert slide.sentence == verdict_in_words(found) and slide.proofs[0].passed
    assert [row[1] for row in slide.table.rows] == ["60.0%", "70.0%", "80.0%", "70.0%", "30.0%"]


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.01, 0.05, "more than chance"), (-0.01, 0.05, "may be chance"), (-0.05, -0.01, "behind")],
)
def test_a_network_is_said_to_be_better_only_beyond_chance(
    low: float, high: float, word: str
) -> None:
    found = replace(BETTER, ahead=Interval((low + high) / 2, low, high))
    assert word in verdict_in_words(found)
    assert "95% between" in learnt_in_words(found)


def test_what_is_drawn_unvalidated_is_valid(told: SessionExplanation) -> None:
    pictures = [
        figures.timeline(told),
        figures.bars(told),
        figures.bars(told, full=True),
        figures.hasse(told),
        turns([Change(position=6, label="x", before=0.2, after=0.7)], 6),
        circumstances(somewhere()),
        learnt_figure(BETTER),
        deletion_figure(told.audit.deletion, flip_words(told.audit.deletion, "sound")),
    ]
    for picture in pictures:
        plain = picture.to_dict()
        assert go.Figure(plain).to_dict() == plain
        assert "template" in plain["layout"]
    with pytest.raises(ValueError, match="colour"):
        go.Figure(drawn([{"type": "bar", "marker": {"colour": "red"}}], {}).to_dict())


def test_the_bars_are_the_shares_between_their_words(told: SessionExplanation) -> None:
    by_title = {expert_title(name): name for name in told.family.names}
    drawn_all = figures.bars(told, full=True).data
    bars, (left, right), numbers = (
        drawn_all[: len(by_title)],
        drawn_all[len(by_title) : len(by_title) + 2],
        drawn_all[len(by_title) + 2 :],
    )
    assert {b.name for b in bars} == set(by_title)
    for bar, number in zip(bars, numbers, strict=True):
        assert list(bar.x) == [t.attribution[by_title[bar.name]] for t in told.predicted]
        assert contrast(number.textfont.color, bar.marker.color) >= 4.5
        assert list(bar.customdata) == list(range(len(told.predicted)))
    largest = [max(t.attribution.values()) for t in told.predicted]
    for row, share in enumerate(largest):
        said = [
            s for trace in numbers for y, s in zip(trace.y, trace.text, strict=True) if y == row
        ]
        assert f"{share:.0%}" in said
    for words in (left, right):
        assert words.hoverinfo == "skip"  # no click picks words
        bold = [i for i, word in enumerate(words.text) if word.startswith("<b>")]
        assert bold == [told.focus]
    assert all(str(t.position) in w for t, w in zip(told.predicted, left.text, strict=True))


def test_no_word_of_a_still_picture_is_cut(told: SessionExplanation) -> None:
    for picture, width in (
        (figures.bars(told, full=True), WIDTH),
        (figures.timeline(told), WIDTH),
        (figures.hasse(told), TREE),
    ):
        assert_whole(still(picture, "words", width), width, picture.layout.height)


def test_a_report_shows_names_as_text(told: SessionExplanation) -> None:
    tracks = tuple(t.model_copy(update={"label": NASTY}) for t in told.predicted)
    names = dict.fromkeys(("dataset", "licence", "run", "method"), NASTY)
    bad = told.model_copy(
        update={
            "title": NASTY,
            "predicted": tracks,
            "provenance": told.provenance.model_copy(update=names),
        }
    )
    flip = {"turned": told.given[:2], "before": 0.9, "after": 0.1, "equals": 1, "tried": 3}
    told = told.model_copy(update={"flip": Flip(track="x", largest=2, half=5, **flip)})
    bad = bad.model_copy(update={"flip": Flip(track=NASTY, largest=2, half=5, **flip)})
    page, other = (
        Page(session_report(x, figures.bars(x), figures.hasse(x), "")) for x in (told, bad)
    )
    assert page.tags == other.tags
    assert "".join(other.words).count(NASTY) >= 2 + 2 + 4  # title, heading, session, flip, footer
    assert "alert('x')</" not in "".join(other.scripts)


def test_the_diagram_names_every_expert_and_lights_the_one_that_decided(
    told: SessionExplanation,
) -> None:
    experts = figures.hasse(told).data[-1]
    names = told.family.names
    said = [text.replace("<br>and ", " and ").split("<br>")[0] for text in experts.text]
    assert [name.removeprefix("<b>") for name in said] == list(map(expert_title, names))
    lit = [name for name, text in zip(names, experts.text, strict=True) if "<b>" in text]
    assert lit == [told.focused.top]


def test_what_is_loaded_is_left_out_of_later_collections() -> None:
    before = gc.get_freeze_count()
    try:
        settle()
        assert gc.get_freeze_count() > before + 1000
    finally:
        gc.unfreeze()
