"""A claim of a paper, and what the stored evaluations say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from relrec_core.evaluation.tables import StoredTable, stored, stored_name

Outcome = Literal["confirmed", "partly", "not confirmed", "not measured"]
Frames = Mapping[str, pd.DataFrame]
"""Stored tables by their names."""


@dataclass(frozen=True)
class Verdict:
    """Whether numbers bear a claim out, and the sentence that says so with them."""

    status: Outcome
    sentence: str

    @property
    def head(self) -> str:
        """The status, with the reservation that the sentence begins with, if it does."""
        head, found, _ = self.sentence.partition(": ")
        reserved = found and head.startswith(f"{self.status.capitalize()}, ")
        return head if reserved else self.status.capitalize()

    @property
    def rest(self) -> str:
        """The sentence without what `head` says."""
        rest = self.sentence.removeprefix(f"{self.head}: ")
        return rest[:1].upper() + rest[1:]


@dataclass(frozen=True)
class TableSource:
    """A stored table, and what measures it.

    Args:
        wing: whose.
        table: its name for `scripts/evaluate.py`.
        dataset: what it is measured on; empty where the table brings its own.
        seeds: of splits and models.
        part: of a table that stores several.
    """

    wing: str
    table: str
    dataset: str = ""
    seeds: tuple[int, ...] = (0,)
    part: str = ""

    def name(self, quick: bool = False) -> str:
        """Under which it is stored."""
        table = f"{self.table}-{self.part}" if self.part else self.table
        return stored_name(table, self.dataset, quick)

    def arguments(self, quick: bool = False) -> list[str]:
        """Of `scripts/evaluate.py`."""
        data = ["--dataset", self.dataset] if self.dataset else []
        seeds = ["--seeds", *(str(seed) for seed in self.seeds)]
        return [self.wing, self.table, *data, *seeds, *(["--quick"] if quick else [])]

    @property
    def command(self) -> str:
        """The command line that measures the table."""
        return " ".join(["python3 scripts/evaluate.py", *self.arguments()])


@dataclass(frozen=True)
class Claim:
    """One claim.

    Args:
        key: names it in addresses and files.
        title: the question it answers, in plain words.
        paper: whose claim.
        place: where in the paper.
        text: what the paper says, in a sentence.
        sources: the tables that decide.
        judge: verdict from the frames of all sources, in their order.
        numbers: what is shown of them beside the picture: ours, and the paper's where it gives any.
        limits: what the numbers cannot say.
    """

    key: str
    title: str
    paper: str
    place: str
    text: str
    sources: tuple[TableSource, ...]
    judge: Callable[[Sequence[pd.DataFrame]], Verdict]
    numbers: Callable[[Sequence[pd.DataFrame]], pd.DataFrame]
    limits: str = ""

    def tables(self, quick: bool = False, *, as_shipped: bool = False) -> list[StoredTable] | None:
        """The stored tables of all sources, None where one is missing.

        Args:
            quick: those of the quick version.
            as_shipped: leave out what was stored here.

        Raises:
            DataError: one is damaged.
        """
        found = [stored(s.wing, s.name(quick), as_shipped=as_shipped) for s in self.sources]
        return None if any(t is None for t in found) or not found else [t for t in found if t]

    def verdict(self, tables: Sequence[StoredTable] | None) -> Verdict:
        """What the tables say; `not measured` without them."""
        if tables is None:
            commands = " and ".join(dict.fromkeys(f"`{s.command}`" for s in self.sources))
            said = f" {commands} would measure it." if commands else ""
            return Verdict("not measured", f"Not measured.{said}")
        return self.judge([table.frame for table in tables])


def graded(share: float, full: float, half: float) -> Outcome:
    """`confirmed` from `full` on, `partly` from `half` on."""
    if share >= full:
        return "confirmed"
    return "partly" if share >= half else "not confirmed"
