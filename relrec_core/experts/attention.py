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

    def _parts(self, layer: ExpertLinear, x: Tensor) -> Tensor:
        """x (B, T, K * w) through a layer that makes n parts of it -> (B, T, K, n, h, d)."""
        depth = self.output.links.n_in // self.experts // self.heads
        each = x.view(*x.shape[:2], self.experts, -1)  # (B, T, K, w)
        parts = layer.blocks(each, apart=True)  # (B, T, K, n * w)
        return parts.view(*each.shape[:3], -1, self.heads, depth)

    def _attend(
        self,
        asking: Tensor,
        answering: Tensor | None,
        seen: Tensor | None,
        onto: Tensor | None,
    ) -> Tensor:
        answers: Tensor = Attend.apply(asking, answering, seen)  # type: ignore[no-untyped-call]
        return self.output.blocks(answers, onto).flatten(2)  # (B, T, K * w)


class SelfAttention(ExpertAttention):
    """Each place of a sequence looks at the others; W^q, W^k, W^v are one expert layer."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.project = ExpertLinear(family, width, 3 * width)

    def forward(self, x: Tensor, seen: Tensor | None = None, onto: Tensor | None = None) -> Tensor:
        """x (B, T, K * w) -> (B, T, K * w), added to `onto` if there is one.

        seen (B or 1, T or 1, T) is True where place t may see place s (`visible`). A place that
        sees nothing gets the output layer's bias.
        """
        return self._attend(self._parts(self.project, x), None, seen, onto)


class CrossAttention(ExpertAttention):
    """Each place of one sequence looks at those of another, the memory."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.query = ExpertLinear(family, width, width)
        self.recall = ExpertLinear(family, width, 2 * width)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        seen: Tensor | None = None,
        onto: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, K * w), memory (B, S, K * w) -> (B, T, K * w), added to `onto`.

        seen (B or 1, T or 1, S) as for `SelfAttention`.
        """
        asking, answering = self._parts(self.query, x), self._parts(self.recall, memory)
        return self._attend(asking, answering, seen, onto)


class Attend(torch.autograd.Function):
    """softmax(q k^T / sqrt d) v head by head (eq. 15).

    Shapes: asking (B, T, K, 3, h, d) holds q, k and v, and answering is None; or asking
    (B, T, K, 1, h, d) holds q and answering (B, S, K, 2, h, d) holds k and v. seen as `visible`
    gives it. -> (B, T, K, h * d). Made for sessions: many short sequences, where a general
    softmax spends its time on overhead. The gradient can be taken once.
    """

    @staticmethod
    def forward(ctx: Any, asking: Tensor, answering: Tensor | None, seen: Tensor | None) -> Tensor:
        batch, _, experts, _, h, depth = asking.shape
        parts = asking.unbind(3) if answering is None else asking.unbind(3) + answering.unbind(3)
        q, k, v = (_by_head(part) for part in parts)  # each (K * B * h, ., d)
        p = _product(q, k.mT, depth**-0.5)  # (K * B * h, T, S)
        by_head = p.view(experts, batch, h, *p.shape[1:])  # (K, B, h, T, S)
        shown = None if seen is None else seen[:, None].to(p.dtype)  # (B or 1, 1, T or 1, S)
        if shown is not None:
            by_head.add_((1 - shown) * (torch.finfo(p.dtype).min / 4))
        p.sub_(p.amax(-1, keepdim=True)).clamp_(min=LOWEST).exp_()  # the largest seen is 1
        if shown is not None:
            by_head.mul_(shown)
        p.div_(p.sum(-1, keepdim=True).clamp_(min=1))  # below 1 only where nothing is seen
        ctx.save_for_backward(q, k, v, p)
        ctx.layouts = [(x.shape, x.stride()) for x in (asking, answering) if x is not None]
        answers = torch.bmm(p, v).view(experts, batch, h, -1, depth)  # (K, B, h, T, d)
        return answers.permute(1, 3, 0, 2, 4).flatten(3)  # (B, T, K, h * d)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None]:
        q, k, v, p = ctx.saved_tensors
        into = [grad.new_empty_strided(*layout) for layout in ctx.layouts]  # as asking, answering
        into_q, into_k, into_v = (part for x in into for part in x.unbind(3))
        g = _by_head(grad.view(into_q.shape))  # (K * B * h, T, d)
        scale = q.shape[-1] ** -0.5
        _write(into_v, p.mT, g)
        s = torch.bmm(g, v.mT).mul_(p)  # (K * B * h, T, S)
        s.addcmul_(p, s.sum(-1, keepdim=True), value=-1)  # softmax backward
        _write(into_q, s, k, scale)
        _write(into_k, s.mT, q, scale)
        return into[0], into[1] if len(into) == 2 else None, None


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
    """(B, T, K, h, d) -> (K * B * h, T, d); a view if experts lie apart and have one head each."""
    return x.permute(2, 0, 3, 1, 4).reshape(-1, x.shape[1], x.shape[4])


def _product(a: Tensor, b: Tensor, scale: float) -> Tensor:
    """scale * a b: (n, T, d), (n, d, S) -> (n, T, S)."""
    y = a.new_empty(len(a), a.shape[1], b.shape[2])
    return torch.baddbmm(y, a, b, beta=0, alpha=scale, out=y)


def _write(target: Tensor, a: Tensor, b: Tensor, scale: float = 1.0) -> None:
    """scale * a b, head by head as `_by_head` has them, to `target` (B, T, K, h, d)."""
    heads = target.permute(2, 0, 3, 1, 4)  # (K, B, h, T, d)
    heads.copy_(_product(a, b, scale).view(heads.shape))
