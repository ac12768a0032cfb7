"""Real training processes: killed, cancelled, resumed, refused."""

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny import Config

from relrec_core.errors import RunError
from relrec_core.runs import launch as launching
from relrec_core.runs import process, status
from relrec_core.runs.active import active
from relrec_core.runs.directory import Run, list_runs
from relrec_core.runs.launch import cancel, launch, resume
from relrec_core.train import main
from tests import waiting
from tests.waiting import until

SCRIPT = Path(__file__).with_name("tiny_train.py")
LONG = Config(epochs=2000, pause=0.02)


def begun(run, step=3):
    until(lambda: any(row["step"] >= step for row in run.metrics()))
    return run.status()


def ended(run):
    until(lambda: not run.status().ongoing)
    return run.status()


def train(*arguments):
    return main(["tiny", *arguments], {"tiny": "tiny"})


@pytest.mark.slow
def test_a_killed_run_is_seen_as_failed_keeps_what_it_had_and_is_resumed():
    run = launch("tiny", LONG, program=[str(SCRIPT)])
    pid = begun(run).pid
    os.kill(pid, signal.SIGKILL)
    assert ended(run).state == "failed"
    until(lambda: re.search(r"signal 9.*kept", run.status().message))  # the starter writes it down
    worked = run.status().seconds
    assert worked > 0
    had = len(run.metrics())
    _, meta = run.read_state()
    assert meta["epoch"] in (had - 1, had)
    resume(run, program=[str(SCRIPT)])
    begun(run, had + 5)
    cancel(run)
    assert ended(run).state == "cancelled"
    assert run.status().spent == worked
    assert run.status().seconds > worked
    assert [row["step"] for row in run.metrics()] == list(range(1, len(run.metrics()) + 1))


@pytest.mark.slow
def test_a_killed_run_whose_starter_is_gone_is_seen_at_once():
    run = Run.create("tiny", LONG)
    child = subprocess.Popen([sys.executable, str(SCRIPT), "tiny", "--run", str(run.path)])
    begun(run)
    child.kill()
    child.wait()
    assert run.status().state == "failed"
    assert "without a word" in run.status().message


def test_the_starter_of_a_dead_process_leaves_a_resumed_run_alone():
    run = Run.create("tiny", LONG)
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    begun_before = time.time()
    status.write(run.path / "status.json", status.queued())
    launching._await(run, child, begun_before)
    assert run.status().state == "queued"
    launching._await(run, child, time.time())
    assert run.status().state == "failed"
    assert "exit code 3" in run.status().message


@pytest.mark.slow
def test_resuming_gives_the_run_that_was_never_interrupted():
    assert train("--epochs=40", "--slug=whole") == 0
    straight = list_runs("tiny")[0]
    broken = launch("tiny", Config(epochs=40, pause=0.05), program=[str(SCRIPT)])
    begun(broken, 5)
    cancel(broken)
    assert ended(broken).state == "cancelled"
    assert train("--resume", broken.name, "--activate") == 0
    assert [r["loss"] for r in broken.metrics()] == [r["loss"] for r in straight.metrics()]
    assert train("--resume", broken.name) == 1


@pytest.mark.slow
def test_one_training_of_a_wing_at_a_time_unless_asked():
    run = launch("tiny", LONG, program=[str(SCRIPT)])
    with pytest.raises(RunError, match=f"{run.name} of tiny is"):
        launch("tiny", LONG, program=[str(SCRIPT)])
    other = launch("tiny", Config(epochs=1), alongside=True, program=[str(SCRIPT)])
    assert ended(other).state == "done"
    with pytest.raises(RunError, match="only a failed or cancelled"):
        resume(other, program=[str(SCRIPT)])
    cancel(run)
    assert ended(run).state == "cancelled"
    with pytest.raises(RunError, match="cancelled already"):
        cancel(run)


@pytest.mark.slow
def test_of_two_launches_at_once_one_is_refused():
    def attempt(_):
        try:
            return launch("tiny", LONG, program=[str(SCRIPT)])
        except RunError:
            return None

    with ThreadPoolExecutor(4) as pool:
        started = [run for run in pool.map(attempt, range(4)) if run]
    assert len(started) == 1
    cancel(started[0])
    assert ended(started[0]).state == "cancelled"


def test_a_process_that_cannot_begin_is_written_down(tmp_path):
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('nothing works')")
    run = launch("tiny", LONG, program=[str(script)])
    assert ended(run).state == "failed"
    assert "exit code 1" in run.status().message
    assert run.log_tail() == ["nothing works"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epochs=0"], "Setting 'epochs': found '0', allowed is a whole number from 1"),
        (["--config=nowhere.json"], "nowhere.json cannot be read"),
        (["--resume=nothing"], "There is no run 'nothing'"),
        (["--run=nowhere"], "There is no run at nowhere"),
        (["--resume=nothing", "--epochs=3"], "keeps its settings"),
        (["--device=cuda"], "no GPU was found"),
        (["--fault=bug"], "ZeroDivisionError: a bug (the traceback is in log.txt"),
        (["--fault=full"], "No space is left on the disk"),
    ],
)
def test_the_command_line_says_what_is_wrong_in_one_sentence(
    arguments, sentence, capsys, monkeypatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert train(*arguments) == 1
    errors = capsys.readouterr().err
    assert sentence in errors
    assert len(errors.splitlines()) == 1


def test_the_command_line_trains_activates_and_helps(capsys, monkeypatch):
    assert train("--epochs=3", "--activate") == 0
    assert "100% epoch 3" in capsys.readouterr().out
    assert active("tiny") == list_runs("tiny")[0].path
    with pytest.raises(SystemExit, match="0"):
        train("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "--epochs INT Full passes. (a whole number from 1 to 100000, default 5)" in text
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    assert train() == 1
    assert "read-only" in capsys.readouterr().err
    monkeypatch.delenv("RELREC_READ_ONLY")
    assert len(list_runs("tiny")) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["sofas"])


@pytest.mark.slow
def test_control_c_cancels_cleanly():
    child = subprocess.Popen(
        [sys.executable, str(SCRIPT), "tiny", "--epochs=2000", "--pause=0.02"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: list_runs("tiny"))
    run = list_runs("tiny")[0]
    begun(run)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=waiting.LONG)
    assert child.returncode == 130
    assert "was cancelled; what it had is kept" in errors
    assert run.status().state == "cancelled"
    assert not process.alive(child.pid)
