"""What the operating system knows: is a process alive, ask it to end, hold a lock."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from relrec_core.errors import RunError, storing
from relrec_core.sources import lock

_QUERY = 0x1000
"""Windows' right to be told of a process, and nothing else."""


def alive(pid: int) -> bool:
    """True when a process with this id runs on this machine; one that waits for its parent to
    take leave of it does not."""
    if sys.platform == "win32":
        import ctypes

        still_active = 259
        handle = ctypes.windll.kernel32.OpenProcess(_QUERY, False, pid)
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
        pass
    return _stat(pid)[:1] not in (["Z"], ["X"])


def born(pid: int) -> str | None:
    """When the process `pid` began, in the system's own count; None where it cannot be told.

    A number is given again to later processes; number and beginning together are one process.
    """
    if sys.platform == "linux":
        told = _stat(pid)
        boot = Path("/proc/sys/kernel/random/boot_id")
        return f"{boot.read_text('ascii').strip()} {told[19]}" if told and boot.exists() else None
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(_QUERY, False, pid)
        times = [ctypes.c_ulonglong() for _ in range(4)]
        known = ctypes.windll.kernel32.GetProcessTimes(handle, *map(ctypes.byref, times))
        ctypes.windll.kernel32.CloseHandle(handle)
        return str(times[0].value) if known else None
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return said.strip() or None


def _stat(pid: int) -> list[str]:
    """The fields of Linux's /proc/PID/stat from the process's state on; elsewhere none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


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

    def refuse() -> None:
        if not wait:
            raise RunError(sentence)

    with contextlib.ExitStack() as stack:
        with storing(path):
            stack.enter_context(lock.held(path, refuse))
        yield
