"""Relevance of a profile's features for a score: what each adds, exactly and signed.

After Fusco et al. 2019, section 4.3: for the plain model Z_k = W_c . q_k / |FS_u|, with sum equal
to the logit; with a layer epsilon-LRP with the bias in the denominator. Beside it, what a feature
adds beyond the average user, whose score of the movie is the *base value*.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.weights import Floats, Weights

Doubles = npt.NDArray[np.float64]
EPSILON = 1e-6


@dataclass(frozen=True, eq=False)
class Relevance:
    """Contributions of features to the scores of movies: (n, C), and what is of none of them.

    `base`, `bias` and `epsilon` are (C,): the score of the average user, and what biases and the
    stabiliser took.
    """

    features: Doubles
    base: Doubles
    bias: Doubles
    epsilon: Doubles


def average_user(weights: Weights, bags: sparse.csr_matrix) -> Doubles:
    """Mean of the pooled profiles x_u over all users who have one: (B, F) -> (d,)."""
    sizes = np.diff(bags.indptr)
    having = sizes > 0
    pooled = (bags[having] @ weights.embeddings.astype(np.float64)) / sizes[having, None]
    return np.asarray(pooled.mean(axis=0), dtype=np.float64)


def relevance(
    weights: Weights,
    bag: Indices,
    items: npt.ArrayLike,
    epsilon: float = EPSILON,
    average: Doubles | None = None,
) -> Relevance:
    """Contribution of each profile feature to the score of each movie.

    Without `average` as in the paper: Z_k = W_c . q_k / n. With the average user q_mean:
    W_c . (q_k - q_mean) / n beyond the base value W_c . q_mean, which is the Shapley value of a
    linear model with the users as background (Lundberg and Lee 2017). With a layer it is
    epsilon-LRP of the logit, or of its difference to the average user's (the rescale rule of
    DeepLIFT, Shrikumar et al. 2017).

    Args:
        weights: the model.
        bag: (n,) features of the profile.
        items: (C,) movies to explain.
        epsilon: stabiliser of LRP; used only by the variant with a layer.
        average: (d,) pooled profile of the average user.

    Returns:
        base (C,) + features (n, C) summed + bias (C,) + epsilon (C,) = logits (C,).
    """
    rows = np.atleast_1d(np.asarray(items))
    q = weights.embeddings.take(bag, axis=0).astype(np.float64)  # (n, d)
    w = weights.outputs.take(rows, axis=0).astype(np.float64)  # (C, d or h)
    nothing = np.zeros(len(rows))
    base = nothing
    if average is not None:
        q = q - average
        base = w @ _hidden(weights, average)
    if weights.layer is None or weights.layer_bias is None:
        return Relevance(q @ w.T / len(bag), base, nothing, nothing)
    a = weights.layer.astype(np.float64)  # (h, d)
    b = weights.layer_bias.astype(np.float64)  # (h,)
    z = a @ (q.sum(axis=0) / len(bag))  # (h,)
    if average is None:
        z, passed = z + b, np.maximum(z + b, 0)
    else:  # z is how far the neurons are from where the average user has them
        b, there = np.zeros_like(b), a @ average + b
        passed = np.maximum(there + z, 0) - np.maximum(there, 0)
    stabiliser = np.where(z >= 0, epsilon, -epsilon)  # (h,)
    upper = w * (passed / (z + stabiliser))  # (C, h): R_j / (z_j + eps sgn z_j)
    return Relevance(q @ (upper @ a).T / len(bag), base, upper @ b, upper @ stabiliser)


def relevance_all(
    weights: Weights, bags: sparse.csr_matrix, items: Indices, epsilon: float = EPSILON
) -> Floats:
    """Shares of every profile's features in the logits of its own films, of all viewers at once.

    Row by row what `relevance` gives. A film's output weights are first carried back to the
    embeddings, v = W_c or, with a layer, v = A^T (W_c * relu(z) / (z + eps sgn z)); what is left
    for each viewer is one product of the profile's embeddings with v. That product runs viewer
    by viewer: measured on MovieLens, it takes half the time of padded batches.

    Args:
        weights: the model.
        bags: (B, F) profiles, non-zero where a feature is in the profile.
        items: (B, C) films to explain to each viewer.
        epsilon: stabiliser of LRP; used only by the variant with a layer.

    Returns:
        (nnz, C), row i belonging to feature `bags.indices[i]`.
    """
    sizes = np.maximum(np.diff(bags.indptr), 1).astype(np.float32)  # (B,)
    v = weights.outputs.take(items, axis=0)  # (B, C, d or h)
    if weights.layer is not None and weights.layer_bias is not None:
        q = weights.embeddings.astype(np.float64)  # (F, d)
        x = np.asarray(bags @ q) / sizes[:, None]  # (B, d)
        z = x @ weights.layer.T.astype(np.float64) + weights.layer_bias  # (B, h)
        passed = np.maximum(z, 0) / (z + np.where(z >= 0, epsilon, -epsilon))  # (B, h)
        v = (v * passed[:, None, :].astype(np.float32)) @ weights.layer  # (B, C, d)
    v = v / sizes[:, None, None]
    shares = np.empty((bags.nnz, items.shape[1]), dtype=np.float32)
    ends = bags.indptr.tolist()
    for row, (start, end) in enumerate(itertools.pairwise(ends)):
        own = weights.embeddings.take(bags.indices[start:end], axis=0)  # (n, d)
        np.dot(own, v[row].T, out=shares[start:end])
    return shares


def score_of_kept(
    weights: Weights,
    bag: Indices,
    kept: npt.NDArray[np.bool_],
    item: int,
    average: Doubles | None = None,
) -> Doubles:
    """Logit of one movie when only some features are kept: kept (R, n) -> (R,).

    Removed features leave the mean to those that are left, as in any other profile; an empty
    profile averages to zero. With `average` (d,) they are replaced instead: the average user
    stands in the place of each.
    """
    q = weights.embeddings[bag].astype(np.float64)  # (n, d)
    count = kept.sum(axis=1)[:, None]
    if average is None:
        x = (kept @ q) / np.maximum(count, 1)  # (R, d)
    else:
        x = (kept @ q + (len(bag) - count) * average) / len(bag)
    return np.asarray(_hidden(weights, x) @ weights.outputs[item].astype(np.float64))


def _hidden(weights: Weights, x: Doubles) -> Doubles:
    """Pooled profiles (..., d) -> what the output layer reads, in double precision."""
    if weights.layer is None or weights.layer_bias is None:
        return x
    z = x @ weights.layer.T.astype(np.float64) + weights.layer_bias.astype(np.float64)
    return np.maximum(z, 0)
