"""What was found for every track of many sessions, summed up for each expert that decided."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from relrec_core.errors import ConfigError
from relrec_core.evaluation.measure import Table
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.explain import Explorer

SESSIONS, QUICK_SESSIONS, AT_ONCE = 1000, 1, 50


def by_expert(
    study: Study,
    name: str,
    module: str,
    tracks_of: Callable[[Explorer, range], list[dict[str, Any]]],
    summed: Callable[[pd.DataFrame], dict[str, float]],
) -> Table:
    """A table of simulated sessions that the network that ships has not seen.

    One row an expert, for the tracks of second halves in which it has the largest share, and "all
    tracks".

    Args:
        study: what is measured, and how quickly.
        name: of the cells.
        module: whose code the cells depend on.
        tracks_of: the tracks of these sessions, each with its `expert` and plain JSON values.
        summed: columns of a row, from its tracks.

    Raises:
        ConfigError: another data set is asked for.
    """
    if study.dataset != store.SIMULATED:
        raise ConfigError("This is measured on the network that ships, on simulated sessions.")
    run = Run.open(store.SHIPPED)
    many = QUICK_SESSIONS if study.quick else SESSIONS
    data = store.demo_data(run.settings(Config), many)
    explorer = Explorer(store.predictor(run), data, run.name)
    cells = study.cells(name, module)
    starts = range(0, many, AT_ONCE)
    study.begin(len(starts))
    found: list[dict[str, Any]] = []
    for start in starts:
        rows = range(start, min(start + AT_ONCE, many))
        key = {"run": run.name, "data": data.content_hash, "first": start, "to": rows.stop}
        found += cells.get(key, partial(_cell, tracks_of, explorer, rows))["tracks"]
        study.step(f"{rows.stop} of {many} sessions")
    tracks = pd.DataFrame(found)
    names = [name for name in explorer.family.names if (tracks["expert"] == name).any()]
    table = [{"expert": "all tracks", **summed(tracks)}]
    table += [{"expert": name, **summed(tracks[tracks["expert"] == name])} for name in names]
    return Table(pd.DataFrame(table), {"model": run.name, "sessions": many})


def _cell(
    tracks_of: Callable[[Explorer, range], list[dict[str, Any]]], explorer: Explorer, rows: range
) -> dict[str, Any]:
    return {"tracks": tracks_of(explorer, rows)}
