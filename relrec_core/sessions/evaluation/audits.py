"""How often the audit of an explanation is passed: do the inputs that are named matter?"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.errors import ConfigError
from relrec_core.evaluation.measure import Table
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.explain import Explorer

TRACKS, QUICK_TRACKS = 100, 3
"""Tracks an expert, of those it has the largest share in."""
CONFIRMED = 0.95
SHARES = (0.0, 0.3, 0.5, 1.0)
"""Bounds of the groups of tracks by the deciding expert's share."""


def audit_table(study: Study) -> Table:
    """Audits of the network that ships, on simulated sessions that it has not seen.

    One row an expert, and for each those of its tracks whose share is within `SHARES`;
    `confirmed` is the share of tracks at which other inputs for the expert make the answer less
    sure than each of the sets of other columns, `falls` that at which they make it less sure at
    all. "all tracks" weighs the experts by how often each has the largest share, `decides`.

    Raises:
        ConfigError: another data set is asked for.
    """
    if study.dataset != store.SIMULATED:
        raise ConfigError("Audits are measured on the network that ships, on simulated sessions.")
    run = Run.open(store.SHIPPED)
    explorer = Explorer(store.predictor(run), store.demo_data(run.settings(Config)), run.name)
    top = np.where(explorer.data.sessions.mask_b, explorer.everything.top, -1)
    names = explorer.family.names
    study.begin(len(names))
    rows: list[dict[str, Any]] = []
    cells = study.cells("audit", __name__)
    for number, name in enumerate(names):
        key = {"run": run.name, "expert": name, "quick": study.quick}
        most = QUICK_TRACKS if study.quick else TRACKS
        cell = cells.get(key, partial(_audited, explorer, top == number, most))
        frame = pd.DataFrame(cell["tracks"])
        decides = float((top == number).sum() / (top >= 0).sum())
        rows.append({"expert": name, "shares": "all", **_summed(frame), "decides": decides})
        for low, high in itertools.pairwise(SHARES):
            within = frame[(frame["share"] > low) & (frame["share"] <= high)]
            if len(within):
                shares = f"{low:.0%} to {high:.0%}"
                rows.append({"expert": name, "shares": shares, **_summed(within)})
        study.step(f"{name}: {rows[-1]['confirmed']:.2f}")
    table = pd.DataFrame(rows)
    whole = table[table["shares"] == "all"]
    means = {c: float((whole[c] * whole["decides"]).sum()) for c in ("confirmed", "falls")}
    total = {"expert": "all tracks", "shares": "all", "tracks": int(whole["tracks"].sum())}
    frame = pd.concat([pd.DataFrame([{**total, **means, "decides": 1.0}]), table])
    return Table(frame.reset_index(drop=True), {"model": run.name, "tracks_an_expert": TRACKS})


def _audited(explorer: Explorer, where: npt.NDArray[np.bool_], most: int) -> dict[str, Any]:
    """Audits of some of the tracks at `where` (n, 10)."""
    found = np.argwhere(where)
    chosen = np.random.default_rng(0).permutation(len(found))[:most]
    tracks = []
    for row, place in found[np.sort(chosen)].tolist():
        said = explorer.explain(explorer.session(row), place)
        deletion, track = said.audit.deletion, said.focused
        tracks.append(
            {
                "share": track.attribution[track.top],
                "confirmed": deletion.falls and deletion.beaten >= CONFIRMED,
                "falls": deletion.falls,
                "sure": deletion.score,
                "sure_named": deletion.after_top,
                "sure_others": deletion.after_random,
            }
        )
    return {"tracks": tracks}


def _summed(frame: pd.DataFrame) -> dict[str, float]:
    columns = ("confirmed", "falls", "sure", "sure_named", "sure_others")
    return {"tracks": len(frame), **{c: float(frame[c].mean()) for c in columns}}
