"""Compact layers equal their dense masked twins, element by element, with all gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from relrec_core.errors import ConfigError
from relrec_core.experts.attention import CrossAttention, SelfAttention
from relrec_core.experts.feedforward import FeedForward
from relrec_core.experts.layers import ExpertLinear, ExpertMLP, InputLinear
from relrec_core.experts.recurrent import ExpertGRU
from relrec_core.experts.subsets import Family, FamilyError
from relrec_core.experts.transformer import ExpertTransformer
from tests.experts.twins import Twins, double, families, random, widths

pytestmark = [pytest.mark.numerics, pytest.mark.usefixtures("double_precision")]

few = settings(deadline=None, max_examples=25)


def compare(mine: Tensor, twin: Tensor, twins: Twins, inputs: list[tuple[Tensor, Tensor]]) -> None:
    """Values, and gradients of weights and inputs under one random direction."""
    torch.testing.assert_close(mine, twin)
    direction = torch.randn(mine.shape, dtype=mine.dtype)
    (mine * direction).sum().backward()
    (twin * direction).sum().backward()
    twins.check_gradients()
    for a, b in inputs:
        torch.testing.assert_close(a.grad, b.grad)


def pair(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.clone().requires_grad_(), x.clone().requires_grad_()


@few
@given(families())
def test_linear(family: Family) -> None:
    k, twins, g = len(family.names), Twins(), double(family)
    first = InputLinear(family, widths(family), 3).double()
    x, y = pair(random(g, 4, 2, sum(widths(family).values())))
    compare(first(x), twins.of(first)(y), twins, [(x, y)])
    inner = ExpertLinear(family, 3, 2).double()
    x, y = pair(random(g, 5, k * 3))
    twins = Twins()
    compare(inner(x), twins.of(inner)(y), twins, [(x, y)])
    torch.testing.assert_close(inner(x[0]), inner(x)[0])  # also one place by itself


@few
@given(families(), st.booleans(), st.booleans(), st.sampled_from(["together", "apart", "repeated"]))
def test_linear_in_any_memory(family: Family, apart: bool, added: bool, layout: str) -> None:
    k, twins, g = len(family.names), Twins(), double(family)
    layer = ExpertLinear(family, 3, 2).double()
    leaves = pair(random(g, k, 1 if layout == "repeated" else 4, 3))  # each (K, N, n)
    x, y = (leaf.expand(k, 4, 3).transpose(0, 1) for leaf in leaves)  # each (N, K, n)
    if layout == "together":
        x = x.contiguous()
    onto, same = pair(random(g, 4, k, 2))
    mine = layer.blocks(x, onto if added else None, apart)  # (N, K, m)
    twin = twins.of(layer)(y.reshape(4, -1)).view(4, k, 2)
    assert (mine.transpose(0, 1) if apart else mine).is_contiguous()
    inputs = [leaves, (onto, same)] if added else [leaves]
    compare(mine, twin + same if added else twin, twins, inputs)


@few
@given(families())
def test_mlp(family: Family) -> None:
    net = ExpertMLP(family, widths(family), [4, 3]).double()
    x, y = pair(random(double(family), 6, sum(widths(family).values())))
    twins = Twins()
    z = net(x)
    assert z.shape == (6, len(family.names))
    compare(z, twins.mlp(net, y), twins, [(x, y)])


@few
@given(families())
def test_feed_forward(family: Family) -> None:
    net = FeedForward(family, 3, 2).double()
    x, y = pair(random(double(family), 4, 2, len(family.names) * 3))
    twins = Twins()
    compare(net(x), twins.feed(net, y), twins, [(x, y)])


@few
@given(families())
def test_gru(family: Family) -> None:
    net = ExpertGRU(family, 2, 3).double()
    x, y = pair(random(double(family), 2, 4, len(family.names) * 2))
    twins = Twins()
    states, last = net(x)
    torch.testing.assert_close(states[:, -1], last)
    compare(states, twins.gru(net, y), twins, [(x, y)])


@few
@given(families(), st.integers(1, 2))
def test_attention(family: Family, heads: int) -> None:
    k, g = len(family.names), double(family)
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    x, y = pair(random(g, 2, 4, k * 4))
    own = SelfAttention(family, 4, heads).double()
    seen = mask[:, None]
    twins = Twins()
    mine = own(x, seen)
    compare(mine, twins.attention(own, y, y, seen.expand(2, 4, 4)), twins, [(x, y)])
    x, y = pair(random(g, 2, 3, k * 4))
    m, n = pair(random(g, 2, 4, k * 4))
    across = CrossAttention(family, 4, heads).double()
    twins = Twins()
    there = twins.attention(across, y, n, seen.expand(2, 3, 4))
    compare(across(x, m, seen), there, twins, [(x, y), (m, n)])


@settings(deadline=None, max_examples=10)
@given(families())
def test_transformer(family: Family) -> None:
    net = ExpertTransformer(family, 4, blocks=2, heads=2, ratio=2).double()
    k, g = len(family.names), double(family)
    a, c = pair(random(g, 2, 4, k * 4))
    b, d = pair(random(g, 2, 3, k * 4))
    source = torch.tensor([[True] * 4, [True, True, False, False]])
    target = torch.tensor([[True] * 3, [True, False, False]])
    twins = Twins()
    seen_a, seen_b = (m[:, None].expand(-1, m.shape[1], -1) for m in (source, target))
    mine = net(a, b, source, target)
    twin = twins.transformer(net, c, d, seen_a, seen_b)
    compare(mine, twin, twins, [(a, c), (b, d)])


def test_sees_nothing_and_gets_the_bias() -> None:
    family = Family(groups={"a": ("a",)}, experts={"one": ("a",)})
    net = SelfAttention(family, 4)
    nothing = torch.zeros(1, 1, 3, dtype=torch.bool)
    x = torch.randn(1, 3, 4, requires_grad=True)
    y = net(x, nothing)
    torch.testing.assert_close(y, net.output.bias.expand(1, 3, 4), rtol=0, atol=0)
    y.sum().backward()
    assert x.grad is not None
    assert not x.grad.any()


def test_a_group_absent_on_one_side_leaves_a_constant_block() -> None:
    family = Family(groups={"a": ("a",), "b": ("b",)}, experts={"one": ("a",), "all": ("a", "b")})
    first = InputLinear(family, {"b": 1}, 3)
    y = first(torch.randn(5, 1))
    assert torch.equal(y[:, :3], torch.zeros(5, 3))
    with pytest.raises(FamilyError, match="no group 'c'; there are: a, b"):
        InputLinear(family, {"c": 1}, 3)
    with pytest.raises(FamilyError, match="Group 'a' has the width 0"):
        InputLinear(family, {"a": 0}, 3)


def test_heads_must_divide_the_width() -> None:
    family = Family(groups={"a": ("a",)}, experts={"one": ("a",)})
    with pytest.raises(ConfigError, match="multiple of its heads, not 4 with 3"):
        SelfAttention(family, 4, heads=3)
