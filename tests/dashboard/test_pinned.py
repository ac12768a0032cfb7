"""Two pinned cases: joined by name without losing a point, on one scale, and in one file."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from dashboard.figures.audit import judged
from dashboard.figures.differences import differences
from dashboard.figures.heatmap import Panel
from dashboard.figures.palette import signed
from dashboard.figures.pinned import CAUTION, Pair
from dashboard.figures.pinned_movies import BASE, MovieCase
from dashboard.figures.pinned_products import ProductCase
from dashboard.figures.pinned_report import pair_report
from dashboard.figures.pinned_sessions import SessionCase
from dashboard.figures.report import HALF
from dashboard.figures.still import WIDTH, still
from dashboard.figures.svg import width_of
from relrec_core.explanation import Audit, Ledger
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.products.explanation.result import GRID, Cell, ProductExplanation
from relrec_core.sessions import store
from relrec_core.sessions.explanation.explain import Explorer
from tests.dashboard.drawn import NASTY, SVG, Page, assert_whole, explanation
from tests.sessions import made

pytestmark = pytest.mark.numerics
SHARES = [("film", "Alien", 2.0), ("film", "Brazil", 0.7), ("genre", "Genre: War", -1.0)]
OTHERS = [("film", "Alien", 0.5), ("film", "Brazil", 0.9), ("film", "Casino", 0.25)]


def movies(first: MovieExplanation, second: MovieExplanation) -> Pair[MovieCase]:
    links = "http://here/movies?viewer=1", "http://here/movies?viewer=2&film=3"
    return Pair(*map(MovieCase, (first, second), links))


def users() -> Pair[MovieCase]:
    """One movie for two users."""
    return movies(explanation(SHARES, base=1.25), explanation(OTHERS, base=1.25, viewer="Viewer 2"))


def test_every_point_is_joined_by_name() -> None:
    one = explanation(SHARES, base=1.25)
    ledger = Ledger(score=one.score + 0.4, base=1.25, features=one.score - 1.25, bias=0.4)
    biased = {"score": ledger.score, "audit": one.audit.model_copy(update={"ledger": ledger})}
    pair = movies(one.model_copy(update=biased), explanation(OTHERS, base=1.0, viewer="Viewer 2"))
    scores = [case.explanation.score for case in pair.cases]
    for single in (False, True):
        frame = pair.joined(single=single)
        assert frame[["first", "second"]].sum().tolist() == pytest.approx(scores)
        assert frame["difference"].sum() == pytest.approx(scores[0] - scores[1])
        assert frame["difference"].abs().is_monotonic_decreasing
    rows = pair.joined(single=True).set_index("name")
    assert rows.loc["Alien"].tolist() == pytest.approx([2.0, 0.5, 1.5])
    assert rows.loc[BASE].tolist() == pytest.approx([1.25, 1.0, 0.25])
    assert np.isnan(rows.loc["Casino", "first"]) and rows.loc["Casino", "difference"] == -0.25
    assert rows.loc["Bias terms", "first"] == 0.4
    assert len(rows) == 6


def test_the_sentence_names_who_it_counts_more_for() -> None:
    assert users().names == ("Viewer 1", "Viewer 2")
    told = users().sentence()
    assert "‘Drama’, 1.50 more for Viewer 1 (+2.00 against +0.50)" in told
    assert "then ‘Genres’, 1.00 more for Viewer 2 (+0.00 against −1.00)" in told
    other = movies(explanation(SHARES), explanation(OTHERS, title="Heat (1995)"))
    assert other.names == ("Alien (1979)", "Heat (1995)")
    same = movies(explanation(SHARES), explanation(SHARES))
    assert same.sentence().startswith("No contribution differs") and len(set(same.names)) == 2


def test_both_pictures_have_one_axis() -> None:
    pair = users()
    widths = []
    for case in pair.cases:
        root = assert_whole(case.still(pair.span), HALF, case.figure(pair.span).layout.height)
        bars = [float(bar.get("width", 0)) for bar in root.iter(f"{SVG}rect")]
        widths.append(bars[-1] / case.explanation.score)  # the score is the last bar
    assert widths[0] == pytest.approx(widths[1], rel=1e-3)
    figure = differences(pair)
    assert_whole(still(figure, "words"), WIDTH, figure.layout.height)


def test_the_file_holds_both_cases_and_the_joined_table() -> None:
    pair = users()
    page = Page(pair_report(pair))
    shown = " ".join("".join(page.words).split())
    for case in pair.cases:
        told = case.explanation
        assert told.sentence() in shown and case.link in shown and told.viewer in shown
        assert f"Removed: {judged(told.audit.deletion)[1]}." in shown
    assert shown.count("Sum matches the score.") == 2
    for row in pair.joined(single=True).itertuples():
        values = ("–" if np.isnan(v) else signed(v, 4) for v in (row.first, row.second))
        assert f"{row.name}{''.join(values)}{signed(row.difference, 4)}" in shown
    assert "script" not in page.tags and page.tags.count("svg") == 3 and CAUTION not in shown
    told = json.loads(pair.to_json())
    read = [MovieExplanation.model_validate(case["explanation"]) for case in told["cases"]]
    assert read == [case.explanation for case in pair.cases]
    assert {row["name"] for row in told["joined"]["Reason"]} == set(
        pair.joined(single=True)["name"]
    )


def test_the_file_shows_titles_as_text_and_says_what_cannot_be_compared() -> None:
    one, other = explanation(SHARES), explanation(OTHERS, viewer="Viewer 2")
    nice = Page(pair_report(movies(one, other)))
    shares = [(kind, NASTY if label == "Alien" else label, v) for kind, label, v in OTHERS]
    where = other.provenance.model_copy(update={"run": NASTY, "dataset": NASTY})
    bad = explanation(shares, title=NASTY, viewer=NASTY, provenance=where)
    page = Page(pair_report(movies(one, bad)))
    assert "".join(page.words).count(NASTY) >= 8 and CAUTION in "".join(page.words)
    assert sorted(set(page.tags)) == sorted(set(nice.tags)) and not page.links[1:]


def product(cells: tuple[Cell, ...], title: str, strength: float) -> ProductCase:
    told = explanation([])
    total = sum(cell.relevance for cell in cells)
    ledger = Ledger(score=total + 4.0, features=total, bias=4.0)
    where = told.provenance.model_copy(update={"parameters": {"preset": "reference"}})
    found = ProductExplanation(
        score=ledger.score,
        audit=Audit(ledger=ledger, deletion=told.audit.deletion),
        provenance=where,
        query="a",
        query_title="Red mug",
        item="b",
        item_title=title,
        relation="also_bought",
        user=None,
        reading="evidence",
        logit=1.0,
        probability=0.73,
        cells=cells,
    )
    picture = Image.new("RGB", (64, 64), "#888")
    relevance = np.full((64, 64), strength / 64)
    panels = [Panel(picture, relevance, name) for name in ("Red mug", title)]
    roles = ("You look at", "Recommended")
    return ProductCase(found, "", (panels[0], panels[1]), roles, False)


def test_areas_of_products_are_the_sums_of_their_cells() -> None:
    cells = [
        Cell(picture="query", row=2, column=2, relevance=1.5),
        Cell(picture="query", row=3, column=1, relevance=0.5),
        Cell(picture="recommended", row=GRID // 2, column=GRID - 1, relevance=-0.25),
    ]
    pair = Pair(product(tuple(cells), "A", 1.0), product(tuple(cells[1:]), "B", 2.0))
    assert pair.names == ("‘A’", "‘B’")
    rows = pair.joined(single=False).set_index("name")
    assert rows.loc["Upper left (you look at)"].tolist() == [2.0, 0.5, 1.5]
    assert rows.loc["Right side (recommended)"].tolist() == [-0.25, -0.25, 0.0]
    assert rows.loc["Blurred baseline"].tolist() == [4.0, 4.0, 0.0]
    assert pair.joined(single=True)["first"].sum() == pytest.approx(pair.first.explanation.score)
    assert pair.span == (0.0, pair.second.span[1]) and pair.second.span > pair.first.span
    root = ElementTree.fromstring(pair.first.still(pair.span))
    for text in root.iter(f"{SVG}text"):
        wide = width_of("".join(text.itertext()), float(text.get("font-size", 0)))
        assert float(text.get("x", 0)) + wide / (2 if text.get("text-anchor") else 1) <= HALF
    assert len(list(root.iter(f"{SVG}image"))) == 2
    assert pair_report(pair).count("<image") == 4


def test_shares_of_two_tracks_are_told_in_percent() -> None:
    run = store.shown_run()
    explorer = Explorer(store.predictor(run), made.data(20, seed=9), run.name)
    session = explorer.session(4)
    told = [explorer.explain(session, focus, donors=8) for focus in (0, 1)]
    pair = Pair(*(SessionCase(one, "") for one in told))
    first, second = (one.focused for one in told)
    assert pair.names == (f"Track {first.position}", f"Track {second.position}")
    for single in (False, True):
        assert pair.joined(single=single)[["first", "second"]].sum().tolist() == pytest.approx(
            [1, 1]
        )
    largest = pair.joined(single=False).iloc[0]
    assert f"{100 * abs(largest['difference']):.0f} percentage points more" in pair.sentence()
    shown = "".join(Page(pair_report(pair)).words)
    assert all(one.sentence() in shown for one in told)
