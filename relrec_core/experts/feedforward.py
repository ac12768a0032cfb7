"""Feed-forward part of a Transformer block, computed expert by expert while it is in the cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from relrec_core.experts.layers import BlockLinear, ExpertLinear
from relrec_core.experts.links import Links, accumulate, repeated, within
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

    def forward(self, x: Tensor) -> Tensor:
        """(..., K * w) -> (..., K * w), the same as narrow(relu(wide(x)))."""
        flat = x.reshape(-1, self.wide.links.n_in)  # (N, K * w)
        wide, narrow = self.wide, self.narrow
        y: Tensor = BlockFeed.apply(  # type: ignore[no-untyped-call]
            flat, wide.weight, wide.bias, narrow.weight, narrow.bias, wide.links, narrow.links
        )
        return y.view(x.shape)


class BlockFeed(torch.autograd.Function):
    """relu(x W_1^T + b_1) W_2^T + b_2 over open blocks, where W_2 is diagonal by blocks.

    Shapes: x (N, K * w) -> (N, K * w); hidden (N, K, ratio * w) is kept for the gradient, which
    can be taken once.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor, up: Links, down: Links
    ) -> Tensor:
        y = repeated(b2, len(x))  # (N, K * w)
        hidden = []
        for (wide, parts), (narrow, [(_, block, _)]) in zip(
            up.parts(w1), down.parts(w2), strict=True
        ):
            h = repeated(b1[slice(*wide)], len(x))  # (N, ratio * w)
            accumulate(x, parts, h).relu_()
            within(y, narrow).addmm_(h, block)
            hidden.append(h)
        ctx.save_for_backward(x, w1, w2, *hidden)
        ctx.links = up, down
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, w1, w2, *hidden = ctx.saved_tensors
        up, down = ctx.links
        grad = grad.contiguous()
        into_x, into_w1, into_w2 = (torch.empty_like(t) for t in (x, w1, w2))
        into_b1 = x.new_empty(up.n_out)
        places = zip(up.parts(into_w1), down.parts(into_w2), strict=True)
        blocks = zip(up.parts(w1), down.parts(w2), strict=True)
        for h, (above, below), (into_above, into_below) in zip(hidden, blocks, places, strict=True):
            (wide, parts), (narrow, [(_, block, _)]) = above, below
            g = within(grad, narrow)  # (N, w)
            torch.mm(h.T, g, out=into_below[1][0][1])
            d = torch.mm(g, block.T)  # (N, ratio * w)
            d = torch.ops.aten.threshold_backward(d, h, 0)  # where h > 0
            torch.sum(d, 0, out=into_b1[slice(*wide)])
            for (columns, weight, flows), (_, place, _) in zip(parts, into_above[1], strict=True):
                torch.mm(within(x, columns).T, d, out=place)
                if flows:
                    torch.mm(d, weight.T, out=within(into_x, columns))
        return into_x, into_w1, into_b1, into_w2, grad.sum(0), None, None
