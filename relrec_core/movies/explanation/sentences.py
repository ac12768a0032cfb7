"""Why a movie was recommended, in words that hold whatever the signs and sizes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from relrec_core.movies.data.features import FILM
from relrec_core.movies.model.themes import LIKE

if TYPE_CHECKING:
    from relrec_core.movies.explanation.result import (
        Counterfactual,
        FeatureRelevance,
        MovieExplanation,
        Theme,
    )

MOSTLY = 0.5
"""From this share of the score on, the base value is the reason."""
POPULAR = 1.0
"""From this score of the average user on, nearly everyone likes a movie: it is then e times as
likely to be the next one as an average movie."""
NAMED, WORTH = 2, 0.05
"""Most themes that a sentence names, and the share of the score that each but the first needs."""
SPELT = 4
"""Most changed movies that a sentence names one by one."""
COUNTS = 0.01
"""Share of the score from which a counter-signal is worth a sentence."""

PLURAL = {
    "Action": "action",
    "Adventure": "adventure",
    "Animation": "animation",
    "Children's": "children’s movies",
    "Comedy": "comedies",
    "Crime": "crime",
    "Documentary": "documentaries",
    "Drama": "dramas",
    "Fantasy": "fantasy",
    "Film-Noir": "film noir",
    "Horror": "horror",
    "Musical": "musicals",
    "Mystery": "mysteries",
    "Romance": "romances",
    "Sci-Fi": "science fiction",
    "Thriller": "thrillers",
    "War": "war movies",
    "Western": "westerns",
}
"""The genres of MovieLens as one speaks of them."""


def everyone(told: MovieExplanation) -> str:
    """What the base value is called."""
    if told.against is not None:
        return "Average user’s preference"
    if _popular_with_all(told):
        return "Liked by everyone"
    return "The average user’s score"


def _popular_with_all(told: MovieExplanation) -> bool:
    """Only where a score is a logit is it known what is much."""
    return told.probability is not None and told.base >= POPULAR


def sentence(told: MovieExplanation) -> str:
    """One or two sentences: the reason that carries most, its share, and the counter-signal."""
    if told.score > 0:
        counted = "" if told.reference == "average" else "Counted as in the paper, "
        text = f"{counted}{_lead(told)} {_reason(told)}."
    elif told.against is None:
        average = "" if told.probability is None else ", no more than an average movie"
        text = (
            f"{told.title} scores {_number(told.score)} for {told.viewer}"
            f"{average}{_why_outside(told)}.{_still(told)}"
        )
    else:
        lead = f"higher than {told.title}" if told.score else f"as high as {told.title}"
        by = f", by {_number(-told.score)}" if told.score else ""
        text = f"{told.against} scores {lead} for {told.viewer}{by}.{_still(told)}"
    against = told.opposition[:1]
    if against and -against[0].relevance >= COUNTS * abs(told.score):
        text += (
            f" Strongest counter-signal: {spoken(against[0])} ({_number(against[0].relevance)})."
        )
    return text


def _lead(told: MovieExplanation) -> str:
    """'Fargo (1996) is recommended', or where it stands instead."""
    if told.recommended:
        return (
            told.title
            + (f" rather than {told.against}" if told.against else "")
            + (" is recommended")
        )
    if told.against:
        return f"{told.title} scores {_number(told.score)} more than {told.against}"
    if told.excluded:
        said = f"{told.title} is not recommended: {told.excluded}. {told.viewer} would get it with"
        return f"{said} a score of {_number(told.score)}"
    return (
        f"{told.title} stands at place {told.rank} for {told.viewer} (score {_number(told.score)})"
    )


def _why_outside(told: MovieExplanation) -> str:
    if told.excluded:
        return f", and it cannot be recommended: {told.excluded}"
    return "" if told.recommended else f", and stands at place {told.rank}"


def kept_out(contrast: MovieExplanation, n: int) -> str:
    """What keeps a movie from the first n: what the n-th has before it.

    Args:
        contrast: of the n-th movie against this one.
        n: length of the list.
    """
    if contrast.score <= 0:
        return f"Number {n}, {contrast.title}, scores no more."
    return (
        f"Number {n}, {contrast.title}, scores {_number(contrast.score)} more, {_reason(contrast)}."
    )


def _still(told: MovieExplanation) -> str:
    if not told.supports:
        return " Nothing in this profile raises it."
    best = told.supports[0]
    return f" What raises it most is {spoken(best)} (+{_number(best.relevance)})."


def _reason(told: MovieExplanation) -> str:
    if told.reference == "average" and told.base >= MOSTLY * told.score:
        return _popular(told)
    return _tastes(told)


def _popular(told: MovieExplanation) -> str:
    """The base value is most of the score, or all of it and more."""
    if told.against is not None:
        why = "the average user prefers it too"
    elif _popular_with_all(told):
        why = "nearly everyone likes it"
    else:
        why = "it suits the average user"
    base, score, taste = _number(told.base), _number(told.score), told.score - told.base
    if taste < 0:
        though = "although" if not told.recommended and told.against is None else "only because"
        return (
            f"{though} {why}: that alone would give {base}, the taste of {told.viewer} takes "
            f"{_number(-taste)} off"
        )
    text = f"mostly because {why} ({base} of {score})"
    themes = _named(told)
    if taste >= WORTH * told.score and themes:
        return f"{text}; the taste of {told.viewer} adds {_number(taste)}: {_listed(told, themes)}"
    return f"{text}; the taste of {told.viewer} adds {_number(taste)}"


def _tastes(told: MovieExplanation) -> str:
    """The user's own taste is most of the score."""
    themes = _named(told)
    if not themes:
        return "although nothing in this profile raises its score"
    outweighs = sum(theme.total for theme in themes) >= told.base
    text = f"{'mainly ' if outweighs else ''}because of {_listed(told, themes)}"
    if told.reference == "average":
        if told.against is not None:
            other = "" if told.base > 0 else f"; the average user prefers {told.against}"
            text += other and f"{other} (by {_number(-told.base)})"
        elif told.base > 0:
            text += f"; {_size(told, told.base)} of the score is what the average user gets"
        else:
            text += f"; the average user’s score is only {_number(told.base)}"
    return text


