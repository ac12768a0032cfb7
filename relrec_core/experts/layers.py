"""Linear and multi-layer networks split into experts (Afchar et al. 2020, section 3.4).

Activations are (..., K * w): the blocks of the K experts of a family, side by side, w features
each. Whatever expert i computes depends on the inputs of S_i alone, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from relrec_core.experts import kernels
from relrec_core.experts.blocks import Links
from relrec_core.experts.subsets import Family


class BlockLinear(nn.Module):
    """Weights and biases of a linear layer over the open blocks of `links`.

    They start uniform within 1 / sqrt(inputs of the block), as in `nn.Linear`.
    """

    def __init__(self, links: Links) -> None:
        super().__init__()
        self.links = links
        self.weight = nn.Parameter(torch.zeros(links.n_weights))  # open blocks only
        self.bias = nn.Parameter(torch.zeros(links.n_out))
        with torch.no_grad():
            for (out, parts), row in zip(links.parts(self.weight), links.rows, strict=True):
                bound = row.fan_in**-0.5 if row.fan_in else 0.0
                self.bias[slice(*out)].uniform_(-bound, bound)
                for _, block in parts:
                    block.uniform_(-bound, bound)

    def extra_repr(self) -> str:
        """What `print` shows of it."""
        links = self.links
        return f"{links.n_in} -> {links.n_out}, {links.n_weights} open weights"


class InputLinear(BlockLinear):
    """First layer (eq. 8-9): each expert reads the features of its own groups.

    Args:
        family: of K experts.
        widths: group -> number of its features, in the order in which x holds them. A group that
            is left out is absent on this side; an expert left without any has a constant block.
        width: features of one expert's block.

    Gradients reach all features, also those that experts share.
    """

    def __init__(self, family: Family, widths: Mapping[str, int], width: int) -> None:
        super().__init__(Links.from_groups(family, widths, width))

    def forward(self, x: Tensor) -> Tensor:
        """(..., features) -> (..., K * width)."""
        flat = x.reshape(-1, self.links.n_in)  # (N, features)
        experts = []
        for (start, end), parts in self.links.parts(self.weight):
            y = self.bias[start:end].expand(len(flat), -1)  # (N, width)
            for (first, last), block in parts:
                y = torch.addmm(y, flat[:, first:last], block)  # (N, width)
            experts.append(y)
        return torch.cat(experts, dim=1).view(*x.shape[:-1], self.links.n_out)  # (..., K * width)


class ExpertLinear(BlockLinear):
    """Inner layer (eq. 14): (..., K * n_in) -> (..., K * n_out).

    Expert i reads its own block and its children's; no gradient flows into the children.
    """

    def __init__(self, family: Family, n_in: int, n_out: int) -> None:
        super().__init__(Links.between_experts(family, n_in, n_out))
        self.experts = len(family.names)

    def forward(self, x: Tensor) -> Tensor:
        """(..., K * n_in) -> (..., K * n_out)."""
        return self.blocks(x.view(*x.shape[:-1], self.experts, -1)).flatten(-2)

    def blocks(self, x: Tensor, residual: Tensor | None = None, apart: bool = False) -> Tensor:
        """(..., K, n_in) -> (..., K, n_out), added to `residual`; each expert by itself in memory
        if `apart`."""
        each = x.reshape(-1, *x.shape[-2:])  # (N, K, n_in)
        below = None if residual is None else residual.reshape(*each.shape[:2], -1)  # (N, K, n_out)
        y = kernels.expert_product(each, self, below, apart)  # (N, K, n_out)
        return y.view(*x.shape[:-1], -1)  # (..., K, n_out)


def expert_product(x: Tensor, layer: BlockLinear, residual: Tensor | None = None) -> Tensor:
    """W x + b, where expert i reads its own block and, without gradient, its children's (eq. 14).

    Shapes: x (N, K, n) -> (N, K, m), added to `residual` of that shape if there is one.
    """
    own, below = layer.links.own(layer.weight)  # (K, n, m), and what is read of each child
    y = torch.einsum("nki,kio->kno", x, own) + layer.bias.view(len(own), 1, -1)  # (K, N, m)
    experts = list(y)  # each (N, m)
    children = x.detach().flatten(1)  # (N, K * n)
    for (expert, (start, end)), block in zip(layer.links.children, below, strict=True):
        experts[expert] = experts[expert] + children[:, start:end] @ block
    product = torch.stack(experts, dim=1)  # (N, K, m)
    return product if residual is None else residual + product


class ExpertMLP(nn.Module):
    """Multi-layer network with ReLU (eq. 10-14) and one number z per expert, F = tanh z.

    Args:
        family: of K experts.
        widths: group -> number of its features, in the order in which x holds them.
        hidden: features of one expert in each hidden layer; at least one layer.
    """

    def __init__(self, family: Family, widths: Mapping[str, int], hidden: Sequence[int]) -> None:
        super().__init__()
        self.first = InputLinear(family, widths, hidden[0])
        sizes = [*hidden, 1]
        self.inner = nn.ModuleList(ExpertLinear(family, a, b) for a, b in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        """(..., features) -> z (..., K)."""
        h: Tensor = self.first(x)  # (..., K * w_0)
        for layer in self.inner:
            h = layer(torch.relu_(h))  # (..., K * w)
        return h  # (..., K)


def normalise(x: Tensor, experts: int) -> Tensor:
    """Layer norm of each expert's block by itself: (..., K * w) -> (..., K * w).

    It has no scale and shift of its own: the linear layers that read it have both.
    """
    blocks = x.reshape(*x.shape[:-1], experts, -1)  # (..., K, w)
    return nn.functional.layer_norm(blocks, blocks.shape[-1:]).view(x.shape)  # (..., K * w)
