"""The best movies where there are too many to score each: candidates of an index, scored exactly.

An inner product is largest where a distance is smallest once all movies' vectors have one length,
which a further coordinate gives them (Bachrach et al. 2014, "Speeding up the Xbox recommender
system using a Euclidean transformation for inner-product spaces"): y' = (y, sqrt(M^2 - |y|^2)) with
M the longest, x' = (x, 0). So an index for distances finds candidates; their scores are computed
as the recommender computes them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from relrec_core import paths
from relrec_core.cores import cores
from relrec_core.errors import border, unreadable
from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.best import best
from relrec_core.movies.model.scorer import Factored, Scores
from relrec_core.neighbours import CHUNK, Index, Vectors

MOST_SCORED = 1_000_000
"""Movies; of more a shortlist is made, where the recommender can."""
CANDIDATES = 1_000
"""Movies of a shortlist that a user has not seen, unless another number is asked for."""
FOLDER, LISTS, ABOUT = ".shortlists", "lists.faiss", "about.json"
"""In the data directory; it may be deleted at any time."""
AT_ONCE = 5_000_000
"""Scores that are held at once where all movies are scored."""
WIDTH = 8
"""Vectors have a multiple of so many coordinates, which faiss reads at once."""


@dataclass(frozen=True, eq=False)
class OnSphere:
    """Vectors (V, d) with a further coordinate that gives all the same length, made when read.

    `shape` is (V, D): d + 1 coordinates, and zeros up to the next multiple of `WIDTH`.
    """

    vectors: Scores

    @property
    def shape(self) -> tuple[int, ...]:
        """(V, D)."""
        n, d = self.vectors.shape
        return n, (d // WIDTH + 1) * WIDTH

    @cached_property
    def length(self) -> float:
        """M, the length of the longest."""
        starts = range(0, len(self.vectors), CHUNK)
        squares = [_squares(self.vectors[at : at + CHUNK]).max() for at in starts]
        return float(max(squares) ** 0.5)

    def __getitem__(self, rows: Any) -> Vectors:
        """(n, D) of some of them."""
        y = np.asarray(self.vectors[rows])
        return self._filled(y, np.sqrt(np.maximum(self.length**2 - _squares(y), 0)))

    def questions(self, users: Scores) -> Vectors:
        """Users' vectors (B, d), brought to the same length, which changes no order: (B, D)."""
        lengths = np.sqrt(_squares(users))
        stretched = users * (self.length / np.where(lengths > 0, lengths, 1))[:, None]
        return self._filled(stretched, np.zeros(len(users)))

    def _filled(self, y: Scores, last: Scores) -> Vectors:
        n, d = y.shape
        made = np.zeros((n, self.shape[1]), dtype=np.float32)
        made[:, :d], made[:, d] = y, last
        return made