def _named(told: MovieExplanation) -> list[Theme]:
    """The themes that carry most, at most `NAMED`."""
    return [
        theme
        for i, theme in enumerate(told.themes[:NAMED])
        if theme.total > 0 and (i == 0 or theme.total >= WORTH * told.score)
    ]


def _listed(told: MovieExplanation, themes: Sequence[Theme]) -> str:
    """'dramas (24%) and action (14%) that User 3 liked, most of all Fargo (1996)'."""
    shares = {t.name: f"({_size(told, t.total)})" for t in themes}
    movies = {
        t.name: spoken_theme(t.name) if t.genre else "movies"
        for t in themes
        if t.genre or any(f.kind == FILM for f in told.features if t.name in f.parts)
    }
    facts = [f"{t.name.lower()} {shares[t.name]}" for t in themes if t.name not in movies]
    if not movies:
        return listed(facts)
    liked = [f"{words} {shares[name]}" for name, words in movies.items()]
    text = f"{listed(liked)} that {told.viewer} liked"
    best = [f for f in told.supports if f.kind == FILM and movies.keys() & f.parts.keys()]
    if best:
        text += f", most of all {best[0].label}"
    return text + (f", and of {listed(facts)}" if facts else "")


def spoken_theme(name: str) -> str:
    """'dramas', 'Anime movies' or 'movies like Fargo (1996)'."""
    if name.startswith(LIKE):
        return f"movies like {name.removeprefix(LIKE)}"
    return PLURAL.get(name, f"{name} movies")


def spoken(feature: FeatureRelevance) -> str:
    """A feature within a sentence: a title, or 'the genre War'."""
    if feature.kind == FILM:
        return feature.label
    return f"the {feature.kind} {feature.label.partition(': ')[2]}"


def changed(told: Counterfactual) -> str:
    """'Had User 3 not liked Fargo (1996), Clerks (1994) would stand first instead of ...'"""
    place = told.place
    if not told.found:
        what = {
            "first": f"displaces {told.title} from the first place",
            "top": f"takes {told.title} out of the top {told.n}",
            "named": f"lets {told.other} pass {told.title}",
            "into": f"brings {told.title} into the top {told.n}",
        }[told.aim]
        if told.aim == "into":
            return f"No set of up to {told.limit} other movies, liked as well, {what}."
        return f"No set of movies that {told.viewer} liked {what} by being left out."
    rest = len(told.movies) - SPELT + 1
    names = list(told.movies)
    if rest > 1:
        names = [*names[: SPELT - 1], f"{rest} more"]
    moved = f"place {place.after}, not {place.before}"
    then = {
        "first": f"{told.first} would stand first instead of {told.title}",
        "top": f"{told.title} would leave the top {told.n}: {moved}",
        "named": f"{told.other} would stand above {told.title}",
        "into": f"{told.title} would enter the top {told.n}: {moved}",
    }[told.aim]
    if told.aim == "into":
        return f"Had {told.viewer} liked {listed(names)}, too, {then}."
    return f"Had {told.viewer} not liked {listed(names)}, {then}."


def standing(told: Counterfactual) -> str:
    """'Proven smallest', 'At most 4, at least 3' or 'Found'."""
    if told.at_least is None:
        return "Found" if told.found else "None found"
    if not told.found:
        return "Proven: there is none" if told.proven else f"None found, at least {told.at_least}"
    if told.proven:
        return "Proven smallest"
    return f"At most {len(told.movies)}, at least {told.at_least}"


def means(told: Counterfactual) -> str:
    """What the standing says, and what was checked."""
    made = "The profile was made again with this change and ranks so."
    if told.at_least is None:
        why = "This model has a layer, so that the search follows its gradient"
        return f"{made if told.found else ''} {why} and proves nothing about smaller sets.".strip()
    if told.proven:
        if told.found:
            return f"No set of fewer movies does it. {made}"
        return "All sets were excluded." if told.aim != "into" else "No set of that size does it."
    left = f"The proof was given {told.seconds:g} seconds, and they were not enough."
    if told.removal == "fold-in":
        left = (
            "This model solves for the user again after each change, so that sets are tried one by "
            f"one, the small ones first, for {told.seconds:g} seconds."
        )
    return f"{made} {left}" if told.found else left


def listed(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _number(value: float) -> str:
    """Two digits, and of a small value as many as show its first."""
    digits = 2
    while 0 < abs(value) < 0.5 * 10**-digits and digits < 5:
        digits += 1
    return f"{value:z.{digits}f}".replace("-", "−")


def _size(told: MovieExplanation, part: float) -> str:
    """Percent of the score or, of a difference of two scores, points."""
    if told.against is not None or abs(part) > told.score:
        return f"{part:+.2f}".replace("-", "−")
    return f"{100 * part / told.score:.0f}%"
