"""The two baselines without parameters of Afchar and Hennequin (2020), equations 17 and 18."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relrec_core.sessions.data.schema import HALF, Column
from relrec_core.sessions.data.sessions import Sessions

Probabilities = npt.NDArray[np.float64]


def last(sessions: Sessions, columns: tuple[Column, ...]) -> Probabilities:
    """(S, 10) f_last (eq. 17): the last known skip of A, carried on for all of B."""
    before = sessions.skipped_before(columns)
    final = before[np.arange(len(sessions)), sessions.lengths.astype(np.intp) // 2 - 1]
    return np.repeat(final[:, None].astype(np.float64), HALF, axis=1)


def mean(sessions: Sessions, columns: tuple[Column, ...]) -> Probabilities:
    """(S, 10) f_mean (eq. 18): the share of A that was skipped, for all of B."""
    before = sessions.skipped_before(columns) & sessions.mask_a
    share = before.sum(axis=1) / (sessions.lengths // 2)
    return np.repeat(share[:, None], HALF, axis=1)
