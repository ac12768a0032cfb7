"""Answer a question about one recommendation in a sentence or two."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from relrec_core.movies.explanation.result import MovieExplanation

ABOUT = (
    "Ask why it is recommended, what speaks against it, why not another movie, or how sure it is."
)

_ID = re.compile(r"\s+#\S+$")
_YEAR = re.compile(r"\s+\(\d{4}\)\s*$")


def answer(
    question: str,
    explanation: MovieExplanation,
    titles: Sequence[str],
    contrast: Callable[[int], MovieExplanation],
) -> str:
    """Answer `question` about `explanation`.

    Args:
        question: typed or spoken words.
        explanation: of the recommendation asked about.
        titles: of all films, by row of items, to find the one in "why not ...".
        contrast: explains this film against another (row of items).
    """
    words = _plain(question)
    if not words:
        return ABOUT
    other = re.search(r"\b(?:why not|instead of|rather than|and not)\s+(.+)", words)
    if other:
        return _against(other.group(1), explanation, titles, contrast)
    if re.search(r"\bagainst\b|\bcontra\b|\boppos", words):
        names = [f.label for f in explanation.opposition[:3]]
        if not names:
            return f"Nothing in this profile lowers the score of {explanation.title}."
        return f"Strongest counter-signals to {explanation.title}: {'; '.join(names)}."
    if re.search(r"\bsure\b|\bcertain\b|\bconfident\b|\blikely\b|\bprobab", words):
        return (
            f"{explanation.title} is number {explanation.rank} for {explanation.viewer}; the model "
            f"gives it a chance of {explanation.probability:.1%} to be the next movie."
        )
    if re.search(r"\btrue\b|\bproof\b|\bprove\b|\btrust\b", words):
        deletion = explanation.audit.deletion
        return (
            f"The contributions sum to the score of {explanation.score:.2f}. Without the "
            f"{deletion.removed} strongest reasons it changes to {deletion.after_top:.2f}; without "
            f"{deletion.removed} random ones to {deletion.after_random:.2f} on average."
        )
    if re.search(r"\bwhy\b|\breason|\bbecause\b|\bexplain", words):
        return explanation.sentence()
    return ABOUT


def _against(
    name: str,
    explanation: MovieExplanation,
    titles: Sequence[str],
    contrast: Callable[[int], MovieExplanation],
) -> str:
    full = [_plain(t) for t in titles]
    dated = [_plain(_ID.sub("", t)) for t in titles]
    bare = [_plain(_YEAR.sub("", _ID.sub("", t))) for t in titles]
    names = full + dated + bare
    close = [name] if name in names else difflib.get_close_matches(name, names, 1, 0.7)
    if not close:
        return f"There is no movie called ‘{name}’ in this data."
    written = next(kind for kind in (full, dated, bare) if close[0] in kind)
    meant = [row for row, words in enumerate(written) if words == close[0]]
    others = [row for row in meant if row != explanation.item]
    if not others:
        return "That is the very movie that is recommended."
    if len(others) > 1:
        which = "; ".join(titles[row] for row in others)
        return f"There are {len(others)} movies of this name: {which}. Ask again for one of them."
    return contrast(others[0]).sentence()


def _plain(text: str) -> str:
    """Lower case words alone, one space apart: what speech recognition gives, too."""
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())
