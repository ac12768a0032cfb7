"""How often another context, hour or day turns a prediction."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relrec_core.evaluation.measure import Table
from relrec_core.sessions.evaluation.by_expert import by_expert
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.browse import circumstances_of
from relrec_core.sessions.explanation.circumstances import DAY, HOUR, PLACE, circumstances
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.model.metrics import THRESHOLD

ALONE = {"context": PLACE, "hour": HOUR, "day": DAY}
"""Columns of the table, and what is changed alone there."""


def elsewhere_table(study: Study) -> Table:
    """What turns the predictions of the second halves, by the network that ships, of simulated
    sessions that it has not seen: every other context and hour, both together, every other day.

    One row an expert, for the tracks in which it has the largest share, and "all tracks": shares
    by `ALONE`; `one` where a single change of any kind suffices, `two` where only context and hour
    together do, `none` where nothing that is tried does. The tracks are those of `flip_table`.

    Raises:
        ConfigError: another data set is asked for.
    """
    return by_expert(study, "elsewhere", __name__, _turning, _summed)


def _turning(explorer: Explorer, rows: range) -> list[dict[str, Any]]:
    """The deciding expert of every track of B, and what turns its prediction."""
    tracks = []
    names = circumstances_of(explorer)
    for row in rows:
        session = explorer.session(row)
        tried = circumstances(explorer.predict, session, explorer.data.columns, names)
        skips = tried.probability >= THRESHOLD  # (N, 10)
        turned, changed = skips != skips[:1], tried.changed
        single = changed.sum(axis=1) == 1  # (N,)
        for place in range(int(session.mask_b[0].sum())):
            alone = {
                name: bool(turned[single & changed[:, names.index(column)], place].any())
                for name, column in ALONE.items()
            }
            top = explorer.family.names[int(explorer.everything.top[row, place])]
            either = {"one": any(alone.values()), "any": bool(turned[:, place].any())}
            tracks.append({"expert": top, **alone, **either})
    return tracks


def _summed(tracks: pd.DataFrame) -> dict[str, float]:
    shares = {name: float(tracks[name].mean()) for name in (*ALONE, "one")}
    two = float((tracks["any"] & ~tracks["one"]).mean())
    return {"tracks": len(tracks), **shares, "two": two, "none": float((~tracks["any"]).mean())}
