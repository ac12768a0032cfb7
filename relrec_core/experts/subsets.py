"""Families of subsets: which groups of inputs each expert may read (Afchar et al. 2020, 3.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from relrec_core.errors import ProfileError, RelRecError
from relrec_core.explanation import Value

MOST_EXPERTS = 64


class FamilyError(RelRecError):
    """A family of subsets that contradicts itself or does not fit the data."""


class Family(Value):
    """Groups X_1..X_N of columns and experts S_1..S_K, each a union of groups.

    Experts are numbered in the order given. S_j strictly inside S_i makes j a child of i.

    Args:
        groups: name of a group -> its columns; no column is in two groups.
        experts: name of an expert -> the groups it reads; no two experts read the same.

    Raises:
        FamilyError: unknown group, empty group or expert, duplicate expert, column in two groups,
            no expert or more than 64.
    """

    groups: dict[str, tuple[str, ...]]
    experts: dict[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _check(self) -> Self:
        owner: dict[str, str] = {}
        for group, columns in self.groups.items():
            if not columns:
                raise FamilyError(f"Group '{group}' has no columns; give it one or remove it.")
            for column in columns:
                if column in owner:
                    both = f"groups '{owner[column]}' and '{group}'"
                    place = f"group '{group}' twice" if owner[column] == group else both
                    raise FamilyError(f"Column '{column}' is in {place}; a column has one place.")
                owner[column] = group
        if not 1 <= len(self.experts) <= MOST_EXPERTS:
            found = len(self.experts)
            raise FamilyError(f"A family has 1 to {MOST_EXPERTS} experts; this one has {found}.")
        first: dict[frozenset[str], str] = {}
        for expert, groups in self.experts.items():
            if not groups:
                raise FamilyError(f"Expert '{expert}' reads nothing; give it at least one group.")
            for group in groups:
                if group not in self.groups:
                    known = ", ".join(self.groups)
                    raise FamilyError(
                        f"Expert '{expert}' reads the unknown group '{group}'; known are: {known}."
                    )
            twin = first.setdefault(frozenset(groups), expert)
            if twin != expert:
                raise FamilyError(f"Experts '{twin}' and '{expert}' read the same groups.")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the experts, in their order."""
        return tuple(self.experts)

    @cached_property
    def subsets(self) -> tuple[frozenset[str], ...]:
        """The groups each expert reads, S_1..S_K."""
        return tuple(frozenset(groups) for groups in self.experts.values())

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """omega(i) of section 3.3.2: for each expert all experts strictly inside it."""
        return tuple(tuple(j for j, s in enumerate(self.subsets) if s < t) for t in self.subsets)

    @cached_property
    def covers(self) -> tuple[tuple[int, int], ...]:
        """Edges (child, parent) of the Hasse diagram: nothing of the family lies between."""
        return tuple(
            (j, i)
            for i, below in enumerate(self.children)
            for j in below
            if not any(j in self.children[k] for k in below)
        )

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """Row of each expert in the Hasse diagram: length of the longest chain below it."""
        found = [0] * len(self.names)
        for i in self.order:
            found[i] = max((found[j] + 1 for j in self.children[i]), default=0)
        return tuple(found)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Experts in topological order, children before parents."""
        return tuple(sorted(range(len(self.names)), key=lambda i: len(self.subsets[i])))

    def mask(self) -> npt.NDArray[np.bool_]:
        """(K, K) block mask of eq. 14: open at (i, j) iff S_j is a subset of S_i."""
        return np.array([[s <= t for s in self.subsets] for t in self.subsets])

    def columns(self, expert: str) -> tuple[str, ...]:
        """All columns that an expert reads, group by group."""
        if expert not in self.experts:
            known = ", ".join(self.names)
            raise FamilyError(f"There is no expert '{expert}'; there are: {known}.")
        read = self.experts[expert]
        return tuple(c for group, columns in self.groups.items() if group in read for c in columns)

    def positions(self, columns: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Where each group's columns are in a table.

        Args:
            columns: names of the table's columns, in its order.

        Raises:
            FamilyError: the table lacks a column of the family.
        """
        place = {name: i for i, name in enumerate(columns)}
        for group, names in self.groups.items():
            for name in names:
                if name not in place:
                    raise FamilyError(
                        f"Group '{group}' needs the column '{name}', which the data do not have."
                    )
        return {group: tuple(place[n] for n in names) for group, names in self.groups.items()}

    def without(self, groups: Collection[str]) -> Family:
        """The family that is left where some groups are absent: experts that read them go.

        Raises:
            FamilyError: a group is unknown, or no expert is left.
        """
        for group in groups:
            if group not in self.groups:
                raise FamilyError(f"There is no group '{group}' to leave out.")
        return Family(
            groups={g: c for g, c in self.groups.items() if g not in groups},
            experts={e: s for e, s in self.experts.items() if not set(s) & set(groups)},
        )

    def smallest(self, groups: Collection[str]) -> tuple[str, ...]:
        """Names of the experts that hold all these groups and have no such child."""
        holding = {i for i, subset in enumerate(self.subsets) if subset >= set(groups)}
        return tuple(self.names[i] for i in sorted(holding) if not holding & set(self.children[i]))

    def check_widths(self, widths: Mapping[str, int]) -> None:
        """Raise `FamilyError` unless `widths` are positive numbers of features of known groups."""
        for group, width in widths.items():
            if group not in self.groups:
                known = ", ".join(self.groups)
                raise FamilyError(f"There is no group '{group}'; there are: {known}.")
            if width < 1:
                raise FamilyError(f"Group '{group}' has the width {width}; it must be at least 1.")


def required(family: Family | None, refusal: str) -> Family:
    """The family of a model, or `ProfileError` with a sentence where it has no experts."""
    if family is None:
        raise ProfileError(refusal)
    return family
