"""The trunks that see: VGG-16 (Simonyan and Zisserman 2015) and two smaller ones."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn

from relrec_core.errors import ConfigError

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Width and number of the convolutions between two poolings."""
LAST_BLOCK = sum(2 * depth + 1 for _, depth in BLOCKS[:-1])
"""Place among the layers of `features` where the last block begins."""


@dataclass(frozen=True)
class Trunk:
    """What makes one trunk.

    Args:
        width: of its convolutions, as part of VGG's.
        grid: cells down and across that the last convolutions are averaged in.
        hidden: widths of its fully connected layers.
    """

    width: float
    grid: int
    hidden: tuple[int, ...] = ()

    @property
    def pooled(self) -> int:
        """What the convolutions give, flattened."""
        return int(BLOCKS[-1][0] * self.width) * self.grid**2

    @property
    def features(self) -> int:
        """F, the number of features it gives."""
        return self.hidden[-1] if self.hidden else self.pooled


TRUNKS = {
    "vgg16": Trunk(1.0, grid=7, hidden=(4096, 4096)),
    "vgg16-conv": Trunk(1.0, grid=2),
    "vgg16-slim": Trunk(0.25, grid=1),
}


def trunk(name: str) -> nn.Sequential:
    """A trunk, initialised after He et al. 2015: (B, 3, H, W) -> (B, F).

    Weights are laid out channels last, which is what training and explaining are fastest with.

    Args:
        name: `vgg16`: torchvision's layer names, features are its last hidden layer (F = 4096).
            `vgg16-conv`: its 13 convolutions, averaged in the quarters of the picture
                (F = 2048).
            `vgg16-slim`: the same at a quarter of the width, averaged over the picture (F = 128).

    Raises:
        ConfigError: there is no such trunk.
    """
    if name not in TRUNKS:
        raise ConfigError(f"There is no trunk '{name}'; there are {', '.join(TRUNKS)}.")
    chosen = TRUNKS[name]
    layers: list[nn.Module] = []
    channels = 3
    for full, depth in BLOCKS:
        width = int(full * chosen.width)
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    parts: OrderedDict[str, nn.Module] = OrderedDict(features=nn.Sequential(*layers))
    parts["avgpool"] = nn.AdaptiveAvgPool2d((chosen.grid, chosen.grid))
    parts["flatten"] = nn.Flatten()
    if chosen.hidden:
        hidden: list[nn.Module] = []
        inputs = chosen.pooled
        for outputs in chosen.hidden:
            hidden += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout()]
            inputs = outputs
        parts["classifier"] = nn.Sequential(*hidden)
    built = nn.Sequential(parts)
    for layer in built.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return built.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
