"""Start, cancel and resume a run in a process of its own that survives its starter."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from relrec_core import paths, permission
from relrec_core.errors import RunError, storing
from relrec_core.explanation import Value
from relrec_core.runs import code, process, status
from relrec_core.runs.directory import Run, list_runs

TRAIN = ("-m", "relrec_core.train")
"""Arguments of Python that make it the command line which executes `WING --run DIR`."""


def launch(
    wing: str,
    settings: Value,
    slug: str = "train",
    *,
    alongside: bool = False,
    program: Sequence[str] = TRAIN,
) -> Run:
    """Create a run and start its training in a detached process.

    Args:
        alongside: allow it while another training of this wing runs on this machine.
        program: what executes it, as `TRAIN`.

    Raises:
        ReadOnlyError: in read-only mode.
        RunError: another training of this wing runs on this machine.
    """
    permission.require_writable("start a training run")
    with _turn(wing):
        if not alongside:
            _refuse_second(wing)
        run = Run.create(wing, settings, slug)
    _start(run, program)
    return run


def resume(run: Run, *, alongside: bool = False, program: Sequence[str] = TRAIN) -> None:
    """Start a failed or cancelled run again, from the state it kept last.

    Raises:
        ReadOnlyError: in read-only mode.
        RunError: it is done or ongoing, or another training of this wing runs here.
    """
    permission.require_writable("resume a training run")
    with _turn(run.wing):
        require_resumable(run)
        if not alongside:
            _refuse_second(run.wing)
        run.withdraw_cancel()
        status.write(run.path / "status.json", status.queued(run.status().seconds))
    _start(run, program)


def cancel(run: Run) -> None:
    """Ask a queued or running run to stop, and keep what it has.

    Raises:
        ReadOnlyError: in read-only mode.
        RunError: it has ended already.
    """
    permission.require_writable("cancel a training run")
    now = run.status()
    if not now.ongoing:
        raise RunError(f"Run {run.name} is {now.state} already.")
    run.request_cancel()
    if now.state == "running" and now.pid is not None and now.here:
        process.ask_to_end(now.pid)


def require_resumable(run: Run) -> None:
    """Raises RunError unless the run failed or was cancelled."""
    state = run.status().state
    if state not in ("failed", "cancelled"):
        raise RunError(f"Run {run.name} is {state}; only a failed or cancelled one can be resumed.")


def environment() -> dict[str, str]:
    """For another Python, which then finds this package and this data directory from anywhere."""
    found = [str(code.ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
        "RELREC_HOME": str(paths.home().resolve()),
    }


def _turn(wing: str) -> contextlib.AbstractContextManager[None]:
    """One starter at a time, whatever dashboard it sits in."""
    return process.locked(
        paths.runs_dir() / wing / ".launch", "Another start is under way.", wait=True
    )


def _refuse_second(wing: str) -> None:
    for other in list_runs(wing):
        now = other.status()
        if now.ongoing and now.here:
            raise RunError(
                f"Run {other.name} of {wing} is {now.state} on this machine; "
                "wait for it, or cancel it first."
            )


def _start(run: Run, program: Sequence[str]) -> None:
    command = [sys.executable, *program, run.wing, "--run", str(run.path)]
    begun = time.time()
    with storing(run.path), (run.path / "log.txt").open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=run.path,
            env=environment(),
            start_new_session=True,
            creationflags=_DETACHED,
        )
    threading.Thread(target=_await, args=(run, child, begun), name="launch", daemon=True).start()


def _await(run: Run, child: subprocess.Popen[bytes], begun: float) -> None:
    """Take leave of the child when it ends, and write down an end it could not write itself.

    Args:
        begun: just before the child began, in seconds since 1970. A run that waits for its process
            since later has been resumed already.
    """
    code = child.wait()
    last = status.stored(run.path / "status.json")
    its_own = last.pid == child.pid or (last.pid is None and last.heartbeat <= begun)
    if last.ongoing and its_own and run.path.is_dir():
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        message = f"The training process ended without a word ({how}); what it had is kept."
        status.write(
            run.path / "status.json", last.but(state="failed", message=message, ended=time.time())
        )


if sys.platform == "win32":
    _DETACHED = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _DETACHED = 0
