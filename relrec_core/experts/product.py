"""Compact products with the open blocks of a masked matrix (Afchar et al. 2020, eq. 8-9 and 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from relrec_core.experts.blocks import Links, Run


class InputProduct(torch.autograd.Function):
    """x, weight, bias -> x W^T + b, where experts share columns of x (eq. 8-9).

    Shapes: x (N, n_in), weight (n_weights,), bias (n_out,) -> (N, n_out). The gradient can be
    taken once.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, links: Links) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.links = links
        y = bias.expand(len(x), -1).clone(memory_format=torch.contiguous_format)  # (N, n_out)
        for out, parts in links.parts(weight):
            for columns, block in parts:
                within(y, out).addmm_(within(x, columns), block)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        links: Links = ctx.links
        grad = grad.contiguous()
        into_x = torch.zeros_like(x) if ctx.needs_input_grad[0] else None  # (N, n_in)
        into_weight = torch.empty_like(weight)
        targets = links.parts(into_weight)
        for (out, parts), (_, places) in zip(links.parts(weight), targets, strict=True):
            g = within(grad, out)  # (N, width)
            for (columns, block), (_, place) in zip(parts, places, strict=True):
                torch.mm(within(x, columns).T, g, out=place)
                if into_x is not None:
                    within(into_x, columns).addmm_(g, block.T)
        return into_x, into_weight, grad.sum(0), None


class ExpertProduct(torch.autograd.Function):
    """x, weight, bias -> x W^T + b, where each expert has a block of x of its own (eq. 14).

    Shapes: x (N, K, n), weight (n_weights,), bias (K * m,) -> (N, K, m), added to `onto` of that
    shape if there is one. With `apart`, each expert's part of it lies together in memory. All
    experts' own blocks are one batched product. The gradient does not enter children, and can be
    taken once.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        onto: Tensor | None,
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
        if onto is None:
            y.copy_(start)
        else:
            torch.add(onto, start, out=y)
        each.baddbmm_(by_expert(flat, experts), own)
        add_children(flat, links, below, each)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        flat, own = ctx.saved_tensors  # (N, K * n), (K, n, m)
        links: Links = ctx.links
        x = by_expert(flat, len(own))  # (K, N, n)
        into_x = flat.new_empty_strided((x.shape[1], x.shape[0], x.shape[2]), ctx.strides)
        g = grad.transpose(0, 1)  # (K, N, m)
        if g.stride(2) != 1 or g.stride(1) < g.shape[2]:
            g = g.contiguous()
        torch.bmm(g, own.mT, out=into_x.transpose(0, 1))
        into_weight = links.flat(torch.bmm(x.mT, g), into_children(flat, links, g))
        onto = grad if ctx.needs_input_grad[3] else None
        return into_x, into_weight, g.sum(1).flatten(), onto, None, None


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
