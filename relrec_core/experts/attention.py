"""Multi-head attention whose heads are partitioned over experts (Afchar et al. 2020, eq. 15-16)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from relrec_core.errors import ConfigError
from relrec_core.experts.layers import ExpertLinear
from relrec_core.experts.subsets import Family


class ExpertAttention(nn.Module):
    """What both kinds share: heads of each expert, and W^o.

    Args:
        family: of K experts.
        width: features of one expert's block, w.
        heads: of one expert, h; w must be a multiple of it.

    Raises:
        ConfigError: it is not.
    """

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ConfigError(
                f"An expert's width must be a multiple of its heads, not {width} with {heads}."
            )
        self.experts, self.heads = len(family.names), heads
        self.output = ExpertLinear(family, width, width)

    def _split(self, x: Tensor, n: int) -> tuple[Tensor, ...]:
        blocks = x.view(*x.shape[:2], self.experts, n, self.heads, -1)  # (B, T, K, n, h, d)
        return tuple(part.flatten(2, 3) for part in blocks.unbind(3))  # n of (B, T, K * h, d)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
        answers: Tensor = Attend.apply(q, k, v, seen)  # type: ignore[no-untyped-call]
        y: Tensor = self.output(answers.flatten(2))  # (B, T, K * w)
        return y


class SelfAttention(ExpertAttention):
    """Each place of a sequence looks at the others; W^q, W^k, W^v are one expert layer."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.project = ExpertLinear(family, width, 3 * width)

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """x (B, T, K * w) -> (B, T, K * w).

        seen (B or 1, T or 1, T) is True where place t may see place s (`visible`). A place that
        sees nothing gets the output layer's bias.
        """
        q, k, v = self._split(self.project(x), 3)  # each (B, T, H, d)
        return self._attend(q, k, v, seen)


class CrossAttention(ExpertAttention):
    """Each place of one sequence looks at those of another, the memory."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.query = ExpertLinear(family, width, width)
        self.recall = ExpertLinear(family, width, 2 * width)

    def forward(self, x: Tensor, memory: Tensor, seen: Tensor | None = None) -> Tensor:
        """x (B, T, K * w), memory (B, S, K * w) -> (B, T, K * w); seen (B or 1, T or 1, S)."""
        (q,) = self._split(self.query(x), 1)  # (B, T, H, d)
        k, v = self._split(self.recall(memory), 2)  # each (B, S, H, d)
        return self._attend(q, k, v, seen)


class Attend(torch.autograd.Function):
    """softmax(q k^T / sqrt d) v head by head (eq. 15).

    Shapes: q (B, T, H, d), k and v (B, S, H, d), seen as `visible` gives it -> (B, T, H, d).
    Made for sessions: many short sequences, where a general softmax spends its time on overhead.
    The gradient can be taken once.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
        batch, _, heads, depth = q.shape
        q, k, v = (_by_head(x) for x in (q, k, v))  # each (B * H, ., d)
        p = torch.bmm(q, k.transpose(1, 2)).mul_(depth**-0.5)  # (B * H, T, S)
        if seen is not None:
            p.view(batch, heads, *p.shape[1:]).add_(_penalty(seen, p.dtype))
        p.sub_(p.amax(-1, keepdim=True)).exp_()  # (B * H, T, S)
        scale = p.sum(-1, keepdim=True).reciprocal_()  # (B * H, T, 1)
        if seen is not None:
            scale.view(batch, heads, *scale.shape[1:]).mul_(seen.any(-1, keepdim=True)[:, None])
        p.mul_(scale)  # (B * H, T, S)
        ctx.save_for_backward(q, k, v, p)
        ctx.heads = heads
        return _by_place(torch.bmm(p, v), heads)  # (B, T, H, d)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, p = ctx.saved_tensors
        g = _by_head(grad)  # (B * H, T, d)
        into_v = torch.bmm(p.transpose(1, 2), g)  # (B * H, S, d)
        s = torch.bmm(g, v.transpose(1, 2)).mul_(p)  # (B * H, T, S)
        s.sub_(p * s.sum(-1, keepdim=True)).mul_(q.shape[-1] ** -0.5)  # softmax backward
        into_q, into_k = torch.bmm(s, k), torch.bmm(s.transpose(1, 2), q)  # (B * H, ., d)
        a, b, c = (_by_place(x, ctx.heads) for x in (into_q, into_k, into_v))
        return a, b, c, None


def visible(
    mask: Tensor | None, queries: int, keys: int, device: torch.device, causal: bool = False
) -> Tensor | None:
    """What each place may see.

    Args:
        mask: (B, S) True where real, False where padding; None if nothing is padded.
        queries: T.
        keys: S.
        device: where to make it.
        causal: place t sees places 0..t only.

    Returns:
        (B or 1, T or 1, S) boolean; None if everything may be seen.
    """
    seen = None if mask is None else mask[:, None, :]  # (B, 1, S)
    if not causal:
        return seen
    past = torch.ones(1, queries, keys, dtype=torch.bool, device=device).tril()  # (1, T, S)
    return past if seen is None else seen & past  # (B, T, S)


def _penalty(seen: Tensor, dtype: torch.dtype) -> Tensor:
    """(B or 1, 1, T or 1, S): 0 where seen, else so low that its exponential is exactly 0."""
    low = torch.finfo(dtype).min / 4
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, low)[
        :, None
    ]


def _by_head(x: Tensor) -> Tensor:
    return x.transpose(1, 2).reshape(-1, x.shape[1], x.shape[3])  # (B * H, T, d)


def _by_place(x: Tensor, heads: int) -> Tensor:
    return x.view(-1, heads, *x.shape[1:]).transpose(1, 2).contiguous()  # (B, T, H, d)
