"""Stories for tests: slides of the movies page made by hand, and of stored evaluations."""

from __future__ import annotations

from dashboard.claims import CLAIMS
from dashboard.figures.sankey import described, sankey
from dashboard.figures.waterfall import waterfall, waterfall_in_words
from dashboard.panels.evidence import written
from dashboard.story.evidence import claim_slide
from dashboard.story.movies import movie_slide
from dashboard.story.slide import Slide
from dashboard.story.story import Story
from tests.dashboard.drawn import NASTY, explanation

SHARES = [("film", f"Movie {i}", 6.5 - i) for i in range(14)] + [("genre", "Genre: War", -1.0)]


def movie(title: str = "Alien (1979)", falls: bool = False) -> Slide:
    """A recommended movie, as a flow or as a waterfall."""
    told = explanation([*SHARES, ("film", title, 0.2)], title=title, base=0.1)
    figure, words = (
        (waterfall(told), waterfall_in_words(told)) if falls else (sankey(told), described(told))
    )
    return movie_slide(told, figure, words, "viewer=1&film=50", "a" * 64)


def claim(key: str) -> Slide | None:
    """A claim as measured; None where it never was."""
    of = CLAIMS[key]
    tables = of.tables()
    if tables is None:
        return None
    numbers = written(of.numbers([table.frame for table in tables]))
    return claim_slide(of, of.verdict(tables), tables, numbers, ["here"], f"claim={key}")


def story() -> Story:
    """Four slides, one with a title and a note of its own, one of hostile texts."""
    made = Story(title="Before the board")
    for slide in (movie(), movie(NASTY, falls=True), claim("deletion"), claim("end-to-end-studio")):
        assert slide is not None
        made = made.plus(slide)
    return made.retold(2, "Reasons matter", "Say that\n<b>chance</b> was tried & failed.")
