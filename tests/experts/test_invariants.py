"""Exactly, to the last bit: what is outside S_i, or padding, does not touch expert i."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from relrec_core.experts.layers import ExpertLinear, ExpertMLP, InputLinear
from relrec_core.experts.recurrent import ExpertGRU
from relrec_core.experts.subsets import Family
from relrec_core.experts.transformer import ExpertTransformer
from tests.experts.twins import families, widths

pytestmark = [pytest.mark.numerics, pytest.mark.usefixtures("double_precision")]

few = settings(deadline=None, max_examples=20)


class Sessions(nn.Module):
    """Inputs of both halves -> z; by Transformer or by GRU."""

    def __init__(self, family: Family, recurrent: bool) -> None:
        super().__init__()
        w = widths(family)
        self.a, self.b = InputLinear(family, w, 4), InputLinear(family, w, 4)
        self.body = ExpertGRU(family, 4, 4) if recurrent else ExpertTransformer(family, 4, 2)
        self.head = ExpertLinear(family, 4, 1)

    def forward(
        self, a: Tensor, b: Tensor, mask_a: Tensor | None = None, mask_b: Tensor | None = None
    ) -> Tensor:
        a, b = self.a(a), self.b(b)
        if isinstance(self.body, ExpertTransformer):
            h = self.body(a, b, mask_a, mask_b)
        else:
            state = self.body(a, mask=mask_a)[1]
            h = self.body(b, state, mask_b)[0]
        z: Tensor = self.head(h)
        return z


def outside(family: Family, expert: int) -> list[int]:
    columns = [c for group in family.groups.values() for c in group]
    inside = family.columns(family.names[expert])
    return [n for n, column in enumerate(columns) if column not in inside]


def check(family: Family, net: nn.Module, inputs: list[Tensor], shift: float) -> None:
    z = net(*inputs)
    for i in range(len(family.names)):
        others = outside(family, i)
        moved = [x.clone() for x in inputs]
        for x in moved:
            x[..., others] += shift
        assert torch.equal(net(*moved)[..., i], z[..., i])
        leaves = [x.clone().requires_grad_() for x in inputs]
        grads = torch.autograd.grad(net(*leaves)[..., i].sum(), leaves)
        for grad in grads:
            assert not grad[..., others].any()


def check_children(family: Family, net: nn.Module, inputs: list[Tensor]) -> None:
    """A loss on expert i trains expert i alone, though it reads its children."""
    for i in range(len(family.names)):
        net.zero_grad()
        net(*inputs)[..., i].square().sum().backward()
        for layer in net.modules():
            if isinstance(layer, InputLinear | ExpertLinear):
                assert layer.bias.grad is not None
                for j, block in enumerate(layer.bias.grad.chunk(len(family.names))):
                    assert i == j or not block.any()


@few
@given(families(), st.floats(-1e3, 1e3))
def test_mlp(family: Family, shift: float) -> None:
    net = ExpertMLP(family, widths(family), [5, 4])
    x = torch.randn(3, sum(widths(family).values()))
    check(family, net, [x], shift)
    check_children(family, net, [x])


@few
@given(families(), st.booleans(), st.floats(-1e3, 1e3))
def test_sessions(family: Family, recurrent: bool, shift: float) -> None:
    net = Sessions(family, recurrent)
    n = sum(widths(family).values())
    inputs = [torch.randn(2, 4, n), torch.randn(2, 3, n)]
    check(family, net, inputs, shift)
    check_children(family, net, inputs)


@few
@given(families(), st.booleans(), st.floats(-1e3, 1e3))
def test_padding(family: Family, recurrent: bool, shift: float) -> None:
    net = Sessions(family, recurrent)
    n = sum(widths(family).values())
    a, b = torch.randn(2, 4, n), torch.randn(2, 3, n)
    mask_a = torch.tensor([[True] * 4, [True, True, False, False]])
    mask_b = torch.tensor([[True] * 3, [True, False, False]])
    z = net(a, b, mask_a, mask_b)
    moved_a, moved_b = a.clone(), b.clone()
    moved_a[~mask_a] += shift
    moved_b[~mask_b] -= shift
    assert torch.equal(net(moved_a, moved_b, mask_a, mask_b)[mask_b], z[mask_b])
    short = net(a[1:, :2], b[1:, :1])
    torch.testing.assert_close(short[0], z[1, :1], rtol=1e-4, atol=1e-5)


def test_a_value_that_is_no_number_stays_with_its_readers() -> None:
    family = Family(
        groups={"a": ("a",), "b": ("b",)},
        experts={"one": ("a",), "two": ("b",), "all": ("a", "b")},
    )
    net = Sessions(family, recurrent=False)
    a, b = torch.randn(1, 2, 2), torch.randn(1, 2, 2)
    z = net(a, b)
    a[..., 1] = float("nan")
    spoilt = net(a, b)
    assert torch.equal(spoilt[..., 0], z[..., 0])
    assert spoilt[..., 1:].isnan().all()
