"""Compact product with a block matrix: what the mask closes is neither stored nor computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from relrec_core.experts.subsets import Family

Run = tuple[int, int]
"""Adjacent columns, from (included) and to (excluded)."""

Part = tuple[Run, Tensor, bool]
"""Input columns of a run, its weights (run, width), and whether gradients flow into it."""


@dataclass(frozen=True)
class Row:
    """What one output block reads: `flowing` runs get gradients, `stopped` runs do not."""

    width: int
    flowing: tuple[Run, ...]
    stopped: tuple[Run, ...]

    @property
    def fan_in(self) -> int:
        return sum(end - start for start, end in self.flowing + self.stopped)


@dataclass(frozen=True)
class Links:
    """The open blocks of a matrix, in sorted order: one row per expert.

    The weights lie in one flat vector: expert by expert, and within one its flowing runs before
    its stopped ones, each run an array (run, width).
    """

    n_in: int
    rows: tuple[Row, ...]

    @property
    def n_out(self) -> int:
        return sum(row.width for row in self.rows)

    @property
    def n_weights(self) -> int:
        return sum(row.width * row.fan_in for row in self.rows)

    @classmethod
    def from_groups(cls, family: Family, widths: Mapping[str, int], width: int) -> Self:
        """Expert i reads the groups of S_i (eq. 8), concatenated in the order of `widths`."""
        family.check_widths(widths)
        runs: dict[str, Run] = {}
        end = 0
        for group, size in widths.items():
            runs[group] = (end, end + size)
            end += size
        rows = [
            Row(width, _joined([run for group, run in runs.items() if group in subset]), ())
            for subset in family.subsets
        ]
        return cls(end, tuple(rows))

    @classmethod
    def between_experts(cls, family: Family, n_in: int, n_out: int) -> Self:
        """Expert i reads its own block and, without gradient, its children's (eq. 14).

        Args:
            family: of K experts.
            n_in: features of one expert's block below.
            n_out: features of one expert's block above.
        """
        rows = [
            Row(
                n_out,
                ((i * n_in, (i + 1) * n_in),),
                _joined([(j * n_in, (j + 1) * n_in) for j in below]),
            )
            for i, below in enumerate(family.children)
        ]
        return cls(len(rows) * n_in, tuple(rows))

    @classmethod
    def within_experts(cls, family: Family, n_in: int, n_out: int) -> Self:
        """Expert i reads its own block only (eq. 13); arguments as in `between_experts`."""
        rows = [Row(n_out, ((i * n_in, (i + 1) * n_in),), ()) for i in range(len(family.names))]
        return cls(len(rows) * n_in, tuple(rows))

    @cached_property
    def private(self) -> bool:
        """Whether exactly one expert sends gradients into each input column."""
        runs = [run for row in self.rows for run in row.flowing]
        return _joined(runs) == ((0, self.n_in),) and sum(b - a for a, b in runs) == self.n_in

    @cached_property
    def _sizes(self) -> list[int]:
        runs = ((row, run) for row in self.rows for run in row.flowing + row.stopped)
        return [row.width * (end - start) for row, (start, end) in runs]

    def parts(self, weight: Tensor) -> Iterator[tuple[Run, list[Part]]]:
        """For each expert its run of output columns, and its parts, one a run of input columns."""
        blocks = iter(torch.split(weight, self._sizes) if self._sizes else ())
        out = 0
        for row in self.rows:
            flowing = [(run, next(blocks).view(-1, row.width), True) for run in row.flowing]
            stopped = [(run, next(blocks).view(-1, row.width), False) for run in row.stopped]
            yield (out, out + row.width), flowing + stopped
            out += row.width


class BlockProduct(torch.autograd.Function):
    """x, weight, bias -> x W^T + b over the open blocks of `links` (eq. 14).

    Shapes: x (N, n_in), weight (n_weights,), bias (n_out,) -> (N, n_out). The gradient does not
    enter stopped runs, and can be taken once.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, links: Links) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.links = links
        y = repeated(bias, len(x))  # (N, n_out)
        for out, parts in links.parts(weight):
            accumulate(x, parts, within(y, out))
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        links: Links = ctx.links
        grad = grad.contiguous()
        into_x = None
        if ctx.needs_input_grad[0]:
            into_x = torch.empty_like(x) if links.private else torch.zeros_like(x)  # (N, n_in)
        into_weight = torch.empty_like(weight)
        targets = links.parts(into_weight)
        for (out, parts), (_, places) in zip(links.parts(weight), targets, strict=True):
            g = within(grad, out)  # (N, width)
            for (columns, block, flows), (_, place, _) in zip(parts, places, strict=True):
                torch.mm(within(x, columns).T, g, out=place)
                if flows and into_x is not None:
                    if links.private:
                        torch.mm(g, block.T, out=within(into_x, columns))
                    else:
                        within(into_x, columns).addmm_(g, block.T)
        return into_x, into_weight, grad.sum(0), None


def within(x: Tensor, columns: Run) -> Tensor:
    """View of adjacent columns: (N, C) -> (N, run)."""
    start, end = columns
    return x.narrow(1, start, end - start)


def repeated(bias: Tensor, n: int) -> Tensor:
    """(C,) -> (n, C), in memory of its own, to add products to."""
    return bias.expand(n, -1).clone(memory_format=torch.contiguous_format)


def accumulate(x: Tensor, parts: Sequence[Part], target: Tensor) -> Tensor:
    """Add one expert's x W^T to `target` (N, width), and return it."""
    for columns, block, _ in parts:
        target.addmm_(within(x, columns), block)
    return target


def _joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Runs that touch become one, so that fewer and larger products are computed."""
    joined: list[Run] = []
    for start, end in sorted(runs):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
