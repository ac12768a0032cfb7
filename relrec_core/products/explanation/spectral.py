"""Spectral clustering of vectors: a graph of nearest neighbours, cut where its eigenvalues jump.

U. von Luxburg: A Tutorial on Spectral Clustering, Statistics and Computing 17 (2007).
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import SpectralClustering
from sklearn.neighbors import kneighbors_graph

MOST, TOGETHER = 8, 8
"""Most clusters that are looked for, and how many vectors there must be for each of them."""

Vectors = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clusters:
    """A number from 0 for each vector, 0 the largest cluster, and the Laplacian's eigenvalues.

    Args:
        labels: (n,).
        eigenvalues: (m,) the smallest ones, ascending; the number of clusters is where they jump.
    """

    labels: npt.NDArray[np.int64]
    eigenvalues: Vectors

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.labels.max()) + 1


def sparse(n: int) -> int:
    """How many neighbours keep a graph of n vectors together: the order of log n (section 8.2).

    More of them join what is rare, a group smaller than its number of neighbours, to the rest.
    """
    return max(3, round(math.log(n)))


def neighbours(vectors: Vectors, count: int) -> Vectors:
    """(n, n) symmetric graph: 1 between mutual nearest neighbours, 1/2 if one is the other's."""
    near = kneighbors_graph(vectors, min(count, len(vectors) - 1), include_self=False).toarray()
    return np.asarray((near + near.T) / 2)


def laplacian_eigenvalues(graph: Vectors) -> Vectors:
    """(n,) of the normalised Laplacian I - D^(-1/2) A D^(-1/2) of a graph A (n, n), ascending."""
    scale = 1 / np.sqrt(graph.sum(axis=1))
    found = np.linalg.eigvalsh(np.eye(len(graph)) - scale[:, None] * graph * scale)
    return np.asarray(np.clip(found, 0, None))


def eigengap(eigenvalues: Vectors, most: int) -> int:
    """Number of clusters: after how many eigenvalues, at most `most`, the largest jump comes."""
    jumps = np.diff(eigenvalues[: most + 1])
    return int(jumps.argmax()) + 1


def spectral_clusters(vectors: Vectors, seed: int = 0) -> Clusters:
    """Clusters of vectors (n, d), n of at least 3.

    Args:
        vectors: to be compared by their Euclidean distance.
        seed: of the clustering.
    """
    graph = neighbours(vectors, sparse(len(vectors)))
    eigenvalues = laplacian_eigenvalues(graph)
    most = max(2, min(MOST, len(vectors) // TOGETHER))
    count = min(eigengap(eigenvalues, most), len(vectors) - 1)
    if count == 1:
        labels = np.zeros(len(vectors), dtype=np.int64)
    else:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Graph is not fully connected", UserWarning)
            labels = SpectralClustering(
                count, affinity="precomputed", assign_labels="cluster_qr", random_state=seed
            ).fit_predict(graph)
    order = np.argsort(-np.bincount(labels), kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return Clusters(places[labels].astype(np.int64), eigenvalues[: MOST + 2])
