"""Networks over sessions: what an expert cannot read does not move it, nor does padding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from relrec_core.errors import CheckpointError, ConfigError
from relrec_core.runs import config as settings
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.dataset import load_folder
from relrec_core.sessions.data.encoding import Batch, Encoding
from relrec_core.sessions.data.schema import EVERYWHERE, GROUPS, INTERACTION, MUSICAL
from relrec_core.sessions.explanation.result import LANES, lane
from relrec_core.sessions.model.families import SPOTIFY, family, widths
from relrec_core.sessions.model.network import Network, network
from relrec_core.sessions.model.predictor import Predictor
from tests.sessions import made

pytestmark = pytest.mark.numerics

KINDS = ("transformer", "gru", "control")
EXPERT_KINDS = KINDS[:2]


def small(kind: str, **changes: Any) -> Config:
    return Config(**{"model": kind, "width": 32, "blocks": 2, "ratio": 2, **changes})


def fresh(kind: str, encoding: Encoding | None = None) -> Network:
    torch.manual_seed(1)
    return network(encoding or made.data().encoding(), small(kind)).eval()


def z(net: Network, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return net(batch.a, batch.b, batch.mask_a, batch.mask_b)


def columns_of(encoding: Encoding, group: str) -> tuple[list[int], list[int]]:
    """Places of a group's columns on both sides."""
    a, b = encoding.columns_a, encoding.columns_b
    return (
        [i for i, dense in enumerate(a) if dense.group == group],
        [i for i, dense in enumerate(b) if dense.group == group],
    )


def test_the_family_is_the_papers_with_the_place_for_everyone() -> None:
    found = family("spotify-8", made.data().encoding())
    assert found.names == tuple(SPOTIFY)
    assert all(set(s) - {EVERYWHERE} == set(SPOTIFY[n]) for n, s in found.experts.items())
    names = dict(enumerate(found.names))
    below = {names[i]: {names[j] for j in js} for i, js in enumerate(found.children)}
    assert below["all"] == set(SPOTIFY) - {"all"}
    assert below["all but musical"] == {
        "context",
        "interaction",
        "track general",
        "context and interaction",
    }
    assert below["track"] == {"track general", "track musical"}
    assert [lane(groups) for groups in SPOTIFY.values()] == [
        "context",
        "persistence",
        "track",
        "musical",
        "context",
        "musical",
        "track",
        "musical",
    ]
    assert {lane(groups) for groups in SPOTIFY.values()} == set(LANES) - {"listener"}


def test_groups_stand_together_so_that_each_has_one_run_of_columns() -> None:
    encoding = made.data().encoding()
    for side in (encoding.columns_a, encoding.columns_b):
        expected = [group for group, n in widths(side).items() for _ in range(n)]
        assert [dense.group for dense in side] == expected
    assert INTERACTION not in widths(encoding.columns_b)


@pytest.mark.parametrize("kind", EXPERT_KINDS)
@pytest.mark.parametrize("group", GROUPS)
def test_a_group_moves_exactly_the_experts_that_read_it(kind: str, group: str) -> None:
    data, net = made.data(), fresh(kind)
    encoding, batch = data.encoding(), data.batch()
    at_a, at_b = columns_of(encoding, group)
    a, b = batch.a.clone(), batch.b.clone()
    a[:, :, at_a] += torch.randn(a[:, :, at_a].shape)
    b[:, :, at_b] += torch.randn(b[:, :, at_b].shape)
    before, after = z(net, batch), z(net, replace(batch, a=a, b=b))
    for i, read in enumerate(SPOTIFY.values()):
        same = torch.equal(before[..., i][batch.mask_b], after[..., i][batch.mask_b])
        assert same == (group not in read), (i, group)


@pytest.mark.parametrize("kind", EXPERT_KINDS)
def test_the_gradient_of_an_expert_is_zero_outside_its_groups(kind: str) -> None:
    data, net = made.data(), fresh(kind)
    batch, encoding = data.batch(), data.encoding()
    for i, read in enumerate(SPOTIFY.values()):
        a, b = batch.a.clone().requires_grad_(), batch.b.clone().requires_grad_()
        net(a, b, batch.mask_a, batch.mask_b)[..., i].sum().backward()
        for group in GROUPS:
            for grad, at in zip((a.grad, b.grad), columns_of(encoding, group), strict=True):
                assert grad is not None
                if group not in read:
                    assert not grad[:, :, at].any()


