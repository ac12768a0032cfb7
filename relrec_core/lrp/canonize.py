"""From an nn.Sequential to the plain layers the engine knows; the module is only read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from relrec_core.errors import RelRecError
from relrec_core.lrp.layers import (
    AdaptivePool,
    AveragePool,
    Convolution,
    Flatten,
    Layer,
    Linear,
    MaxPool,
    Pair,
    Rectifier,
)

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
PASSED = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity)


class UnsupportedLayerError(RelRecError):
    """A layer that relevance cannot be propagated through."""

    def __init__(self, name: str, module: nn.Module, why: str) -> None:
        self.layer = name
        super().__init__(f"Layer '{name}' ({type(module).__name__}) cannot be explained: {why}.")


@dataclass(frozen=True, eq=False)
class Canonized:
    """A layer and the modules it stands for, in their order."""

    layer: Layer
    parts: tuple[nn.Module, ...]


def canonize(module: nn.Sequential) -> tuple[Canonized, ...]:
    """The layers of a sequential network as it computes in evaluation mode.

    Nested sequentials are flattened, dropout is left out, batch norm is merged into the layer
    before it (in new tensors; the module keeps its own). A module used twice is two layers.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    found: list[Canonized] = []
    for name, part in _flattened(module, ""):
        if type(part) in NORMS:
            before = found[-1] if found else None
            if before is None or not isinstance(before.layer, Convolution | Linear):
                why = "batch norm can be merged only into a convolution or linear layer before it"
                raise UnsupportedLayerError(name, part, why)
            assert isinstance(part, BatchNorm)
            found[-1] = Canonized(_merge(before.layer, part, name), (*before.parts, part))
        elif type(part) not in PASSED:
            found.append(Canonized(_layer(name, part), (part,)))
    return tuple(found)


def _flattened(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    _refuse_changed(prefix, module)
    if type(module) is not nn.Sequential:
        yield prefix, module
        return
    for name, child in module._modules.items():  # named_children leaves out second uses
        if child is None:
            raise UnsupportedLayerError(name, module, "its place is empty")
        yield from _flattened(child, f"{prefix}.{name}" if prefix else name)


def _refuse_changed(name: str, part: nn.Module) -> None:
    """What computes something else than its type says: from outside its own forward."""
    if parametrize.is_parametrized(part):
        kinds = (p for each in part.parametrizations.values() for p in each)  # type: ignore[operator]
        why = f"a parametrization ({_kinds(kinds)}) computes its weights; make it permanent first"
        raise UnsupportedLayerError(name, part, why)
    if part._forward_pre_hooks:
        why = f"a forward pre-hook ({_kinds(part._forward_pre_hooks.values())}) may change it"
        raise UnsupportedLayerError(name, part, why)
    if part._forward_hooks:
        why = f"a forward hook ({_kinds(part._forward_hooks.values())}) may change its output"
        raise UnsupportedLayerError(name, part, why)
    if "forward" in vars(part):
        raise UnsupportedLayerError(name, part, "its forward was replaced")


def _kinds(things: Iterable[object]) -> str:
    """Names of functions, or of what is called like one: `WeightNorm`, `L1Unstructured`."""
    return ", ".join(getattr(thing, "__name__", type(thing).__name__) for thing in things)


def _layer(name: str, part: nn.Module) -> Layer:
    """By exact type: a subclass may compute anything."""
    if type(part) is nn.Conv2d:
        return _convolution(name, part)
    if type(part) is nn.Linear:
        return Linear(name, part.weight.detach(), _detached(part.bias))
    if type(part) is nn.ReLU:
        return Rectifier(name)
    if type(part) is nn.MaxPool2d:
        if part.return_indices:
            raise UnsupportedLayerError(name, part, "it returns places beside values")
        return MaxPool(
            name,
            _pair(part.kernel_size),
            _pair(part.stride),
            _pair(part.padding),
            _pair(part.dilation),
            part.ceil_mode,
        )
    if type(part) is nn.AvgPool2d:
        return AveragePool(
            name,
            _pair(part.kernel_size),
            _pair(part.stride),
            _pair(part.padding),
            part.ceil_mode,
            part.count_include_pad,
            part.divisor_override,
        )
    if type(part) is nn.AdaptiveAvgPool2d:
        size = part.output_size
        return AdaptivePool(name, (size[0], size[1]) if isinstance(size, tuple) else (size, size))
    if type(part) is nn.Flatten and (part.start_dim, part.end_dim) == (1, -1):
        return Flatten(name)
    raise UnsupportedLayerError(name, part, "there is no rule for this kind of layer")


def _convolution(name: str, part: nn.Conv2d) -> Convolution:
    if part.padding_mode != "zeros":
        raise UnsupportedLayerError(name, part, f"padding by '{part.padding_mode}'")
    dilation = _pair(part.dilation)
    if part.padding == "valid":
        padding: Pair = (0, 0)
    elif part.padding == "same":
        rows, columns = (d * (k - 1) for d, k in zip(dilation, part.kernel_size, strict=True))
        if rows % 2 or columns % 2:
            raise UnsupportedLayerError(name, part, "its padding is not the same on both sides")
        padding = (rows // 2, columns // 2)
    else:
        padding = _pair(part.padding)
    weight = part.weight.detach().contiguous(memory_format=torch.channels_last)
    bias = _detached(part.bias)
    return Convolution(name, weight, bias, _pair(part.stride), padding, dilation, part.groups)


def _merge(layer: Convolution | Linear, norm: BatchNorm, name: str) -> Convolution | Linear:
    """w' = w * gamma / sigma, b' = (b - mean) * gamma / sigma + beta, one of each a unit."""
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise UnsupportedLayerError(name, norm, "it has no running statistics")
    scale = torch.rsqrt(variance.detach() + norm.eps)  # (O,)
    if norm.weight is not None:
        scale = scale * norm.weight.detach()  # (O,)
    bias = -mean.detach() if layer.bias is None else layer.bias - mean.detach()  # (O,)
    bias = bias * scale  # (O,)
    if norm.bias is not None:
        bias = bias + norm.bias.detach()  # (O,)
    weight = layer.weight * scale.reshape(-1, *[1] * (layer.weight.ndim - 1))  # as layer.weight
    return replace(layer, weight=weight, bias=bias)


def _detached(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach()


def _pair(value: object) -> Pair:
    """torch's `3` or `(3, 3)` as a pair."""
    if isinstance(value, tuple | list):
        return int(value[0]), int(value[1])
    if isinstance(value, int):
        return value, value
    raise TypeError(f"{value!r} is no size")
