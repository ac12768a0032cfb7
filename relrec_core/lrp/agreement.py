"""That a network computes what its layers say, up to rounding: checked once for each network."""

from __future__ import annotations

import copy
import math
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from relrec_core.lrp.canonize import BatchNorm, Canonized, UnsupportedLayerError
from relrec_core.lrp.layers import AdaptivePool, AveragePool, MaxPool, Rectifier, Weighted

_agreed: WeakKeyDictionary[nn.Module, tuple[int, ...]] = WeakKeyDictionary()
"""Networks found to agree, with the identities of their modules then."""


def check(module: nn.Module, canonized: tuple[Canonized, ...], x: Tensor) -> None:
    """Compare every layer with the modules it stands for, both given the same.

    Sums of n products in any two orders differ by at most 2 n u sum |x w|, u the unit roundoff
    (Higham 2002, section 3.1); nothing else may differ.

    Args:
        module: whose layers these are; not checked again while it has the same modules.
        canonized: its layers.
        x: (1, ...) an input.

    Raises:
        UnsupportedLayerError: naming the layer that computes something else.
    """
    identities = tuple(id(part) for each in canonized for part in each.parts)
    if _agreed.get(module) == identities:
        return
    for each in canonized:
        expected = x
        for part in each.parts:
            expected = _evaluating(part)(expected)
        bound = _bound(each, x)
        x = _computed(each, x)
        if expected.shape != x.shape or bool(((expected - x).abs() > bound).any()):
            why = "it computes something else than layers of its kind"
            raise UnsupportedLayerError(each.layer.name, each.parts[0], why)
    _agreed[module] = identities


def _evaluating(part: nn.Module) -> nn.Module:
    """The same module, parameters shared, in evaluation mode."""
    twin = copy.copy(part)
    twin.training = False
    return twin


def _computed(each: Canonized, x: Tensor) -> Tensor:
    layer = each.layer
    if isinstance(layer, Weighted):
        return layer.forward(x, layer.weight, layer.bias)
    if isinstance(layer, MaxPool):
        return layer.forward(x)[0]
    if isinstance(layer, AveragePool | AdaptivePool):
        return layer.forward(x)
    return x.relu() if isinstance(layer, Rectifier) else x.flatten(1)


def _bound(each: Canonized, x: Tensor) -> Tensor:
    """By how much two ways to compute a layer may differ: one, or by unit (O,) or (O, 1, 1)."""
    layer, largest = each.layer, x.abs().max()
    roundoff = torch.finfo(x.dtype).eps / 2
    if x.is_cuda and x.dtype == torch.float32:
        roundoff = 2.0**-11  # tensor cores may read no more digits
    if isinstance(layer, AveragePool | AdaptivePool):
        window = math.prod(layer.kernel if isinstance(layer, AveragePool) else x.shape[2:])
        divisor = layer.divisor if isinstance(layer, AveragePool) and layer.divisor else window
        return 2 * (window + 1) * roundoff * largest * abs(window / divisor)
    if not isinstance(layer, Weighted):
        return torch.zeros_like(largest)
    first, *norms = each.parts
    size = largest * first.get_parameter("weight").flatten(1).abs().sum(1)  # (O,)
    if isinstance(first.bias, Tensor):
        size = size + first.bias.abs()
    for norm in norms:
        assert isinstance(norm, BatchNorm) and norm.running_var is not None
        assert norm.running_mean is not None
        size = (size + norm.running_mean.abs()) * torch.rsqrt(norm.running_var + norm.eps)
        if norm.affine:
            size = size * norm.weight.abs() + norm.bias.abs()
    terms = layer.weight[0].numel() + 1 + 8 * len(norms)
    return layer.along_outputs(2 * terms * roundoff * size)
