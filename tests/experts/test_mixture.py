"""Selection, attribution and the loss have the properties the paper proves, and its values."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.errors import ConfigError
from relrec_core.experts.mixture import Gate, Mixture, gate, gem_loss, selection, weight_sums
from relrec_core.experts.subsets import Family
from tests.experts.twins import families

pytestmark = [pytest.mark.numerics, pytest.mark.usefixtures("double_precision")]

GATES: tuple[Gate, ...] = ("absolute", "square", "power")
CHAIN = Family(groups={"a": ("a",), "b": ("b",)}, experts={"one": ("a",), "all": ("a", "b")})


@settings(deadline=None, max_examples=40)
@given(families(), st.sampled_from(GATES), st.floats(0, 50), st.integers(0, 99))
def test_selection(family: Family, kind: Gate, scale: float, seed: int) -> None:
    k = len(family.names)
    z = torch.randn(7, 3, k, generator=torch.Generator().manual_seed(seed)) * scale
    mixed = Mixture(family, kind)(z)
    g = gate(torch.tanh(z), kind, 3.0)
    assert ((g >= 0) & (g <= 1)).all()
    for i, children in enumerate(family.children):
        twin = g[..., i].clone()
        for j in children:
            twin = twin * (1 - g[..., j])
        torch.testing.assert_close(mixed.selection[..., i], twin)
    assert ((mixed.selection >= 0) & (mixed.selection <= 1)).all()
    assert (mixed.attribution >= 0).all()
    torch.testing.assert_close(mixed.attribution.sum(-1), torch.ones(7, 3))
    torch.testing.assert_close(mixed.experts, (torch.tanh(z) + 1) / 2, rtol=1e-5, atol=1e-6)
    total = (mixed.attribution * mixed.experts).sum(-1)
    torch.testing.assert_close(mixed.probability, total)


@settings(deadline=None, max_examples=25)
@given(families(), st.integers(0, 99))
def test_the_highest_may_have_a_gate_of_their_own(family: Family, seed: int) -> None:
    k = len(family.names)
    z = torch.randn(7, k, generator=torch.Generator().manual_seed(seed))
    mixture = Mixture(family, "power", 5.0, top="absolute")
    mixed, confidence = mixture(z), torch.tanh(z)
    below = {j for children in family.children for j in children}
    for i, children in enumerate(family.children):
        own = "power" if i in below else "absolute"
        twin = gate(confidence[:, i], own, 5.0)
        for j in children:  # whoever is a child is not one of the highest
            twin = twin * (1 - gate(confidence[:, j], "power", 5.0))
        torch.testing.assert_close(mixed.selection[:, i], twin)
    torch.testing.assert_close(mixed.attribution.sum(-1), torch.ones(7))


@settings(deadline=None, max_examples=25)
@given(families())
def test_parents_yield_to_a_certain_child(family: Family) -> None:
    k = len(family.names)
    below = Mixture(family).below
    for j in range(k):
        g = torch.rand(5, k)
        g[:, j] = 1
        alpha = selection(g, below)
        parents = [i for i in range(k) if j in family.children[i]]
        assert not alpha[:, parents].any()
        limit = torch.stack([(1 - g[:, list(c)]).prod(-1) for c in family.children], dim=-1)
        assert (alpha <= limit).all()


@settings(deadline=None, max_examples=25)
@given(families(), st.integers(0, 99))
def test_selection_is_blind_to_parents(family: Family, seed: int) -> None:
    k = len(family.names)
    g = torch.rand(4, k, generator=torch.Generator().manual_seed(seed))
    below = Mixture(family).below
    alpha = selection(g, below)
    for i, children in enumerate(family.children):
        moved = torch.rand(4, k)
        kept = [i, *children]
        moved[:, kept] = g[:, kept]
        assert torch.equal(selection(moved, below)[:, i], alpha[:, i])
        taking = moved / 2
        twin = g[:, i] * torch.stack([1 - taking[:, j] for j in children] or [torch.ones(4)]).prod(
            0
        )
        torch.testing.assert_close(selection(moved, below, taking)[:, i], twin)


@pytest.mark.parametrize("kind", GATES)
def test_nobody_is_confident(kind: Gate) -> None:
    mixed = Mixture(CHAIN, kind)(torch.zeros(3, 2, requires_grad=True))
    assert torch.equal(mixed.attribution, torch.full((3, 2), 0.5))
    assert torch.equal(mixed.probability, torch.full((3,), 0.5))
    mixed.probability.sum().backward()


@pytest.mark.parametrize(
    ("kind", "value"), [("absolute", 0.5), ("square", 0.25), ("power", 0.25 / 1.25)]
)
def test_gates(kind: Gate, value: float) -> None:
    found = gate(torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0]), kind, 3.0)
    torch.testing.assert_close(found, torch.tensor([1.0, value, 0.0, value, 1.0]))


def test_a_power_below_one() -> None:
    with pytest.raises(ConfigError, match=r"at least 1, not 0\.5"):
        Mixture(CHAIN, "power", 0.5)


def test_loss_and_gradient_by_hand() -> None:
    """Two places, a child and its parent: d loss / d z_ni = alpha_ni / A_i * 2 (f_ni - y_n)."""
    rows = [[0.3, -0.8], [-1.1, 0.4]]
    target = [1.0, 0.0]
    z = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    loss = Mixture(CHAIN).loss(z, torch.tensor(target))
    loss.backward()
    f = [[1 / (1 + math.exp(-2 * v)) for v in row] for row in rows]
    g = [[abs(math.tanh(v)) for v in row] for row in rows]
    alpha = [[row[0], row[1] * (1 - row[0])] for row in g]
    sums = [alpha[0][i] + alpha[1][i] for i in range(2)]
    expected, gradient = 0.0, [[0.0, 0.0], [0.0, 0.0]]
    for n in range(2):
        for i in range(2):
            p = f[n][i] if target[n] else 1 - f[n][i]
            expected -= alpha[n][i] / sums[i] * math.log(p)
            gradient[n][i] = alpha[n][i] / sums[i] * 2 * (f[n][i] - target[n])
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    torch.testing.assert_close(z.grad, torch.tensor(gradient, dtype=torch.float64))


def test_padding_has_no_weight() -> None:
    mixture = Mixture(CHAIN)
    z = torch.randn(2, 3, 2)
    target = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    alone = mixture.loss(z[mask], target[mask])
    spoilt, wrong = z.clone(), target.clone()
    spoilt[~mask], wrong[~mask] = float("nan"), 7.0
    spoilt.requires_grad_()
    loss = mixture.loss(spoilt, wrong, mask)
    torch.testing.assert_close(loss, alone)
    loss.backward()
    assert spoilt.grad is not None
    assert not spoilt.grad[~mask].any()
    assert spoilt.grad[mask].isfinite().all()


def test_parts_of_a_batch_add_up() -> None:
    mixture = Mixture(CHAIN)
    z, target = torch.randn(6, 2), torch.tensor([1.0, 0, 1, 0, 0, 1])
    halves = [slice(0, 2), slice(2, 6)]
    totals = torch.stack([weight_sums(mixture.weights(z[half])) for half in halves]).sum(0)
    parts = sum(mixture.loss(z[half], target[half], totals=totals) for half in halves)
    torch.testing.assert_close(parts, mixture.loss(z, target))


def test_extreme_logits_and_idle_experts() -> None:
    z = torch.tensor([[300.0, 300.0], [-300.0, 0.0]], requires_grad=True)
    mixture = Mixture(CHAIN)
    loss = mixture.loss(z, torch.tensor([0.0, 0.0]))
    assert loss.item() == pytest.approx(300.0)  # the parent is selected nowhere and adds nothing
    loss.backward()
    assert z.grad is not None
    assert z.grad.isfinite().all()
    assert not z.grad[:, 1].any()


def test_the_selection_is_taken_as_constant() -> None:
    z = torch.randn(4, 2, requires_grad=True)
    alpha = torch.rand(4, 2, requires_grad=True)
    gem_loss(z, torch.ones(4), alpha).backward()
    assert alpha.grad is None
