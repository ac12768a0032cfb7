"""Pictures that add up: every band to scale, in its lane, and a report that keeps to itself."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.figures import palette
from dashboard.figures.audit import deletion_figure, deletion_in_words, judged
from dashboard.figures.flows import BASE, Diagram, by_theme, strongest
from dashboard.figures.palette import OPPOSITION, SUPPORT, faded, plain, signed
from dashboard.figures.sankey import LONGEST_LABEL, described, sankey
from dashboard.figures.still import still
from dashboard.figures.toy import toy_figure
from dashboard.figures.waterfall import steps, waterfall
from relrec_core.explanation import DeletionTest
from relrec_core.movies.explanation.result import MovieExplanation
from tests.dashboard.drawn import GENRES, GROUPS, Page, explanation

pytestmark = pytest.mark.numerics

FIGURES = Path(palette.__file__).parent
SHARES = st.floats(-5, 5).filter(lambda x: x == 0 or abs(x) > 1e-6)


LABELS = st.one_of(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="&<>"),
        max_size=60,
    ),
    st.text("abc ", min_size=15, max_size=40).map(lambda t: f"{t.strip()} (1999)"),
)


@st.composite
def explanations(draw: st.DrawFn) -> MovieExplanation:
    feature = st.tuples(st.sampled_from(list(GROUPS)), LABELS, SHARES)
    shares = draw(st.lists(feature, max_size=30))
    some = st.lists(st.sampled_from(GENRES), max_size=4, unique=True).map(tuple)
    genres = {k: draw(some) for k in range(len(shares))}
    return explanation(shares, title=draw(LABELS), base=draw(SHARES), genres=genres)


asked = settings(max_examples=100, deadline=None, derandomize=True)
COUNTS = st.integers(0, 8)


def lanes(told: MovieExplanation) -> dict[bool, float]:
    """What raises the score and what lowers it, summed."""
    parts = [told.base, *(f.relevance for f in told.features)]
    return {raises: sum(p for p in parts if p and (p > 0) == raises) for raises in (True, False)}


@asked
@given(told=explanations(), shown=COUNTS, opposing=COUNTS, data=st.data())
def test_every_column_adds_up_lane_by_lane(
    told: MovieExplanation, shown: int, opposing: int, data: st.DataObject
) -> None:
    lit = data.draw(st.sampled_from([None, *(f.feature for f in told.features)]))
    diagram = by_theme(told, shown, opposing, lit)
    for column in range(3):
        for raises, total in lanes(told).items():
            mine = [n.relevance for n in diagram.column(column) if n.raises == raises]
            assert sum(mine) == pytest.approx(total, abs=1e-9)
        whole = sum(n.relevance for n in diagram.column(column))
        assert whole == pytest.approx(told.score, abs=1e-9)
    for place, node in enumerate(diagram.nodes):
        out = [b.relevance for b in diagram.bands if b.source == place]
        into = [b.relevance for b in diagram.bands if b.target == place]
        for flow in (out if node.column < 2 else [], into if node.column else []):
            assert not flow or sum(flow) == pytest.approx(node.relevance, abs=1e-9)
        assert bool(into) == (node.column > 0) and bool(out) == (node.column < 2)
    for band in diagram.bands:
        assert diagram.nodes[band.source].raises == diagram.nodes[band.target].raises
        assert diagram.nodes[band.source].column + 1 == diagram.nodes[band.target].column
    strong = (*told.supports[:shown], *told.opposition[:opposing])
    alone = {n.feature: n for n in diagram.column(0) if n.feature is not None}
    named = {f.feature for f in strong} | {f.feature for f in told.features if f.feature == lit}
    speaking = {f.feature for f in told.features if f.relevance}
    assert set(alone) == (named & speaking) | ({BASE} if told.base else set())
    for f in strong:
        assert (alone[f.feature].label, alone[f.feature].relevance) == (f.label, f.relevance)


def test_a_movie_is_split_over_its_genres_in_equal_parts() -> None:
    told = explanation(
        [
            ("film", "Fargo (1996)", 3.0),
            ("film", "Heat (1995)", 1.0),
            ("gender", "Gender: man", 0.5),
        ],
        base=2.0,
        genres={0: ("Drama", "Crime", "Comedy"), 1: ("Crime",)},
    )
    middle = {n.label: n.relevance for n in by_theme(told).column(1)}
    everyone = middle.pop("Liked by everyone")
    assert everyone == 2.0
    assert middle == {"Crime": 2.0, "Drama": 1.0, "Comedy": 1.0, "Gender": 0.5}


def test_a_reason_of_two_themes_lies_between_those_of_one() -> None:
    shares = [("film", "Fargo", 3.0), ("film", "Heat", 1.0), ("film", "Emma", 2.0)]
    told = explanation(shares, genres={0: ("Drama", "Crime"), 1: ("Crime",), 2: ("Drama",)})
    diagram = by_theme(told)
    assert [n.label for n in diagram.column(1)] == ["Drama", "Crime"]
    assert [n.label for n in diagram.column(0)] == ["Emma", "Fargo", "Heat"]


def test_no_anonymous_block_is_larger_than_the_largest_named_one() -> None:
    shares = [("film", f"Film {i}", 1.0) for i in range(8)]
    told = explanation(shares, genres={i: (GENRES[i],) for i in range(8)})
    blocks = {n.label: n.relevance for n in by_theme(told, 0).column(1)}
    assert blocks == dict.fromkeys(GENRES[:8], 1.0)


@asked
@given(told=explanations(), shown=COUNTS)
def test_the_papers_picture_holds_the_strongest_supports(
    told: MovieExplanation, shown: int
) -> None:
    paper = told.model_copy(update={"reference": "none"})
    diagram = strongest(paper, shown)
    assert [n.feature for n in diagram.column(0)] == [f.feature for f in told.supports[:shown]]
    total = sum(f.relevance for f in told.supports[:shown])
    assert sum(n.relevance for n in diagram.column(1)) == pytest.approx(total, abs=1e-9)
    node, _, _ = drawn(paper, shown=shown)
    assert len(node.label or ()) == len(diagram.nodes)


def drawn(told: MovieExplanation, **options: object):
    (picture,) = (figure := sankey(told, **options)).data  # type: ignore[arg-type]
    texts = [a.text for a in figure.layout.annotations]
    return picture.node, picture.link, texts


def labelled(diagram: Diagram, texts: list[str]) -> list[tuple[str, str]]:
    """Labels of nodes with the texts drawn for them, the movie's and the repeated base aside."""
    nodes = [n for n in diagram.nodes if n.column == 0 or (n.column == 1 and n.feature != BASE)]
    return [
        (n.label, t)
        for n, t in zip(nodes, [t for t in texts if "the score <b>" not in t], strict=True)
        if n.column == 0
    ]


