"""Evaluations that need the same model at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from relrec_core import paths
from relrec_core.runs.directory import Run
from tests.waiting import until

SCRIPT = Path(__file__).with_name("tiny_study.py")


def two_at_once():
    """Two processes that both ask for the model, and its run, some epochs after the start."""
    command = [sys.executable, str(SCRIPT)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    begun = []

    def training():
        for folder in (paths.evaluations_dir() / "tiny" / "models").glob("*/metrics.jsonl"):
            run = Run.open(folder.parent)
            begun.extend([run] * (len(run.metrics()) >= 3))
        return begun

    until(training)
    return both, begun[0]


@pytest.mark.slow
def test_one_trains_and_the_other_waits_for_it():
    both, run = two_at_once()
    assert [process.stdout.read() for process in both] == [run.name] * 2
    assert [process.wait() for process in both] == [0, 0]
    assert run.status().state == "done"
    assert [row["step"] for row in run.metrics()] == list(range(1, 81))


@pytest.mark.slow
def test_who_waits_goes_on_where_a_killed_one_was():
    both, run = two_at_once()
    first, second = sorted(both, key=lambda process: process.pid != run.status().pid)
    first.kill()
    assert first.stdout.read() == "" and first.wait() != 0
    assert second.stdout.read() == run.name and second.wait() == 0
    assert run.status().state == "done"
    steps = [row["step"] for row in run.metrics()]
    assert sorted(set(steps)) == list(range(1, 81))
    assert len(steps) <= 81  # the epoch it was killed in may be there twice