@pytest.mark.parametrize("kind", KINDS)
def test_neither_padding_nor_other_sessions_matter(kind: str) -> None:
    data, net = made.data(), fresh(kind)
    batch = data.batch()
    a, b = batch.a.clone(), batch.b.clone()
    a[~batch.mask_a], b[~batch.mask_b] = 7.0, -7.0
    whole, spoiled = z(net, batch), z(net, replace(batch, a=a, b=b))
    assert (~batch.mask_a).any()
    torch.testing.assert_close(whole[batch.mask_b], spoiled[batch.mask_b], rtol=1e-3, atol=1e-4)
    alone = net(batch.a[3:4], batch.b[3:4], batch.mask_a[3:4], batch.mask_b[3:4])
    mask = batch.mask_b[3]
    torch.testing.assert_close(alone[0][mask], whole[3][mask], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_what_the_shares_say(kind: str) -> None:
    data = made.data()
    predictor = Predictor(fresh(kind), data.encoding(), small(kind), data.content_hash)
    said, mask = predictor.predict(data.batch()), data.sessions.mask_b
    assert said.probability.shape == (60, 10)
    assert (said.attribution >= 0).all()
    np.testing.assert_allclose(said.attribution.sum(-1), 1, atol=1e-12)
    np.testing.assert_allclose((said.attribution * said.experts).sum(-1), said.probability)
    assert ((said.probability > 0) & (said.probability < 1))[mask].all()
    assert (predictor.family is None) == (kind == "control")


def test_the_controls_loss_is_the_plain_cross_entropy() -> None:
    net, batch = fresh("control"), made.data().batch()
    found = z(net, batch)
    weights = net.weights(found)
    mask = batch.mask_b
    totals = mask.sum().float()[None]
    loss = net.loss(found, batch.target, weights, mask, totals)
    p = net.mix(found).probability[mask]
    expected = torch.nn.functional.binary_cross_entropy(p, batch.target[mask])
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_gives_the_same_predictions(kind: str) -> None:
    data = made.data()
    one = Predictor(fresh(kind), data.encoding(), small(kind), data.content_hash)
    two = Predictor.from_checkpoint(one.tensors(), one.metadata())
    batch = data.batch()
    assert np.array_equal(one.predict(batch).probability, two.predict(batch).probability)
    assert (two.config, two.encoding, two.dataset_hash) == (
        one.config,
        one.encoding,
        one.dataset_hash,
    )
    with pytest.raises(CheckpointError, match="of another model"):
        Predictor.from_checkpoint(one.tensors(), {**one.metadata(), "config": {"width": 9}})
    wrong = {**one.metadata(), "config": small(kind, width=64).model_dump()}
    with pytest.raises(CheckpointError, match="of another model"):
        Predictor.from_checkpoint(one.tensors(), wrong)


def test_experts_of_absent_groups_are_dropped(mssd_slice: Any) -> None:
    data = load_folder(mssd_slice.parent)
    assert data.absent
    found = family("spotify-8", data.encoding())
    assert 1 <= len(found.names) < len(SPOTIFY)
    assert not {g for groups in found.experts.values() for g in groups} & set(data.absent)
    predictor = Predictor(
        fresh("transformer", data.encoding()), data.encoding(), small("transformer"), ""
    )
    said = predictor.predict(data.batch())
    assert said.attribution.shape[-1] == len(found.names)


def test_dropping_a_group_keeps_the_experts_without_it() -> None:
    data = made.data()
    whole = data.encoding()
    there = [n for n in whole.track_columns if n in ("duration", "release_year")]
    at = [whole.track_columns.index(n) for n in there]
    less = whole.model_copy(
        update={
            "track_columns": tuple(there),
            "mean": tuple(whole.mean[i] for i in at),
            "spread": tuple(whole.spread[i] for i in at),
        }
    )
    assert less.absent == (MUSICAL,)
    assert set(family("spotify-8", less).names) == {
        n for n, g in SPOTIFY.items() if MUSICAL not in g
    }
    batch = data.batch(less)
    assert z(fresh("transformer", less), batch).shape[-1] == 5
    assert z(fresh("control", less), batch).shape[-1] == 1


@pytest.mark.parametrize("changes", [{"width": 20}, {"heads": 3}, {"smallest_rate": 0.1}])
def test_settings_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="do not fit together"):
        settings.load(Config, None, changes)
