"""Ask two recommenders for one user."""

from __future__ import annotations

from relrec_core.movies.explanation.comparison import Comparison, Placed
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.titles import unique_labels


def compared(
    recommenders: tuple[Recommender, Recommender],
    profiles: tuple[Profile, Profile],
    reasons: tuple[MovieExplanation, MovieExplanation],
    n: int,
) -> Comparison:
    """Compare the first n movies of two recommenders on the same data.

    Args:
        recommenders: models and data.
        profiles: the same user as either sees them.
        reasons: explanations of the same movie by either.
        n: length of the lists.

    Raises:
        ProfileError: a profile is empty.
    """
    places = [
        {
            int(item): place
            for place, item in enumerate(of.rank(profile, of.space.n_items).items, start=1)
        }
        for of, profile in zip(recommenders, profiles, strict=True)
    ]
    shown = {item for of in places for item, place in of.items() if place <= n}
    titles = recommenders[0].titles
    last = len(titles) + 1
    movies = sorted(shown, key=lambda i: tuple(of.get(i, last) for of in places))
    first, second = unique_labels([r.name for r in recommenders], [r.run for r in recommenders])
    return Comparison(
        names=(first, second),
        viewer=profiles[0].name,
        n=n,
        movies=tuple(
            Placed(item=i, title=titles[i], first=places[0].get(i), second=places[1].get(i))
            for i in movies
        ),
        reasons=reasons,
    )
