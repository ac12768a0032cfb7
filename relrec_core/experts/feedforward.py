"""Feed-forward part of a Transformer block, whose widest activations never leave the expert."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from relrec_core.experts.blocks import Links
from relrec_core.experts.layers import BlockLinear, ExpertLinear
from relrec_core.experts.product import add_children, by_expert, into_children
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

    def forward(self, x: Tensor, onto: Tensor | None = None) -> Tensor:
        """(..., K * w) -> (..., K * w), the same as narrow(relu(wide(x))), added to `onto`."""
        flat = x.reshape(-1, self.wide.links.n_in)  # (N, K * w)
        below = None if onto is None else onto.reshape(flat.shape)
        wide, narrow = self.wide, self.narrow
        y: Tensor = BlockFeed.apply(  # type: ignore[no-untyped-call]
            flat,
            wide.weight,
            wide.bias,
            narrow.weight,
            narrow.bias,
            below,
            wide.links,
            narrow.links,
        )
        return y.view(x.shape)


class BlockFeed(torch.autograd.Function):
    """relu(x W_1^T + b_1) W_2^T + b_2 over open blocks, where W_2 is diagonal by blocks.

    Shapes: x (N, K * w) -> (N, K * w), added to `onto` of that shape if there is one; hidden
    (K, N, ratio * w) is kept for the gradient, which can be taken once.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        w1: Tensor,
        b1: Tensor,
        w2: Tensor,
        b2: Tensor,
        onto: Tensor | None,
        up: Links,
        down: Links,
    ) -> Tensor:
        wide, below = up.own(w1)  # (K, w, ratio * w)
        narrow, _ = down.own(w2)  # (K, ratio * w, w)
        experts = len(wide)
        hidden = torch.baddbmm(b1.view(experts, 1, -1), by_expert(x, experts), wide)
        add_children(x, up, below, hidden)
        hidden.relu_()  # (K, N, ratio * w)
        y = (b2 if onto is None else onto + b2).expand_as(x).contiguous()  # (N, K * w)
        by_expert(y, experts).baddbmm_(hidden, narrow)
        ctx.save_for_backward(x, wide, narrow, hidden)
        ctx.links = up, down
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, wide, narrow, hidden = ctx.saved_tensors
        up, down = ctx.links
        experts = len(wide)
        grad = grad.contiguous()
        g = by_expert(grad, experts)  # (K, N, w)
        into_narrow = torch.bmm(hidden.mT, g)  # (K, ratio * w, w)
        d = torch.bmm(g, narrow.mT)  # (K, N, ratio * w)
        torch.ops.aten.threshold_backward(d, hidden, 0, grad_input=d)  # where hidden > 0
        into_x = torch.empty_like(x)  # (N, K * w)
        torch.bmm(d, wide.mT, out=by_expert(into_x, experts))
        into_wide = torch.bmm(by_expert(x, experts).mT, d)  # (K, w, ratio * w)
        into_w1 = up.flat(into_wide, into_children(x, up, d))
        into_w2 = down.flat(into_narrow, [])
        onto = grad if ctx.needs_input_grad[5] else None
        return into_x, into_w1, d.sum(1).flatten(), into_w2, grad.sum(0), onto, None, None
