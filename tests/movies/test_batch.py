"""Rows of everything at once say what the explanation of each single movie says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from relrec_core.movies import store
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.interactions import ITEM, USER
from relrec_core.movies.explanation.batch import SCHEMA, MovieBatch
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.people import Known
from relrec_core.movies.model.peers import USUAL, peer
from relrec_core.movies.model.ranking import Recommender
from relrec_core.runs.directory import Run
from tests.movies import planted

pytestmark = pytest.mark.numerics


def made(folder: Path, kind: str = "plain", **options: Any) -> MovieBatch:
    data = planted.data(folder)
    space = feature_space(data)
    hidden = 5 if kind == "layer" else 0
    weights = planted.weights(space, data.content_hash, hidden=hidden)
    of = Recommender.of(data, weights, with_attributes=True, split_seed=0, run="planted")
    if kind in USUAL:
        of = peer(of, kind)
    chosen = {"top": 3, "strongest": 2, "counterfactual": False, **options}
    return MovieBatch(of, Run(store.SHIPPED), Known(of), **chosen)


@pytest.mark.parametrize("kind", ["plain", "layer", *USUAL])
def test_each_row_is_the_explanation_of_its_movie(tmp_path: Path, kind: str) -> None:
    batch = made(tmp_path, kind)
    of, table = batch.recommender, batch.table(0)
    assert table.schema.equals(SCHEMA) and len(batch.sizes) == 1
    ids = [str(i) for i in of.data.items[ITEM]]
    for row in table.to_pylist():
        profile = of.profile(row["user"])
        best = of.rank(profile, 3)
        item = ids.index(row["item"])
        assert int(best.items[row["rank"] - 1]) == item
        one = explain(of, profile, item)
        ledger = one.audit.ledger
        assert row["score"] == pytest.approx(one.score, abs=1e-9)
        assert (row["probability"] is None) == (one.probability is None)
        if one.probability is not None:
            assert row["probability"] == pytest.approx(one.probability, rel=1e-5)  # of float32
        assert (row["base"], row["bias"], row["epsilon"]) == pytest.approx(
            (ledger.base, ledger.bias, ledger.epsilon), abs=1e-12
        )
        every = {feature.label: feature for feature in one.features}
        named = row["contributions"]
        assert [c["value"] for c in named] == pytest.approx(
            [every[c["name"]].relevance for c in named]
        )
        strongest = sorted((abs(f.relevance) for f in one.features), reverse=True)[:2]
        assert [abs(c["value"]) for c in named] == pytest.approx(strongest)
        rest = ledger.features - math.fsum(c["value"] for c in named)
        assert row["rest"] == pytest.approx(rest, abs=1e-9)
        for group in row["groups"]:
            own = [f.relevance for f in one.features if f.group == group["group"]]
            assert group["value"] == pytest.approx(math.fsum(own), abs=1e-9)
        total = math.fsum(group["value"] for group in row["groups"])
        assert total == pytest.approx(ledger.features, abs=1e-9)


def test_who_has_seen_nearly_everything_gets_what_is_left(tmp_path: Path) -> None:
    batch = made(tmp_path, top=10_000)
    of = batch.recommender
    counts = pa.TableGroupBy(batch.table(0), "user").aggregate([("item", "count")]).to_pylist()
    for row in counts:
        left = of.space.n_items - len(of.profile(row["user"]).seen)
        assert row["item_count"] == left
    assert {row["user"] for row in counts} == {
        str(user) for user in of.data.users[USER] if len(of.profile(str(user)).features)
    }


def test_the_first_movie_has_its_counterfactual(tmp_path: Path) -> None:
    batch = made(tmp_path, counterfactual=True)
    of, ids = batch.recommender, [str(i) for i in batch.recommender.data.items[ITEM]]
    rows = batch.table(0).to_pylist()
    assert all(row["counterfactual"] is None for row in rows if row["rank"] > 1)
    found = 0
    for row in (row for row in rows if row["rank"] == 1):
        one = smallest_change(of, of.profile(row["user"]), ids.index(row["item"]), "first")
        told = row["counterfactual"]
        assert (told is not None) == one.found
        if told is not None:
            found += 1
            assert told["items"] == [ids[k] for k in one.items] and told["at_least"] == one.at_least
    assert found
