"""The time in which a process executes a run: heartbeat, progress, cancelling, its end."""

from __future__ import annotations

import contextlib
import errno
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from relrec_core.errors import RelRecError, RunError
from relrec_core.runs import process, status

Listener = Callable[[float, str], None]
"""Told of progress: the fraction done, 0 to 1, and a short message."""

REPORT_EVERY = 0.5
"""Seconds between two progress reports that are written down."""


class Cancelled(RelRecError):
    """The run was asked to stop. What it had is kept, and it can be resumed."""

    def __init__(self) -> None:
        super().__init__("The run was cancelled; what it had is kept, and it can be resumed.")


class Execution:
    """Keeps status.json of the run in `folder` alive while this process executes it.

    Args:
        writes: False on the further processes of a distributed run, which stay silent.
        listener: told of every report that is not throttled.
    """

    def __init__(self, folder: Path, writes: bool, listener: Listener | None) -> None:
        self.signalled = threading.Event()
        self._folder = folder
        self._writes = writes
        self._listener = listener
        self._status = status.running(status.read(folder / "status.json").seconds)
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._reported = 0.0

    def report(self, fraction: float, message: str) -> bool:
        """Take note of progress; True when it was passed on, False when too soon or silent."""
        now = time.monotonic()
        if not self._writes or (now - self._reported < REPORT_EVERY and fraction < 1.0):
            return False
        self._reported = now
        fraction = min(max(fraction, 0.0), 1.0)
        self._write(progress=fraction, message=message)
        if self._listener:
            self._listener(fraction, message)
        return True

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Running inside the block; done, cancelled or failed after it.

        Raises:
            Cancelled: the run was cancelled inside the block.
            RunError: another process executes this run, or the block failed; unexpected
                errors arrive as its cause, and their traceback is in log.txt.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._signals())
            if self._writes:
                busy = f"Run {self._folder.name} is being executed by another process."
                stack.enter_context(process.locked(self._folder / ".lock", busy))
                stack.enter_context(self._beating())
            try:
                yield
            except (Cancelled, KeyboardInterrupt) as error:
                self._end("cancelled", str(Cancelled()))
                if isinstance(error, Cancelled):
                    raise
                raise Cancelled from error
            except Exception as error:
                raise self._failed(error) from error
            self._end("done", self._status.message, progress=1.0)

    def _failed(self, error: Exception) -> RelRecError:
        said = sentence(error, self._folder)
        # A full disk may refuse even this; the silence of the heartbeat then tells it.
        with contextlib.suppress(OSError):
            if self._writes and not isinstance(error, RelRecError):
                log(self._folder, "".join(traceback.format_exception(error)))
        with contextlib.suppress(OSError):
            self._end("failed", said)
        return error if isinstance(error, RelRecError) else RunError(said)

    def _end(self, state: status.State, message: str, **changes: Any) -> None:
        self._over.set()
        self._write(state=state, message=message, ended=time.time(), **changes)

    def _write(self, **changes: Any) -> None:
        with self._guard:
            self._status = self._status.but(**changes)
            if self._writes:
                status.write(self._folder / "status.json", self._status)

    @contextlib.contextmanager
    def _beating(self) -> Iterator[None]:
        self._write()
        thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _beat(self) -> None:
        while not self._over.wait(status.BEAT):
            try:
                with self._guard:
                    if not self._over.is_set():
                        self._status = self._status.but()
                        status.write(self._folder / "status.json", self._status)
            except OSError as error:  # the next beat tries again
                print(f"The heartbeat could not be written: {error}", file=sys.stderr)  # noqa: T201

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C cancel at the next check; asked a second time, at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, frame: FrameType | None) -> None:
            if self.signalled.is_set() and not self._over.is_set():
                raise Cancelled
            self.signalled.set()

        before = {number: signal.signal(number, handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def sentence(error: Exception, folder: Path) -> str:
    """What went wrong with the run in `folder`, for a person."""
    if isinstance(error, RelRecError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"No space is left on the disk of {folder}; free some, then resume this run."
    if isinstance(error, MemoryError):
        return "The memory is full; close other programs or choose a smaller batch or model."
    return f"{type(error).__name__}: {error} (the traceback is in log.txt of {folder.name})"


def log(folder: Path, text: str) -> None:
    """Append `text` with the time of day to log.txt of the run in `folder`."""
    with (folder / "log.txt").open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%H:%M:%S')} {text.rstrip()}\n")
