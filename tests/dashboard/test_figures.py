"""Pictures that add up: every band to scale, in its lane, and a report that keeps to itself."""

from __future__ import annotations

import ast
import html
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.figures import palette
from dashboard.figures.audit import deletion_figure, deletion_in_words
from dashboard.figures.palette import OPPOSITION, SUPPORT, faded, plain, signed
from dashboard.figures.report import report
from dashboard.figures.sankey import LONGEST_LABEL, described, flows, sankey
from dashboard.figures.toy import toy_figure
from relrec_core.explanation import Audit, DeletionTest, Ledger, Provenance
from relrec_core.movies.explain import FeatureRelevance, MovieExplanation

pytestmark = pytest.mark.numerics

FIGURES = Path(palette.__file__).parent
GROUPS = {"film": "Watched films", "genre": "Genres", "decade": "Decades", "gender": "Person"}
SHARES = st.floats(-5, 5).filter(lambda x: x == 0 or abs(x) > 1e-6)


def explanation(
    shares: list[tuple[str, str, float]], title: str = "Alien (1979)", **changes: object
) -> MovieExplanation:
    """Of features (kind, label, relevance)."""
    features = [
        FeatureRelevance(
            feature=k, kind=kind, value=str(k), label=label, group=GROUPS[kind], relevance=share
        )
        for k, (kind, label, share) in enumerate(shares)
    ]
    total = sum(f.relevance for f in features)
    values: dict[str, object] = {
        "score": total,
        "audit": Audit(
            ledger=Ledger(score=total, features=total),
            deletion=DeletionTest(
                removed=2,
                score=total,
                after_top=total - 1,
                after_random=total - 0.5,
                low=total - 0.75,
                high=total - 0.25,
                beaten=1.0,
                repetitions=200,
            ),
        ),
        "provenance": Provenance(
            dataset="Made up",
            dataset_hash="0",
            licence="CC0",
            run="made",
            method="closed form",
            parameters={},
            seed=0,
            code_version="0",
        ),
        "viewer": "Viewer 1",
        "item": 0,
        "title": title,
        "rank": 1,
        "probability": 0.1,
        "against": None,
        "features": tuple(sorted(features, key=lambda f: -f.relevance)),
    }
    return MovieExplanation.model_validate({**values, **changes})


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
    return explanation(draw(st.lists(feature, max_size=30)), title=draw(LABELS))


asked = settings(max_examples=100, deadline=None, derandomize=True)
COUNTS = st.integers(0, 8)


@asked
@given(told=explanations(), shown=COUNTS, opposing=COUNTS, data=st.data())
def test_bands_add_up_to_support_and_opposition(
    told: MovieExplanation, shown: int, opposing: int, data: st.DataObject
) -> None:
    lit = data.draw(st.sampled_from([None, *(f.feature for f in told.features)]))
    bands = flows(told, shown, opposing, lit)
    for lane, sign, most in ((told.supports, 1, shown), (told.opposition, -1, opposing)):
        mine = [b for b in bands if b.relevance * sign > 0]
        total = sum(f.relevance for f in lane)
        assert sum(b.relevance for b in mine) == pytest.approx(total, abs=1e-12)
        assert sum(b.count for b in mine) == len(lane)
        strongest = {f.feature for f in lane[:most]}
        alone = {b.feature for b in mine if b.feature is not None}
        own = strongest | {f.feature for f in lane if f.feature == lit}
        assert alone == own
        by_group: dict[str, float] = defaultdict(float)
        for f in lane:
            by_group[f.group] += f.relevance
        for b in mine:
            by_group[b.group] -= b.relevance
        assert all(abs(rest) < 1e-12 for rest in by_group.values())
        for b in mine:
            if b.feature is not None:
                (f,) = (f for f in lane if f.feature == b.feature)
                assert (b.label, b.group, b.relevance, b.count) == (
                    f.label,
                    f.group,
                    f.relevance,
                    1,
                )
    signs = [b.relevance > 0 for b in bands]
    assert signs == sorted(signs, reverse=True)  # supports above opposition
    assert len(bands) == sum(b.relevance != 0 for b in bands)
    for lane_bands in (bands[: sum(signs)], bands[sum(signs) :]):
        groups = [b.group for b in lane_bands]
        assert len(set(groups)) == sum(
            a != b for a, b in zip(groups, [None, *groups], strict=False)
        )


def drawn(told: MovieExplanation, **options: object):
    (picture,) = (figure := sankey(told, **options)).data  # type: ignore[arg-type]
    texts = [a.text for a in figure.layout.annotations]
    return picture.node, picture.link, texts


@asked
@given(told=explanations(), shown=COUNTS, opposing=COUNTS, everything=st.booleans())
def test_the_drawn_diagram_is_to_scale_and_in_its_lanes(
    told: MovieExplanation, shown: int, opposing: int, everything: bool
) -> None:
    bands = [
        b
        for b in flows(told, shown, opposing)
        if everything or (b.feature is not None and b.count == 1)
    ]
    node, link, texts = drawn(told, shown=shown, opposing=opposing, everything=everything)
    assert list(link.value or ()) == [abs(b.relevance) for b in bands]
    assert list(link.source or ()) == list(range(len(bands)))
    lanes = [s for s in (1, -1) if any(b.relevance * s > 0 for b in bands)]
    for band, target, colour in zip(bands, link.target or (), link.color or (), strict=True):
        sign = 1 if band.relevance > 0 else -1
        assert target == len(bands) + lanes.index(sign)
        assert colour.startswith(faded(SUPPORT if sign > 0 else OPPOSITION, 1).rpartition(",")[0])
    assert len(node.label or ()) == len(bands) + len(lanes)
    assert all(0 < y < 1 for y in node.y or ())
    centres = list(node.y or ())[: len(bands)]
    assert centres == sorted(centres)
    ends = texts[len(bands) :]
    for sign, text in zip(lanes, ends, strict=True):
        total = sum(b.relevance for b in bands if b.relevance * sign > 0)
        assert f"{'for' if sign > 0 else 'against'} <b>{signed(total)}</b>" in text


