"""What a stopped training needs to go on: the network's weights and the optimizer's moments."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

NETWORK, OPTIMIZER = "net.", "adam."


def packed(net: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Tensors by name, for `Run.write_state`."""
    tensors = {f"{NETWORK}{name}": value for name, value in net.state_dict().items()}
    for i, state in optimizer.state_dict()["state"].items():
        tensors |= {f"{OPTIMIZER}{i}.{name}": value for name, value in state.items()}
    return tensors


def unpack(tensors: Mapping[str, Tensor], net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put back what `packed` made; other tensors are left alone.

    Raises:
        RuntimeError: they belong to another network.
    """
    own = {k.removeprefix(NETWORK): v for k, v in tensors.items() if k.startswith(NETWORK)}
    net.load_state_dict(own)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(OPTIMIZER):
            i, key = name.removeprefix(OPTIMIZER).split(".")
            state.setdefault(int(i), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
