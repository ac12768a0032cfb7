"""Do named reasons move the score as they say: against profiles that are really changed."""

from __future__ import annotations

import numpy as np
import pytest

from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.split import split
from relrec_core.movies.evaluation import counterfactuals, directions
from relrec_core.movies.evaluation.curves import cases
from relrec_core.movies.evaluation.study import Study, Trained
from relrec_core.movies.model.relevance import average_user, relevance
from tests.movies import planted


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = planted.folder(tmp_path_factory.mktemp("directions") / "planted")
    return Study(str(made), seeds=(0,), quick=True)


def test_changes_are_those_of_changed_profiles(study: Study) -> None:
    space = feature_space(study.data)
    weights, parts = planted.weights(space, study.data.content_hash), split(study.data, 0)
    model, average = Trained(space, parts, weights, {}, 0.0), None
    average = average_user(weights, space.bags(parts.known))
    for case in cases(model)[:5]:
        shares = relevance(weights, case.bag, [case.item], average=average).features[:, 0]
        found = directions._as_named(model, case, average, shares)
        q, w = weights.embeddings.astype(float), weights.outputs[case.item].astype(float)
        before = w @ q[case.bag].mean(axis=0)
        for (_, row), k, share in zip(found.iterrows(), case.bag, shares, strict=True):
            left = np.setdiff1d(case.bag, [k])
            removed = w @ q[left].mean(axis=0) - before
            replaced = w @ (q[left].sum(axis=0) + average) / len(case.bag) - before
            assert row["sign"] == np.sign(share)
            assert row["removed"] == (removed * share < 0)
            assert row["replaced"] == (replaced * share < 0)
        assert found["replaced"].all()
        assert (found[found["sign"] > 0]["named"].sum()) == min(6, (shares > 0).sum())


def test_every_method_is_measured_on_the_same_users(study: Study) -> None:
    frame = directions.directions_table(study).frame
    sample = frame[frame["users"] == "sample"]
    assert sample["method"].nunique() == 5 and sample["viewers"].nunique() == 1
    ours = frame[frame["method"] == "Contributions beyond the average user"]
    assert (ours["replaced"] == 1.0).all() and (ours["replaced_weighted"] > 0.999999).all()
    gradient = frame[frame["method"] == "Gradient x input"]
    assert (gradient["removed"] == 1.0).all()
    assert frame[["replaced", "removed"]].stack().between(0, 1).all()


def test_the_base_value_is_measured_over_all_users(study: Study) -> None:
    (row,) = directions.base_table(study).frame.to_dict("records")
    model = study.trained(0)
    bags = model.space.bags(model.parts.known)
    scores = model.weights.logits_of_all(bags)
    scores[model.parts.known.nonzero()] = -np.inf
    best = scores.argmax(axis=1)
    base = model.weights.outputs.astype(float) @ average_user(model.weights, bags)
    share = base[best] / scores.max(axis=1)
    assert row["base_share"] == pytest.approx(np.median(share), rel=1e-4)
    assert row["own_share"] == pytest.approx((share < 0.5).mean())
    assert 0 <= row["popular"] <= 1 and row["viewers"] == len(study.data.users)


def test_smallest_sets_are_measured_beside_the_order_of_relevance(study: Study) -> None:
    frame = counterfactuals.counterfactuals_table(study).frame.set_index("aim")
    assert frame.index.tolist() == ["first", "top", "into"]
    assert (frame["proven"] > 0.9).all() and frame.loc["first", "found"] > 0
    assert frame.loc["first", "set_mean"] <= frame.loc["first", "relevance_mean"]
    assert frame.loc["first", "set_mean"] <= frame.loc["top", "set_mean"]