def _squares(y: Scores) -> Scores:
    return np.asarray(np.einsum("nd,nd->n", y, y, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Shortlist:
    """Candidates for users, and what share of the best they were measured to hold.

    Args:
        scorer: whose score is a product of two vectors.
        index: over the movies' vectors.
        candidates: of each user, beside those already seen.
        recall: of the best unseen movies of users it was not tuned with.
        users: so many.
    """

    scorer: Factored
    index: Index
    candidates: int
    recall: float = float("nan")
    users: int = 0

    def best(
        self, bags: sparse.csr_matrix, seen: sparse.csr_matrix, n: int
    ) -> tuple[Indices, Scores]:
        """The n best unseen movies of every user, best first: (B, n) items and (B, n) scores.

        As `rank_all` has it, but for movies that are not among the candidates; a score of -inf
        where fewer than n are left. Who finds too few candidates has all movies scored.
        """
        vectors, users = self.scorer.item_vectors, self.scorer.user_vectors(bags)
        counts = np.diff(seen.indptr)
        asked = min(len(vectors), self.candidates + int(counts.max(initial=0)))
        near = self.index.candidates(OnSphere(vectors).questions(users), asked)
        items = np.zeros((len(users), n), dtype=np.int64)
        scores = np.full((len(users), n), -np.inf, dtype=np.result_type(vectors, users))
        for row, user in enumerate(users):
            known = seen.indices[seen.indptr[row] : seen.indptr[row + 1]]
            found = np.setdiff1d(near[row][near[row] >= 0], known)
            k = min(n, len(vectors) - int(counts[row]))
            if len(found) < k:
                found = np.setdiff1d(np.arange(len(vectors)), known)
            of = vectors[found] @ user
            top = np.argpartition(-of, k - 1)[:k] if k else found[:0]
            top = top[np.lexsort((found[top], -of[top]))]
            items[row, :k], scores[row, :k] = found[top], of[top]
        return items, scores


def shortlist(
    scorer: Factored, bags: sparse.csr_matrix, seen: sparse.csr_matrix, candidates: int, n: int
) -> Shortlist:
    """Build one; its recall is measured against all movies scored.

    Args:
        scorer: of the movies.
        bags: (B, F) profiles of users: every other one chooses how far the index looks, the
            others say what it finds; a lone one does both.
        seen: (B, V) movies they know.
        candidates: of each user.
        n: best movies that are asked for.
    """
    sphere = OnSphere(scorer.item_vectors)
    questions = sphere.questions(scorer.user_vectors(bags[::2]))
    index = Index.build(sphere, cores(), questions=questions, among=candidates, bytes_a_value=1)
    others = slice(1 if bags.shape[0] > 1 else 0, None, 2)
    bags, seen = bags[others], seen[others]
    true, scores = _all_scored(scorer, bags, seen, n)
    made = Shortlist(scorer, index, candidates)
    found, _ = made.best(bags, seen, n)
    hits = np.stack([np.isin(*pair) for pair in zip(true, found, strict=True)])
    there = np.isfinite(scores)  # who has seen nearly all has fewer
    recall = float(hits[there].mean()) if there.any() else 1.0
    return Shortlist(scorer, index, candidates, recall, len(true))


def _all_scored(
    scorer: Factored, bags: sparse.csr_matrix, seen: sparse.csr_matrix, n: int
) -> tuple[Indices, Scores]:
    """`rank_all`, by a chunk of movies at a time for all users at once."""
    vectors, users = scorer.item_vectors, scorer.user_vectors(bags)
    items: Indices = np.zeros((len(users), 0), dtype=np.int64)
    scores: Scores = np.zeros((len(users), 0))
    size = max(1, AT_ONCE // len(users))
    for at in range(0, len(vectors), size):
        part = np.asarray(users @ vectors[at : at + size].T)
        known = sparse.csr_matrix(seen[:, at : at + size])
        found, values = best(part, known, min(n, part.shape[1]))
        items, scores = np.hstack([items, found + at]), np.hstack([scores, values])
        order = np.lexsort((items, -scores), axis=1)[:, :n]
        items = np.take_along_axis(items, order, axis=1)
        scores = np.take_along_axis(scores, order, axis=1)
    return items, scores


def kept(
    scorer: Factored, bags: sparse.csr_matrix, seen: sparse.csr_matrix, candidates: int, n: int
) -> Shortlist:
    """`shortlist` as it was kept in the data directory, its lists mapped; built where it was not.

    Raises:
        DataError: what was kept is damaged.
        StorageError: it cannot be kept.
    """
    vectors = scorer.item_vectors
    digest = hashlib.sha256(repr((vectors.shape, vectors.dtype.str, candidates, n)).encode())
    for at in range(0, len(vectors), CHUNK):
        digest.update(np.ascontiguousarray(vectors[at : at + CHUNK]).data)
    for matrix in (bags, seen):
        digest.update(np.ascontiguousarray(matrix.indices).data)
    folder = paths.data_dir() / FOLDER / digest.hexdigest()[:16]
    lists, about = folder / LISTS, folder / ABOUT
    with border(unreadable(about, "a shortlist as it was kept; delete its folder")):
        said = json.loads(about.read_text("utf-8")) if about.is_file() else {}
        if not said or not lists.is_file() or said["lists"] != paths.sha256(lists):
            said = _keep(shortlist(scorer, bags, seen, candidates, n), lists, about)
        index = Index.mapped(lists, OnSphere(vectors), said["index"])
        return Shortlist(scorer, index, candidates, said["recall"], said["users"])


def _keep(made: Shortlist, lists: Path, about: Path) -> dict[str, Any]:
    with paths.replacing(lists) as temporary:
        made.index.save(temporary)
    said = {
        "lists": paths.sha256(lists),
        "index": made.index.recall,
        "recall": made.recall,
        "users": made.users,
    }
    paths.write_text(about, json.dumps(said))
    return said