@asked
@given(told=explanations(), shown=COUNTS, opposing=COUNTS)
def test_the_drawn_diagram_is_to_scale_and_in_its_lanes(
    told: MovieExplanation, shown: int, opposing: int
) -> None:
    diagram = by_theme(told, shown, opposing)
    node, link, texts = drawn(told, shown=shown, opposing=opposing)
    assert list(link.value or ()) == [abs(b.relevance) for b in diagram.bands]
    colours = {True: faded(SUPPORT, 1), False: faded(OPPOSITION, 1)}
    for band, colour in zip(diagram.bands, link.color or (), strict=True):
        expected = colours[diagram.nodes[band.source].raises]
        expected = faded(palette.NEUTRAL, 1) if band.feature == BASE else expected
        assert colour.startswith(expected.rpartition(",")[0])
    assert len(node.label or ()) == len(diagram.nodes)
    assert all(0 < y < 1 for y in node.y or ())
    for column in range(3):
        lane = [(n, y) for n, y in zip(diagram.nodes, node.y or (), strict=True)]
        rows = [y for n, y in lane if n.column == column]
        assert rows == sorted(rows)
    ends = [t for t in texts if "the score <b>" in t]
    for raises, total in lanes(told).items():
        if total:
            does = "raises" if raises else "lowers"
            assert any(f"{does} the score <b>{signed(total)}</b>" in text for text in ends)