@asked
@given(told=explanations(), data=st.data())
def test_the_lit_feature_has_its_own_bright_band(
    told: MovieExplanation, data: st.DataObject
) -> None:
    speaking = [f for f in told.features if f.relevance]
    if not speaking:
        return
    lit = data.draw(st.sampled_from(speaking))
    bands = flows(told, 1, 1, lit.feature)
    _, link, texts = drawn(told, shown=1, opposing=1, lit=lit.feature)
    opacities = [float(c.rstrip(")").rpartition(",")[2]) for c in link.color]
    bright = [b for b, o in zip(bands, opacities, strict=True) if o == max(opacities)]
    assert [b.feature for b in bright if b.feature == lit.feature] == [lit.feature]
    if len(bands) > 1:
        assert bright == [b for b in bands if b.feature == lit.feature]
    assert sum(t.startswith("<b>") for t in texts[: len(bands)]) >= 1


@asked
@given(told=explanations())
def test_labels_are_never_longer_than_there_is_room(told: MovieExplanation) -> None:
    _, _, texts = drawn(told, shown=30, opposing=30)
    bands = flows(told, 30, 30)
    for band, text in zip(bands, texts, strict=False):
        escaped, _, share = text.rpartition("  <b>")
        label = html.unescape(escaped)
        assert share == f"{signed(band.relevance)}</b>"
        assert len(label) <= LONGEST_LABEL
        if len(band.label) <= LONGEST_LABEL:
            assert label == band.label
        else:
            assert band.label.startswith(label.removesuffix("…").rstrip())
    if told.supports:
        name = texts[len(bands)].partition("</b><br>")[0].removeprefix("<b>")
        assert len(name) <= LONGEST_LABEL


def test_a_long_title_loses_its_year_before_its_words() -> None:
    long = "The Lord of the Rings (2001)"
    longer = "The Adventures of Priscilla, Queen of the Desert (1994)"
    told = explanation([("film", long, 2.0), ("film", longer, 1.0), ("film", "It (1990)", 0.5)])
    _, _, texts = drawn(told)
    labels = [t.partition("  <b>")[0] for t in texts[:3]]
    assert labels == ["The Lord of the Rings", "The Adventures of Pri…", "It (1990)"]


def test_the_rest_is_counted_in_words() -> None:
    shares = [("film", f"Film {i}", 5.0 - i) for i in range(4)]
    shares += [("genre", "Genre: War", 0.3), ("gender", "Gender: man", 0.2)]
    labels = [b.label for b in flows(explanation(shares), shown=3)]
    assert labels == [
        "Film 0",
        "Film 1",
        "Film 2",
        "1 more watched film",
        "1 genre",
        "1 personal fact",
    ]


@asked
@given(told=explanations())
def test_the_picture_in_words_says_the_same_numbers(told: MovieExplanation) -> None:
    text = described(told, 4)
    assert told.title in text
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


class Page(HTMLParser):
    """Collects tags, links and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = tag if tag in ("script", "style") else ""
        names = ("src", "href", "action", "data", "srcset", "poster", "content")
        self.links += [value or "" for name, value in attrs if name in names]

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._in else self.words).append(data)


NASTY = "<script>alert('x')</script><img src=http://evil.example/x> & \"Tom\""


def test_a_report_keeps_to_itself_and_shows_titles_as_text() -> None:
    nice = explanation([("film", "Alien", 2.0), ("genre", "Genre: War", -1.0)])
    shares = [("film", NASTY, 2.0), ("genre", "Genre: " + NASTY, -1.0)]
    told = explanation(shares, title=NASTY)
    where = told.provenance.model_copy(
        update=dict.fromkeys(("dataset", "licence", "run", "method"), NASTY)
    )
    told = told.model_copy(update={"provenance": where})
    good, bad = (report(x, sankey(x)) for x in (nice, told))
    page, other = Page(good), Page(bad)
    assert page.tags == other.tags  # not one element more
    assert not [link for link in other.links if re.match(r"\s*(\w+:)?//", link)]
    assert "img" not in other.tags
    shown = "".join(other.words)
    assert shown.count(NASTY) >= 2 + 2 + 4  # title, heading, table, footer
    assert "alert('x')</" not in "".join(other.scripts)
    assert "url(" not in good.partition("<style>")[2].partition("</style>")[0]


def test_a_report_holds_every_share_and_the_proof() -> None:
    told = explanation([("film", f"Film {i}", 3.0 - i) for i in range(7)])
    shown = " ".join("".join(Page(report(told, sankey(told))).words).split())
    for f in told.features:
        assert f"{f.label}{f.group}{signed(f.relevance, 4)}" in shown
    assert deletion_in_words(told.audit.deletion) in shown
    assert f"the score is {plain(told.score, 4)}" in shown
    assert told.sentence() in shown


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
