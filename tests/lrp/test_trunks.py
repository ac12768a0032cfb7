"""The trunks' layout, and that the engine takes them as they are."""

from __future__ import annotations

import pytest
import torch

from relrec_core.errors import ConfigError
from relrec_core.lrp import trace
from relrec_core.lrp.presets import PRESETS
from relrec_core.products.model.trunks import TRUNKS, trunk

pytestmark = pytest.mark.numerics

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)


@pytest.mark.parametrize("name", TRUNKS)
def test_layers_are_named_as_torchvision_names_them(name: str) -> None:
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in trunk(name).state_dict().items()}
    part = 4 if name == "vgg16-slim" else 1
    want, channels = {}, 3
    for place, width in zip(CONVOLUTIONS, WIDTHS, strict=True):
        want[f"features.{place}.weight"] = (width // part, channels, 3, 3)
        want[f"features.{place}.bias"] = (width // part,)
        channels = width // part
    if name == "vgg16":
        want |= {"classifier.0.weight": (4096, 25088), "classifier.0.bias": (4096,)}
        want |= {"classifier.3.weight": (4096, 4096), "classifier.3.bias": (4096,)}
    assert shapes == want


@pytest.mark.slow
@pytest.mark.parametrize("rules", PRESETS)
@pytest.mark.parametrize("name", ["vgg16-conv", "vgg16-slim"])
def test_a_trunk_can_be_explained(name: str, rules: str) -> None:
    torch.manual_seed(0)
    net = trunk(name).eval().double()
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    followed = trace(net, x, rules)
    assert followed.output.shape == (2, TRUNKS[name].features)
    torch.testing.assert_close(followed.output, net(x).detach())
    got = followed.propagate(followed.output)
    assert got.relevance.shape == x.shape
    assert (got.ledger.gap.abs() <= 1e-6 * got.ledger.score.abs()).all()


def test_there_is_no_other_trunk() -> None:
    with pytest.raises(ConfigError, match="'vgg19'"):
        trunk("vgg19")
