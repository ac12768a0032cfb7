"""Recommenders beside the one shown, fitted in seconds on the histories that it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from scipy import sparse

from relrec_core.errors import ProfileError
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.model.item_item import ItemItem, cosine, ease
from relrec_core.movies.model.item_vectors import AlsVectors
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.scorer import Linear
from relrec_core.movies.model.threads import one_blas_thread

Settings = Mapping[str, float]
USUAL: Mapping[str, Settings] = {
    "EASE": {"regularisation": 500.0},
    "Item-item cosine": {"neighbours": 200},
    "ALS": {"factors": 48, "regularisation": 60.0, "alpha": 10.0},
}
"""Chosen most often on the development movies of MovieLens 100K, by the stored table `recall`."""
RECIPES: Mapping[str, Mapping[str, Settings]] = {
    "ml-1m": {
        "EASE": {"regularisation": 1000.0},
        "ALS": {"factors": 64, "regularisation": 100.0, "alpha": 10.0},
    }
}
"""What the same table chooses on a larger data set."""
ITERATIONS = 15
PAIRED, MOST_PAIRED = ("EASE", "Item-item cosine"), 20_000
"""Who keep a number for every pair of movies, and for how many movies there is memory for them."""


def peer(of: Recommender, name: str) -> Recommender:
    """The recommender of this name on the data and histories of another; it reads movies alone.

    Raises:
        ProfileError: nobody liked anything, or there are too many movies for pairs of them.
    """
    if not of.history.nnz:
        raise ProfileError("No user of this data has a liked movie, so there is nothing to fit.")
    if name in PAIRED and of.space.n_items > MOST_PAIRED:
        raise ProfileError(
            f"{name} keeps a number for every pair of movies; {of.space.n_items:,} movies are too "
            "many for that. Choose ALS."
        )
    chosen = RECIPES.get(of.data.name, {}).get(name, USUAL[name])
    return replace(
        of,
        space=feature_space(of.data, with_attributes=False),
        scorer=FITS[name](of.history, chosen),
        run=f"{name}, {', '.join(f'{key} {value:g}' for key, value in chosen.items())}",
        name=name,
    )


def _ease(liked: sparse.csr_matrix, chosen: Settings) -> Linear:
    return ItemItem(ease(liked, chosen["regularisation"]).astype(np.float32))


def _cosine(liked: sparse.csr_matrix, chosen: Settings) -> Linear:
    return ItemItem(cosine(liked, int(chosen["neighbours"])))


def _als(liked: sparse.csr_matrix, chosen: Settings) -> Linear:
    """By the package `implicit`, which has threads of its own."""
    from implicit.als import AlternatingLeastSquares

    with one_blas_thread():
        model = AlternatingLeastSquares(
            factors=int(chosen["factors"]),
            regularization=chosen["regularisation"],
            alpha=chosen["alpha"],
            iterations=ITERATIONS,
            random_state=0,
        )
        model.fit(liked, show_progress=False)
    return AlsVectors(model.item_factors, chosen["regularisation"], chosen["alpha"])


FITS: Mapping[str, Callable[[sparse.csr_matrix, Settings], Linear]] = {
    "EASE": _ease,
    "Item-item cosine": _cosine,
    "ALS": _als,
}
"""By name, from binary histories (B, V)."""
