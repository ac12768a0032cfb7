"""What if: one session with another skip in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from relrec_core.errors import ProfileError
from relrec_core.sessions.data.schema import REASONS, SKIP, Column
from relrec_core.sessions.data.sessions import Sessions

END = "hist_user_behavior_reason_end"
START = "hist_user_behavior_reason_start"
SKIPPED: dict[str, int] = {
    "skip_1": 1,
    SKIP: 1,
    "skip_3": 1,
    "not_skipped": 0,
    END: REASONS.index("fwdbtn"),
}
PLAYED: dict[str, int] = {
    "skip_1": 0,
    SKIP: 0,
    "skip_3": 0,
    "not_skipped": 1,
    END: REASONS.index("trackdone"),
}


def with_skip(
    session: Sessions, columns: tuple[Column, ...], place: int, skipped: bool
) -> Sessions:
    """The session with the track at `place` of A (from 0) skipped or played to its end.

    All columns that tell of it agree: the four flags, the reason it ended, and the reason the
    next one started. The session is one of one.

    Raises:
        ProfileError: there is no such track in A.
    """
    if not 0 <= place < int(session.mask_a[0].sum()):
        raise ProfileError(f"The first half has no track {place + 1} that could be changed.")
    logs = session.logs.copy()  # (1, 10, columns)
    at = {column.name: i for i, column in enumerate(columns)}
    for name, value in (SKIPPED if skipped else PLAYED).items():
        if name in at:
            logs[0, place, at[name]] = value
    if START in at and place + 1 < int(session.mask_a[0].sum()):
        logs[0, place + 1, at[START]] = (SKIPPED if skipped else PLAYED)[END]
    return _with(session, {"logs": logs})


def _with(session: Sessions, changed: Mapping[str, np.ndarray]) -> Sessions:
    return Sessions(**{**vars(session), **changed})
