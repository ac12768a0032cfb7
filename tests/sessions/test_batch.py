"""Rows of everything at once say what the explanation of each single track says."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pytest

from relrec_core.sessions import store
from relrec_core.sessions.data.shards import Shards
from relrec_core.sessions.data.source import Stored
from relrec_core.sessions.explanation import batch
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.training.prepare import prepare
from tests.sessions import made

pytestmark = pytest.mark.numerics


def test_each_row_is_the_answer_about_its_track(tmp_path: Path) -> None:
    data, run = made.data(), store.shown_run()
    of = batch.SessionBatch(run, store.predictor(run), data)
    table = of.table(0)
    assert table.schema.equals(batch.SCHEMA) and of.sizes == [len(data.sessions)]
    explorer, rows = Explorer(of.predictor, data, run.name), table.to_pylist()
    assert len(rows) == int(data.sessions.mask_b.sum())
    for number in (0, 7, len(data.sessions) - 1):
        answer = explorer.answer(explorer.session(number))
        own = [row for row in rows if row["session"] == answer.session]
        assert len(own) == len(answer.predicted)
        for row, one in zip(own, answer.predicted, strict=True):
            assert (row["position"], row["name"], row["skipped"], row["expert"]) == (
                one.position,
                one.label,
                one.skipped,
                one.top,
            )
            shares = {e["expert"]: e["share"] for e in row["experts"]}
            assert shares == pytest.approx(one.attribution, abs=1e-5)  # of single precision
            total = math.fsum(e["share"] * e["probability"] for e in row["experts"])
            assert row["probability"] == pytest.approx(total, abs=1e-5)


def test_prepared_sessions_are_explained_shard_by_shard(tmp_path: Path) -> None:
    logs, features = made.frames()
    files = tmp_path / "logs.csv", tmp_path / "tf_mini.csv"
    logs.write_csv(files[0])
    features.write_csv(files[1])
    prepare([files[0]], [files[1]], tmp_path / "shards", shard_sessions=20)
    run = store.shown_run()
    of = batch.opened(run.path, {"data": str(tmp_path / "shards")})
    assert len(of.sizes) > 1
    assert isinstance(of.data, Shards) and of.about["licence"] == Stored(of.data).licence
    parts = pa.concat_tables([of.table(part) for part in range(len(of.sizes))])
    whole = batch.SessionBatch(run, of.predictor, made.data()).table(0)
    key = [("session", "ascending"), ("position", "ascending")]
    one, other = parts.sort_by(key).to_pylist(), whole.sort_by(key).to_pylist()
    for mine, theirs in zip(one, other, strict=True):
        assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-5)
        assert (mine["session"], mine["name"]) == (theirs["session"], theirs["name"])
