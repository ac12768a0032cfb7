"""How many tracks of the first half have to go the other way to turn a prediction."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from relrec_core.errors import ConfigError
from relrec_core.evaluation.measure import Table
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.counterfactual import smallest, trials
from relrec_core.sessions.explanation.explain import Explorer

SESSIONS, QUICK_SESSIONS, AT_ONCE = 1000, 1, 50
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
    if study.dataset != store.SIMULATED:
        raise ConfigError("Flips are measured on the network that ships, on simulated sessions.")
    run = Run.open(store.SHIPPED)
    many = QUICK_SESSIONS if study.quick else SESSIONS
    data = store.demo_data(run.settings(Config), many)
    explorer = Explorer(store.predictor(run), data, run.name)
    cells = study.cells("flips", __name__)
    starts = range(0, many, AT_ONCE)
    study.begin(len(starts))
    found: list[dict[str, Any]] = []
    for start in starts:
        rows = range(start, min(start + AT_ONCE, many))
        key = {"run": run.name, "data": data.content_hash, "first": start, "to": rows.stop}
        found += cells.get(key, partial(_sizes, explorer, rows))["tracks"]
        study.step(f"{rows.stop} of {many} sessions")
    tracks = pd.DataFrame(found)
    names = [name for name in explorer.family.names if (tracks["expert"] == name).any()]
    table = [{"expert": "all tracks", **_summed(tracks)}]
    table += [{"expert": name, **_summed(tracks[tracks["expert"] == name])} for name in names]
    return Table(pd.DataFrame(table), {"model": run.name, "sessions": many})


def _sizes(explorer: Explorer, rows: range) -> dict[str, Any]:
    """The deciding expert and the size of the smallest flip of every track of B."""
    tracks = []
    for row in rows:
        session = explorer.session(row)
        tried = list(trials(explorer.predict, session, explorer.data.columns))
        for place in range(int(session.mask_b[0].sum())):
            top = explorer.family.names[int(explorer.everything.top[row, place])]
            found = smallest(iter(tried), place)
            tracks.append({"expert": top, "size": len(found.places)})
    return {"tracks": tracks}


def _summed(tracks: pd.DataFrame) -> dict[str, float]:
    size = tracks["size"]
    shares = {n: float(size.between(low, high).mean()) for n, (low, high) in SIZES.items()}
    return {"tracks": len(tracks), **shares, "mean": float(size[size > 0].mean())}
