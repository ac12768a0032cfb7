"""Multi-head attention whose heads are partitioned over experts (Afchar et al. 2020, eq. 15-16)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from relrec_core.errors import ConfigError
from relrec_core.experts.layers import ExpertLinear
from relrec_core.experts.subsets import Family

LOWEST = -80.0
"""Exponents below are raised to it: e^-80 is nothing beside 1, and still a fast exponential."""


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

    def _parts(self, x: Tensor) -> Tensor:
        width = self.output.links.n_in // self.experts // self.heads
        return x.view(*x.shape[:2], self.experts, -1, self.heads, width)  # (B, T, K, n, h, d)

    def _attend(self, asking: Tensor, answering: Tensor | None, seen: Tensor | None) -> Tensor:
        answers: Tensor = Attend.apply(asking, answering, seen)  # type: ignore[no-untyped-call]
        y: Tensor = self.output(answers)  # (B, T, K * w)
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
        return self._attend(self._parts(self.project(x)), None, seen)


class CrossAttention(ExpertAttention):
    """Each place of one sequence looks at those of another, the memory."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.query = ExpertLinear(family, width, width)
        self.recall = ExpertLinear(family, width, 2 * width)

    def forward(self, x: Tensor, memory: Tensor, seen: Tensor | None = None) -> Tensor:
        """x (B, T, K * w), memory (B, S, K * w) -> (B, T, K * w); seen (B or 1, T or 1, S)."""
        return self._attend(self._parts(self.query(x)), self._parts(self.recall(memory)), seen)


class Attend(torch.autograd.Function):
    """softmax(q k^T / sqrt d) v head by head (eq. 15).

    Shapes: asking (B, T, K, 3, h, d) holds q, k and v, and answering is None; or asking
    (B, T, K, 1, h, d) holds q and answering (B, S, K, 2, h, d) holds k and v. seen as `visible`
    gives it. -> (B, T, K * h * d). Made for sessions: many short sequences, where a general
    softmax spends its time on overhead. The gradient can be taken once.
    """

    @staticmethod
    def forward(ctx: Any, asking: Tensor, answering: Tensor | None, seen: Tensor | None) -> Tensor:
        batch, _, experts, _, h, depth = asking.shape
        heads = experts * h
        parts = asking.unbind(3) if answering is None else asking.unbind(3) + answering.unbind(3)
        q, k, v = (_by_head(part) for part in parts)  # each (B * H, ., d)
        p = torch.bmm(q, k.transpose(1, 2)).mul_(depth**-0.5)  # (B * H, T, S)
        by_head = p.view(batch, heads, *p.shape[1:])  # (B, H, T, S)
        shown = None if seen is None else seen[:, None].to(p.dtype)  # (B or 1, 1, T or 1, S)
        if shown is not None:
            by_head.add_((1 - shown) * (torch.finfo(p.dtype).min / 4))
        p.sub_(p.amax(-1, keepdim=True)).clamp_(min=LOWEST).exp_()  # the largest seen is 1
        if shown is not None:
            by_head.mul_(shown)
        p.div_(p.sum(-1, keepdim=True).clamp_(min=1))  # below 1 only where nothing is seen
        ctx.save_for_backward(q, k, v, p)
        ctx.shapes = asking.shape, None if answering is None else answering.shape
        return _by_place(torch.bmm(p, v), asking.shape[:3] + asking.shape[4:]).flatten(2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None]:
        q, k, v, p = ctx.saved_tensors
        shape, other = ctx.shapes
        into = grad.new_empty(shape)  # (B, T, K, 3 or 1, h, d)
        into_other = None if other is None else grad.new_empty(other)  # (B, S, K, 2, h, d)
        into_q, into_k, into_v = into.unbind(3) + (
            () if into_other is None else into_other.unbind(3)
        )
        grad = grad.reshape(into_q.shape)  # (B, T, K, h, d)
        g = _by_head(grad)  # (B * H, T, d)
        into_v.copy_(_by_place(torch.bmm(p.transpose(1, 2), g), into_v.shape))
        s = torch.bmm(g, v.transpose(1, 2)).mul_(p)  # (B * H, T, S)
        s.sub_(p * s.sum(-1, keepdim=True)).mul_(q.shape[-1] ** -0.5)  # softmax backward
        into_q.copy_(_by_place(torch.bmm(s, k), into_q.shape))
        into_k.copy_(_by_place(torch.bmm(s.transpose(1, 2), q), into_k.shape))
        return into, into_other, None


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


def _by_head(x: Tensor) -> Tensor:
    """(B, T, K, h, d) -> (B * K * h, T, d)."""
    return x.permute(0, 2, 3, 1, 4).reshape(-1, x.shape[1], x.shape[4])


def _by_place(x: Tensor, shape: torch.Size) -> Tensor:
    """(B * K * h, T, d) -> a view (B, T, K, h, d), which is `shape`."""
    b, t, k, h, d = shape
    return x.view(b, k, h, t, d).permute(0, 3, 1, 2, 4)
