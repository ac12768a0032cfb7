"""What is only there for speed computes what is written plainly, with the same gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from relrec_core.experts import attention, feedforward, kernels, layers
from relrec_core.experts.attention import CrossAttention
from relrec_core.experts.feedforward import FeedForward
from relrec_core.experts.layers import ExpertLinear
from relrec_core.experts.subsets import Family
from tests.experts.twins import double, families, random

pytestmark = [pytest.mark.numerics, pytest.mark.usefixtures("double_precision")]

few = settings(deadline=None, max_examples=15)


def agree(fast: Tensor, plain: Tensor, leaves: list[Tensor]) -> None:
    """Values, and gradients of the leaves under one random direction."""
    torch.testing.assert_close(fast, plain)
    direction = torch.randn(plain.shape)
    one, other = (torch.autograd.grad((y * direction).sum(), leaves) for y in (fast, plain))
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b)


def leaf(family: Family, *shape: int) -> Tensor:
    return random(double(family), *shape).requires_grad_()


def of(*modules: nn.Module) -> list[Tensor]:
    return [parameter for module in modules for parameter in module.parameters()]


@few
@given(families(), st.booleans(), st.booleans())
def test_expert_product(family: Family, added: bool, apart: bool) -> None:
    k, layer = len(family.names), ExpertLinear(family, 3, 2)
    x, residual = leaf(family, 5, k, 3), leaf(family, 5, k, 2) if added else None
    fast = kernels.expert_product(x, layer, residual, apart)
    leaves = [x, *of(layer), *([] if residual is None else [residual])]
    agree(fast, layers.expert_product(x, layer, residual), leaves)


@few
@given(families(), st.booleans())
def test_feed_forward(family: Family, added: bool) -> None:
    net, k = FeedForward(family, 3, 2), len(family.names)
    x, residual = leaf(family, 5, k * 3), leaf(family, 5, k * 3) if added else None
    fast = kernels.feed_forward(x, net.wide, net.narrow, residual)
    plain = feedforward.feed_forward(x, net.wide, net.narrow, residual)
    agree(fast, plain, [x, *of(net), *([] if residual is None else [residual])])


@few
@given(families(), st.integers(1, 2), st.sampled_from(["all", "some", "none of one"]))
def test_attend(family: Family, heads: int, seen: str) -> None:
    k = len(family.names)
    both = leaf(family, 2, 4, k, 3, heads, 3)
    asking, answering = leaf(family, 2, 3, k, 1, heads, 3), leaf(family, 2, 4, k, 2, heads, 3)
    mask = None
    if seen != "all":
        mask = torch.tensor([[True, True, False, False], [seen == "some"] * 4])[:, None]
    agree(kernels.attend(both, None, mask), attention.attend(both, None, mask), [both])
    fast = kernels.attend(asking, answering, mask)
    agree(fast, attention.attend(asking, answering, mask), [asking, answering])


def test_a_checkpoint_that_says_recall_still_opens() -> None:
    family = Family(groups={"a": ("a",)}, experts={"one": ("a",)})
    net, other = CrossAttention(family, 4), CrossAttention(family, 4)
    earlier = {k.replace("key_value", "recall"): v for k, v in net.state_dict().items()}
    other.load_state_dict(earlier)
    assert all(torch.equal(v, other.state_dict()[k]) for k, v in net.state_dict().items())
