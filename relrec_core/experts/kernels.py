"""What is only there for speed: the products and the attention of experts, with their gradients.

Each function here computes what the function of the same name does in `layers`, `feedforward` and
`attention`, where it is written as the paper has it; `tests/experts/test_kernels.py` compares them.
The gains are those of one step of training, one prediction, of the Transformer of `benchmark` on
one core, over the same network with this function alone written plainly. Gradients can be taken
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from relrec_core.experts.blocks import Links, Run

LOWEST = -80.0
"""Exponents below are raised to it: e^-80 is nothing beside 1, and still a fast exponential."""


class Layer(Protocol):
    """Weights (n_weights,) and bias (n_out,) of a layer over open blocks."""

    @property
    def weight(self) -> Tensor:
        """(n_weights,) of the open blocks."""
        ...

    @property
    def bias(self) -> Tensor:
        """(n_out,)."""
        ...

    @property
    def links(self) -> Links:
        """Which blocks are open."""
        ...


def expert_product(
    x: Tensor, layer: Layer, residual: Tensor | None = None, apart: bool = False
) -> Tensor:
    """`layers.expert_product`: all experts' own blocks are one batched product. 1.5 and 1.3 times.

    With `apart`, each expert's part of the result lies together in memory.
    """
    y: Tensor = _ExpertProduct.apply(x, layer.weight, layer.bias, residual, layer.links, apart)  # type: ignore[no-untyped-call]
    return y


def feed_forward(x: Tensor, wide: Layer, narrow: Layer, residual: Tensor | None = None) -> Tensor:
    """`feedforward.feed_forward`: the widest activations stay as the product has them. 1.5 and 1.3
    times."""
    links = wide.links, narrow.links
    weights = wide.weight, wide.bias, narrow.weight, narrow.bias
    y: Tensor = _FeedForward.apply(x, *weights, residual, links)  # type: ignore[no-untyped-call]
    return y


def attend(asking: Tensor, answering: Tensor | None, mask: Tensor | None) -> Tensor:
    """`attention.attend`, for many short sequences, where a general softmax spends its time on
    overhead. 1.2 and 1.3 times, also over torch's own scaled dot-product attention."""
    y: Tensor = _Attend.apply(asking, answering, mask)  # type: ignore[no-untyped-call]
    return y


class _ExpertProduct(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        residual: Tensor | None,
        links: Links,
        apart: bool,
    ) -> Tensor:
        flat = x.flatten(1)  # (N, K * n)
        own, below = links.own(weight)  # (K, n, m)
        ctx.save_for_backward(flat, own)
        ctx.links = links
        ctx.strides = torch.empty_like(x, device="meta").stride()  # never 0, as of an expanded x
        n, experts, m = len(x), len(own), own.shape[2]
        strides = (m, n * m, 1) if apart else (experts * m, m, 1)
        y = x.new_empty_strided((n, experts, m), strides)
        each = y.transpose(0, 1)  # (K, N, m)
        start = bias.view(experts, m)
        if residual is None:
            y.copy_(start)
        else:
            torch.add(residual, start, out=y)
        each.baddbmm_(by_expert(flat, experts), own)
        add_children(flat, links, below, each)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        flat, own = ctx.saved_tensors  # (N, K * n), (K, n, m)
        links: Links = ctx.links
        x = by_expert(flat, len(own))  # (K, N, n)
        grad_x = flat.new_empty_strided((x.shape[1], x.shape[0], x.shape[2]), ctx.strides)
        g = grad.transpose(0, 1)  # (K, N, m)
        if g.stride(2) != 1 or g.stride(1) < g.shape[2]:
            g = g.contiguous()
        torch.bmm(g, own.mT, out=grad_x.transpose(0, 1))
        grad_weight = links.flat(torch.bmm(x.mT, g), into_children(flat, links, g))
        residual = grad if ctx.needs_input_grad[3] else None
        return grad_x, grad_weight, g.sum(1).flatten(), residual, None, None


