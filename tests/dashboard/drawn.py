"""What tests of pictures and reports share: an explanation made by hand, and readers of files."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import settings
from hypothesis import strategies as st

from dashboard.figures.svg import width_of
from relrec_core.explanation import DeletionTest, Ledger, Provenance
from relrec_core.movies.explanation.result import FeatureRelevance, MovieAudit, MovieExplanation

GROUPS = {"film": "Liked movies", "genre": "Genres", "decade": "Decades", "gender": "Gender"}
GENRES = ("Drama", "Comedy", "War", "Crime", "Western", "Horror", "Musical", "Sci-Fi", "Mystery")


def explanation(
    shares: list[tuple[str, str, float]],
    title: str = "Alien (1979)",
    base: float = 0.0,
    genres: Mapping[int, tuple[str, ...]] | None = None,
    **changes: object,
) -> MovieExplanation:
    """Of features (kind, label, relevance); movies have the genres given, else one by number."""
    features = [
        FeatureRelevance(
            feature=k,
            kind=kind,
            value=str(k),
            label=label,
            group=GROUPS[kind],
            relevance=share,
            themes=(genres or {}).get(k, (GENRES[k % len(GENRES)],)) if kind == "film" else (),
        )
        for k, (kind, label, share) in enumerate(shares)
    ]
    total = base + sum(f.relevance for f in features)
    values: dict[str, object] = {
        "score": total,
        "audit": MovieAudit(
            ledger=Ledger(score=total, base=base, features=total - base),
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
        "reference": "average",
        "features": tuple(sorted(features, key=lambda f: -f.relevance)),
    }
    return MovieExplanation.model_validate({**values, **changes})


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


SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<script>alert('x')</script><img src=http://evil.example/x> & \"Tom\""


def assert_whole(drawing: str, width: float, height: float) -> ElementTree.Element:
    """The parsed drawing, none of whose words reach beyond it in a wide font."""
    root = ElementTree.fromstring(drawing)
    texts = list(root.iter(f"{SVG}text"))
    assert len(texts) > 5
    for text in texts:
        words, size = "".join(text.itertext()), float(text.get("font-size", 0))
        x, y, wide = float(text.get("x", 0)), float(text.get("y", 0)), width_of(words, size)
        left = x - {"end": wide, "middle": wide / 2}.get(text.get("text-anchor", ""), 0)
        assert left >= 0 and left + wide <= width, words
        assert size / 2 <= y <= height, words
    return root


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
