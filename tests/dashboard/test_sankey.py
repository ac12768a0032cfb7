"""The Sankey diagram: every band to scale, in its lane, labelled as far as there is room."""

from __future__ import annotations

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.figures import palette
from dashboard.figures.flows import BASE, OPENED, Diagram, View, by_theme, strongest, themes_of
from dashboard.figures.palette import OPPOSITION, SUPPORT, faded, signed
from dashboard.figures.sankey import LONGEST_LABEL, described, sankey
from dashboard.figures.still import still
from relrec_core.movies.explanation.result import MovieExplanation
from tests.dashboard.drawn import COUNTS, GENRES, Page, asked, explanation, explanations

pytestmark = pytest.mark.numerics


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
    opened = data.draw(st.sampled_from(["", *themes_of(told)]))
    diagram = by_theme(told, View(shown, opposing, lit, opened))
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
    if opened:
        assert all(n.theme for n in diagram.column(0) if n.feature is None)
        return
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
    blocks = {n.label: n.relevance for n in by_theme(told, View(0)).column(1)}
    assert blocks == dict.fromkeys(GENRES[:8], 1.0)


def test_an_opened_theme_shows_its_movies_and_the_others_by_decade() -> None:
    films = [("film", f"Film {i} ({1950 + 5 * i})", 2.0 - 0.1 * i) for i in range(14)]
    told = explanation(
        [*films, ("film", "Heat (1995)", 1.5), ("film", "Emma (1996)", -0.5)],
        base=2.0,
        genres={**dict.fromkeys(range(14), ("Drama", "Crime")), 14: ("Crime",), 15: ("Drama",)},
    )
    left = {n.label: n for n in by_theme(told, View(opened="Drama")).column(0)}
    assert [label for label in left if label.startswith("Film")] == [f[1] for f in films[:OPENED]]
    assert left["Film 3 (1965)"].relevance == pytest.approx(0.85)  # half of it is a drama
    assert left["2000s: 2 others"].relevance == pytest.approx(0.5 + 0.45)
    assert left["Crime: 15 reasons"].theme == "Crime" and not left["Film 3 (1965)"].theme
    assert left["Emma (1996)"].relevance == -0.5
    assert "Opened: Drama. " in described(told, opened="Drama")


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
@given(told=explanations(), shown=COUNTS, opening=st.booleans())
def test_the_drawn_diagram_is_to_scale_and_in_its_lanes(
    told: MovieExplanation, shown: int, opening: bool
) -> None:
    opened = next(iter(themes_of(told)), "") if opening else ""
    diagram = by_theme(told, View(shown, opened=opened))
    node, link, texts = drawn(told, shown=shown, opened=opened)
    assert sankey(told, shown, None, opened).layout.meta["themes"] == [
        n.theme for n in diagram.nodes
    ]
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
    bands = by_theme(told, View(1, 3, lit)).bands
    _, link, texts = drawn(told, shown=1, lit=lit)
    opacities = [float(c.rstrip(")").rpartition(",")[2]) for c in link.color]
    bright = [b for b, o in zip(bands, opacities, strict=True) if o == max(opacities)]
    assert bright == [b for b in bands if b.feature == lit] != []
    assert sum(t.startswith("<b>") and "the score" not in t for t in texts) >= 1


@asked
@given(told=explanations())
def test_labels_are_never_longer_than_there_is_room(told: MovieExplanation) -> None:
    _, _, texts = drawn(told, shown=30)
    for whole, text in labelled(by_theme(told, View(30)), texts):
        escaped, _, share = text.rpartition("  <b>")
        label = html.unescape(escaped)
        assert share.endswith("</b>")
        assert len(label) <= LONGEST_LABEL
        if len(whole) <= LONGEST_LABEL:
            assert label == whole
        else:
            assert whole.startswith(label.removesuffix("…").rstrip())


def test_a_long_title_loses_its_year_before_its_words() -> None:
    long = "The Lord of the Rings (2001)"
    longer = "The Adventures of Priscilla, Queen of the Desert (1994)"
    told = explanation([("film", long, 2.0), ("film", longer, 1.0), ("film", "It (1990)", 0.5)])
    labels = [t.partition("  <b>")[0] for _, t in labelled(by_theme(told), drawn(told)[2])]
    assert labels == ["The Lord of the Rings", "The Adventures of Prisci…", "It (1990)"]


def test_the_rest_is_counted_in_words() -> None:
    shares = [("film", f"Film {i}", 5.0 - i) for i in range(4)] + [("gender", "Gender: man", 0.2)]
    told = explanation(shares, base=-0.5, genres=dict.fromkeys(range(4), ("War",)))
    labels = [n.label for n in by_theme(told, View(3)).column(0)]
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


@settings(asked, max_examples=25)
@given(told=explanations(), shown=COUNTS)
def test_the_still_sankey_says_what_the_moving_one_says(told: MovieExplanation, shown: int) -> None:
    figure = sankey(told, shown)
    page = Page(still(figure, "words"))
    assert page.tags.count("path") == len(figure.data[0].link.value or ())
    assert page.tags.count("rect") == len(figure.data[0].node.x or ())
    said = "".join(page.words)
    assert said == "".join(Page("".join(a.text for a in figure.layout.annotations)).words)
