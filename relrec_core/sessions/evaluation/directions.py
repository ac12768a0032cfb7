"""Does the answer become less sure without the inputs that are named, beside LIME and gradients?"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.errors import ConfigError
from relrec_core.evaluation.directions import GRADIENT, LIME, RANDOM
from relrec_core.evaluation.measure import Table
from relrec_core.faithfulness.directions import Named, agreement, named
from relrec_core.faithfulness.lime import lime
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.encoding import Batch
from relrec_core.sessions.data.schema import EVERYWHERE, GROUPS
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.explain import DONORS, Explorer
from relrec_core.sessions.explanation.gradients import METHODS, by_group
from relrec_core.sessions.explanation.resampling import resampled
from relrec_core.sessions.explanation.result import SHOWN
from relrec_core.sessions.model.metrics import THRESHOLD

TRACKS, QUICK_TRACKS = 300, 3
LIME_SAMPLES = 500
"""There are no more than 2^groups different ones, and each is asked once."""

Doubles = npt.NDArray[np.float64]


def direction_table(study: Study) -> Table:
    """Does the answer become less sure as the named groups of inputs are exchanged?

    Of tracks drawn from the second halves of simulated sessions that the network that ships has
    not seen. Named are the groups that the expert of the page's headline reads, and as many by
    every other method; they are exchanged for those of other sessions, on both halves, as in the
    deletion test, and the probability of the answer given is the mean over these. One row a
    method, as of `agreement`.

    Raises:
        ConfigError: another data set is asked for.
    """
    if study.dataset != store.SIMULATED:
        raise ConfigError("Directions are measured on the network that ships, on simulated data.")
    run = Run.open(store.SHIPPED)
    data = store.demo_data(run.settings(Config))
    explorer = Explorer(store.predictor(run), data, run.name)
    rng = np.random.default_rng(study.seeds[0])
    tracks = np.argwhere(data.sessions.mask_b)
    chosen = rng.permutation(tracks)[: QUICK_TRACKS if study.quick else TRACKS]
    cells = study.cells("directions", __name__)
    found: dict[str, list[Named]] = defaultdict(list)
    study.begin(len(chosen))
    for row, place in chosen.tolist():
        key = {"run": run.name, "data": data.content_hash, "session": row, "place": place}
        for method, one in cells.get(key, partial(_changed, explorer, row, place)).items():
            found[method].append(Named(**one))
        study.step(f"Session {row + 1}, track {place + 1}")
    table = [{"method": name} | agreement(of) for name, of in found.items()]
    return Table(pd.DataFrame(table), {"model": run.name, "donors": DONORS})


def _changed(explorer: Explorer, row: int, place: int) -> dict[str, Any]:
    """What each method names of one track, and what exchanging it does."""
    session = explorer.session(row)
    answer, batch = explorer.answer(session, place), explorer.encoded(session)
    groups = [group for group in explorer.family.groups if group != EVERYWHERE]
    read = answer.groups(answer.deciding()[1])
    others = np.random.default_rng([row, place]).permutation(len(explorer.data.sessions))
    donors = (others[:DONORS], others[DONORS : 2 * DONORS])
    encoded = (explorer.encoded(explorer.data.sessions.take(of)) for of in donors)
    measured, asked = (partial(_sure, explorer, batch, place, groups, of) for of in encoded)
    answered = 1.0 if answer.focused.probability >= THRESHOLD else -1.0
    gradient = by_group(explorer.predictor, batch, np.array([place]), METHODS[1])[0][0]
    attributions = {
        SHOWN: np.array([float(group in read) for group in groups]),
        LIME: lime(asked, len(groups), samples=LIME_SAMPLES, seed=row),
        GRADIENT: answered * gradient[[GROUPS.index(group) for group in groups]],
        RANDOM: np.random.default_rng([row, place, 1]).random(len(groups)),
    }
    return {
        method: named(attribution, len(read), measured)._asdict()
        for method, attribution in attributions.items()
    }


def _sure(
    explorer: Explorer,
    batch: Batch,
    place: int,
    groups: list[str],
    donors: Batch,
    kept: npt.NDArray[np.bool_],
) -> Doubles:
    """Probability (R,) of the answer given with only the kept groups (R, n), mean over donors."""
    different, back = np.unique(kept, axis=0, return_inverse=True)
    columns = explorer.predictor.encoding.columns_a
    sets = [
        {d.name for d in columns if d.group in groups and not row[groups.index(d.group)]}
        for row in different
    ]
    _, sure = resampled(explorer.predictor, batch, place, donors, sets)
    return np.asarray(sure.mean(axis=1)[back])
