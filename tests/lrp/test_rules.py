"""Every rule over every kind of layer against its definition, elementwise."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from relrec_core.lrp import propagate
from relrec_core.lrp.presets import Preset
from relrec_core.lrp.rules import (
    AlphaBeta,
    Epsilon,
    Flat,
    Gamma,
    RelativeEpsilon,
    WSquare,
    ZBox,
    ZPlus,
)
from tests.lrp.dense import matrix_of, redistribute_densely
from tests.lrp.nets import shaken

pytestmark = pytest.mark.numerics

RULES = [
    Epsilon(),
    RelativeEpsilon(0.4),
    Gamma(0.3),
    ZPlus(),
    AlphaBeta(2.0, 1.0),
    ZBox(((-3.0,), (4.0,))),
    ZBox(),
    Flat(),
    WSquare(),
]
LAYERS = {
    "linear": (lambda bias: nn.Linear(6, 5, bias=bias), (6,)),
    "convolution": (lambda bias: nn.Conv2d(2, 3, 3, bias=bias), (2, 5, 4)),
    "strided": (lambda bias: nn.Conv2d(2, 3, 3, stride=(2, 1), bias=bias), (2, 6, 5)),
    "padded": (lambda bias: nn.Conv2d(2, 3, (3, 2), padding=(2, 1), bias=bias), (2, 4, 5)),
    "dilated": (lambda bias: nn.Conv2d(2, 3, 2, dilation=(2, 3), bias=bias), (2, 6, 6)),
    "grouped": (lambda bias: nn.Conv2d(4, 6, 3, groups=2, bias=bias), (4, 4, 4)),
    "all of it": (
        lambda bias: nn.Conv2d(2, 4, 3, stride=2, padding=2, dilation=2, groups=2, bias=bias),
        (2, 7, 6),
    ),
}


@pytest.mark.parametrize("ignore_bias", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_is_its_definition(rule, kind, bias, ignore_bias) -> None:
    make, shape = LAYERS[kind]
    net = shaken(nn.Sequential(make(bias)), seed=3)
    x = torch.randn(3, *shape, generator=torch.Generator().manual_seed(4)).double()
    relevance = torch.randn_like(net(x)).detach()
    got = propagate(net, x, relevance, Preset.everywhere(rule), 0.01, ignore_bias)
    (books,) = got.ledger.layers
    for item in range(3):
        matrix = matrix_of(net[0], shape)
        want, of_bias, of_eps = redistribute_densely(
            rule, x[item], matrix, relevance[item], 0.01, ignore_bias
        )
        torch.testing.assert_close(got.relevance[item], want)
        assert float(books.bias[item]) == pytest.approx(of_bias, abs=1e-9)
        assert float(books.epsilon[item]) == pytest.approx(of_eps, abs=1e-9)
        assert abs(float(books.gap[item])) < 1e-9


def test_gamma_on_nonnegative_inputs_is_montavons_formula() -> None:
    net = shaken(nn.Sequential(nn.Linear(6, 5, bias=False), nn.ReLU()), seed=5)
    x = torch.rand(2, 6).double()
    relevance = net(x).detach()
    got = propagate(net, x, relevance, Preset.everywhere(Gamma(0.3)), 1e-12).relevance
    w = net[0].weight.detach()  # (O, I)
    favoured = w + 0.3 * w.clamp(min=0)
    torch.testing.assert_close(got, x * ((relevance / (x @ favoured.T + 1e-12)) @ favoured))


def test_sign_of_zero_is_plus_one() -> None:
    net = nn.Sequential(nn.Linear(2, 1, bias=False)).double()
    net[0].weight.data = torch.tensor([[1.0, -1.0]]).double()
    x = torch.tensor([[2.0, 2.0]]).double()
    got = propagate(net, x, torch.ones(1, 1).double(), epsilon=0.5)
    assert got.relevance.tolist() == [[4.0, -4.0]]
    assert got.ledger.epsilon.tolist() == [1.0]
