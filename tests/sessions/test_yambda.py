"""Yambda: cut into sessions, told as a slow reader tells them, learnt from and shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file

from dashboard.loaders.sessions import session_view
from relrec_core import paths
from relrec_core.errors import DataError
from relrec_core.runs import active
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data import yambda
from relrec_core.sessions.data.schema import BY_NAME, MUSIC, YAMBDA_GROUPS
from relrec_core.sessions.data.sessions import (
    PARTS,
    Sessions,
    concatenate,
    listener_of,
    uncut,
)
from relrec_core.sessions.data.shards import Shards
from relrec_core.sessions.data.uploads import from_folder
from relrec_core.sessions.data.values import magnitudes
from relrec_core.sessions.data.yambda_sound import FILE, read_sound
from relrec_core.sessions.model.families import YAMBDA
from relrec_core.sessions.training.prepare import main as prepare_command
from relrec_core.sessions.training.prepare_yambda import prepare_yambda
from relrec_core.sessions.training.train import train
from scripts.fetching import main as fetch_command
from tests.sessions import listens, made

pytestmark = pytest.mark.numerics


def everything(folder: Path) -> tuple[Sessions, Shards]:
    shards = Shards.open(folder)
    return concatenate(shards.read(i) for i in range(len(shards.meta.shards))), shards


def of(events: list[dict[str, int]], user: int, item: float) -> list[int]:
    return [e["timestamp"] for e in events if (e["uid"], e["item_id"]) == (user, item)]


def told_slowly(folder: Path, threshold: int) -> dict[str, list[dict[str, float]]]:
    """Session -> each of its listens with what is known of it, by looking through all files."""
    flat = folder / "flat" / "50m"
    heard, likes, dislikes = (
        pl.read_parquet(flat / f"{name}.parquet").to_dicts()
        for name in ("listens", "likes", "dislikes")
    )
    sessions: dict[str, list[dict[str, float]]] = {}
    for user in dict.fromkeys(row["uid"] for row in heard):
        mine = [row for row in heard if row["uid"] == user]
        found: list[list[dict[str, float]]] = []
        for i, row in enumerate(mine):
            since = row["timestamp"] - mine[i - 1]["timestamp"] if i else float("inf")
            if since >= 1200:
                found.append([])
            found[-1].append(row | {"since": since, "skip": row["played_ratio_pct"] < threshold})
        for number, session in enumerate(found, 1):
            for part, begin in enumerate(range(0, len(session), 20)):
                piece = session[begin : begin + 20]
                if len(piece) < 2:
                    continue
                start = piece[0]["timestamp"]
                at = mine.index({k: v for k, v in piece[0].items() if k not in ("since", "skip")})
                before = mine[:at]
                skips = sum(r["played_ratio_pct"] < threshold for r in before)
                rate = (skips + 1) / (len(before) + 2)
                for row in piece:
                    item = row["item_id"]
                    times = [r["timestamp"] for r in heard if r["item_id"] == item]
                    own = [r for r in before if r["item_id"] == item]
                    own_skips = sum(r["played_ratio_pct"] < threshold for r in own)

                    row |= {
                        "is_organic": row["is_organic"],
                        "seconds_since_last": row["since"],
                        "listens_before": sum(t < start for t in times),
                        "days_in_data": max(0, start - min(times)) / 86_400,
                        "liked_before": any(e < start for e in of(likes, user, item)),
                        "disliked_before": any(e < start for e in of(dislikes, user, item)),
                        "heard_before": len(own),
                        "own_track_skip_rate": (own_skips + rate) / (len(own) + 1),
                        "own_skip_rate": rate,
                        "likes_before": sum(
                            e["uid"] == user and e["timestamp"] < start for e in likes
                        ),
                    }
                name = f"Listener {user}, session {number}" + (f"~{part + 1}" if part else "")
                sessions[name] = piece
    return sessions


def byte(name: str, value: float) -> int:
    column = BY_NAME[name]
    if column.kind == "magnitude":
        return int(magnitudes(value, column))
    return round(value * 255) if column.kind == "share" else int(value)


@pytest.mark.parametrize("threshold", [50, 25])
def test_every_value_is_what_a_slow_reader_finds(
    published: Path, tmp_path: Path, threshold: int
) -> None:
    small = tmp_path / "small"
    listens.write(small, users=4, listens=70, tracks=25)
    prepare_yambda(small, tmp_path / "out", threshold=threshold, shard_sessions=9)
    found, shards = everything(tmp_path / "out")
    expected = told_slowly(small, threshold)
    assert found.ids.tolist() == list(expected)
    assert any("~" in i for i in expected), "no session of more than 20 tracks"
    ids, columns = shards.tracks().frame["track_id"], [c.name for c in shards.columns]
    ahead = [c.name for c in shards.columns if c.ahead]
    for row, piece in enumerate(expected.values()):
        half = len(piece) // 2
        assert found.lengths[row] == len(piece)
        for place, listen in enumerate(piece):
            in_a, slot = place < half, place if place < half else place - half
            track = (found.tracks_a if in_a else found.tracks_b)[row, slot]
            assert ids[int(track)] == str(listen["item_id"])
            known, names = (found.logs, columns[1:]) if in_a else (found.ahead, ahead)
            values = known[row, slot, 1:] if in_a else known[row, slot]
            assert values.tolist() == [byte(name, listen[name]) for name in names]
            skip = found.logs[row, slot, 0] if in_a else found.skipped[row, slot]
            assert bool(skip) == listen["skip"]
    assert not {"skip_2", "seconds_since_last"} & set(ahead)


def test_nothing_that_is_known_ahead_tells_what_comes(published: Path, tmp_path: Path) -> None:
    prepare_yambda(published, tmp_path / "before")
    changed = tmp_path / "changed"
    shutil.copytree(published, changed)
    flat = changed / "flat" / "50m"
    heard = pl.read_parquet(flat / "listens.parquet")
    before, _ = everything(tmp_path / "before")
    row = 60
    user, number = (int(i) for i in str(before.ids[row]).split("~")[0][9:].split(", session "))
    mine = heard.with_row_index("row").filter(pl.col("uid") == user)
    session = (mine["timestamp"].diff().fill_null(0) >= 1200).cum_sum() + 1
    inside = mine.filter(session == number)
    half = int(before.lengths[row]) // 2
    assert len(inside) == before.lengths[row], "a session that was cut"
    later = (pl.col("row") >= inside["row"][half]) | (
        (pl.col("uid") != user) & (pl.col("timestamp") >= inside["timestamp"][0])
    )
    heard.with_row_index("row").with_columns(
        pl.when(later)
        .then(130 - pl.col("played_ratio_pct").clip(0, 130))
        .otherwise("played_ratio_pct")
        .cast(pl.UInt16)
        .alias("played_ratio_pct")
    ).drop("row").write_parquet(flat / "listens.parquet")
    for name in ("likes.parquet", "dislikes.parquet"):
        events = pl.read_parquet(flat / name)
        events.filter(pl.col("timestamp") < inside["timestamp"][0]).write_parquet(flat / name)
    prepare_yambda(changed, tmp_path / "after")
    after, _ = everything(tmp_path / "after")
    assert after.ids[row] == before.ids[row]
    for name in ("logs", "ahead", "tracks_a", "tracks_b"):
        np.testing.assert_array_equal(getattr(after, name)[row], getattr(before, name)[row])
    assert (after.skipped[row] != before.skipped[row]).any()


def test_the_first_sessions_are_the_first_of_all(published: Path, tmp_path: Path) -> None:
    prepare_yambda(published, tmp_path / "all")
    meta = prepare_yambda(published, tmp_path / "some", most=40)
    (whole, all_shards), (some, shards) = (everything(tmp_path / n) for n in ("all", "some"))
    assert meta.sessions == 40 and "the first 40 sessions" in meta.title
    first = whole.take(slice(0, 40))
    for name in ("ids", "lengths", "logs", "ahead", "skipped"):
        np.testing.assert_array_equal(getattr(some, name), getattr(first, name))
    ids, all_ids = (s.tracks().frame["track_id"].to_list() for s in (shards, all_shards))
    assert len(ids) <= len(all_ids)
    assert [ids[i] for i in some.tracks_b[3] if i >= 0] == [
        all_ids[i] for i in first.tracks_b[3] if i >= 0
    ]


@pytest.mark.parametrize("most", [None, 70])
def test_what_is_learnt_from_lies_before_what_it_is_judged_by(
    published: Path, tmp_path: Path, most: int | None
) -> None:
    prepare_yambda(published, tmp_path / "out", most=most, shard_sessions=30)
    shards = Shards.open(tmp_path / "out")
    heard = pl.read_parquet(published / "flat" / "50m" / "listens.parquet")
    whole = heard.with_columns(
        (pl.col("timestamp").diff().over("uid").fill_null(2000) >= 1200)
        .cum_sum()
        .over("uid")
        .alias("number")
    )
    began = {
        f"Listener {user}, session {number}": time
        for user, number, time in whole.group_by("uid", "number")
        .agg(pl.col("timestamp").min())
        .iter_rows()
    }
    times: dict[str, list[int]] = {}
    listeners: dict[str, set[str]] = {}
    for part in PARTS:
        ids = [i for window in shards.windows(part) for i in window.ids]
        assert len(ids) == shards.meta.parts[part] > 0
        times[part] = [began[uncut(i)[0]] for i in ids]
        listeners[part] = {listener_of(i) for i in ids}
    assert max(times["train"]) < min(times["validation"])
    assert max(times["validation"]) < min(times["test"])
    assert listeners["test"] & listeners["train"]
    n = shards.meta.sessions
    assert abs(shards.meta.parts["train"] - 0.8 * n) <= 3
    assert sum(shards.meta.parts.values()) == n and (most is None or n == most)


def test_users_are_whole_in_whatever_pieces_they_are_read(published: Path) -> None:
    path = published / "flat" / "50m" / "listens.parquet"
    pieces, whole = list(yambda.users(path, 200)), list(yambda.users(path))
    assert len(pieces) > 3 and len(whole) == 1
    for name, values in vars(whole[0]).items():
        np.testing.assert_array_equal(np.concatenate([vars(p)[name] for p in pieces]), values)
    seen = [set(piece.user.tolist()) for piece in pieces]
    assert sum(map(len, seen)) == len(set().union(*seen))


def test_a_users_listens_are_put_in_order(published: Path, tmp_path: Path) -> None:
    path = published / "flat" / "50m" / "listens.parquet"
    frame = pl.read_parquet(path)
    mixed = frame.sample(fraction=1, shuffle=True, seed=1).sort("uid", maintain_order=True)
    mixed.write_parquet(tmp_path / "listens.parquet")
    (found,) = yambda.users(tmp_path / "listens.parquet")
    assert found.user.tolist() == frame["uid"].to_list()
    assert found.time.tolist() == frame["timestamp"].to_list()
    assert sorted(found.item.tolist()) == sorted(frame["item_id"].to_list())


def test_the_sound_is_what_the_stored_components_make_of_it(
    published: Path, tmp_path: Path
) -> None:
    prepare_yambda(published, tmp_path / "out")
    stored = load_file(tmp_path / "out" / FILE)
    tracks = Shards.open(tmp_path / "out").tracks().frame
    given = pl.read_parquet(published / "embeddings.parquet")
    raw = dict(zip(given["item_id"].cast(pl.String), given["normalized_embed"], strict=True))
    names = [f"music_embedding_{i}" for i in range(16)]
    for row in tracks.iter_rows(named=True):
        numbers = [row[name] for name in names]
        if row["track_id"] not in raw:
            assert not any(numbers)
            continue
        centred = np.array(raw[row["track_id"]]) - stored["mean"]
        np.testing.assert_allclose(stored["components"] @ centred, numbers, atol=1e-5)
    np.testing.assert_allclose(stored["components"] @ stored["components"].T, np.eye(16), atol=1e-4)
    centred = np.array([raw[i] for i in tracks["track_id"] if i in raw]) - stored["mean"]
    _, strength, vectors = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(
        stored["explained"], (strength**2 / (strength**2).sum())[:16], atol=1e-5
    )
    turned = np.abs((stored["components"] * vectors[:16]).sum(axis=1))
    np.testing.assert_allclose(turned[:5], 1, atol=1e-3)
    assert len([1 for i in tracks["track_id"] if i not in raw]) > 0


@pytest.mark.parametrize("kind", [pl.List(pl.Float32), pl.Array(pl.Float64, 24)])
def test_embeddings_may_be_stored_in_other_lists(
    kind: pl.DataType, published: Path, tmp_path: Path
) -> None:
    items = np.arange(2, 160, 3)
    frame = pl.read_parquet(published / "embeddings.parquet")
    frame.with_columns(pl.col("normalized_embed").cast(kind)).write_parquet(
        tmp_path / "embeddings.parquet"
    )
    expected = read_sound(published / "embeddings.parquet", items)
    found = read_sound(tmp_path / "embeddings.parquet", items)
    np.testing.assert_allclose(found.numbers, expected.numbers, atol=1e-4)


def test_without_embeddings_the_sound_is_absent(published: Path, tmp_path: Path) -> None:
    flat = published / "flat" / "50m"
    meta = prepare_yambda(flat, tmp_path / "out")
    assert meta.absent == (MUSIC,) and not (tmp_path / "out" / FILE).exists()


def test_a_model_learns_from_it_and_the_page_opens_it(
    published: Path, yambda_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_command(["yambda-50m", "--from", str(published)]) == 0
    assert "training.prepare yambda-50m" in capsys.readouterr().out
    with pytest.raises(DataError, match="found Yambda as it is published, expected prepared"):
        from_folder(paths.data_dir() / "yambda-50m")
    out = yambda_home / "data" / "sessions"
    assert prepare_command(["yambda-50m", "--sessions", "150", "--out", str(out)]) == 0
    assert f"train.py sessions --dataset {out} --activate" in capsys.readouterr().out
    assert "is the family yambda-10" in store.advice("sessions")
    config = Config(dataset="sessions", width=16, blocks=1, epochs=2, threads=1)
    run = Run.create("sessions", config, "yambda")
    with run.executing():
        train(config, run)
    card = run.card()
    assert card.details["experts"] == list(YAMBDA) and card.details["absent"] == []
    assert card.split["by"] == "time at which the session began"
    assert {"test_accuracy", "last_baseline_accuracy", "mean_baseline_maa"} <= card.metrics.keys()
    assert card.data.licence == "Apache License 2.0 (Yandex)" and not card.data.synthetic
    active.make_active(run)
    view = session_view()
    shards = Shards.open(out)
    (last,) = shards.windows("test")
    assert list(view.explorer.data.sessions.ids) == last.ids.tolist() and len(last) == 15
    assert "none was learnt from" in view.notes[0]
    assert str(view.listing["title"][0]).startswith("Listener ")
    explanation = view.explanation(view.opening, 0)
    assert explanation.audit.shares.closes() and explanation.audit.ledger.closes()
    assert set(explanation.family.groups) == {*YAMBDA_GROUPS, "position"}
    told = {one.group: one.words for one in explanation.inputs}
    assert set(told) == set(YAMBDA_GROUPS) and all(told.values())
    assert "this listener skips" in told["taste"] and "like the first half" in told["music"]
    assert not view.explorer.data.missing and not view.absent
    who = {str(i).partition(",")[0] for i in view.explorer.data.sessions.ids}
    assert set(view.tracks["listener"]) == who and len(who) > 1
    assert set(view.tracks["context"]) == {"a recommendation", "the listener's own choice"}
    assert view.explorer.data.licence == "Apache License 2.0 (Yandex)"
    assert made.data().missing == {}
