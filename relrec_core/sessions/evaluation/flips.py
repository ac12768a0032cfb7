"""How many tracks of the first half have to go the other way to turn a prediction."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relrec_core.evaluation.measure import Table
from relrec_core.sessions.evaluation.by_expert import by_expert
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.counterfactual import smallest, trials
from relrec_core.sessions.explanation.explain import Explorer

SIZES = {"one": (1, 1), "two": (2, 2), "three": (3, 3), "more": (4, 10), "none": (0, 0)}
"""Columns of the table, and how many tracks they stand for; "none" is where none suffice."""


def flip_table(study: Study) -> Table:
    """Sizes of smallest flips for all tracks of the second halves, by the network that ships, of
    simulated sessions that it has not seen.

    One row an expert, for the tracks in which it has the largest share, and "all tracks": shares
    by `SIZES`, and `mean` over the tracks that can be turned. Each size is the smallest by
    exhaustion (`counterfactual.smallest`).

    Raises:
        ConfigError: another data set is asked for.
    """
    return by_expert(study, "flips", __name__, _sizes, _summed)


def _sizes(explorer: Explorer, rows: range) -> list[dict[str, Any]]:
    """The deciding expert and the size of the smallest flip of every track of B."""
    tracks = []
    for row in rows:
        session = explorer.session(row)
        tried = list(trials(explorer.predict, session, explorer.data.columns))
        for place in range(int(session.mask_b[0].sum())):
            top = explorer.family.names[int(explorer.everything.top[row, place])]
            found = smallest(iter(tried), place)
            tracks.append({"expert": top, "size": len(found.places)})
    return tracks


def _summed(tracks: pd.DataFrame) -> dict[str, float]:
    size = tracks["size"]
    shares = {n: float(size.between(low, high).mean()) for n, (low, high) in SIZES.items()}
    return {"tracks": len(tracks), **shares, "mean": float(size[size > 0].mean())}
