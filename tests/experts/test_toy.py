"""The toy tasks have their shape and repeat; how well they are solved the evaluation says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relrec_core.experts import toy

pytestmark = pytest.mark.numerics


@pytest.mark.parametrize(("task", "clusters"), [("a", 4), ("b", 8)])
def test_only_the_expected_coordinates_tell_the_labels_apart(task: toy.Task, clusters: int) -> None:
    known = toy.CLUSTERS[task]
    assert len(known) == clusters
    for c in known:
        for name, at in (("x1", c.x1), ("x2", c.x2)):
            beside = {d.label for d in known if (d.x1 if name == "x1" else d.x2) == at}
            assert (len(beside) == 1) == (c.expert == name)


def test_points_repeat_and_are_balanced() -> None:
    one, same, other = toy.points("b", 800, 3), toy.points("b", 800, 3), toy.points("b", 800, 4)
    np.testing.assert_array_equal(one.x, same.x)
    assert not np.array_equal(one.x, other.x)
    assert np.bincount(one.cluster).tolist() == [100] * 8
    assert one.label.mean() == 0.5
    centre = one.x[one.cluster == 7].mean(axis=0)
    np.testing.assert_allclose(centre, (4, 4), atol=0.2)


def test_training_repeats_and_leaves_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same = (toy.train("a", seed=1, n=200, epochs=2) for _ in "ab")
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    x = toy.points("a", 50, 2).x
    frame = toy.predict(one, x)
    shares = frame[[f"share of {name}" for name in toy.FAMILY.names]]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert frame["probability"].between(0, 1).all()
    assert (shares.idxmax(axis=1) == "share of " + frame["expert"]).all()


def test_evaluation_has_a_row_a_task_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    train = toy.train
    monkeypatch.setattr(toy, "train", lambda task, seed, epochs: train(task, seed, n=200, epochs=1))
    table, drawn = toy.evaluate((0, 1), n=160)
    assert table[["task", "seed"]].to_numpy().tolist() == [["a", 0], ["a", 1], ["b", 0], ["b", 1]]
    assert len(drawn) == 2 * 160
    away = drawn[(drawn["task"] == "b") & drawn["away"]]
    row = table[(table["task"] == "b") & (table["seed"] == 0)].iloc[0]
    assert row["points_away_from_borders"] == len(away)
    assert row["expected_expert"] == (away["expert"] == away["expected"]).mean()
    assert row["accuracy"] == pytest.approx(
        ((drawn["probability"] > 0.5) == drawn["label"])[drawn["task"] == "b"].mean()
    )
