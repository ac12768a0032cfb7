"""Every engine makes the same rows, and nothing that was made is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from relrec_core.batch import local
from relrec_core.batch.dataset import Dataset
from relrec_core.batch.job import Job
from relrec_core.batch.progress import Pace
from relrec_core.errors import DataError, RunError
from tests.batch.counting import Counted
from tests.conftest import REPOSITORY

Engine = Callable[[Dataset, Pace], int]
LOCAL: Engine = lambda dataset, pace: local.run(dataset, 2, pace)  # noqa: E731
RAY = """
import sys
from pathlib import Path
from relrec_core.batch import on_ray
from relrec_core.batch.dataset import Dataset
from relrec_core.batch.progress import Pace
pace = Pace(lambda part, said: print(part, said), "numbers", 54, 0)
print(on_ray.run(Dataset.open(Path(sys.argv[1])), 2, pace, None), "rows")
"""
"""In a process of its own: Ray changes where this one looks for packages."""


def prepared(folder: Path, **options: Any) -> Dataset:
    job = Job(module="tests.batch.counting", run=Path("run"), options=options)
    return Dataset.prepared(folder, job, job.explained)


def paced(told: list[tuple[float, str]] | None = None) -> Pace:
    told = [] if told is None else told
    return Pace(lambda part, said: told.append((part, said)), "numbers", sum(Counted.sizes), 0)


def numbers(dataset: Dataset) -> list[int]:
    return pl.read_parquet(dataset.folder / "part-*.parquet")["number"].to_list()


def test_one_process_makes_all_parts_and_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    dataset = prepared(tmp_path / "out")
    assert local.run(dataset, 1, paced(told)) == sum(Counted.sizes)
    assert numbers(dataset) == list(range(sum(Counted.sizes)))
    assert [round(part * 54) for part, _ in told] == [10, 20, 30, 40, 50, 54]
    assert told[-1][1].startswith("54 of 54 numbers, ")
    assert "| `number` | `int64` | a number |" in (dataset.folder / "SCHEMA.md").read_text()
    assert dataset.missing() == [] and local.run(dataset, 1, paced()) == 0


def test_a_killed_process_loses_only_what_it_was_at(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "out", dies=str(tmp_path / "died"))
    with pytest.raises(RunError, match="A process was killed"):
        LOCAL(dataset, paced())
    assert 3 in dataset.missing() and (tmp_path / "died").exists()
    there = {
        part: dataset.file(part).stat().st_mtime_ns for part in {*range(6)} - {*dataset.missing()}
    }
    LOCAL(Dataset.open(dataset.folder), paced())
    assert numbers(dataset) == list(range(54))
    assert all(dataset.file(part).stat().st_mtime_ns == at for part, at in there.items())


def test_what_is_half_written_or_damaged_is_made_again(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "out")
    local.run(dataset, 1, paced())
    whole = dataset.file(2).read_bytes()
    dataset.file(2).write_bytes(whole[: len(whole) // 2])
    (dataset.folder / ".part-00001.parquet.x.part").write_bytes(whole[:9])
    dataset.file(4).unlink()
    dataset.tidied()
    assert dataset.missing() == [2, 4] and not [*dataset.folder.glob(".*")]
    assert local.run(dataset, 1, paced()) == 20
    assert numbers(dataset) == list(range(54))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    prepared(tmp_path / "out", data="one")
    prepared(tmp_path / "out", data="one")
    with pytest.raises(RunError, match="another model, other data or options"):
        prepared(tmp_path / "out", data="two")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="holds other files"):
        prepared(tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]
    with pytest.raises(DataError, match="no such file"):
        Dataset.open(tmp_path)
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(DataError, match="other content"):
        Dataset.open(tmp_path)


@pytest.mark.slow
def test_ray_makes_the_same_rows_though_an_actor_is_killed(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "out", dies=str(tmp_path / "died"))
    command = [sys.executable, "-c", RAY, str(dataset.folder)]
    told = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert (tmp_path / "died").exists()
    assert numbers(dataset) == list(range(54))
    assert told[-1] == "54 rows"
    counted = [line for line in told if " of 54 numbers, " in line]
    assert len(counted) == 6 and counted[-1].startswith("1.0 54 of 54 numbers")
