"""Counterfactuals of where and when: one session played from elsewhere, at another hour or day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from relrec_core.errors import ProfileError
from relrec_core.experts.attribution import Doubles, Judgement
from relrec_core.sessions.data.schema import BY_NAME, Column
from relrec_core.sessions.data.sessions import Bools, Sessions
from relrec_core.sessions.model.metrics import THRESHOLD

PLACE, HOUR, DAY = "context_type", "hour_of_day", "date"
KINDS: dict[str, int] = {
    name: len(BY_NAME[name].categories) or BY_NAME[name].period for name in (PLACE, HOUR, DAY)
}
"""Columns that can be changed, and how many values each has."""

Moved = Mapping[str, npt.NDArray[np.intp]]
"""Column -> (N,) its value at the last track of the first half."""


def changeable(columns: Iterable[Column], read: Iterable[str]) -> tuple[str, ...]:
    """Those of `KINDS` that the data has among its `columns` and that the model reads."""
    there = {column.name for column in columns} & set(read)
    return tuple(name for name in KINDS if name in there)


def at_the_end(session: Sessions, columns: tuple[Column, ...], name: str) -> int:
    """The value of a column of `KINDS` at the last track of the first half."""
    number = [column.name for column in columns].index(name)
    return int(session.logs[0, int(session.mask_a[0].sum()) - 1, number])


def with_moved(session: Sessions, columns: tuple[Column, ...], moved: Moved) -> Sessions:
    """The one session once for each of the N values, which are those at the end of its first half.

    Hours and days of all its tracks move by the same step round their circle, so that a session
    over midnight stays one; another context is that of all tracks. What stays as it was at the end
    stays so everywhere.

    Raises:
        ProfileError: there is no such value.
    """
    at = {column.name: i for i, column in enumerate(columns)}
    many = len(next(iter(moved.values())))
    logs = np.repeat(session.logs, many, axis=0)  # (N, 10, columns)
    there = session.mask_a[0]  # (10,)
    for name, wanted in moved.items():
        if not ((wanted >= 0) & (wanted < KINDS[name])).all():
            raise ProfileError(f"There is no such value of {name.replace('_', ' ')}.")
        now, last = logs[:, :, at[name]].astype(np.intp), at_the_end(session, columns, name)
        step = (wanted - last)[:, None]  # (N, 1)
        then = wanted[:, None] if name == PLACE else (now + step) % KINDS[name]
        logs[:, :, at[name]] = np.where(there & (step != 0), then, now)
    rows = session.take(np.zeros(many, dtype=np.intp))
    return Sessions(**{**vars(rows), "logs": logs})


@dataclass(frozen=True, eq=False)
class Circumstances:
    """All that were tried of one session, those it had first.

    `values` are (N, names) as of `Moved`, `probability` (N, 10) that of a skip.
    """

    names: tuple[str, ...]
    values: npt.NDArray[np.intp]
    probability: Doubles

    @property
    def changed(self) -> Bools:
        """(N, names) True where a value is another one than it was."""
        return np.asarray(self.values != self.values[0])

    def least(self, slot: int) -> int | None:
        """Row of the fewest changed values that turn the prediction of a track of B (from 0).

        Of equally few those that change the probability most; None where none turn it.
        """
        probability = self.probability[:, slot]  # (N,)
        turned = (probability >= THRESHOLD) != (probability[0] >= THRESHOLD)  # (N,)
        if not turned.any():
            return None
        count = np.where(turned, self.changed.sum(axis=1), len(self.names) + 1)  # (N,)
        equal = np.flatnonzero(count == count.min())
        return int(equal[np.abs(probability[equal] - probability[0]).argmax()])


def circumstances(
    predict: Callable[[Sessions], Judgement],
    session: Sessions,
    columns: tuple[Column, ...],
    names: tuple[str, ...],
) -> Circumstances:
    """Every context with every hour, and every other day, in one pass; of what is in `names`."""
    was = tuple(at_the_end(session, columns, name) for name in names)
    free = [(v,) if n == DAY else range(KINDS[n]) for n, v in zip(names, was, strict=True)]
    rows = [was, *product(*free)]
    if DAY in names:
        rows += [(*was[:-1], day) for day in range(KINDS[DAY])]
    values = np.array(list(dict.fromkeys(rows)), dtype=np.intp)  # (N, names)
    moved = {name: values[:, i] for i, name in enumerate(names)}
    return Circumstances(names, values, predict(with_moved(session, columns, moved)).probability)
