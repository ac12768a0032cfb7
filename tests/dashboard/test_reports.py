"""Reports keep to themselves, hold the strongest shares with their sum, and clip no word."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from dashboard.figures.agreement import agreement
from dashboard.figures.audit import deletion_figure, deletion_in_words, judged
from dashboard.figures.palette import plain, signed
from dashboard.figures.report import report, strongest
from dashboard.figures.sankey import sankey
from dashboard.figures.still import still
from tests.dashboard.drawn import NASTY, SVG, Page, assert_whole, explanation

pytestmark = pytest.mark.numerics


def test_a_report_keeps_to_itself_and_shows_titles_as_text() -> None:
    nice = explanation([("film", "Alien", 2.0), ("genre", "Genre: War", -1.0)])
    shares = [("film", NASTY, 2.0), ("genre", "Genre: " + NASTY, -1.0)]
    told = explanation(shares, title=NASTY)
    where = told.provenance.model_copy(
        update=dict.fromkeys(("dataset", "licence", "run", "method"), NASTY)
    )
    told = told.model_copy(update={"provenance": where})
    good, bad = (report(x, sankey(x), "", "") for x in (nice, told))
    page, other = Page(good), Page(bad)
    assert page.tags == other.tags  # not one element more
    assert not [link for link in other.links if re.match(r"\s*(\w+:)?//", link)]
    assert "img" not in other.tags
    shown = "".join(other.words)
    assert shown.count(NASTY) >= 2 + 2 + 4  # title, heading, table, footer
    assert "alert('x')</" not in "".join(other.scripts)
    assert "url(" not in good.partition("<style>")[2].partition("</style>")[0]


def test_a_report_holds_the_strongest_shares_their_sum_and_the_proof() -> None:
    told = explanation([("film", f"Film {i}", 6.5 - i) for i in range(14)], base=0.1)
    text = report(told, sankey(told), "<words>", "http://here/?a=b")
    assert 'aria-label="&lt;words&gt;"' in text
    made = Page(text)
    shown = " ".join("".join(made.words).split())
    ordered = sorted(told.features, key=lambda f: -abs(f.relevance))
    for f in ordered[:10]:
        assert f"{f.label}{f.group}{signed(f.relevance, 4)}" in shown
    rest = told.base + sum(f.relevance for f in ordered[10:])
    assert f"5 others together{signed(rest, 4)}" in shown
    assert "script" not in made.tags and "http://here/?a=b" in shown
    assert deletion_in_words(told.audit.deletion) in shown
    assert f"Score {plain(told.score, 4)}." in shown
    assert judged(told.audit.deletion)[1] in shown
    assert told.sentence() in shown


def test_one_reason_more_than_are_shown_is_shown_itself() -> None:
    found = strongest([["a"], ["b"], ["c"]], [1.0, -3.0, 2.0], shown=2, digits=1)
    assert found == [["b", "−3.0"], ["c", "+2.0"], ["a", "+1.0"]]
    found = strongest([["a"], ["b"], ["c"], ["d"]], [1.0, -3.0, 2.0, 0.5], shown=2, digits=1)
    assert found[2:] == [["2 others together", "+1.5"]]


def test_two_methods_are_told_apart_in_a_still_picture() -> None:
    names = [f"Reason {i}" for i in range(9)]
    frame = pd.DataFrame({"Reason": names, "Ours & yours": range(9), "LIME": range(0, 18, 2)})
    drawn = still(agreement(frame), "words", 600)
    root = assert_whole(drawn, 600, 80 + 28 * 9)
    texts = {"".join(t.itertext()): float(t.get("y", 0)) for t in root.iter(f"{SVG}text")}
    for name in ("Ours & yours", "LIME"):
        assert texts[name] > texts["weight, the strongest = 1"]
    assert len(list(root.iter(f"{SVG}circle"))) == 9 + 1  # and one in the legend


def test_a_still_picture_clips_no_label_and_keeps_the_scale() -> None:
    test = explanation([("film", "Alien", 2.0)]).audit.deletion
    drawn = still(deletion_figure(test, ("a rather long name of a row", "b", "c")), "words", 400)
    root = assert_whole(drawn, 400, 150)
    random, whole = (float(circle.get("cx", 0)) for circle in root.iter(f"{SVG}circle"))
    (line,) = (line for line in root.iter(f"{SVG}line"))
    assert float(line.get("x1", 0)) == whole > random
