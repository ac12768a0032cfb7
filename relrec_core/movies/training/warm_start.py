"""Where training begins: random weights, or the factors of the ratings that are to be learned.

From Xavier's small weights a RecoNet of many movies spends most of its steps on leaving the
neighbourhood of popularity. Alternating least squares (Hu et al. 2008) is there within seconds,
and its users are nearly linear in their movies, which is what RecoNet's are exactly.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from threadpoolctl import threadpool_limits

from relrec_core.movies.data.features import FeatureSpace
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.model.relevance import Doubles

REGULARISATION, ALPHA, ITERATIONS = 60.0, 10.0, 10
"""Better than half of both on the development movies of MovieLens 100K, seed 0."""
RIDGE = 1e-3
"""Of the regression of users on their movies, as a share of the movies' mean square."""
USERS = 256
"""On so many users the scale of the scores is chosen."""
SCALES = tuple(2.0 ** (k / 2) for k in range(-4, 9))


def start_from_factors(
    net: RecoNet, liked: sparse.csr_matrix, space: FeatureSpace, seed: int
) -> None:
    """Give a network without a layer the factors of histories (B, V) for weights.

    Outputs are the movies' factors Y. Embeddings of movies are Y A, with the A that brings the
    mean over a history nearest to the user's factors; those of attributes are the mean of what
    has them. Scores are scaled so that the softmax fits the histories best.
    """
    users, movies = _factors(liked, net.embeddings.shape[1], seed)
    embeddings = _embeddings(users, movies, liked, space)
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(np.diff(liked.indptr)))[:USERS]
    bags = space.bags(liked)[chosen]
    pooled = (bags @ embeddings) / np.maximum(np.diff(bags.indptr), 1)[:, None]
    scale = _scale(pooled @ movies.T, liked[chosen])
    lengths = [float(np.sqrt(np.square(side).mean())) for side in (embeddings, movies)]
    even = np.sqrt(scale * lengths[0] * lengths[1])  # the root mean square of both sides
    with torch.no_grad():
        net.embeddings.copy_(torch.from_numpy(embeddings * (even / lengths[0])))
        net.outputs.copy_(torch.from_numpy(movies * (even / lengths[1])))


def _factors(liked: sparse.csr_matrix, size: int, seed: int) -> tuple[Doubles, Doubles]:
    """Factors (B, size) of users and (V, size) of movies."""
    from implicit.als import AlternatingLeastSquares

    with threadpool_limits(1, "blas"):  # implicit has its own threads
        model = AlternatingLeastSquares(
            factors=size,
            regularization=REGULARISATION,
            alpha=ALPHA,
            iterations=ITERATIONS,
            num_threads=torch.get_num_threads(),
            random_state=seed,
            use_gpu=False,
        )
        model.fit(liked, show_progress=False)
    users, movies = (np.asarray(f, np.float64) for f in (model.user_factors, model.item_factors))
    return users, movies


def _embeddings(
    users: Doubles, movies: Doubles, liked: sparse.csr_matrix, space: FeatureSpace
) -> Doubles:
    sizes = np.maximum(np.diff(liked.indptr), 1)[:, None]
    means = (liked @ movies) / sizes  # (B, d)
    gram = means.T @ means
    ridge = RIDGE * np.trace(gram) / len(gram)
    onto = np.linalg.solve(gram + (ridge + 1e-12) * np.eye(len(gram)), means.T @ users)  # (d, d)
    embeddings = np.zeros((space.n_features, movies.shape[1]))
    for owners, of in ((space.item_attributes, movies @ onto), (space.user_attributes, users)):
        counts = np.asarray(owners.sum(axis=0)).ravel()
        has = counts > 0
        embeddings[has] = (owners.T @ of)[has] / counts[has, None]
    embeddings[: space.n_items] = movies @ onto
    return embeddings


def _scale(scores: Doubles, liked: sparse.csr_matrix) -> float:
    """What scores (B, V) are multiplied by so that the softmax makes the histories most likely."""
    unit = 1 / max(float(scores.std()), 1e-12)
    wanted = sparse.diags_array(1 / np.maximum(np.diff(liked.indptr), 1)) @ liked
    said = float(wanted.multiply(scores).sum())
    most = scores.max(axis=1, keepdims=True)
    losses = [
        float((np.log(np.exp(unit * scale * (scores - most)).sum(axis=1))).sum())
        + unit * scale * (float(most.sum()) - said)
        for scale in SCALES
    ]
    return float(unit * SCALES[int(np.argmin(losses))])
