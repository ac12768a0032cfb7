"""A measured table of sessions, and what to say beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class Table:
    """A measured table, and what to say beside it.

    A table that is not about the study's sessions has its own `conditions` and its name alone.
    `more` are tables that are stored beside it, under their own names.
    """

    frame: pd.DataFrame
    notes: dict[str, Any]
    conditions: dict[str, Any] | None = None
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)
