"""What the operating system knows: is a process alive, ask it to end, hold a lock."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from relrec_core.errors import RunError, storing


def alive(pid: int) -> bool:
    """True when a process with this id exists on this machine."""
    if sys.platform == "win32":
        import ctypes

        query_limited_information, still_active = 0x1000, 259
        handle = ctypes.windll.kernel32.OpenProcess(query_limited_information, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return code.value == still_active
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def ask_to_end(pid: int) -> None:
    """Send SIGTERM. On Windows, where that would kill at once, nothing is sent."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


@contextlib.contextmanager
def locked(path: Path, sentence: str, *, wait: bool = False) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, released even when this process is killed.

    Args:
        sentence: what to say when another process holds it.
        wait: wait for the other process instead.

    Raises:
        RunError: another process holds the lock and `wait` is false.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a+b")
    with opened as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            raise RunError(sentence) from error
        try:
            yield
        finally:
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
