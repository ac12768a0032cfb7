"""Evaluations that need the same model at the same time."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from relrec_core import paths
from relrec_core.runs.directory import Run

SCRIPT = Path(__file__).with_name("tiny_study.py")


def begin():
    process = subprocess.Popen([sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def begun():
    """The run in training, some epochs after its start."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for folder in (paths.evaluations_dir() / "tiny" / "models").glob("*"):
            if (folder / "metrics.jsonl").is_file() and len(Run.open(folder).metrics()) >= 3:
                return Run.open(folder)
        time.sleep(0.05)
    raise AssertionError("nothing was trained")


@pytest.mark.slow
def test_one_trains_and_the_other_waits_for_it():
    first, second = begin(), begin()
    run = begun()
    said = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert said == [run.name, run.name]
    assert run.status().state == "done"
    assert [row["step"] for row in run.metrics()] == list(range(1, 81))


@pytest.mark.slow
def test_who_waits_goes_on_where_a_killed_one_was():
    first = begin()
    run = begun()
    second = begin()
    time.sleep(0.5)
    assert second.poll() is None
    first.kill()
    first.communicate(timeout=60)
    assert second.communicate(timeout=120)[0] == run.name
    assert second.returncode == 0
    assert run.status().state == "done"
    steps = [row["step"] for row in run.metrics()]
    assert sorted(set(steps)) == list(range(1, 81))
    assert len(steps) <= 81  # the epoch it was killed in may be there twice
