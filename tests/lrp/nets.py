"""Small networks with biases, in double precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def shaken(module: nn.Sequential, seed: int = 0) -> nn.Sequential:
    """Its parameters drawn anew, so that biases and norms matter; evaluation mode, doubles."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data = torch.randn(tensor.shape, generator=generator) * 0.5
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.running_var = layer.running_var.abs() + 0.5
    return module.double().eval()


def small(seed: int = 0) -> nn.Sequential:
    """Two convolutions, both poolings and two linear layers: (B, 2, 8, 8) -> (B, 5), ReLU last."""
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(24, 7),
        nn.ReLU(),
        nn.Linear(7, 5),
        nn.ReLU(),
    )
    return shaken(net, seed)


def images(count: int, seed: int = 1) -> Tensor:
    """(count, 2, 8, 8), of either sign."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 2, 8, 8, generator=generator).double()
