"""The folder of a run: round trips, damage, two writers at once."""

import json
import multiprocessing
import subprocess
import sys
import time

import pytest
import torch
from tiny import Config

from relrec_core.errors import CheckpointError, ConfigError, ReadOnlyError, RunError
from relrec_core.runs import launch, process, status
from relrec_core.runs.active import active, deactivate, make_active
from relrec_core.runs.card import Card, DataCard
from relrec_core.runs.directory import Run, find, list_runs
from relrec_core.runs.execution import Cancelled
from tests.waiting import LONG, until

TENSORS = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor(7, dtype=torch.int64)}


def done(slug="train"):
    run = Run.create("movies", Config(), slug)
    with run.executing():
        run.write_checkpoint(TENSORS, {"dataset": "ml", "dims": [2, 3]})
        run.write_card(Card(data=DataCard(licence="free")))
    return run


def test_a_run_keeps_what_it_was_given():
    run = done("My First run!")
    again = find("movies", run.name)
    assert run.name.endswith("-my-first-run")
    assert again.settings(Config) == Config()
    assert again.status().state == "done"
    assert again.status().progress == 1.0
    assert again.card().data.licence == "free"
    tensors, metadata = again.read_checkpoint()
    assert metadata == {"dataset": "ml", "dims": [2, 3]}
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


def test_runs_are_listed_newest_first_and_names_never_clash(home):
    runs = [Run.create("movies", Config()) for _ in range(12)]
    assert [run.name for run in list_runs("movies")] == [run.name for run in reversed(runs)]
    assert not list((home / "runs" / "movies").glob(".new-*"))
    assert list_runs("products") == []
    with pytest.raises(RunError, match=r"no run '\.\./movies'"):
        find("movies", "../movies")


def test_metrics_survive_a_torn_line_and_a_resumed_run_replaces_its_steps():
    run = Run.create("movies", Config())
    run.log_metrics(1, loss=1.0, note="first")
    run.log_metrics(2, loss=0.5)
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    assert [row["step"] for row in run.metrics()] == [1, 2]
    run.log_metrics(2, loss=0.4)
    run.log_metrics(3, loss=torch.tensor(0.3))
    assert [row["loss"] for row in run.metrics()] == [1.0, 0.4, pytest.approx(0.3)]
    assert run.metrics()[0]["note"] == "first"


@pytest.mark.parametrize("where", [0, 9, 200, -1])
def test_one_damaged_byte_of_a_checkpoint_is_found(where):
    run = done()
    file = run.path / "checkpoint.safetensors"
    data = bytearray(file.read_bytes())
    data[where] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        run.read_checkpoint()
    with pytest.raises(CheckpointError):
        make_active(run)


def test_a_damaged_resume_state_is_found_and_only_the_last_is_kept():
    run = Run.create("movies", Config())
    assert run.read_state() is None
    run.write_state(TENSORS, {"epoch": 1})
    run.write_state({"a": torch.ones(2)}, {"epoch": 2})
    (file,) = run.path.glob("resume-*.safetensors")
    tensors, meta = run.read_state()
    assert meta == {"epoch": 2}
    assert torch.equal(tensors["a"], torch.ones(2))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(CheckpointError, match="damaged"):
        run.read_state()


def test_damaged_folders_are_listed_as_failed_with_a_sentence():
    missing, torn, odd = (Run.create("movies", Config(), slug) for slug in "abc")
    (missing.path / "status.json").unlink()
    (torn.path / "status.json").write_text('{"state": "runn')
    (odd.path / "status.json").write_bytes(b"\xff\xfe")
    (odd.path / "config.json").write_text("{}}")
    (odd.path / "card.json").write_text("[]")
    for run in list_runs("movies"):
        assert run.status().state == "failed"
        assert run.name in run.status().message
    with pytest.raises(ConfigError, match=r"config\.json"):
        odd.settings(Config)
    with pytest.raises(CheckpointError, match=r"card\.json"):
        odd.card()
    with pytest.raises(CheckpointError, match="no checkpoint"):
        torn.read_checkpoint()
    with pytest.raises(RunError, match="no run at"):
        Run.open(torn.path / "nowhere")


def test_silence_means_failed_unless_its_process_is_known_to_live():
    now = time.time()
    beating = status.running()
    assert beating.observed(now + status.LOST + 1).state == "running"
    for unknown in (beating.but(born=None), beating.but(born=None, heartbeat=now + 2 * DAY)):
        assert unknown.observed(unknown.heartbeat + status.LOST - 1).state == "running"
        assert unknown.observed(unknown.heartbeat + status.LOST + 1).state == "failed"
        assert unknown.observed(unknown.heartbeat - status.LOST - 1).state == "failed"
    elsewhere = beating.but(host="elsewhere")
    assert elsewhere.observed(now + status.STALE - 1).state == "running"
    assert elsewhere.observed(now + status.STALE + 1).state == "failed"
    assert status.queued().observed(now + status.STALE + 1).state == "queued"
    assert status.queued().observed(now + status.LOST + 1).state == "failed"


