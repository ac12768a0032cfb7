"""The obvious, slow second writing of every rule: whole matrices of contributions, item by item."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from relrec_core.lrp.rules import (
    AlphaBeta,
    Epsilon,
    Flat,
    Gamma,
    RelativeEpsilon,
    Rule,
    WSquare,
    ZBox,
    ZPlus,
)


def matrix_of(layer: nn.Module, shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """W (I, O), which inputs an output sees (I, O), and b (O,) of a layer, by loops."""
    if isinstance(layer, nn.Linear):
        bias = torch.zeros(layer.out_features).double() if layer.bias is None else layer.bias
        return layer.weight.detach().T, torch.ones_like(layer.weight.T), bias.detach()
    channels, height, width = shape
    if isinstance(layer, nn.Conv2d):
        kernel, stride, pad, dilation = (
            layer.kernel_size,
            layer.stride,
            layer.padding,
            layer.dilation,
        )
        outputs, per_group = layer.out_channels, channels // layer.groups
    else:
        assert isinstance(layer, nn.AvgPool2d)
        kernel = stride = (layer.kernel_size, layer.kernel_size)
        pad, dilation = (0, 0), (1, 1)
        outputs, per_group = channels, 1
    out_h = (height + 2 * pad[0] - dilation[0] * (kernel[0] - 1) - 1) // stride[0] + 1
    out_w = (width + 2 * pad[1] - dilation[1] * (kernel[1] - 1) - 1) // stride[1] + 1
    w = torch.zeros(channels, height, width, outputs, out_h, out_w).double()
    seen = torch.zeros_like(w)
    groups = channels // per_group
    ranges = (outputs, out_h, out_w, per_group, *kernel)
    for o, p, q, c, i, j in itertools.product(*(range(n) for n in ranges)):
        y = p * stride[0] - pad[0] + i * dilation[0]
        x = q * stride[1] - pad[1] + j * dilation[1]
        if 0 <= y < height and 0 <= x < width:
            channel = (o // (outputs // groups)) * per_group + c
            seen[channel, y, x, o, p, q] = 1
            w[channel, y, x, o, p, q] = (
                layer.weight[o, c, i, j].detach()
                if isinstance(layer, nn.Conv2d)
                else 1 / (kernel[0] * kernel[1])
            )
    bias = torch.zeros(outputs).double()
    if isinstance(layer, nn.Conv2d) and layer.bias is not None:
        bias = layer.bias.detach()
    size = channels * height * width
    bias = bias[:, None, None].expand(outputs, out_h, out_w).reshape(-1)
    return w.reshape(size, -1), seen.reshape(size, -1), bias


def bounds_of(rule: ZBox, x: Tensor) -> tuple[Tensor, Tensor]:
    """Lower and upper bound of every input, for x of one item, (C, H, W) or (I,)."""
    flat = x.reshape(len(x), -1) if x.ndim > 1 else x.reshape(1, -1)
    least, greatest = rule.bounds
    low = flat.amin(1) if least is None else torch.tensor(least).double()
    high = flat.amax(1) if greatest is None else torch.tensor(greatest).double()
    low, high = (t.expand(len(flat))[:, None].expand_as(flat).reshape(-1) for t in (low, high))
    return low, high


def redistribute_densely(
    rule: Rule,
    x: Tensor,
    matrix: tuple[Tensor, Tensor, Tensor],
    relevance: Tensor,
    eps: float,
    ignore_bias: bool = False,
) -> tuple[Tensor, float, float]:
    """Relevance of the inputs of one item, and what bias and epsilon took, from the definitions."""
    w, seen, b = matrix
    shape, whole = x.shape, x
    x, relevance = x.reshape(-1), relevance.reshape(-1)
    if isinstance(rule, RelativeEpsilon):
        active = [v for v in (x @ w + b).tolist() if v > 0]
        eps += rule.relative * (sum(v**2 for v in active) / max(1, len(active))) ** 0.5
    if ignore_bias:
        b = torch.zeros_like(b)
    z = x[:, None] * w  # contributions, (I, O)
    nothing = torch.zeros_like(b)
    if isinstance(rule, Epsilon | RelativeEpsilon):
        shares = [(1.0, z, b)]
    elif isinstance(rule, Gamma):
        up = z.sum(0) + b >= 0
        same = torch.where(up, z.clamp(min=0), z.clamp(max=0))
        same_b = torch.where(up, b.clamp(min=0), b.clamp(max=0))
        shares = [(1.0, z + rule.gamma * same, b + rule.gamma * same_b)]
    elif isinstance(rule, ZPlus):
        shares = [(1.0, z.clamp(min=0), b.clamp(min=0))]
    elif isinstance(rule, AlphaBeta):
        shares = [
            (rule.alpha, z.clamp(min=0), b.clamp(min=0)),
            (-rule.beta, z.clamp(max=0), b.clamp(max=0)),
        ]
    elif isinstance(rule, ZBox):
        low, high = bounds_of(rule, whole)
        boxed = z - low[:, None] * w.clamp(min=0) - high[:, None] * w.clamp(max=0)
        shares = [(1.0, boxed, nothing)]
    elif isinstance(rule, Flat):
        shares = [(1.0, seen, nothing)]
    else:
        assert isinstance(rule, WSquare)
        shares = [(1.0, w**2, nothing)]
    result, of_bias, of_eps = torch.zeros_like(x), 0.0, 0.0
    for share, n, n_bias in shares:
        total = n.sum(0) + n_bias
        stabiliser = torch.where(total >= 0, 1.0, -1.0).to(total.dtype) * eps
        result = result + (n / (total + stabiliser) * (share * relevance)).sum(1)
        of_bias += float((n_bias / (total + stabiliser) * share * relevance).sum())
        of_eps += float((stabiliser / (total + stabiliser) * share * relevance).sum())
    return result.reshape(shape), of_bias, of_eps


def propagate_densely(
    module: nn.Sequential,
    x: Tensor,
    relevance: Tensor,
    rules: dict[str, Rule],
    eps: float,
    ignore_bias: bool = False,
    reference: Tensor | None = None,
) -> Tensor:
    """Relevance of the inputs of one item: activations forward, definitions backward.

    With a reference a layer distributes by what it saw beyond it, without its bias.
    """
    seen = []
    for name, layer in module.named_children():
        seen.append((name, layer, x, reference))
        x = layer(x[None])[0].detach()
        reference = None if reference is None else layer(reference[None])[0].detach()
    for name, layer, x, reference in reversed(seen):
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.AvgPool2d):
            w, window, b = matrix_of(layer, tuple(x.shape))
            more = x
            if reference is not None:
                more, b = x - reference, torch.zeros_like(b)
            rule, matrix = rules.get(name, Epsilon()), (w, window, b)
            relevance, _, _ = redistribute_densely(rule, more, matrix, relevance, eps, ignore_bias)
        elif isinstance(layer, nn.MaxPool2d):
            relevance = _to_winners(layer.kernel_size, x, relevance, reference)
        else:
            relevance = relevance.reshape(x.shape)
    return relevance


def _to_winners(size: int, x: Tensor, relevance: Tensor, reference: Tensor | None) -> Tensor:
    """Relevance to the greatest of each window, or of the reference's if that is greater."""
    result = torch.zeros_like(x)
    for c, p, q in itertools.product(*(range(n) for n in relevance.shape)):
        at = (c, slice(p * size, (p + 1) * size), slice(q * size, (q + 1) * size))
        window = x[at]
        if reference is not None and reference[at].max() > window.max():
            window = reference[at]
        place = int(window.flatten().argmax())
        result[c, p * size + place // size, q * size + place % size] += relevance[c, p, q]
    return result
