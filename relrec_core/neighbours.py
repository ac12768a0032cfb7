"""Nearest neighbours of latent vectors: all compared, or found through an index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

EXACT_UP_TO = 50_000
"""Products; more are searched through an index."""
CHUNK = 65_536
"""Rows added to an index at once; bounds the memory of building it."""
SAMPLE_PER_LIST = 40
"""Rows for each list that the centres of the lists are learned from."""
WANTED_RECALL = 0.98
"""Of the ten nearest, on the questions that choose how many lists are looked at."""
QUESTIONS, NEAREST = 200, 10
RERANKED = 500
"""Candidates that a personal distance is computed for after the search for everybody."""

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class Many(Protocol):
    """Vectors (N, D): an array, one mapped into memory, or rows that are made when asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, D)."""
        ...

    def __getitem__(self, rows: Any) -> Vectors:
        """Some of them, (n, D)."""
        ...


def distances(latents: Many, query: Vectors, weights: Vectors) -> Vectors:
    """d = sum_k w_k (y_k - q_k)^2 of all, (N,); by chunks, which bounds the memory."""
    parts = range(0, max(latents.shape[0], 1), CHUNK)
    return np.concatenate([np.square(latents[p : p + CHUNK] - query) @ weights for p in parts])


def nearest(
    latents: Many,
    query: Vectors,
    weights: Vectors,
    n: int,
    among: Rows | None = None,
    given: Vectors | None = None,
) -> tuple[Rows, Vectors]:
    """Rows and distances, less what is given, of the n for which that is least; least first.

    Args:
        latents: y (N, D).
        query: q (D,).
        weights: w (D,).
        n: at most so many.
        among: rows that may be answers; all if not given.
        given: (N,) points that are added to the logit, and so taken off the distance.
    """
    rows = np.arange(latents.shape[0]) if among is None else among
    d = distances(latents if among is None else latents[among], query, weights)  # (N,)
    if given is not None:
        d = d - given[rows]
    n = min(n, len(rows))
    if not n:
        return rows[:0], d[:0]
    first = np.argpartition(d, n - 1)[:n] if n < len(rows) else np.arange(n)
    order = first[np.lexsort((rows[first], d[first]))]
    return rows[order], d[order]


def all_nearest(latents: Many, questions: Vectors) -> Rows:
    """Rows (Q, `NEAREST`) of the nearest of each question, every vector compared, by chunks."""
    import faiss

    best = np.full((len(questions), NEAREST), np.inf, dtype=np.float32)
    rows = np.zeros((len(questions), NEAREST), dtype=np.int64)
    for start in range(0, latents.shape[0], CHUNK):
        chunk = np.ascontiguousarray(latents[start : start + CHUNK], dtype=np.float32)
        d, near = faiss.knn(questions, chunk, min(NEAREST, len(chunk)))
        d, near = np.hstack([best, d]), np.hstack([rows, near + start])
        at = np.argsort(d, axis=1)[:, :NEAREST]
        best, rows = np.take_along_axis(d, at, axis=1), np.take_along_axis(near, at, axis=1)
    return rows


def _fill(index: Any, latents: Many) -> None:
    """Add the vectors to a trained index, whose lists get the room they need first.

    Lists that grow as they are filled take half as much again on the average.
    """
    import faiss

    count = latents.shape[0]
    owner = np.empty(count, dtype=np.int32)  # the list of each
    starts = range(0, count, CHUNK)
    for at in starts:
        part = np.ascontiguousarray(latents[at : at + CHUNK], dtype=np.float32)
        owner[at : at + CHUNK] = index.quantizer.search(part, 1)[1][:, 0]
    for number, size in enumerate(np.bincount(owner, minlength=index.nlist).tolist()):
        index.invlists.resize(number, size)
        index.invlists.resize(number, 0)
    for at in starts:
        part = np.ascontiguousarray(latents[at : at + CHUNK], dtype=np.float32)
        lists = owner[at : at + CHUNK].astype(np.int64)
        index.add_core(len(part), faiss.swig_ptr(part), None, faiss.swig_ptr(lists))


@dataclass(frozen=True, eq=False)
class Index:
    """An inverted file of latent vectors (faiss), with the recall it was measured to have.

    Args:
        latents: (N, D).
        looked_at: lists that a question looks into.
        recall: share of the ten nearest it found, over the questions it was measured with.
    """

    latents: Many
    looked_at: int
    recall: float
    _lists: Any

    @classmethod
    def build(
        cls,
        latents: Many,
        threads: int = 2,
        seed: int = 0,
        *,
        questions: Vectors | None = None,
        among: int = NEAREST,
        bytes_a_value: int = 2,
    ) -> Self:
        """Learn the lists from a sample, add the vectors by chunks, measure the recall.

        Memory grows with the vectors kept (once as codes), the list of each and the sample.

        Args:
            latents: (N, D); may be a memory map.
            threads: of faiss.
            seed: of the sample and the questions.
            questions: (Q, D) that the recall is measured with; `QUESTIONS` of the vectors
                themselves if not given.
            among: how many candidates the ten nearest shall be among.
            bytes_a_value: of a code, 1 or 2.
        """
        import faiss

        faiss.omp_set_num_threads(threads)
        count, dim = latents.shape
        lists = max(1, min(int(2 * count**0.5), count // SAMPLE_PER_LIST))
        chance = np.random.default_rng(seed)
        sample = np.sort(chance.choice(count, min(count, lists * SAMPLE_PER_LIST), replace=False))
        centres, kinds = faiss.IndexFlatL2(dim), faiss.ScalarQuantizer
        kind = kinds.QT_fp16 if bytes_a_value == 2 else kinds.QT_8bit
        index = faiss.IndexIVFScalarQuantizer(centres, dim, lists, kind, faiss.METRIC_L2)
        index.cp.niter, index.cp.seed = 6, seed
        index.train(np.ascontiguousarray(latents[sample], dtype=np.float32))
        _fill(index, latents)
        if questions is None:
            questions = latents[chance.choice(count, min(QUESTIONS, count), replace=False)]
        asked = np.ascontiguousarray(questions, np.float32)
        true = all_nearest(latents, asked)
        looked_at = 1
        while True:
            index.nprobe = looked_at
            _, found = index.search(asked, min(among, count))
            recall = float(
                np.mean([np.isin(t, f).mean() for t, f in zip(true, found, strict=True)])
            )
            if recall >= WANTED_RECALL or looked_at >= lists:
                return cls(latents, looked_at, recall, index)
            looked_at = min(lists, looked_at * 2)

    def candidates(self, questions: Vectors, n: int) -> Rows:
        """Rows (Q, n) near to questions (Q, D), nearest first; -1 where fewer were found."""
        _, found = self._lists.search(np.ascontiguousarray(questions, np.float32), n)
        return np.asarray(found, dtype=np.int64)

    def nearest(
        self, query: Vectors, weights: Vectors, n: int, given: Vectors | None = None
    ) -> tuple[Rows, Vectors]:
        """As `nearest`: candidates by the distance for everybody, ranked by that for w.

        With points `given` (N,) the candidates are enough where nothing farther than they are can
        come before the n best of them, whatever it is given and w makes of its distance; else all
        are compared.
        """
        found = self.candidates(query[None], max(n, RERANKED))[0]
        among = found[found >= 0]
        rows, d = nearest(self.latents, query, weights, n, among, given)
        if given is None:
            return rows, d
        if len(among) == len(found):
            farthest = np.square(self.latents[among[-1:]] - query).sum()
            if d[-1] <= weights.min() * farthest - given.max():
                return rows, d
        return nearest(self.latents, query, weights, n, None, given)

    def save(self, file: Path) -> None:
        """Write the lists, but not the vectors, to a file."""
        import faiss

        faiss.write_index(self._lists, str(file))

    @classmethod
    def mapped(cls, file: Path, latents: Many, recall: float) -> Self:
        """What was saved, over the same vectors: the lists stay in the file until looked into."""
        import faiss

        lists: Any = faiss.read_index(str(file), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        return cls(latents, lists.nprobe, recall, lists)
