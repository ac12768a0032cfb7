"""Answer a question about one recommendation in a sentence or two."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from relrec_core.movies.explanation.result import MovieExplanation

ABOUT = (
    "Ask why it is recommended, what speaks against it, why not another movie, or how sure it is."
)

LOOSE, CLOSE, SHORT = 0.7, 0.85, 5
"""How like a title a name must be after "why not" and elsewhere, and the length below which it must
be spelt alike."""

_ID = re.compile(r"\s+#\S+$")
_YEAR = re.compile(r"\s+\(\d{4}\)\s*$")
_NOT = re.compile(r"\b(?:why not|instead of|rather than|and not)\s+(.+)")
_ASKS = re.compile(
    r"^(?:(?:so|and|but|please|then|not|recommended|why(?: not)?|what about|how about|tell me"
    r"|explain|about|is|are|was|were|do|does|did|would|should|you|i|we|he|she|they|recommend|recommends|suggest|rank|get|see"
    r"|watch|me|us)\s+)+"
)
_ENDS = re.compile(
    r"\s+(?:(?:so|not)\s+)?(?:recommended|suggested|excluded|left out|missing|hidden|here|there"
    r"|(?:at|on|in|for|to)\s+(?:the |my |this |place |number |top |list|recommend|me|\d).*)$"
)
_THIS = re.compile(
    r"\b(?:this|that|it|these|the|movies?|films?|recommend\w*|reasons?|score|list|first|why)\b"
)
"""Words of a question about the movie that is shown."""


def answer(
    question: str,
    explanation: MovieExplanation,
    titles: Sequence[str],
    tell: Callable[[int], MovieExplanation],
    contrast: Callable[[int], MovieExplanation],
) -> str:
    """Answer `question` about `explanation`, or about another movie that it names.

    Args:
        question: typed or spoken words.
        explanation: of the movie asked about unless another is named.
        titles: of all films, by row of items, to find those in a question.
        tell: explains another film (row of items).
        contrast: explains this film against another (row of items).
    """
    words = _plain(question)
    if not words:
        return ABOUT
    meant = _meant(words, titles)
    if meant and not _NOT.search(words):
        return _one(meant, titles, lambda row: tell(row).sentence())
    other = _NOT.search(words)
    if other:
        return _against(other.group(1), explanation, titles, tell, contrast)
    if re.search(r"\bagainst\b|\bcontra\b|\boppos|\blowers?\b", words):
        names = [f.label for f in explanation.opposition[:3]]
        if not names:
            return f"Nothing in this profile lowers the score of {explanation.title}."
        return f"Strongest counter-signals to {explanation.title}: {'; '.join(names)}."
    if re.search(r"\bsure\b|\bcertain\b|\bconfident\b|\blikely\b|\bprobab", words):
        place = f"{explanation.title} is number {explanation.rank} for {explanation.viewer}"
        if explanation.probability is None:
            return f"{place}, with a score of {explanation.score:.2f}; it gives no chances."
        return (
            f"{place}; the model gives it a chance of {explanation.probability:.1%} to be the "
            "next movie."
        )
    if re.search(r"\btrue\b|\bproof\b|\bprove\b|\btrust\b", words):
        deletion = explanation.audit.deletion
        return (
            f"The contributions sum to the score of {explanation.score:.2f}. Without the "
            f"{deletion.removed} strongest reasons it changes to {deletion.after_top:.2f}; without "
            f"{deletion.removed} random ones to {deletion.after_random:.2f} on average."
        )
    if re.search(r"\bwhy\b|\breason|\bbecause\b|\bexplain", words):
        name = _asked(words)
        if not name or _THIS.search(name):
            return explanation.sentence()
        return _unknown(name)
    return ABOUT


def _asked(words: str) -> str:
    """What is left of a question without the words that ask: a title, if anything."""
    return _ENDS.sub("", _ASKS.sub("", f"{words} ").strip()).strip()


def _meant(words: str, titles: Sequence[str]) -> list[int]:
    """The movies that a question names, besides the words that ask: rows, none if there is none."""
    for name in dict.fromkeys((words, _asked(words))):
        if not name or (name not in map(_plain, titles) and _THIS.search(name)):
            continue
        if found := _named(name, titles, 1.0 if len(name) < SHORT else CLOSE):
            return found
    return []


def _named(name: str, titles: Sequence[str], close: float) -> list[int]:
    """Rows of the movies called so, with their year and id or without, or nearly so."""
    kinds = (
        [_plain(t) for t in titles],
        [_plain(_ID.sub("", t)) for t in titles],
        [_plain(_YEAR.sub("", _ID.sub("", t))) for t in titles],
    )
    names = [written for kind in kinds for written in kind]
    if name not in names:
        near = difflib.get_close_matches(name, names, 1, close)
        if not near:
            return []
        name = near[0]
    written = next(kind for kind in kinds if name in kind)
    return [row for row, words in enumerate(written) if words == name]


def _one(rows: Sequence[int], titles: Sequence[str], say: Callable[[int], str]) -> str:
    """What there is to say of the one movie meant; of several, which they are."""
    if len(rows) > 1:
        which = "; ".join(titles[row] for row in rows)
        return f"There are {len(rows)} movies of this name: {which}. Ask again for one of them."
    return say(rows[0])


def _unknown(name: str) -> str:
    return f"There is no movie called ‘{name}’ in this data."


def _against(
    name: str,
    explanation: MovieExplanation,
    titles: Sequence[str],
    tell: Callable[[int], MovieExplanation],
    contrast: Callable[[int], MovieExplanation],
) -> str:
    """Why not the movie of this name: it cannot be, or it stands where it stands."""
    rows = _named(name, titles, LOOSE) or _named(_asked(name), titles, LOOSE)
    if not rows:
        return _unknown(name)
    others = [row for row in rows if row != explanation.item]
    if not others:
        if explanation.recommended:
            return "That is the very movie that is recommended."
        return explanation.sentence()

    def say(row: int) -> str:
        told = tell(row)
        if told.excluded:
            return f"{told.title} is not recommended: {told.excluded}."
        return f"{told.title} stands at place {told.rank}. {contrast(row).sentence()}"

    return _one(others, titles, say)


def _plain(text: str) -> str:
    """Lower case words alone, one space apart: what speech recognition gives, too."""
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())