@asked
@given(told=explanations(), data=st.data())
def test_the_lit_feature_has_its_own_bright_band(
    told: MovieExplanation, data: st.DataObject
) -> None:
    speaking = [f.feature for f in told.features if f.relevance] + ([BASE] if told.base else [])
    if not speaking:
        return
    lit = data.draw(st.sampled_from(speaking))
    bands = by_theme(told, 1, 1, lit).bands
    _, link, texts = drawn(told, shown=1, opposing=1, lit=lit)
    opacities = [float(c.rstrip(")").rpartition(",")[2]) for c in link.color]
    bright = [b for b, o in zip(bands, opacities, strict=True) if o == max(opacities)]
    assert bright == [b for b in bands if b.feature == lit] != []
    assert sum(t.startswith("<b>") and "the score" not in t for t in texts) >= 1


@asked
@given(told=explanations())
def test_labels_are_never_longer_than_there_is_room(told: MovieExplanation) -> None:
    _, _, texts = drawn(told, shown=30, opposing=30)
    for whole, text in labelled(by_theme(told, 30, 30), texts):
        escaped, _, share = text.rpartition("  <b>")
        label = html.unescape(escaped)
        assert share.endswith("</b>")
        assert len(label) <= LONGEST_LABEL
        if len(whole) <= LONGEST_LABEL:
            assert label == whole
        else:
            assert whole.startswith(label.removesuffix("…").rstrip())


def test_what_is_drawn_unvalidated_is_valid() -> None:
    told = explanation([("film", "Alien", 2.0), ("genre", "War", -1.0)], base=1)
    for drawn in (sankey(told), waterfall(told)):
        plain = drawn.to_dict()
        assert go.Figure(plain).to_dict() == plain and "template" in plain["layout"]


def test_a_long_title_loses_its_year_before_its_words() -> None:
    long = "The Lord of the Rings (2001)"
    longer = "The Adventures of Priscilla, Queen of the Desert (1994)"
    told = explanation([("film", long, 2.0), ("film", longer, 1.0), ("film", "It (1990)", 0.5)])
    labels = [t.partition("  <b>")[0] for _, t in labelled(by_theme(told), drawn(told)[2])]
    assert labels == ["The Lord of the Rings", "The Adventures of Prisci…", "It (1990)"]


def test_the_rest_is_counted_in_words() -> None:
    shares = [("film", f"Film {i}", 5.0 - i) for i in range(4)] + [("gender", "Gender: man", 0.2)]
    told = explanation(shares, base=-0.5, genres=dict.fromkeys(range(4), ("War",)))
    labels = [n.label for n in by_theme(told, shown=3).column(0)]
    assert labels == [
        "Film 0",
        "Film 1",
        "Film 2",
        "War: 1 other",
        "Gender: 1 reason",
        "The average user’s score",
    ]


@asked
@given(told=explanations())
def test_the_picture_in_words_says_the_same_numbers(told: MovieExplanation) -> None:
    text = described(told, 4)
    assert told.title in text and signed(told.base) in text
    for f in (*told.supports[:4], *told.opposition[:3]):
        assert f"{f.label} {signed(f.relevance)}" in text


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


@settings(asked, max_examples=25)
@given(told=explanations(), shown=COUNTS)
def test_the_still_sankey_says_what_the_moving_one_says(told: MovieExplanation, shown: int) -> None:
    figure = sankey(told, shown)
    page = Page(still(figure, "words"))
    assert page.tags.count("path") == len(figure.data[0].link.value or ())
    assert page.tags.count("rect") == len(figure.data[0].node.x or ())
    said = "".join(page.words)
    assert said == "".join(Page("".join(a.text for a in figure.layout.annotations)).words)


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


@pytest.mark.parametrize(("beaten", "outcome"), [(1.0, None), (0.0, False)])
def test_a_test_without_anything_to_compare_with_is_not_confirmed(
    beaten: float, outcome: bool | None
) -> None:
    test = explanation([("film", "Alien", 1.0)]).audit.deletion
    confirmed, words = judged(test.model_copy(update={"beaten": beaten, "repetitions": 0}))
    assert confirmed is outcome is not True
    assert not words.startswith("Confirmed") and "0 of 0" not in words
