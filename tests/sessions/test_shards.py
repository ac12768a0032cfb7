"""Prepared shards hold what reading in memory gives, for any cut, order and number of ranks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import torch

from relrec_core.errors import ConfigError, DataError
from relrec_core.sessions.data.dataset import load
from relrec_core.sessions.data.sessions import concatenate
from relrec_core.sessions.data.shards import Shards
from relrec_core.sessions.simulation.simulator import simulated, write
from relrec_core.sessions.training import prepare as prepare_module
from relrec_core.sessions.training.prepare import prepare, prepare_simulated
from tests.conftest import REPOSITORY
from tests.sessions import made

pytestmark = pytest.mark.numerics

SESSIONS = 500


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write(folder, SESSIONS, 4, made.SETTINGS)
    logs = pl.read_parquet(folder / "logs-00000.parquet")
    cut = int(logs["session_length"][:1].item()) + int(
        logs.filter(pl.col("session_id") != logs["session_id"][0])["session_length"][0]
    )
    logs[:cut].write_csv(folder / "a.csv")
    logs[cut:].write_csv(folder / "b.csv")
    (folder / "logs-00000.parquet").unlink()
    return folder


@pytest.fixture(scope="module")
def shards(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Shards:
    out = tmp_path_factory.mktemp("out") / "shards"
    logs = [raw / "a.csv", raw / "b.csv"]
    prepare(logs, [raw / "tracks.parquet"], out, title="prepared", shard_sessions=64)
    return Shards.open(out)


def test_shards_hold_what_reading_in_memory_gives(raw: Path, shards: Shards) -> None:
    data = load([raw / "a.csv", raw / "b.csv"], [raw / "tracks.parquet"])
    meta = shards.meta
    assert meta.sizes == (64,) * 7 + (52,)
    made.assert_equal(concatenate(shards.windows()), data.sessions)
    assert shards.columns == data.columns and meta.encoding == data.encoding()
    assert meta.content_hash == data.content_hash
    assert (meta.absent, meta.missing) == ((), {})
    assert meta.simulated and meta.title == "prepared (simulated)"
    assert meta.sessions == SESSIONS and meta.tracks == len(data.tracks)
    assert meta.plays == data.sessions.mask_b.sum() and meta.skipped == data.sessions.skipped.sum()
    assert meta.parts["test"] == len(data.sessions.part("test"))
    assert shards.tracks().frame.equals(data.tracks.frame)


def test_batches_equal_the_batch_in_memory(raw: Path, shards: Shards) -> None:
    data = load([raw / "a.csv", raw / "b.csv"], [raw / "tracks.parquet"])
    whole = data.batch()
    batches = list(shards.batches(size=48))
    assert [len(b) for b in batches] == [48] * 10 + [20]
    for name in ("a", "b", "mask_a", "mask_b", "target", "causes", "tracks_a", "tracks_b"):
        assert torch.equal(torch.cat([getattr(b, name) for b in batches]), getattr(whole, name))
    for part in ("train", "validation", "test"):
        made.assert_equal(concatenate(shards.windows(part)), data.sessions.part(part))


def test_shuffling_keeps_every_session_and_depends_on_seed_and_epoch_only(shards: Shards) -> None:
    def order(**chosen: int) -> list[str]:
        return [i for window in shards.windows("train", **chosen) for i in window.ids]

    plain = order()
    assert order(seed=1) == order(seed=1) and order(seed=1, epoch=2) == order(seed=1, epoch=2)
    assert order(seed=1) != order(seed=2) and order(seed=1) != order(seed=1, epoch=1)
    assert sorted(order(seed=1)) == sorted(plain) != order(seed=1)


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_share_the_batches_of_one_process(shards: Shards, world_size: int) -> None:
    alone = list(shards.batches("train", size=50, seed=3))
    ranks = [
        list(shards.batches("train", size=50, seed=3, rank=rank, world_size=world_size))
        for rank in range(world_size)
    ]
    assert {len(batches) for batches in ranks} == {len(alone)}
    for expected, *found in zip(alone, *ranks, strict=True):
        assert torch.equal(torch.cat([batch.a for batch in found]), expected.a)
        assert torch.equal(torch.cat([batch.target for batch in found]), expected.target)
        assert max(map(len, found)) - min(map(len, found)) <= 1
    with pytest.raises(ConfigError):
        next(shards.batches(size=50, rank=2, world_size=2))


def test_simulated_shards_equal_those_in_memory(tmp_path: Path) -> None:
    settings = made.SETTINGS
    out = tmp_path / "out"
    meta = prepare_simulated(200, out, seed=4, settings=settings, shard_sessions=64)
    data = simulated(200, 4, settings)
    assert (meta.content_hash, meta.title) == (data.content_hash, "Simulated sessions, seed 4")
    assert meta.encoding == data.encoding() and meta.simulated and data.title == meta.title
    made.assert_equal(concatenate(Shards.open(out).windows()), data.sessions)


def test_bad_data_leaves_nothing_behind(raw: Path, tmp_path: Path) -> None:
    lines = (raw / "b.csv").read_text(encoding="utf-8").splitlines()
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join(lines[:-3]), encoding="utf-8")
    logs = [raw / "a.csv", broken]
    with pytest.raises(DataError, match=r"broken\.csv, line \d+, column 'session_length'"):
        prepare(logs, [raw / "tracks.parquet"], tmp_path / "out", shard_sessions=50)
    with pytest.raises(DataError, match=r"a\.csv: found session '.*' a second time"):
        prepare([raw / "a.csv"] * 2, [raw / "tracks.parquet"], tmp_path / "out")
    with pytest.raises(DataError, match="at least one file of track features"):
        prepare(logs, [], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.csv"]
    with pytest.raises(DataError, match="expected a new folder"):
        prepare(logs, [raw / "tracks.parquet"], tmp_path)


def test_folders_that_are_not_whole_are_named(shards: Shards, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"meta\.json: found no such file"):
        Shards.open(tmp_path)
    (tmp_path / "meta.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"meta\.json: found other content"):
        Shards.open(tmp_path)
    (tmp_path / "meta.json").write_text(shards.meta.to_json(), encoding="utf-8")
    with pytest.raises(DataError, match=r"sessions-00000\.parquet: found no such file"):
        Shards.open(tmp_path).read(0)
    name = shards.meta.shards[0]
    (tmp_path / name).write_bytes((shards.folder / name).read_bytes()[:500])
    with pytest.raises(DataError, match=r"sessions-00000\.parquet: found a damaged file"):
        Shards.open(tmp_path).read(0)


@pytest.mark.slow
def test_the_command_line_prepares_a_folder_and_says_what_is_wrong(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "relrec_core.sessions.training.prepare",
        str(raw),
        "--out",
        str(out),
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said, then = done.stdout.splitlines()
    assert said == "500 sessions in 1 shards" and f"--dataset {out} --activate" in then
    assert len(Shards.open(out).read(0)) == SESSIONS
    assert prepare_module.main([str(raw / "no.csv"), "--out", str(tmp_path / "other")]) == 1
    assert "no.csv: found no such file" in capsys.readouterr().err
    made_up = ["--simulate", "30", "--seed", "3", "--out", str(tmp_path / "simulated")]
    assert prepare_module.main(made_up) == 0
    assert Shards.open(tmp_path / "simulated").meta.title == "Simulated sessions, seed 3"
    for wrong in ([], [str(raw), "--simulate", "3"]):
        with pytest.raises(SystemExit):
            prepare_module.main([*wrong, "--out", str(tmp_path / "other")])
    assert {path.name for path in tmp_path.iterdir()} == {"out", "simulated"}
