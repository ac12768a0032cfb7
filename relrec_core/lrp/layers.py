"""Layers as values: what they compute, and its transpose. No module, no autograd, no state."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Convolution:
    """Weight (O, I / groups, h, w), bias (O,) or none."""

    name: str
    weight: Tensor
    bias: Tensor | None
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(B, I, H, W) -> (B, O, H', W')."""
        return F.conv2d(x, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def transpose(self, s: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """(B, O, H', W') -> `shape`, which is (B, I, H, W)."""
        like = torch.empty(
            shape, dtype=s.dtype, device=s.device, memory_format=torch.channels_last
        )  # only its shape is read
        result: Tensor = torch.ops.aten.convolution_backward(
            s,
            like,
            weight,
            None,
            self.stride,
            self.padding,
            self.dilation,
            False,
            [0, 0],
            self.groups,
            [True, False, False],
        )[0]
        return result

    def along_outputs(self, values: Tensor) -> Tensor:
        """One value a unit, (O,), shaped to go with outputs."""
        return values[:, None, None]  # (O, 1, 1)


@dataclass(frozen=True, eq=False)
class Linear:
    """Weight (O, I), bias (O,) or none."""

    name: str
    weight: Tensor
    bias: Tensor | None

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(B, I) -> (B, O)."""
        return F.linear(x, weight, bias)

    def transpose(self, s: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """(B, O) -> `shape`, which is (B, I)."""
        return (s @ weight).reshape(shape)

    def along_outputs(self, values: Tensor) -> Tensor:
        """One value a unit, (O,), shaped to go with outputs (B, O): as it is."""
        return values


@dataclass(frozen=True, eq=False)
class AveragePool:
    """Mean over windows."""

    name: str
    kernel: Pair
    stride: Pair
    padding: Pair
    ceil_mode: bool
    count_include_pad: bool
    divisor: int | None

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H', W')."""
        return F.avg_pool2d(
            x,
            self.kernel,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor,
        )

    def transpose(self, s: Tensor, shape: Shape) -> Tensor:
        """(B, C, H', W') -> `shape`, which is (B, C, H, W)."""
        result: Tensor = torch.ops.aten.avg_pool2d_backward(
            s,
            s.new_empty(shape),
            self.kernel,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor,
        )
        return result


@dataclass(frozen=True, eq=False)
class AdaptivePool:
    """Mean over as many windows as outputs are wanted."""

    name: str
    size: tuple[int | None, int | None]

    def leaves(self, x: Tensor) -> bool:
        """Whether it changes nothing, the size being right already."""
        return all(want in (None, have) for want, have in zip(self.size, x.shape[-2:], strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H', W')."""
        return F.adaptive_avg_pool2d(x, self.size)

    def transpose(self, s: Tensor, shape: Shape) -> Tensor:
        """(B, C, H', W') -> `shape`, which is (B, C, H, W)."""
        result: Tensor = torch.ops.aten._adaptive_avg_pool2d_backward(s, s.new_empty(shape))
        return result


@dataclass(frozen=True, eq=False)
class MaxPool:
    """Largest of each window; relevance goes to the winner, the first one of equals."""

    name: str
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    ceil_mode: bool

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> values and places of the winners, both (B, C, H', W')."""
        values, winners = torch.ops.aten.max_pool2d_with_indices(
            x, self.kernel, self.stride, self.padding, self.dilation, self.ceil_mode
        )
        return values, winners

    def to_winners(self, relevance: Tensor, winners: Tensor, shape: Shape) -> Tensor:
        """(B, C, H', W') -> `shape`, which is (B, C, H, W)."""
        if winners.shape != relevance.shape:
            winners = winners.expand_as(relevance)
        like = torch.empty(
            shape,
            dtype=relevance.dtype,
            device=relevance.device,
            memory_format=torch.channels_last,
        )  # only its shape and order are read
        result: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            relevance,
            like,
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            winners.contiguous(memory_format=torch.channels_last),
        )
        return result


@dataclass(frozen=True)
class Rectifier:
    """max(0, x); relevance passes."""

    name: str


@dataclass(frozen=True)
class Flatten:
    """(B, ...) -> (B, F); relevance passes."""

    name: str


Weighted = Convolution | Linear
Pool = AveragePool | AdaptivePool
Layer = Weighted | Pool | MaxPool | Rectifier | Flatten


def wanted(layer: Layer, x: Tensor) -> str | None:
    """What the layer reads, if x is not that."""
    if isinstance(layer, Flatten | Rectifier):
        return None
    if isinstance(layer, Weighted) and x.dtype != layer.weight.dtype:
        return f"numbers of {layer.weight.dtype}"
    if isinstance(layer, Linear):
        features = layer.weight.shape[1]
        return None if x.shape[1:] == (features,) else f"(B, {features})"
    channels = layer.weight.shape[1] * layer.groups if isinstance(layer, Convolution) else None
    if x.ndim != 4 or channels not in (None, x.shape[1]):
        return f"(B, {channels or 'C'}, H, W)"
    if isinstance(layer, AdaptivePool):
        return None
    kernel = layer.weight.shape[2:] if isinstance(layer, Convolution) else layer.kernel
    dilation = (1, 1) if isinstance(layer, AveragePool) else layer.dilation
    ceil = isinstance(layer, MaxPool | AveragePool) and layer.ceil_mode
    least = [
        (k - 1) * d + 1 - 2 * p - (s - 1) * ceil
        for k, d, p, s in zip(kernel, dilation, layer.padding, layer.stride, strict=True)
    ]
    if any(n < need for n, need in zip(x.shape[2:], least, strict=True)):
        return f"at least {least[0]} x {least[1]}"
    return None
