"""Stored tables come back as they were; cells are computed once for each key."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relrec_core import paths
from relrec_core.errors import DataError, ReadOnlyError
from relrec_core.evaluation import tables
from relrec_core.evaluation.cells import Cells


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(paths, "ASSETS", tmp_path / "assets")


FRAME = pd.DataFrame({"method": ["a", "b"], "recall": [1 / 3, 0.1 + 0.2], "films": [3, 4]})


def _file() -> Path:
    return paths.evaluations_dir() / "movies" / "recall.csv"


def test_round_trip_is_exact() -> None:
    tables.store("movies", "recall", FRAME, {"seeds": [0, 1]})
    found = tables.stored("movies", "recall")
    assert found is not None
    pd.testing.assert_frame_equal(found.frame, FRAME, check_exact=True)
    assert found.conditions["seeds"] == [0, 1]
    assert found.conditions["machine"]["cores"] >= 1
    assert {"code_version", "date"} <= set(found.conditions)
    assert not found.shipped
    assert sorted(p.name for p in _file().parent.iterdir()) == ["recall.csv", "recall.json"]


def test_shipped_until_measured_here() -> None:
    folder = paths.ASSETS / "evidence" / "movies"
    folder.mkdir(parents=True)
    assert tables.stored("movies", "recall") is None
    FRAME.to_csv(folder / "recall.csv", index=False)
    (folder / "recall.json").write_text("{}")
    tables.vouch(folder / "recall.csv")
    shipped = tables.stored("movies", "recall")
    assert shipped is not None and shipped.shipped
    tables.store("movies", "recall", FRAME.head(1), {})
    own = tables.stored("movies", "recall")
    assert own is not None and not own.shipped and len(own.frame) == 1


@pytest.mark.parametrize("damage", ["[]", "{", None])
def test_damaged_conditions_are_named(damage: str | None) -> None:
    tables.store("movies", "recall", FRAME, {})
    file = _file().with_suffix(".json")
    file.unlink() if damage is None else file.write_text(damage)
    with pytest.raises(DataError, match=r"recall\.json"):
        tables.stored("movies", "recall")


def test_an_empty_table_is_named() -> None:
    tables.store("movies", "recall", FRAME, {})
    _file().write_text("")
    with pytest.raises(DataError, match=r"recall\.csv"):
        tables.stored("movies", "recall")


def test_nothing_is_written_in_read_only_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    with pytest.raises(ReadOnlyError):
        tables.store("movies", "recall", FRAME, {})
    assert tables.stored("movies", "recall") is None


def test_a_cell_is_computed_once_for_each_key_and_code() -> None:
    calls: list[int] = []

    def compute() -> dict[str, float]:
        calls.append(1)
        return {"recall": 1 / 3}

    for _ in range(2):
        for seed in (0, 1):
            assert Cells("movies", "recall", "a").get({"seed": seed}, compute) == {"recall": 1 / 3}
    assert len(calls) == 2
    Cells("movies", "recall", "b").get({"seed": 0}, compute)
    assert len(calls) == 3


def test_a_line_cut_off_by_a_kill_is_computed_again() -> None:
    Cells("movies", "recall", "a").get({"seed": 0}, lambda: {"x": 1})
    file = paths.evaluations_dir() / "movies" / "cells" / "recall.jsonl"
    with file.open("a") as out:
        out.write('\n{"key": "half')
    cells = Cells("movies", "recall", "a")
    assert cells.get({"seed": 0}, lambda: {"x": 2}) == {"x": 1}
    assert cells.get({"seed": 1}, lambda: {"x": 3}) == {"x": 3}
    assert Cells("movies", "recall", "a").get({"seed": 1}, lambda: {"x": 4}) == {"x": 3}
