"""Pools of every shape, alone and between convolutions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from relrec_core.lrp import propagate
from tests.lrp.nets import images

pytestmark = pytest.mark.numerics


RANDOM = torch.Generator().manual_seed(9)


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (nn.MaxPool2d(3, stride=2, padding=1), 8),
        (nn.MaxPool2d(2, dilation=2, stride=1), 8),
        (nn.MaxPool2d(3, stride=2, ceil_mode=True), 8),
        (nn.AvgPool2d(3, stride=2, padding=1), 8),
        (nn.AvgPool2d(3, 2, 1, count_include_pad=False, ceil_mode=True), 8),
        (nn.AvgPool2d(2, divisor_override=3), 8),
        (nn.AdaptiveAvgPool2d((3, 5)), 8),
        (nn.AdaptiveAvgPool2d(1), 8),
        (nn.AdaptiveAvgPool2d((None, 4)), 8),
        (nn.AdaptiveAvgPool2d(8), 8),
    ],
    ids=str,
)
def test_pools_of_every_shape(pool: nn.Module, size: int) -> None:
    """Gradient x input is what epsilon-LRP gives without biases, overlaps and borders included."""
    net = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.ReLU(), pool).double()
    x = images(2).requires_grad_(True)
    weights = torch.randn(net(x).shape, generator=RANDOM).double()
    (net(x) * weights).sum().backward()
    got = propagate(net, x, (net(x) * weights).detach(), epsilon=1e-13)
    torch.testing.assert_close(got.relevance, (x * x.grad).detach())


@pytest.mark.parametrize("pool", [(2, 2, 0), (3, 2, 1), (3, 1, 0)], ids=str)
def test_max_pools_between_convolutions(pool: tuple[int, int, int]) -> None:
    """Here a pool is explained together with the layer before it; windows may overlap."""
    layers = [nn.Conv2d(2, 5, 3, bias=False), nn.ReLU(), nn.MaxPool2d(*pool), nn.Conv2d(5, 3, 2)]
    net = nn.Sequential(*layers).double()
    net[3].bias = None
    x = images(2).requires_grad_(True)
    net(x).sum().backward()
    got = propagate(net, x, net(x).detach(), epsilon=1e-13)
    torch.testing.assert_close(got.relevance, (x * x.grad).detach())


def test_of_equals_in_a_pool_the_first_wins() -> None:
    net = nn.Sequential(nn.MaxPool2d(2))
    got = propagate(net, torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2))
    assert got.relevance[0, 0].tolist() == [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]
