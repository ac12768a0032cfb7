"""What a benchmark stored is what the README shows."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from relrec_core.errors import DataError
from relrec_core.measurement import row
from relrec_core.movies.data.interactions import load
from scripts import benchmark_page, benchmarks, growth, training
from scripts.generated_ratings import Shape

ROWS = [
    row("10,000 users, memory", 512.0, "MB", at_most=4000),
    row("100,000 users, memory", 5120.4, "MB", at_most=4000),
    row("exponent of the growth with users", 1.0042, "", at_most=1.15),
    row("2 servers: late", 3.00334, "s", at_most=3),
    row("start", 2.5, "s"),
]
MACHINE = {"cores": 2, "load": 0.1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(benchmark_page, "FOLDER", tmp_path / "benchmarks")
    return tmp_path / "benchmarks"


def test_the_readme_has_what_is_stored() -> None:
    page = benchmark_page.PAGE.read_text("utf-8")
    assert benchmark_page.written(page) == page


def test_sizes_are_one_line_with_their_targets_and_conditions(folder: Path) -> None:
    assert benchmark_page.block() == benchmark_page.NOTHING
    benchmark_page.store("explaining", ROWS, MACHINE)
    text = benchmark_page.block()
    assert text.startswith(
        "`python3 scripts/benchmark.py explaining` (2 cores, load before 0.1, 20"
    )
    assert (
        "| users, memory | 10,000: 512 MB (meets 4,000); 100,000: 5,120 MB (misses 4,000) |" in text
    )
    assert "| exponent of the growth with users | 1 (meets 1.15) |" in text
    assert "| 2 servers: late | 3.00334 s (misses 3) |" in text
    assert text.endswith("| start | 2.5 s |")
    page = f"above\n{benchmark_page.BEGIN}\nold\n{benchmark_page.END}\nbelow\n"
    made = benchmark_page.written(page)
    assert text in made and "old" not in made
    assert made.startswith("above\n") and made.endswith("\nbelow\n")
    assert benchmark_page.written(made) == made


def test_what_is_damaged_is_said(folder: Path) -> None:
    benchmark_page.store("load", ROWS, MACHINE)
    file = folder / "load.json"
    file.write_text(file.read_text()[:-9])
    with pytest.raises(DataError, match=r"load\.json: .* measure it again"):
        benchmark_page.block()
    with pytest.raises(DataError, match="no place for what was measured"):
        benchmark_page.written("a page")


def test_the_command_stores_what_was_measured_and_nothing_quick(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(benchmarks.BENCHMARKS, "load", lambda quick: ROWS)
    assert benchmarks.main(["load", "--store"]) == 1  # two rows miss their targets
    stored = benchmark_page.opened(folder / "load.json")
    assert [found.model_dump() for found in stored.rows] == ROWS
    with pytest.raises(SystemExit):
        benchmarks.main(["load", "--store", "--quick"])
    assert "mean nothing" in capsys.readouterr().err


def test_the_exponent_is_the_power_that_data_was_made_with() -> None:
    for power in (0.0, 1.0, 1.5):
        grown = {n: 3.0 * n**power for n in (10, 100, 1000)}
        assert growth.exponent(grown) == pytest.approx(power, abs=1e-9)


def test_generated_users_like_movies_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "BLOCK", 40)
    frame = pl.read_parquet(growth._likes(tmp_path / "likes.parquet", 100, seed=0))
    assert frame["user_id"].unique().to_list() == list(range(100))
    assert (
        not frame.is_duplicated().any() and frame["item_id"].is_between(0, growth.MOVIES - 1).all()
    )
    assert 40 * 100 < len(frame) <= growth.LIKES * 100


def test_generated_ratings_have_the_shape_asked_for(tmp_path: Path) -> None:
    Shape(users=400, movies=3_000, ratings=40_000).write(tmp_path)
    frame = pl.read_parquet(tmp_path / "interactions.parquet")
    assert not frame.select("user_id", "item_id").is_duplicated().any()
    assert frame["user_id"].n_unique() == 400 and frame["item_id"].n_unique() == 3_000
    assert frame["rating"].unique().sort().to_list() == [1, 2, 3, 4, 5]
    assert len(frame) == pytest.approx(40_000, rel=0.15)
    each = frame.group_by("item_id").len().sort("len", descending=True)["len"]
    assert each[:300].sum() > 0.4 * len(frame) and each.median() < 10  # few have most
    data = load(tmp_path)
    assert len(data.items) == 3_000 and {"genres", "decade"} <= set(data.item_attributes)


@pytest.mark.slow
def test_training_is_measured_beside_the_dense_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", "")  # it is put back
    found = {one["name"]: one["value"] for one in training.small(quick=True)}
    assert found["users"] == training.TINY.users and found["movies"] == training.TINY.movies
    assert 0 < found[training.RECALL] <= 1
    beside = found[training.RECALL] / found[f"{training.RECALL}, all movies in every step"]
    assert found["recall beside that"] == pytest.approx(beside)


@pytest.mark.slow
def test_a_shortlist_of_generated_movies_tells_its_recall(tmp_path: Path) -> None:
    growth.write_vectors(tmp_path, 4000)
    growth.shorten(tmp_path, 4000)
    told = json.loads((tmp_path / growth.TOLD).read_text("utf-8"))
    assert 0.9 < told["recall of the ten best"][0] <= 1
