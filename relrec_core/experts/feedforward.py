"""Feed-forward part of a Transformer block, whose widest activations never leave the expert."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relrec_core.experts import kernels
from relrec_core.experts.blocks import Links
from relrec_core.experts.layers import BlockLinear, ExpertLinear, expert_product
from relrec_core.experts.subsets import Family


class FeedForward(nn.Module):
    """Two layers with a ReLU between, `ratio` times as wide inside (Vaswani et al. 2017, eq. 2).

    The first layer reads the expert's block and its children's (eq. 14), the second the expert's
    own hidden features only (eq. 13): what children know has entered by then, and the widest
    activations need not leave the expert.
    """

    def __init__(self, family: Family, width: int, ratio: int) -> None:
        super().__init__()
        self.wide = ExpertLinear(family, width, ratio * width)
        self.narrow = BlockLinear(Links.within_experts(family, ratio * width, width))

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """(..., K * w) -> (..., K * w), added to `residual`."""
        flat = x.reshape(-1, self.wide.links.n_in)  # (N, K * w)
        below = None if residual is None else residual.reshape(flat.shape)
        return kernels.feed_forward(flat, self.wide, self.narrow, below).view(x.shape)


def feed_forward(
    x: Tensor, wide: ExpertLinear, narrow: BlockLinear, residual: Tensor | None = None
) -> Tensor:
    """relu(x W_1^T + b_1) W_2^T + b_2, where W_2 is diagonal by experts.

    Shapes: x (N, K * w) -> (N, K * w), added to `residual` of that shape if there is one.
    """
    blocks = x.view(len(x), len(wide.links.rows), -1)  # (N, K, w)
    hidden = torch.relu(expert_product(blocks, wide))  # (N, K, ratio * w)
    y = expert_product(hidden, narrow).flatten(1)  # (N, K * w)
    return y if residual is None else residual + y
