"""Layers as values: what they compute, and its transpose. No module, no autograd, no state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]
Shape = tuple[int, ...]

FEW = 4
"""Channels for which torch's transposed convolution, which pads them to 16, does not pay."""

PIECES = 128
"""Into which a row of weights is cut, for threads to share and for a processor's pages."""


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

    def rectified(self, x: Tensor) -> Tensor:
        """max(0, forward), in one go where torch can: (B, I, H, W) -> (B, O, H', W')."""
        fusing = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        if not (fusing and x.is_cpu and x.dtype == torch.float32):
            return self.forward(x, self.weight, self.bias).relu_()
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x,
            self.weight,
            self.bias,
            self.padding,
            self.stride,
            self.dilation,
            self.groups,
            "relu",
            [],
            "",
        )
        return result

    def transpose(self, s: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """(B, O, H', W') -> `shape`, which is (B, I, H, W)."""
        if shape[1] <= FEW and self.groups == 1 and s.dtype != torch.bfloat16:
            return self._transpose_to_few(s, weight, shape)
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

    def _transpose_to_few(self, s: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """As one matrix product, shifted and summed: torch's own pads a few channels to 16."""
        items, channels, *size = shape
        high, wide = s.shape[2:]
        columns = weight.flatten(1).T @ s.permute(1, 0, 2, 3).flatten(1)  # (I h w, B H' W')
        columns = columns.reshape(*weight.shape[1:], items, high, wide)
        (up, left), (down, right) = self.padding, self.stride
        padded = s.new_zeros(channels, items, size[0] + 2 * up, size[1] + 2 * left)
        for i, j in product(*map(range, weight.shape[2:])):
            y, x = i * self.dilation[0], j * self.dilation[1]
            met = padded[:, :, y : y + down * high : down, x : x + right * wide : right]
            met += columns[:, i, j]  # (I, B, H', W')
        return padded[:, :, up : up + size[0], left : left + size[1]].transpose(0, 1)

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

    def rectified(self, x: Tensor) -> Tensor:
        """max(0, forward): (B, I) -> (B, O)."""
        return self.forward(x, self.weight, self.bias).relu_()

    def transpose(self, s: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """(B, O) -> `shape`, which is (B, I)."""
        if 3 * s.count_nonzero() < 2 * len(weight) and weight.is_contiguous():
            return torch.stack([_sparse_product(item, weight) for item in s]).reshape(shape)
        return (s @ weight).reshape(shape)

    def along_outputs(self, values: Tensor) -> Tensor:
        """One value a unit, (O,), shaped to go with outputs (B, O): as it is."""
        return values


def _sparse_product(s: Tensor, weight: Tensor) -> Tensor:
    """s W that reads only the rows of W whose s is not zero: (O,), (O, I) -> (I,).

    Rows are cut into pieces, for threads to share.
    """
    pieces = math.gcd(weight.shape[1], PIECES)
    rows = s.nonzero().flatten()  # (N,)
    found = rows * pieces + torch.arange(pieces, device=s.device)[:, None]  # (P, N)
    factors = s[rows].repeat(pieces, 1)  # (P, N)
    table = weight.view(len(weight) * pieces, -1)  # (O P, I / P)
    starts = torch.arange(pieces, device=s.device) * len(rows)  # (P,)
    return F.embedding_bag(
        found.flatten(), table, starts, mode="sum", per_sample_weights=factors.flatten()
    ).flatten()


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