DAY = 86_400.0


@pytest.mark.parametrize("beat", [0.0, DAY, -DAY])
def test_a_dead_process_is_dead_whatever_its_clock_said(beat):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    alive = status.running().but(pid=child.pid, born=process.born(child.pid))
    alive = alive.but(heartbeat=time.time() + beat)
    assert alive.observed(time.time()).state == "running"
    child.kill()
    until(lambda: not process.alive(child.pid))
    assert alive.observed(time.time()).state == "failed"  # though nobody took leave of it
    child.wait()
    seen = alive.observed(time.time())
    assert seen.state == "failed"
    assert seen.ended <= time.time()


def test_another_process_with_its_number_does_not_keep_a_run_alive():
    mine = status.running()
    assert process.born(mine.pid) == mine.born
    assert mine.but(born="another time").observed(time.time()).state == "failed"


@pytest.mark.parametrize(
    "beat",
    ["NaN", "Infinity", "-Infinity", str(time.time() + DAY)],
    ids=["no number", "infinite", "infinite the other way", "in the future"],
)
def test_a_run_with_an_impossible_heartbeat_can_be_resumed_and_blocks_nobody(beat):
    run = Run.create("movies", Config())
    text = status.running().but(pid=2**22 + 1, born="before", heartbeat=7.0).to_json()
    (run.path / "status.json").write_text(text.replace("7.0", beat))
    assert run.status().state == "failed"
    launch.require_resumable(run)
    launch._refuse_second("movies")


def test_the_end_of_an_execution_is_written_down():
    run = Run.create("movies", Config())
    with pytest.raises(Cancelled), run.executing():
        assert run.status().state == "running"
        run.report(0.25, "a quarter")
        run.request_cancel()
        run.check_cancelled()
    assert run.status().state == "cancelled"
    assert run.status().progress == 0.25
    assert run.log_tail()[-1].endswith("25% a quarter")
    with pytest.raises(Cancelled), run.executing():
        pytest.fail("a cancelled run began")
    run.withdraw_cancel()
    with pytest.raises(ConfigError), run.executing():
        raise ConfigError("wrong setting")
    assert run.status().message == "wrong setting"
    with pytest.raises(RunError, match="No space is left"), run.executing():
        raise OSError(28, "No space left on device")
    with pytest.raises(RunError, match="ZeroDivisionError"), run.executing():
        raise ZeroDivisionError("a bug")
    assert run.status().state == "failed"
    assert "Traceback" in "\n".join(run.log_tail())


def test_a_run_is_executed_by_one_at_a_time_and_only_once():
    run = Run.create("movies", Config())
    second = Run.open(run.path)
    with run.executing(), pytest.raises(RunError, match="another process"), second.executing():
        pytest.fail("two executions at once")
    with pytest.raises(RunError, match="complete"), run.executing():
        pytest.fail("a finished run began again")


def test_only_a_whole_run_that_is_done_becomes_active(home):
    assert active("movies") is None
    with pytest.raises(RunError, match="queued"):
        make_active(Run.create("movies", Config()))
    run = done()
    make_active(run)
    assert active("movies") == run.path
    for text in ("{", "[]", "{}"):
        (home / "active" / "movies.json").write_text(text)
        with pytest.raises(RunError, match="make a run active again"):
            active("movies")
    (home / "active" / "movies.json").write_text(json.dumps({"run": "gone"}))
    with pytest.raises(RunError, match="no longer exists"):
        active("movies")
    deactivate("movies")
    assert active("movies") is None


def test_read_only_refuses_every_write(monkeypatch, home):
    run = done()
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    acts = [
        lambda: Run.create("movies", Config()),
        lambda: launch.launch("movies", Config()),
        lambda: launch.cancel(run),
        lambda: launch.resume(run),
        lambda: make_active(run),
        lambda: deactivate("movies"),
    ]
    for act in acts:
        with pytest.raises(ReadOnlyError, match="read-only"):
            act()
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def _hammer(path, start):
    run = Run.open(path)
    start.wait()
    for _ in range(20):
        Run.create("movies", Config())
        make_active(run)
        assert active("movies") is not None


@pytest.mark.slow
def test_two_processes_creating_and_activating_at_once_corrupt_nothing(home):
    first, second = done("one"), done("two")
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    workers = [context.Process(target=_hammer, args=(r.path, start)) for r in (first, second)]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(LONG)
        assert worker.exitcode == 0
    assert len(list_runs("movies")) == 42
    assert {run.status().state for run in list_runs("movies")} == {"done", "queued"}
    assert active("movies") in (first.path, second.path)
    assert not [path for path in home.rglob("*") if path.name.endswith(".part")]
