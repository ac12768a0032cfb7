"""Two gloo processes learn what one process learns."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from relrec_core.runs import distributed
from relrec_core.runs.directory import list_runs
from relrec_core.train import main
from tests.waiting import LONG, until

pytestmark = pytest.mark.numerics

SCRIPT = Path(__file__).with_name("tiny_train.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, *TORCHRUN, str(SCRIPT), "tiny", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
@pytest.mark.parametrize("batch", [8, 7])
def test_two_processes_equal_one_with_the_same_total_batch(batch):
    settings = ["--epochs=15", "--device=cpu", f"--batch={batch}"]
    assert main(["tiny", *settings], {"tiny": "tiny"}) == 0
    child = start(*settings)
    output, _ = child.communicate(timeout=LONG)
    assert child.returncode == 0, output
    two, one = list_runs("tiny")
    losses = [[row["loss"] for row in run.metrics()] for run in (one, two)]
    assert len(losses[0]) == 15
    # Gradient descent on a line contracts, so rounding stays: of residuals down to a hundredth of
    # what they are differences of, and of weights of about 1.
    assert losses[1] == pytest.approx(losses[0], rel=1e-3, abs=1e-9)
    (a, _), (b, _) = one.read_checkpoint(), two.read_checkpoint()
    assert set(a) == set(b) == {"weight", "bias"}
    assert all(torch.allclose(a[name], b[name], rtol=1e-4) for name in a)


@pytest.mark.slow
def test_cancelling_the_main_process_stops_all_and_keeps_the_state():
    child = start("--epochs=2000", "--device=cpu", "--pause=0.02")
    until(lambda: list_runs("tiny") and len(list_runs("tiny")[0].metrics()) >= 3)
    (run,) = list_runs("tiny")
    os.kill(run.status().pid, signal.SIGTERM)
    child.communicate(timeout=LONG)
    assert child.returncode != 0
    assert run.status().state == "cancelled"
    assert run.read_state()[1]["epoch"] == len(run.metrics())


def test_shares_cover_a_batch_and_a_lone_process_is_a_group_of_one():
    for n in range(9):
        parts = [distributed.Group(r, 3, torch.device("cpu")).share(n) for r in range(3)]
        assert [i for part in parts for i in range(n)[part]] == list(range(n))
    with distributed.session("cpu", threads=1) as group, distributed.session("cpu") as inner:
        assert inner == group
        assert group.is_main
        assert group.mean(3.0) == 3.0
        assert group.any(True)
        assert group.broadcast_text("ü") == "ü"
        module = torch.nn.Linear(1, 1)
        assert group.wrap(module) is module
        group.barrier()


@pytest.mark.parametrize(
    ("said", "processes", "asked", "threads"),
    [
        ("3", "1", 0, 3),
        ("1", "1", 0, 1),
        ("3", "1", 2, 2),
        ("5", "2", 0, 5),
        ("1", "2", 0, max(1, distributed._cores() // 2)),  # torchrun's own word, not a person's
        ("none", "1", 0, distributed._cores()),
    ],
)
def test_threads_are_as_many_as_the_environment_says(
    said: str, processes: str, asked: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    before = torch.get_num_threads()
    with distributed.session("cpu", threads=asked):
        assert torch.get_num_threads() == threads
    assert torch.get_num_threads() == before
