"""Named inputs are exchanged as one does by hand, and every method is asked for as many."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from relrec_core.evaluation.directions import GRADIENT, LIME, RANDOM
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.schema import GROUPS
from relrec_core.sessions.evaluation import directions
from relrec_core.sessions.evaluation.study import Study
from relrec_core.sessions.explanation.explain import DONORS, Explorer
from relrec_core.sessions.explanation.result import SHOWN

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    run = store.shown_run()
    return Explorer(store.predictor(run), store.demo_data(run.settings(Config), 60), run.name)


def test_groups_are_exchanged_as_by_hand(explorer: Explorer) -> None:
    row, place = 4, 1
    session = explorer.session(row)
    batch = explorer.encoded(session)
    donors = explorer.encoded(explorer.data.sessions.take(np.array([7, 9])))
    groups = list(GROUPS)
    sure = partial(directions._sure, explorer, batch, place, groups, donors)
    kept = np.array([[True] * 4, [True, False, True, True], [False] * 4])
    p = float(explorer.predict(session).probability[0, place])
    answered = p >= 0.5
    found = sure(kept)
    assert found[0] == pytest.approx(max(p, 1 - p), abs=1e-5)
    for row_of, value in zip(kept[1:], found[1:], strict=True):
        gone = {group for group, keep in zip(groups, row_of, strict=True) if not keep}
        each = []
        for d in range(2):
            a, b = batch.a.clone(), batch.b.clone()
            for x, theirs, mask, ours, columns in (
                (a, donors.a, donors.mask_a, batch.mask_a, explorer.predictor.encoding.columns_a),
                (b, donors.b, donors.mask_b, batch.mask_b, explorer.predictor.encoding.columns_b),
            ):
                length = int(mask[d].sum())
                for t in range(int(ours.sum())):
                    for c, dense in enumerate(columns):
                        if dense.group in gone:
                            x[0, t, c] = theirs[d, t % length, c]
            skip = explorer.predictor.predict(replace(batch, a=a, b=b)).probability[0, place]
            each.append(skip if answered else 1 - skip)
        assert value == pytest.approx(np.mean(each), abs=1e-4)


def test_every_method_names_as_many_groups(explorer: Explorer) -> None:
    told = directions._changed(explorer, 4, 1)
    assert set(told) == {SHOWN, LIME, GRADIENT, RANDOM}
    answer = explorer.answer(explorer.session(4), 1)
    read = answer.groups(answer.deciding()[1])
    assert {len(one["each"]) for one in told.values()} == {len(read)}
    assert told[SHOWN]["contributions"] == [1.0] * len(read)


def test_the_table_has_a_row_a_method(home: Path) -> None:
    table = directions.direction_table(Study(seeds=(0,), quick=True))
    frame = table.frame.set_index("method")
    assert frame.index.tolist() == [SHOWN, LIME, GRADIENT, RANDOM]
    assert (frame["answers"] == directions.QUICK_TRACKS).all()
    assert frame[["each", "weighted", "together"]].stack().between(0, 1).all()
    assert table.notes["donors"] == DONORS and frame["reasons"].nunique() == 1
