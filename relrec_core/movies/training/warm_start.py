"""Where training begins: random weights, or the factors of the ratings that are to be learned.

From Xavier's small weights a RecoNet of many movies spends most of its steps on leaving the
neighbourhood of popularity. Alternating least squares (Hu et al. 2008) is there within seconds,
and its users are nearly linear in their movies, which is what RecoNet's are exactly.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse

from relrec_core.movies.data.features import FeatureSpace
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.threads import one_blas_thread

REGULARISATION, ALPHA, ITERATIONS = 60.0, 10.0, 10
"""Better than half of both on the development movies of MovieLens 100K, seed 0."""
STEPS = 20
"""Of the regression of users on their profiles."""
USERS = 256
"""On so many users the scale of the scores is chosen."""
SCALES = tuple(2.0 ** (k / 2) for k in range(-4, 9))


def start_from_factors(
    net: RecoNet, liked: sparse.csr_matrix, space: FeatureSpace, seed: int, ridge: float
) -> None:
    """Give a network without a layer the factors of histories (B, V) for weights.

    Outputs are the movies' factors; embeddings are those whose mean over a profile is nearest to
    the user's factors (`_embeddings`). Scores are scaled so that the softmax fits the histories
    best.
    """
    users, movies = _factors(liked, net.embeddings.shape[1], seed)
    bags = space.bags(liked)
    pooled = sparse.csr_matrix(sparse.diags_array(1 / np.maximum(np.diff(bags.indptr), 1)) @ bags)
    embeddings = _embeddings(pooled, users, ridge)
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(np.diff(liked.indptr)))[:USERS]
    scale = _scale(np.asarray(pooled[chosen] @ embeddings @ movies.T), liked[chosen])
    lengths = [float(np.sqrt(np.square(side).mean())) for side in (embeddings, movies)]
    even = np.sqrt(scale * lengths[0] * lengths[1])  # the root mean square of both sides
    with torch.no_grad():
        net.embeddings.copy_(torch.from_numpy(embeddings * (even / lengths[0])))
        net.outputs.copy_(torch.from_numpy(movies * (even / lengths[1])))


def _factors(liked: sparse.csr_matrix, size: int, seed: int) -> tuple[Doubles, Doubles]:
    """Factors (B, size) of users and (V, size) of movies."""
    from implicit.als import AlternatingLeastSquares

    with one_blas_thread():  # implicit has its own threads
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


def _embeddings(pooled: sparse.csr_matrix, users: Doubles, ridge: float) -> Doubles:
    """Of every feature, (F, d), so that their means over profiles come nearest to the users.

    argmin |A Q - U|^2 + ridge |D Q|^2 with the profiles A (B, F), rows of which sum to one, the
    users U (B, d) and D^2 the diagonal of A^T A: conjugate gradients (Hestenes and Stiefel 1952)
    on D Q, so that the cost grows with the ratings.
    """
    lengths = np.sqrt(np.asarray(pooled.multiply(pooled).sum(axis=0))).ravel()  # D
    unit = sparse.csr_matrix(pooled @ sparse.diags_array(1 / np.maximum(lengths, 1e-12)))
    back = sparse.csr_matrix(unit.T)
    found = np.zeros((unit.shape[1], users.shape[1]))
    left = back @ users
    step = left.copy()
    squares = np.square(left).sum(axis=0)  # (d,)
    for _ in range(STEPS):
        turned = back @ (unit @ step) + ridge * step
        size = squares / np.maximum((step * turned).sum(axis=0), 1e-300)
        found += size * step
        left -= size * turned
        before, squares = squares, np.square(left).sum(axis=0)
        step = left + (squares / np.maximum(before, 1e-300)) * step
    return np.asarray(found / np.maximum(lengths, 1e-12)[:, None])


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
