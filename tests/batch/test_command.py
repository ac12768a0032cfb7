"""The command that explains everything: one data set, or one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from relrec_core import explain
from relrec_core.movies import store


def test_all_movies_in_one_data_set(
    ml_100k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["movies", "--out", str(tmp_path / "out"), "--top", "2", "--processes", "1"]
    assert explain.main(asked) == 0
    assert "1,886 rows written" in capsys.readouterr().out
    liked = (
        pl.scan_parquet(tmp_path / "out" / "*.parquet")
        .filter(pl.col("rank") == 1)
        .explode("contributions")
        .unnest("contributions")
        .filter(pl.col("group") == "Liked movies", pl.col("value") > 0)
        .group_by("user", maintain_order=True)
        .first()
        .collect()
    )
    titles = set(store.recommender(store.shown_run()).titles)
    assert 0 < len(liked) <= 943 and set(liked["name"]) <= titles
    assert explain.main(asked) == 0
    assert capsys.readouterr().out.startswith("0 rows written")
    assert explain.main([*asked, "--strongest", "3"]) == 1
    assert "other data or options" in capsys.readouterr().err


def test_what_cannot_be_is_said(
    ml_100k: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert explain.main(["movies", *out, "--run", "no-such-run"]) == 1
    assert "There is no run 'no-such-run'" in capsys.readouterr().err
    assert explain.main(["movies", *out, "--top", "0"]) == 1
    assert "numbers from 1 on" in capsys.readouterr().err
    assert explain.main(["sessions", *out, "--data", str(tmp_path / "nothing")]) == 1
    assert "There is no session data" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    monkeypatch.setitem(sys.modules, "ray", None)
    assert explain.main(["movies", *out, "--engine", "ray"]) == 1
    assert "Ray is not installed" in capsys.readouterr().err
