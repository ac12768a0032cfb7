"""The open blocks of a masked matrix: what the mask closes is neither stored nor computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from relrec_core.experts.subsets import Family

Run = tuple[int, int]
"""Adjacent columns, from (included) and to (excluded)."""

Part = tuple[Run, Tensor]
"""Input columns of a run, and its weights (run, width)."""


@dataclass(frozen=True)
class Row:
    """What one output block reads: `flowing` runs get gradients, `stopped` runs do not."""

    width: int
    flowing: tuple[Run, ...]
    stopped: tuple[Run, ...]

    @property
    def fan_in(self) -> int:
        """How many inputs it reads."""
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
        """Outputs of all rows."""
        return sum(row.width for row in self.rows)

    @property
    def n_weights(self) -> int:
        """Weights of the open blocks; closed ones have none."""
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
    def _sizes(self) -> list[int]:
        runs = ((row, run) for row in self.rows for run in row.flowing + row.stopped)
        return [row.width * (end - start) for row, (start, end) in runs]

    def parts(self, weight: Tensor) -> Iterator[tuple[Run, list[Part]]]:
        """For each expert its run of output columns, and its parts, one a run of input columns."""
        blocks = iter(torch.split(weight, self._sizes) if self._sizes else ())
        out = 0
        for row in self.rows:
            runs = row.flowing + row.stopped
            yield (
                (out, out + row.width),
                [(run, next(blocks).view(-1, row.width)) for run in runs],
            )
            out += row.width

    @cached_property
    def children(self) -> list[tuple[int, Run]]:
        """Of `between_experts`: who reads without gradient, and what, in the order of weights."""
        return [(expert, run) for expert, row in enumerate(self.rows) for run in row.stopped]

    def own(self, weight: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Of `between_experts` and `within_experts`: the experts' own blocks (K, n_in, n_out), and
        for each of `children` its block (run, n_out)."""
        if not self.children:
            return weight.view(len(self.rows), -1, self.rows[0].width), []
        own, below = [], []
        blocks = iter(weight.split_with_sizes(self._sizes))
        for row in self.rows:
            own.append(next(blocks))
            below += [next(blocks).view(-1, row.width) for _ in row.stopped]
        return torch.stack(own).view(len(own), -1, self.rows[0].width), below

    def flat(self, own: Tensor, below: Sequence[Tensor]) -> Tensor:
        """The opposite of `own`: weights in their order, from all blocks."""
        if not below:
            return own.view(-1)
        rest = iter(below)
        blocks = [
            block
            for row, block in zip(self.rows, own, strict=True)
            for block in (block, *(next(rest) for _ in row.stopped))
        ]
        return torch.cat([block.reshape(-1) for block in blocks])


def _joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Runs that touch become one, so that fewer and larger products are computed."""
    joined: list[Run] = []
    for start, end in sorted(runs):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
