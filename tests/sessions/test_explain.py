"""Explanations of sessions: they add up, survive JSON, hold their proof, and answer what-if."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from relrec_core.errors import ProfileError
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.schema import EVERYWHERE, SKIP
from relrec_core.sessions.data.sessions import CAUSES
from relrec_core.sessions.explanation import counterfactual
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.resampling import SETS, flip_test
from relrec_core.sessions.explanation.result import LANES, SessionExplanation
from relrec_core.sessions.model.network import network
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.simulation.simulator import CAUSE_GROUPS
from tests.sessions import made

pytestmark = pytest.mark.numerics


@cache
def explorer() -> Explorer:
    """The model that ships, on sessions of a catalogue it never saw."""
    run = store.shown_run()
    return Explorer(store.predictor(run), made.data(300, seed=9), run.name)


@pytest.mark.parametrize("row", [0, 7, 42])
def test_everything_adds_up(row: int) -> None:
    said = explorer().explain(explorer().session(row), 1, donors=8)
    audit = said.audit
    assert audit.ledger.closes(1e-9) and audit.shares.closes(1e-9)
    assert said.score == said.focused.probability == audit.ledger.score
    assert len(said.given) + len(said.predicted) == explorer().data.sessions.lengths[row]
    for track in said.predicted:
        assert sum(track.attribution.values()) == pytest.approx(1, abs=1e-9)
        lanes = said.lanes(track)
        assert set(lanes) == set(LANES) - {"listener"} and sum(lanes.values()) == pytest.approx(
            1, abs=1e-9
        )
        mixed = sum(share * track.experts[n] for n, share in track.attribution.items())
        assert mixed == pytest.approx(track.probability, abs=1e-9)
    frame = said.to_frame()
    assert frame["contribution"].sum() == pytest.approx(said.score)
    assert frame["expert"][0] == said.focused.top and frame["attribution"].is_monotonic_decreasing
    assert len(said.to_table()) == len(said.predicted)
    assert said.focused.label in said.sentence()
    assert f"({max(said.lanes(said.focused).values()):.0%}" in said.sentence()  # as the bar says
    assert ("Not confirmed" in said.sentence()) is (audit.deletion.confirmed is False)


def test_json_round_trip_and_repetition() -> None:
    one, two = (explorer().explain(explorer().session(3), 2, donors=8) for _ in range(2))
    assert one == two
    again = SessionExplanation.from_json(one.to_json())
    assert again == one and again.to_json() == one.to_json()
    assert again.to_frame().equals(one.to_frame())
    assert one.provenance.dataset_hash == explorer().data.content_hash
    assert "simulated" in one.provenance.dataset.lower()


def test_a_session_alone_is_predicted_as_among_all() -> None:
    whole, threads = explorer().everything, torch.get_num_threads()
    for row in (0, 11, 299):
        said = explorer().explain(explorer().session(row), donors=2)
        n = len(said.predicted)
        np.testing.assert_allclose(
            [t.probability for t in said.predicted], whole.probability[row, :n], atol=1e-4
        )
        assert said.audit.deletion.score == pytest.approx(max(said.score, 1 - said.score), abs=1e-4)
    assert torch.get_num_threads() == threads


def test_an_expert_decides_the_skips_of_its_own_cause_more_often_than_others() -> None:
    found, data = explorer().everything, explorer().data
    names = np.array(explorer().family.names)
    right = ((found.probability >= 0.5) & data.sessions.skipped) & data.sessions.mask_b
    for cause, groups in CAUSE_GROUPS.items():
        own = data.sessions.causes == CAUSES.index(cause)
        hit = np.isin(names[found.top], explorer().family.smallest(groups))
        assert hit[right & own].mean() > hit[right & ~own].mean()


def test_flipping_the_deciding_inputs_hurts_more_than_flipping_others() -> None:
    audits = [explorer().explain(explorer().session(row)).audit.deletion for row in range(12)]
    sure = [audit for audit in audits if audit.score > 0.8]
    assert np.mean([a.after_top for a in sure]) < np.mean([a.after_random for a in sure])


def test_the_flip_test_is_what_one_gets_by_hand() -> None:
    """A slow twin: one session after the other, column by column."""
    data, predictor = explorer().data, explorer().predictor
    encoding = predictor.encoding
    batch = data.batch(encoding)
    one = {k: v[5:6] for k, v in vars(batch).items()}
    donors = {k: v[10:16] for k, v in vars(batch).items()}
    kind = type(batch)
    groups = (EVERYWHERE, "track musical")
    found = flip_test(predictor, kind(**one), 2, groups, kind(**donors), seed=4)
    after = []
    for r in range(6):
        sides = {}
        for side, columns in (("a", encoding.columns_a), ("b", encoding.columns_b)):
            changed = one[side].clone()
            n = int(donors[f"mask_{side}"][r].sum())
            for slot in range(10):
                for i, dense in enumerate(columns):
                    if dense.group == "track musical":
                        changed[0, slot, i] = donors[side][r, slot % n, i]
            sides[side] = changed
        p = predictor.predict(kind(**{**one, **sides})).probability[0, 2]
        before = predictor.predict(kind(**one)).probability[0, 2]
        after.append(p if before >= 0.5 else 1 - p)
    assert found.after_top == pytest.approx(np.mean(after), abs=1e-4)
    assert found.removed == sum(d.group == "track musical" for d in encoding.columns_a)
    assert found.repetitions == SETS and 0 <= found.beaten <= 1
    everything = flip_test(predictor, kind(**one), 2, encoding_groups(), kind(**donors))
    assert everything.removed == len(encoding.columns_a) - 3
    assert everything.repetitions == 0 and everything.beaten in (0, 1)
    assert everything.after_random == everything.low == everything.score


def encoding_groups() -> tuple[str, ...]:
    return tuple({d.group for d in explorer().predictor.encoding.columns_a})


def test_what_if_a_skip_was_none() -> None:
    data, columns = explorer().data, explorer().data.columns
    names = [c.name for c in columns]
    session = explorer().session(2)
    half = int(session.mask_a[0].sum())
    before = session.skipped_before(columns)[0]
    changed = counterfactual.with_skip(session, columns, half - 1, not before[half - 1])
    after = changed.skipped_before(columns)[0]
    assert list(np.flatnonzero(before != after)) == [half - 1]
    row = dict(zip(names, changed.logs[0, half - 1].tolist(), strict=True))
    assert row["not_skipped"] != row[SKIP] == row["skip_3"]
    back = counterfactual.with_skip(changed, columns, half - 1, bool(before[half - 1]))
    assert (back.skipped_before(columns) == session.skipped_before(columns)).all()
    assert (session.logs == data.sessions.logs[2:3]).all()  # the data itself is as it was


def test_a_block_of_skips_is_carried_on() -> None:
    """Where no other group says anything: all of A skipped, then all of A played."""
    data, columns = explorer().data, explorer().data.columns
    row = int(np.flatnonzero(data.sessions.causes[:, 0] == CAUSES.index("persistence"))[0])
    for skipped in (True, False):
        session = explorer().session(row)
        for place in range(int(session.mask_a[0].sum())):
            session = counterfactual.with_skip(session, columns, place, skipped)
        first = explorer().explain(session, donors=2).predicted[0]
        assert first.predicted == skipped and first.top == "interaction"


def test_what_does_not_exist_is_said_in_a_sentence() -> None:
    session, columns = explorer().session(0), explorer().data.columns
    with pytest.raises(ProfileError, match="no number 11"):
        explorer().explain(session, 10)
    with pytest.raises(ProfileError, match="no session 300"):
        explorer().session(300)
    with pytest.raises(ProfileError, match="no track 11"):
        counterfactual.with_skip(session, columns, 10, True)
    config = Config(model="control", width=16, blocks=1)
    torch.manual_seed(0)
    encoding = explorer().predictor.encoding
    control = Predictor(network(encoding, config).eval(), encoding, config, "")
    with pytest.raises(ProfileError, match="control has no experts"):
        Explorer(control, explorer().data, "none")
