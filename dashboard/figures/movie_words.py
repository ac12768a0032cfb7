"""The sentences around a movie's explanation that page and report share."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.figures.audit import REMOVALS
from dashboard.figures.palette import exact, plain, signed
from relrec_core.explanation import DeletionTest
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.explanation.sentences import everyone
from relrec_core.movies.model.removal import Removal
from relrec_core.movies.model.themes import LIKE


@dataclass(frozen=True)
class ReasonTest:
    """What a test does to the named reasons, and what passing it means, as for `judged`."""

    title: str
    done: str
    compared: str
    note: str


REASON_TESTS = {
    change.title: change
    for change in (
        ReasonTest(
            "Replaced",
            "replaced:",
            "larger drop than {} random replacements",
            "The average user stands in the place of the strongest reasons. The score changes by "
            "what they contribute beyond that user.",
        ),
        ReasonTest(
            "Removed",
            "without",
            REMOVALS,
            "The strongest reasons leave the profile, and the others count for more. A reason "
            "that is above the average user but below this user’s own mean then raises the score.",
        ),
    )
}
_LEFT: dict[Removal, str] = {
    "sum": "The strongest reasons leave the history. The score is a sum over it, so that the "
    "others count as before.",
    "fold-in": "The strongest reasons leave the history, and the user’s vector is solved for "
    "again without them, so that the others count otherwise than before.",
}
"""What is said of the test that removes reasons, where the score is no mean over the profile."""
GREY = "Grey is what the average user gets: nobody’s own taste."
THEMES = (
    "Themes are genres; a movie’s contribution is split over its genres in equal parts. " + GREY
)
CLUSTERS = (
    "This data knows of no genres: themes are movies that the recommender sees alike, named by the "
    "one that most users liked. " + GREY
)
STEP_BY_STEP = (
    "Each bar begins where the one before ends; the last is the score. Strongest contributions "
    "first, the others summed up."
)
PAPER = (
    "As in the paper: relevance is counted from zero, so that what any user would get counts as "
    "this user’s taste. Only the strongest reasons are drawn."
)


def themes_in_words(explanation: MovieExplanation) -> str:
    """What the themes of a picture are."""
    clustered = any(name.startswith(LIKE) for f in explanation.features for name in f.themes)
    return CLUSTERS if clustered else THEMES


def note(change: ReasonTest, explanation: MovieExplanation) -> str:
    """What the test does to a score of this kind."""
    removed = change is REASON_TESTS["Removed"]
    return _LEFT.get(explanation.removal, change.note) if removed else change.note


def changed(test: DeletionTest, change: ReasonTest) -> tuple[str, str, str]:
    """The three rows of a test, from the bottom."""
    return (
        f"{change.done} {test.removed} strongest",
        f"{change.done} {test.removed} random",
        "original",
    )


def ledger_in_words(explanation: MovieExplanation, digits: int = 3) -> str:
    """'Liked by everyone 3.871, contributions of this user +0.017. Score 3.888.'"""
    ledger = explanation.audit.ledger
    terms = [f"all contributions {signed(ledger.features, digits)}"]
    if explanation.reference == "average":
        terms.insert(0, f"{everyone(explanation)} {plain(ledger.base, digits)}")
    if ledger.bias:
        terms.append(f"bias terms {signed(ledger.bias, digits)}")
    if ledger.epsilon:
        terms.append(f"not attributed {exact(ledger.epsilon, digits)}")
    text = ", ".join(terms)
    return f"{text[:1].upper()}{text[1:]}. Score {plain(ledger.score, digits)}."
