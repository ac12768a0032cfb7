"""How long an answer takes, and a search among a million products."""

from __future__ import annotations

import time

import numpy as np
from torch.nn.functional import cosine_similarity

from relrec_core import neighbours
from relrec_core.lrp import trace
from relrec_core.measurement import BenchmarkRow, row
from relrec_core.products import store
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import recommended
from relrec_core.products.model.ranking import Recommender

QUESTIONS = 20
MANY, FEW, DIMS, KINDS = 1_000_000, 60_000, 100, 2_000


def rows(quick: bool) -> list[BenchmarkRow]:
    """Times of questions to the model that the dashboard shows, and of the index.

    Args:
        quick: a smaller index.
    """
    recommender = store.recommender(store.shown_run())
    explainer = Explainer(recommender)
    method = recommended(recommender.catalogue.rendered)
    chance = np.random.default_rng(0)
    answers, proofs = [], []
    for item in chance.integers(len(recommender.catalogue.items), size=QUESTIONS + 1):
        relation = str(chance.choice(recommender.relations))
        start = time.perf_counter()
        question = Question(recommender.query_at(int(item)), relation, None, method)
        found = recommender.recommend(question.query, relation, n=3)
        maps = explainer.relevance(question, [candidate.row for candidate in found])
        answers.append(time.perf_counter() - start)
        start = time.perf_counter()
        explainer.explain(question, maps[0])
        proofs.append(time.perf_counter() - start)
    big = recommender.trunk.get_parameter("features.0.weight").shape[0] >= 64
    return [
        row(
            "query to three products with six maps, 95th percentile",
            _late(answers),
            "s",
            at_most=3 if big else 1,
        ),
        row(
            "proof of one of them, 95th percentile",
            _late(proofs),
            "s",
            at_most=5 if big else None,
        ),
        _fast(recommender),
        *_index(FEW if quick else MANY),
    ]


def _fast(recommender: Recommender) -> BenchmarkRow:
    """The lowest cosine of relevance sent back in bfloat16 to exact relevance."""
    chance, lowest = np.random.default_rng(1), 1.0
    for item, other in chance.integers(len(recommender.catalogue.items), size=(QUESTIONS, 2)):
        x = recommender.pictures.batch([int(item)])
        shared = recommender.features[item] * recommender.features[other]
        exact, fast = (
            trace(recommender.trunk, x, precision=precision).propagate(shared[None]).relevance
            for precision in ("exact", "fast")
        )
        lowest = min(lowest, float(cosine_similarity(exact.flatten(), fast.flatten(), dim=0)))
    name = "cosine of fast relevance to exact, the lowest"
    return row(name, lowest, "", at_least=0.999)


def _late(seconds: list[float]) -> float:
    """The 95th percentile; the first warms up."""
    return float(np.percentile(seconds[1:], 95))


def _index(count: int) -> list[BenchmarkRow]:
    """Vectors around `KINDS` centres, as products of some kinds are, and questions beside them."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(KINDS, DIMS)).astype(np.float32)
    latents = np.empty((count, DIMS), dtype=np.float32)
    for start in range(0, count, neighbours.CHUNK):
        part = latents[start : start + neighbours.CHUNK]
        part[:] = centres[chance.integers(KINDS, size=len(part))]
        part += chance.standard_normal(part.shape, dtype=np.float32)
    start_time = time.perf_counter()
    index = neighbours.Index.build(latents)
    built = time.perf_counter() - start_time
    questions = latents[chance.integers(count, size=neighbours.QUESTIONS)]
    questions += 0.1 * chance.standard_normal(questions.shape, dtype=np.float32)
    ones, times, hits = np.ones(DIMS, np.float32), [], []
    for question, true in zip(questions, neighbours.all_nearest(latents, questions), strict=True):
        start_time = time.perf_counter()
        found, _ = index.nearest(question, ones, neighbours.NEAREST)
        times.append(time.perf_counter() - start_time)
        hits.append(np.isin(true, found).mean())
    recall, late = float(np.mean(hits)), float(np.percentile(times, 95))
    name = f"index of {count:,} products"
    return [
        row(f"{name}, built", built, "s"),
        row(f"{name}, a question, 95th percentile", 1000 * late, "ms", at_most=20),
        row(f"{name}, recall of the ten nearest", recall, "share", at_least=0.95),
    ]
