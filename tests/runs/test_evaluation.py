"""Evaluations started from outside: one at a time, seen, cancelled, found again, explained."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from relrec_core.errors import ReadOnlyError, RunError
from relrec_core.evaluation.tables import stored
from relrec_core.runs import evaluation, launch, process
from relrec_core.runs.directory import list_runs
from relrec_core.runs.evaluation import Evaluation
from tests.waiting import until

SCRIPT = Path(__file__).with_name("tiny_evaluate.py")
SLOW, FAST, BROKEN = (Evaluation(wing="tiny", tables=(t,)) for t in ("slow", "fast", "broken"))


def ended(run):
    until(lambda: not run.status().ongoing)
    return run.status()


def start(wanted):
    return evaluation.start(wanted, "quick", program=[str(SCRIPT)])


def test_it_is_measured_with_progress_and_a_log_and_only_the_last_run_is_kept():
    first = start(FAST)
    assert ended(first).state == "done", first.log_tail()
    assert stored("tiny", "fast-quick") is not None
    assert "cell" in "\n".join(first.log_tail())
    assert evaluation.ongoing(FAST) is None
    second = start(FAST)
    assert ended(second).state == "done"
    assert [run.name for run in list_runs(FAST.group)] == [second.name]


def test_of_many_visitors_one_starts_it_and_all_find_it_and_any_may_cancel():
    def attempt(_):
        try:
            return start(SLOW)
        except RunError:
            return None

    with ThreadPoolExecutor(4) as pool:
        (run,) = [found for found in pool.map(attempt, range(4)) if found]
    until(lambda: run.status().progress > 0)
    found = evaluation.ongoing(SLOW)
    assert found is not None and found.path == run.path
    assert evaluation.ongoing(FAST) is None
    with pytest.raises(RunError, match="wait for it, or cancel it first"):
        start(FAST)
    pid = run.status().pid
    launch.cancel(found)
    assert ended(run).state == "cancelled"
    until(lambda: not process.alive(pid))
    assert stored("tiny", "slow-quick") is None


def test_the_command_line_does_not_measure_what_the_page_measures():
    run = start(SLOW)
    until(lambda: run.status().progress > 0)
    command = [sys.executable, str(SCRIPT), "tiny", "slow", "--quick"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert said.stderr == (
        "Table slow of tiny is being measured by another process; wait for it.\n"
    )
    os.kill(run.status().pid, signal.SIGKILL)
    assert ended(run).state == "failed"
    assert evaluation.ongoing(SLOW) is None


def test_one_that_breaks_says_why():
    run = start(BROKEN)
    assert ended(run).state == "failed"
    assert "ZeroDivisionError: a bug" in run.status().message
    assert "Traceback" in "\n".join(run.log_tail())


def test_read_only_starts_none(home, monkeypatch):
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    with pytest.raises(ReadOnlyError):
        start(FAST)
    assert not home.exists()
