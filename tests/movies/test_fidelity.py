"""The published protocols against loops over models that are asked again for every removal."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.evaluation.fidelity import orders
from relrec_core.movies.evaluation.fidelity.protocol import BINS, COUNTS, MEASURES, TOPS, fidelity
from relrec_core.movies.evaluation.fidelity.recommenders import (
    Linear,
    OtherDataError,
    explainer,
    published,
    published_histories,
    reconet,
    similarities,
)
from relrec_core.movies.model.weights import Weights
from relrec_core.sources.published import Published

MOVIES = 12


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(5)


def histories(draw: np.random.Generator, users: int = 6) -> sparse.csr_matrix:
    return sparse.csr_matrix((draw.random((users, MOVIES)) < 0.45).astype(np.float64))


def towers(draw: np.random.Generator, dim: int = 4) -> Published:
    """A recommender and an explainer of the published shapes."""
    recommender, lxr = (
        {
            f"{side}_fc.{part}": draw.normal(size=(dim, MOVIES) if part == "weight" else dim)
            for side in ("users", "items")
            for part in ("weight", "bias")
        }
        for _ in range(2)
    )
    lxr |= {
        "bottleneck.1.weight": draw.normal(size=(dim, 2 * dim)),
        "bottleneck.1.bias": draw.normal(size=dim),
        "bottleneck.3.weight": draw.normal(size=(MOVIES, dim)),
        "bottleneck.3.bias": draw.normal(size=MOVIES),
    }
    as_stored = [{k: v.astype(np.float32) for k, v in of.items()} for of in (recommender, lxr)]
    return Published((as_stored[0], as_stored[1]))


def ratings(known: sparse.csr_matrix) -> MovieData:
    """Data whose liked movies are exactly `known`, ids as text, with ratings that do not count."""
    rows, columns = known.nonzero()
    extra = [(0, MOVIES, 5.0), (0, MOVIES + 1, 3.0), (1, MOVIES + 1, 3.5)]  # liked once, never
    table = [*zip(rows, columns, [4.0] * len(rows), strict=True), *extra]
    frame = pd.DataFrame(table, columns=["user", "item", "rating"])
    ids = [str(9 + k) for k in range(MOVIES + 2)]  # "10" sorts before "9" as text
    return MovieData(
        name="made",
        title="Made",
        licence="none",
        content_hash="",
        users=pd.DataFrame({"user_id": [str(k) for k in range(known.shape[0])]}),
        items=pd.DataFrame({"item_id": ids, "title": ids, "year": ""}),
        ratings=frame,
        unrated=0,
    )


def asked_again(linear: Linear, row: int, order: list[int], counts: list[int]) -> dict[str, float]:
    """The measures by a loop: the model is asked anew for each history."""
    entries = linear.histories[row].indices.tolist()

    def ask(kept: list[int]) -> np.ndarray:
        x = np.zeros(linear.inputs.shape[0])
        x[kept] = 1
        scores = linear.base + x @ linear.inputs @ linear.outputs
        return linear.link(scores[None], np.array([len(kept)]))[0]

    whole = ask(entries)
    unseen = [c for c in range(MOVIES) if c not in entries]
    target = max(unseen, key=lambda c: whole[c])
    kept: dict[str, list[float]] = {name: [] for name in MEASURES}
    for count in counts:
        gone = [entries[k] for k in order[:count]]
        left = ask([e for e in entries if e not in gone])
        rank = 1 + sum(left[c] > left[target] for c in unseen)
        kept["DEL"].append(left[target])
        kept["INS"].append(ask(gone)[target])
        kept["NDCG"].append(1 / math.log2(1 + rank))
        for top in TOPS:
            kept[f"POS@{top}"].append(float(rank <= top))
    return {name: float(np.mean(values)) for name, values in kept.items()}


def bins(size: int) -> list[int]:
    """The continuous protocol's counts: NumPy's equal parts, and the untouched history."""
    return [0, *np.cumsum([len(p) for p in np.array_split(np.arange(size), BINS)]).tolist()]


def plain_reconet(draw: np.random.Generator, known: sparse.csr_matrix) -> Linear:
    weights = Weights(
        embeddings=draw.normal(size=(MOVIES, 3)).astype(np.float32),
        outputs=draw.normal(size=(MOVIES, 3)).astype(np.float32),
        layer=None,
        layer_bias=None,
        kinds=("film",) * MOVIES,
        values=tuple(map(str, range(MOVIES))),
        dataset_hash="",
    )
    return reconet(weights, known, np.arange(known.shape[0]))


@pytest.mark.numerics
@pytest.mark.parametrize("kind", ["published", "reconet"])
def test_measures_are_those_of_asking_the_model_again(kind: str, draw: np.random.Generator) -> None:
    known = histories(draw, 40)
    linear = (
        published(towers(draw), ratings(known))
        if kind == "published"
        else plain_reconet(draw, known)
    )
    for row, case in enumerate(linear.cases()):
        order = draw.permutation(len(case.entries))
        found = fidelity(case, order, linear.link)
        counts = [min(count, len(order)) for count in COUNTS]
        for protocol, of in (("discrete", counts), ("continuous", bins(len(order)))):
            wanted = asked_again(linear, row, order.tolist(), of)
            assert found[protocol] == pytest.approx(wanted, rel=1e-9)


def test_the_published_rule_drops_what_is_liked_once_and_sorts_ids_as_numbers(
    draw: np.random.Generator,
) -> None:
    known = histories(draw, 40)
    found = published_histories(ratings(known))
    assert found.shape == known.shape and (found != known).nnz == 0
    other = towers(draw)
    with pytest.raises(OtherDataError, match="knows 12 movies"):
        published(other, ratings(histories(draw, 40)[:, :8]))


def test_the_smallest_set_is_that_of_trying_all(draw: np.random.Generator) -> None:
    """No fewer entries displace the item, and those that the order names first do."""
    tried = 0
    for case in plain_reconet(draw, histories(draw, 30)).cases():
        leads = case.gains[:, [case.target]] - case.gains
        margin = leads.sum(axis=0)[case.unseen]  # the item's own is 0
        of = leads[:, case.unseen]

        def displaced(gone: tuple[int, ...], of=of, margin=margin) -> bool:
            return bool((margin - of[list(gone)].sum(axis=0) < 0).any())

        sizes = (
            size
            for size in range(1, len(of))
            if any(displaced(gone) for gone in itertools.combinations(range(len(of)), size))
        )
        fewest = next(sizes, None)
        if fewest is not None:
            tried += 1
            first = orders.smallest_set(case).tolist()
            assert displaced(tuple(first[:fewest]))
            assert sorted(first) == list(range(len(of)))
    assert tried > 10


def test_orders_name_what_they_say(draw: np.random.Generator) -> None:
    known = histories(draw, 40)
    found = towers(draw)
    linear = published(found, ratings(known))
    learned = explainer(found, linear)
    by = similarities(known)["Jaccard"]
    dense = known.toarray().astype(bool)
    for row, case in enumerate(linear.cases()):
        alone = [  # what the score loses without each entry
            case.scores[case.target] - (case.base + np.delete(case.gains, k, 0).sum(0))[case.target]
            for k in range(len(case.entries))
        ]
        assert orders.exact(case).tolist() == np.argsort(-np.array(alone), kind="stable").tolist()
        likes = dense[:, case.target]
        both = [(dense[:, e] & likes).sum() / (dense[:, e] | likes).sum() for e in case.entries]
        assert by[case.entries, case.target] == pytest.approx(both)
        arrays = found.tensors[1]
        x = linear.histories[row].toarray()[0]
        user = arrays["users_fc.weight"] @ x + arrays["users_fc.bias"]
        item = arrays["items_fc.weight"][:, case.target] + arrays["items_fc.bias"]
        hidden = np.tanh(np.concatenate([user, item]))
        hidden = np.tanh(arrays["bottleneck.1.weight"] @ hidden + arrays["bottleneck.1.bias"])
        wanted = arrays["bottleneck.3.weight"] @ hidden + arrays["bottleneck.3.bias"]
        assert learned[row] == pytest.approx(wanted, rel=1e-5)
