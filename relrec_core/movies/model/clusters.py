"""Movies that a recommender sees alike: themes where no genres are known."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.item_item import ItemItem
from relrec_core.movies.model.item_vectors import AlsVectors, MeanVectors
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.scorer import Reconet, Scorer

CLUSTERS, SEED = 8, 0
DIMENSIONS = 16
"""Of the vectors that stand for the rows of an item-item matrix."""


def alike(scorer: Scorer, liked: sparse.csr_matrix) -> tuple[Indices, Indices]:
    """Cluster the movies by the direction of their vectors (k-means, Lloyd 1982).

    Args:
        scorer: the recommender.
        liked: (B, V) histories.

    Returns:
        (V,) the cluster of each movie, and (K,) the movie of each that most users liked.
    """
    from sklearn.cluster import KMeans

    vectors = _vectors(scorer, liked.shape[1])
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    number = min(CLUSTERS, len(np.unique(units.round(6), axis=0)))
    found = KMeans(number, n_init=1, random_state=SEED).fit_predict(units).astype(np.int64)
    counts = np.asarray(liked.sum(axis=0)).ravel()
    best = [int(np.where(found == k, counts, -1).argmax()) for k in range(number)]
    return found, np.array(best, dtype=np.int64)


def _vectors(scorer: Scorer, items: int) -> Doubles:
    """(V, d) of the movies; of a matrix its strongest directions."""
    if isinstance(scorer, Reconet):
        return scorer.weights.embeddings[:items].astype(np.float64)
    if isinstance(scorer, MeanVectors | AlsVectors):
        return scorer.vectors.astype(np.float64)
    if isinstance(scorer, ItemItem) and items > 2:
        k, first = min(DIMENSIONS, items - 1), np.ones(items, dtype=scorer.matrix.dtype)
        left, sizes, _ = svds(scorer.matrix, k=k, v0=first)
        return np.asarray(left * sizes)
    return np.ones((items, 1))
