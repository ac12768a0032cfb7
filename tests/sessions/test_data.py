"""Sessions in memory: what is read is what is written, slot by slot, and what is absent is said."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from relrec_core import parquet
from relrec_core.sessions.data import readers
from relrec_core.sessions.data.dataset import load, load_folder
from relrec_core.sessions.data.encoding import Encoding
from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.data.schema import GROUPS, REASONS, SPOTIFY_COLUMNS, TRACK_COLUMNS
from relrec_core.sessions.data.sessions import CAUSES, Fingerprint
from relrec_core.sessions.model import baselines
from relrec_core.sessions.model.metrics import score
from tests.sessions import made

pytestmark = pytest.mark.numerics

LOGS, TRACKS = made.frames()


@pytest.mark.slow
def test_csv_gzip_parquet_and_frames_give_the_same_data(tmp_path: Path) -> None:
    expected = made.data()
    packed = Upload("logs.csv.gz", gzip.compress(made.csv(LOGS).content))
    for logs in (made.csv(LOGS), packed, made.parquet(LOGS)):
        for features in (made.csv(TRACKS, "t.csv"), made.parquet(TRACKS, "t.parquet")):
            data = load([logs], [features])
            made.assert_equal(data.sessions, expected.sessions)
            assert data.tracks.features() == pytest.approx(expected.tracks.features(), rel=1e-6)
    (tmp_path / "tracks.parquet").write_bytes(made.parquet(TRACKS).content)
    (tmp_path / "logs.parquet").write_bytes(made.parquet(LOGS).content)
    found = load_folder(tmp_path)
    made.assert_equal(found.sessions, expected.sessions)
    assert found.content_hash == expected.content_hash


@pytest.mark.slow
def test_blocks_of_any_size_cut_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BLOCK_BYTES", 4_000)
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 1_000)
    for logs in (made.csv(LOGS), made.parquet(LOGS)):
        data = load([logs], [made.csv(TRACKS, "t.csv")])
        made.assert_equal(data.sessions, made.data().sessions)


def test_rows_of_a_session_may_come_in_any_order() -> None:
    mixed = LOGS.with_columns(pl.col("session_position").hash(3).alias("x"))
    mixed = mixed.with_columns(pl.col("session_id").rle_id().alias("run")).sort("run", "x")
    data = load([made.csv(mixed.drop("x", "run"))], [made.csv(TRACKS, "t.csv")])
    made.assert_equal(data.sessions, made.data().sessions)


def test_every_value_is_in_its_slot() -> None:
    data = made.data()
    sessions = data.sessions
    names = [column.name for column in data.columns]
    assert data.columns == SPOTIFY_COLUMNS
    assert data.tracks.columns == tuple(c for c in TRACK_COLUMNS if c.group in GROUPS)
    for i, ((key,), rows) in enumerate(LOGS.group_by("session_id", maintain_order=True)):
        n, half = len(rows), len(rows) // 2
        assert sessions.ids[i] == key and sessions.lengths[i] == n
        assert sessions.mask_a[i].sum() == half and sessions.mask_b[i].sum() == n - half
        for j, row in enumerate(rows.iter_rows(named=True)):
            tracks = sessions.tracks_a[i] if j < half else sessions.tracks_b[i]
            slot = j if j < half else j - half
            assert data.tracks.frame["track_id"][int(tracks[slot])] == row["track_id_clean"]
            if j >= half:
                assert sessions.skipped[i, slot] == row["skip_2"]
                assert CAUSES[sessions.causes[i, slot]] == row["planted_cause"]
                continue
            code = dict(zip(names, sessions.logs[i, slot].tolist(), strict=True))
            assert code["hour_of_day"] == row["hour_of_day"]
            assert code["date"] == row["date"].weekday()
            assert code["premium"] == row["premium"]
            ended = row["hist_user_behavior_reason_end"]
            assert REASONS[code["hist_user_behavior_reason_end"]] == ended
        assert (sessions.logs[i, half:] == 0).all() and not sessions.skipped[i, n - half :].any()
        assert (sessions.tracks_a[i, half:] == -1).all()


def test_the_encoding_holds_every_number_by_name() -> None:
    data = made.data()
    encoding = data.encoding()
    batch = data.batch()
    names = [dense.name for dense in encoding.columns_a]
    assert batch.a.shape == (60, 10, len(names)) and len(set(names)) == len(names)
    assert batch.b.shape == (60, 10, len(encoding.columns_b))
    assert {d.group for d in encoding.columns_a} == {*GROUPS, "position"}
    assert not {"context", "interaction"} & {d.group for d in encoding.columns_b}
    assert not any("planted" in name for name in names)
    row = LOGS.row(2, named=True)
    value = dict(zip(names, batch.a[0, 2].tolist(), strict=True))
    assert value["session_position"] == pytest.approx(3 / 20)
    half = row["session_length"] // 2
    assert value["tracks_from_half"] == pytest.approx((3 - half) / 10)
    assert value["skip_2"] == row["skip_2"]
    assert value[f"context_type={row['context_type']}"] == 1
    assert value["hour_of_day (sine)"] == pytest.approx(
        np.sin(2 * np.pi * row["hour_of_day"] / 24), abs=1e-6
    )
    energy = TRACKS["energy"].cast(pl.Float32).cast(pl.Float64)
    own = energy.filter(TRACKS["track_id"] == row["track_id_clean"])[0]
    assert value["energy"] == pytest.approx((own - energy.mean()) / energy.std(ddof=0), rel=1e-4)
    assert not batch.a[~batch.mask_a].any() and not batch.b[~batch.mask_b].any()
    assert Encoding.from_json(encoding.to_json()) == encoding
    assert torch.equal(batch.target.bool() & ~batch.mask_b, torch.zeros(60, 10, dtype=torch.bool))


def test_a_feature_that_other_data_lacks_is_neutral() -> None:
    data = made.data()
    poorer = load([made.csv(LOGS.drop("premium"))], [made.csv(TRACKS.drop("energy"), "t.csv")])
    batch, full = poorer.batch(data.encoding()), data.batch()
    names = [dense.name for dense in data.encoding().columns_a]
    for name in ("premium", "energy"):
        assert not batch.a[:, :, names.index(name)].any()
    rest = [i for i, name in enumerate(names) if name not in ("premium", "energy")]
    assert torch.allclose(batch.a[:, :, rest], full.a[:, :, rest], atol=1e-5)


def test_the_fingerprint_does_not_depend_on_pieces_but_on_every_value() -> None:
    sessions = made.data().sessions
    whole, pieces = Fingerprint(), Fingerprint()
    whole.add(sessions)
    for start in range(0, 60, 7):
        pieces.add(sessions.take(slice(start, start + 7)))
    assert whole.hexdigest() == pieces.hexdigest()
    changed = LOGS.with_columns(premium=~LOGS["premium"])
    assert load([made.csv(changed)], [made.parquet(TRACKS, "t.parquet")]).content_hash != (
        made.data().content_hash
    )


def test_parts_are_disjoint_and_together_everything() -> None:
    sessions = made.data(2_000).sessions
    found = [sessions.part(part) for part in ("train", "validation", "test")]
    assert sorted(i for part in found for i in part.ids) == sorted(sessions.ids)
    assert [round(len(part) / 2_000, 1) for part in found] == [0.8, 0.1, 0.1]


def test_groups_that_are_absent_are_reported() -> None:
    few = LOGS.select("session_id", "session_position", "track_id_clean", "skip_2")
    data = load([made.csv(few)], [made.csv(TRACKS.select("track_id", "release_year"), "t.csv")])
    assert data.absent == ("context", "track musical") == data.encoding().absent
    assert data.missing["track general"] == ("duration", "us_popularity_estimate")
    assert "skip_2" not in data.missing["interaction"] and "skip_1" in data.missing["interaction"]
    assert [d.name for d in data.encoding().columns_b][3:] == ["release_year"]
    assert data.simulated is False
    assert made.data().absent == () and made.data().missing == {}


def test_data_without_any_track_feature_can_be_encoded() -> None:
    few = LOGS.select("session_id", "session_position", "skip_2", track_name="track_id_clean")
    data = load([made.csv(few)])
    batch = data.batch()
    assert batch.b.shape == (60, 10, 3) and batch.a.shape == (60, 10, 4)


def test_simulated_data_always_says_so() -> None:
    assert made.data().simulated and made.data().title == "made (simulated)"


def test_the_real_slice_loads_and_the_baselines_are_those_of_the_slice(mssd_slice: Path) -> None:
    data = load([mssd_slice], title="169 real sessions")
    assert len(data.sessions) == 169 and len(data.tracks) == 1_027
    assert int(data.sessions.lengths.sum()) == 1_349
    assert data.absent == ("context", "track musical") and not data.simulated
    assert data.tracks.label(0) == "My City (Bonus Track), Canon"
    assert torch.isfinite(data.batch().a).all()
    for baseline, accuracy, first in ((baselines.last, 439, 120), (baselines.mean, 427, 111)):
        found = score(
            baseline(data.sessions, data.columns), data.sessions.skipped, data.sessions.mask_b
        )
        assert found.tracks == 702
        assert (round(found.accuracy * 702), round(found.first * 169)) == (accuracy, first)