class _FeedForward(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        w1: Tensor,
        b1: Tensor,
        w2: Tensor,
        b2: Tensor,
        residual: Tensor | None,
        links: tuple[Links, Links],
    ) -> Tensor:
        up, down = links
        wide, below = up.own(w1)  # (K, w, ratio * w)
        narrow, _ = down.own(w2)  # (K, ratio * w, w)
        experts = len(wide)
        hidden = torch.baddbmm(b1.view(experts, 1, -1), by_expert(x, experts), wide)
        add_children(x, up, below, hidden)
        hidden.relu_()  # (K, N, ratio * w)
        y = (b2 if residual is None else residual + b2).expand_as(x).contiguous()  # (N, K * w)
        by_expert(y, experts).baddbmm_(hidden, narrow)
        ctx.save_for_backward(x, wide, narrow, hidden)
        ctx.links = links
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, wide, narrow, hidden = ctx.saved_tensors
        up, down = ctx.links
        experts = len(wide)
        grad = grad.contiguous()
        g = by_expert(grad, experts)  # (K, N, w)
        grad_narrow = torch.bmm(hidden.mT, g)  # (K, ratio * w, w)
        d = torch.bmm(g, narrow.mT)  # (K, N, ratio * w)
        torch.ops.aten.threshold_backward(d, hidden, 0, grad_input=d)  # where hidden > 0
        grad_x = torch.empty_like(x)  # (N, K * w)
        torch.bmm(d, wide.mT, out=by_expert(grad_x, experts))
        grad_wide = torch.bmm(by_expert(x, experts).mT, d)  # (K, w, ratio * w)
        grad_w1 = up.flat(grad_wide, into_children(x, up, d))
        grad_w2 = down.flat(grad_narrow, [])
        residual = grad if ctx.needs_input_grad[5] else None
        return grad_x, grad_w1, d.sum(1).flatten(), grad_w2, grad.sum(0), residual, None


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, asking: Tensor, answering: Tensor | None, mask: Tensor | None) -> Tensor:
        batch, _, experts, _, h, depth = asking.shape
        parts = asking.unbind(3) if answering is None else asking.unbind(3) + answering.unbind(3)
        q, k, v = (_by_head(part) for part in parts)  # each (K * B * h, ., d)
        p = _product(q, k.mT, depth**-0.5)  # (K * B * h, T, S)
        by_head = p.view(experts, batch, h, *p.shape[1:])  # (K, B, h, T, S)
        shown = None if mask is None else mask[:, None].to(p.dtype)  # (B or 1, 1, T or 1, S)
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
        grads = [grad.new_empty_strided(*layout) for layout in ctx.layouts]  # as asking, answering
        grad_q, grad_k, grad_v = (part for x in grads for part in x.unbind(3))
        g = _by_head(grad.view(grad_q.shape))  # (K * B * h, T, d)
        scale = q.shape[-1] ** -0.5
        _write(grad_v, p.mT, g)
        s = torch.bmm(g, v.mT).mul_(p)  # (K * B * h, T, S)
        s.addcmul_(p, s.sum(-1, keepdim=True), value=-1)  # softmax backward
        _write(grad_q, s, k, scale)
        _write(grad_k, s.mT, q, scale)
        return grads[0], grads[1] if len(grads) == 2 else None, None


def by_expert(x: Tensor, experts: int) -> Tensor:
    """View of each expert's columns: (N, K * w) -> (K, N, w)."""
    return x.view(len(x), experts, -1).transpose(0, 1)


def within(x: Tensor, columns: Run) -> Tensor:
    """View of adjacent columns: (N, C) -> (N, run)."""
    start, end = columns
    return x.narrow(1, start, end - start)


def add_children(x: Tensor, links: Links, blocks: Sequence[Tensor], target: Tensor) -> None:
    """Add what experts read of their children in x (N, K * n) to `target` (K, N, m)."""
    for (expert, columns), block in zip(links.children, blocks, strict=True):
        target[expert].addmm_(within(x, columns), block)


def into_children(x: Tensor, links: Links, grad: Tensor) -> list[Tensor]:
    """Gradients of the weights of `add_children`, from x (N, K * n) and `grad` (K, N, m)."""
    return [torch.mm(within(x, columns).T, grad[expert]) for expert, columns in links.children]


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
