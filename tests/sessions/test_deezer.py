"""Data like Deezer's, which knows the user: read, stored, and explained by its ten experts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from relrec_core.errors import DataError
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.dataset import SessionData, load, load_folder
from relrec_core.sessions.data.schema import DEEZER_GROUPS, FAVOURITES
from relrec_core.sessions.data.shards import Shards
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.model.families import DEEZER, family
from relrec_core.sessions.training.prepare import prepare
from relrec_core.sessions.training.train import train
from tests.sessions import made

pytestmark = pytest.mark.numerics


def data() -> SessionData:
    plays, tracks = made.like_deezer()
    return load([made.csv(plays)], [made.parquet(tracks, "tracks.parquet")])


def test_what_is_known_before_a_play_is_read_of_both_halves() -> None:
    found, (plays, _) = data(), made.like_deezer()
    assert found.absent == () and not found.simulated
    names_a = [d.name for d in found.encoding().columns_a]
    names_b = [d.name for d in found.encoding().columns_b]
    assert set(names_a) - set(names_b) == {"skip_2"}
    batch, half = found.batch(), made.LENGTH // 2
    for name in ("is_favourite", "discounted_skip_rate", "user_embedding_3"):
        values = plays[name].cast(pl.Float64).to_numpy().reshape(made.SESSIONS, made.LENGTH)
        step = 2 / 255 if "embedding" in name else 1 / 255
        for part, names, tracks in (
            (batch.a, names_a, slice(0, half)),
            (batch.b, names_b, slice(half, None)),
        ):
            read = part[:, :half, names.index(name)].numpy()
            np.testing.assert_allclose(read, values[:, tracks], atol=step / 2 + 1e-6)


def test_there_are_ten_experts_and_those_of_absent_groups_go() -> None:
    ten = family("deezer-10", data().encoding())
    assert ten.names == tuple(DEEZER) and len(ten.names) == 10
    assert set().union(*map(set, DEEZER.values())) == set(DEEZER_GROUPS)
    plays, tracks = made.like_deezer()
    marks = [c for c in plays.columns if c in ("is_favourite", "is_banned", "recently_played")]
    part = load([made.csv(plays.drop(marks))], [made.csv(tracks, "tracks.csv")])
    assert part.absent == (FAVOURITES,)
    left = family("deezer-10", part.encoding()).names
    assert set(ten.names) - set(left) == {n for n, groups in DEEZER.items() if FAVOURITES in groups}


def test_shards_hold_what_memory_holds(tmp_path: Path) -> None:
    plays, tracks = made.like_deezer()
    plays.write_parquet(tmp_path / "logs.parquet")
    tracks.write_parquet(tmp_path / "tracks.parquet")
    prepare([tmp_path / "logs.parquet"], [tmp_path / "tracks.parquet"], tmp_path / "shards")
    stored, memory = Shards.open(tmp_path / "shards"), load_folder(tmp_path)
    assert stored.meta.content_hash == memory.content_hash
    np.testing.assert_array_equal(stored.read(0).ahead, memory.sessions.ahead)
    assert memory.sessions.ahead.shape == (made.SESSIONS, 10, 13)


def test_a_model_of_ten_experts_is_trained_and_explains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    plays, tracks = made.like_deezer()
    (tmp_path / "logs").mkdir()
    plays.write_csv(tmp_path / "logs" / "plays.csv")
    tracks.write_csv(tmp_path / "logs" / "tracks.csv")
    config = Config(
        dataset=str(tmp_path / "logs"), family="deezer-10", width=16, blocks=1, epochs=1, threads=1
    )
    run = Run.create("sessions", config, "deezer")
    with run.executing():
        train(config, run)
    assert run.card().details["experts"] == list(DEEZER)
    explorer = Explorer(store.predictor(run), data(), run.name)
    explanation = explorer.explain(explorer.session(0), 1)
    assert explanation.audit.shares.closes() and explanation.audit.ledger.closes()
    assert set(explanation.lanes(explanation.focused)) == {"persistence", "listener", "musical"}
    assert "mainly because of" in explanation.sentence()


@pytest.mark.parametrize("value", ["1.2", "-0.1", "often", ""])
def test_a_rate_that_is_none_is_named(value: str) -> None:
    plays, tracks = made.like_deezer()
    spoiled = made.with_value(plays, "discounted_skip_rate", 4, value)
    with pytest.raises(DataError, match=r"line 6, column 'discounted_skip_rate': .*from 0 to 1"):
        load([made.csv(spoiled)], [made.csv(tracks, "tracks.csv")])
