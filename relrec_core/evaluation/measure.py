"""Measure a table of a study, and store it with the conditions under which it was measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

from relrec_core import permission
from relrec_core.errors import ConfigError
from relrec_core.evaluation import tables
from relrec_core.evaluation.study import Study
from relrec_core.evaluation.tables import StoredTable, stored_name

S = TypeVar("S", bound=Study[Any])


@dataclass(frozen=True, eq=False)
class Table:
    """A measured table, and what belongs to its conditions besides those of the study.

    A table that is not about the study's data has its own `conditions` and its name alone.
    `more` are tables that are stored beside it, under their own names.
    """

    frame: pd.DataFrame
    notes: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] | None = None
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def evaluate(table: str, known: Mapping[str, Callable[[S], Table]], study: S) -> StoredTable:
    """Measure a table and store it under `<table>-<data set>`.

    Args:
        table: its name.
        known: how each of a wing's tables is measured.
        study: of that wing.

    Raises:
        ConfigError: there is no such table.
        DataError: the data set is missing or malformed, or the table cannot be measured on it.
        Cancelled: stopped by Ctrl-C or SIGTERM; what was trained and computed is kept.
    """
    if table not in known:
        raise ConfigError(f"There is no table '{table}'; the tables are {', '.join(known)}.")
    permission.require_writable("store an evaluation")
    started = time.perf_counter()
    result = known[table](study)
    own = result.conditions
    conditions = {**(study.conditions() if own is None else own), **result.notes}
    conditions["seconds"] = round(time.perf_counter() - started, 1)
    name = stored_name(table, study.dataset if own is None else "", study.quick)
    for other, frame in result.more.items():
        tables.store(study.wing, stored_name(other, "", study.quick), frame, conditions)
    return tables.store(study.wing, name, result.frame, conditions)
