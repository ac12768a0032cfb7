"""The simulator keeps its word: rates, baselines, and causes that show in their groups only."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from relrec_core.errors import ConfigError
from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.data.schema import CONTEXT, GENERAL, GROUPS, INTERACTION, MUSICAL
from relrec_core.sessions.data.sessions import CAUSES
from relrec_core.sessions.model import baselines
from relrec_core.sessions.model.metrics import score
from relrec_core.sessions.simulation import simulator
from relrec_core.sessions.simulation.catalogue import catalogue
from relrec_core.sessions.simulation.simulator import (
    CAUSE_GROUPS,
    SimulationSettings,
    simulate,
    write,
)
from tests.sessions import made

FAMILY = {
    "S1": frozenset({CONTEXT}),
    "S2": frozenset({INTERACTION}),
    "S3": frozenset({GENERAL}),
    "S4": frozenset({MUSICAL}),
    "S5": frozenset({CONTEXT, INTERACTION}),
    "S6": frozenset({GENERAL, MUSICAL}),
    "S7": frozenset({CONTEXT, INTERACTION, GENERAL}),
    "S8": frozenset(GROUPS),
}
Floats = npt.NDArray[np.float64]


def test_the_same_seed_gives_the_same_data_and_another_another() -> None:
    first, again, other = (simulate(40, seed, made.SETTINGS) for seed in (5, 5, 6))
    assert first[0].equals(again[0]) and first[1].equals(again[1])
    assert not first[0].equals(other[0]) and not first[1].equals(other[1])


def test_writing_in_blocks_gives_the_same_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "BLOCK_SESSIONS", 30)
    write(tmp_path, 70, 2, made.SETTINGS)
    logs, tracks = simulate(70, 2, made.SETTINGS)
    files = sorted(tmp_path.glob("logs-*.parquet"))
    assert len(files) == 3 and pl.concat(map(pl.read_parquet, files)).equals(logs)
    assert pl.read_parquet(tmp_path / "tracks.parquet").equals(tracks)


def test_rows_are_consistent_with_the_schema() -> None:
    logs, tracks = made.frames(2_000)
    assert logs["session_length"].is_between(10, 20).all()
    assert (logs["skip_3"] | ~logs["skip_2"]).all() and (logs["skip_2"] | ~logs["skip_1"]).all()
    assert (logs["not_skipped"] != logs["skip_3"]).all()
    pauses = ("no_pause_before_play", "short_pause_before_play", "long_pause_before_play")
    assert (logs.select(pl.sum_horizontal(pauses)).to_series() == 1).all()
    second = logs["session_position"] > logs["session_length"] // 2
    assert ((logs["planted_cause"] == "unknown") == ~second).all()
    assert tracks["track_name"].n_unique() > 500 and tracks["genre"].n_unique() == 12


def test_rates_and_baselines_are_realistic() -> None:
    data = made.data(8_000)
    sessions, mask = data.sessions, data.sessions.mask_b
    assert 0.45 < sessions.skipped[mask].mean() < 0.55
    last = score(baselines.last(sessions, data.columns), sessions.skipped, mask)
    mean = score(baselines.mean(sessions, data.columns), sessions.skipped, mask)
    assert 0.65 < last.first < 0.75 and 0.60 < last.accuracy < 0.65
    assert all(np.diff(last.by_position[2:]) < 0.03) and last.by_position[-1] < 0.55
    assert 0.58 < mean.accuracy < 0.65 and mean.first < last.first
    share = np.bincount(sessions.causes[mask], minlength=len(CAUSES)) / mask.sum()
    assert share[0] == 0 and (share[1:] > 0.06).all()


SETS = tuple(dict.fromkeys([*(frozenset({g}) for g in GROUPS), *CAUSE_GROUPS.values()]))
HELD = 6_000


@cache
def learned() -> tuple[SessionData, dict[frozenset[str], Floats], Floats, float]:
    """Probabilities on held-out tracks by sets of groups, and the better baseline there.

    Boosted trees on plain summaries: what was done at the last tracks of A, the last context, the
    features of a track, and how they differ from, and go with, the mean over A.
    """
    data = made.data(8_000)
    sessions, batch, encoding = data.sessions, data.batch(), data.encoding()
    mask = sessions.mask_b
    owner, slot = np.nonzero(mask)
    a, b = batch.a.numpy(), batch.b.numpy()
    half = sessions.lengths // 2
    mean = a.sum(axis=1) / half[:, None]
    groups_a = np.array([d.group for d in encoding.columns_a])
    groups_b = np.array([d.group for d in encoding.columns_b])
    skips = sessions.skipped_before(data.columns)
    from_end = np.maximum(half[:, None] - 1 - np.arange(10), 0)
    behind = np.take_along_axis(skips, from_end, axis=1)

    def tracks(group: str) -> Floats:
        before, now = mean[:, groups_a == group][owner], b[:, :, groups_b == group][owner, slot]
        product = (before * now).sum(axis=1, keepdims=True)
        return np.hstack([now, now - before, np.abs(now - before), product])

    columns = {
        INTERACTION: np.hstack([behind[owner], half[owner, None]]),
        CONTEXT: a[:, 0, groups_a == CONTEXT][owner],
        GENERAL: tracks(GENERAL),
        MUSICAL: tracks(MUSICAL),
    }
    target = sessions.skipped[owner, slot]
    train = owner < HELD
    found = {}
    for chosen in (*SETS, frozenset(GROUPS)):
        x = np.hstack([*(columns[group] for group in sorted(chosen)), slot[:, None]])
        model = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.15, random_state=0)
        with threadpool_limits(1):
            found[chosen] = model.fit(x[train], target[train]).predict_proba(x[~train])[:, 1]
    held = slice(HELD, None)
    scores = [
        score(f(sessions, data.columns)[held], sessions.skipped[held], mask[held]).accuracy
        for f in (baselines.last, baselines.mean)
    ]
    return data, found, np.asarray(target[~train], dtype=np.float64), max(scores)


@pytest.mark.slow
def test_all_inputs_together_beat_the_baselines_clearly() -> None:
    _, found, target, baseline = learned()
    assert ((found[frozenset(GROUPS)] >= 0.5) == target).mean() > baseline + 0.08


@pytest.mark.slow
@pytest.mark.parametrize("cause", CAUSE_GROUPS)
def test_a_cause_shows_in_its_groups_together_and_in_no_one_else(cause: str) -> None:
    data, found, target, _ = learned()
    owner, slot = np.nonzero(data.sessions.mask_b)
    causes = data.sessions.causes[owner, slot][owner >= HELD]
    rows = causes == CAUSES.index(cause)
    own = CAUSE_GROUPS[cause]
    for groups in SETS:
        accuracy = ((found[groups] >= 0.5) == target)[rows].mean()
        if groups == own:
            assert accuracy > 0.7, (groups, accuracy)
        elif not groups >= own:
            assert accuracy < 0.58, (groups, accuracy)


@pytest.mark.slow
def test_noise_shows_nowhere() -> None:
    data, found, target, _ = learned()
    owner, slot = np.nonzero(data.sessions.mask_b)
    rows = (data.sessions.causes[owner, slot] == CAUSES.index("noise"))[owner >= HELD]
    for probability in found.values():
        assert ((probability >= 0.5) == target)[rows].mean() < 0.55


def test_the_smallest_expert_for_each_cause() -> None:
    experts = {cause: made.smallest(cause, FAMILY) for cause in CAUSES}
    assert experts == {
        "unknown": None,
        "persistence": "S2",
        "context": "S1",
        "sequence": "S3",
        "musical": "S4",
        "noise": None,
        "turn": "S5",
        "clash": "S6",
        "occasion": "S8",
    }
    without = {"S5": FAMILY["S5"], "S8": FAMILY["S8"]}
    assert (
        made.smallest("persistence", without) == "S5" and made.smallest("musical", without) == "S8"
    )
    assert made.smallest("musical", {"S1": FAMILY["S1"]}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"persistent": -0.1},
        {"persistent": 0.9, "contextual": 0.2},
        {"musical": 0.9},
        {"stray": 1.5},
        {"listeners": 0},
    ],
)
def test_settings_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        SimulationSettings(**wrong)


def test_too_small_simulations_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least one session"):
        simulate(0, 0, made.SETTINGS)
    with pytest.raises(ConfigError, match="at least 1,536 tracks"):
        catalogue(10)
