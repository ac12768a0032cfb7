"""What people see. Imported before any library that computes in threads."""

import ctypes
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
"""Threads of one computation that wait for one another let others have the core: spinning, they
took nine tenths of the processor as soon as another visitor was there."""

M_ARENA_MAX, HEAPS = -8, 2
"""glibc's number of that setting, and how many heaps all threads share: with one for each thread,
as it has otherwise, every one of them keeps what its largest answer took."""

if os.name == "posix" and "MALLOC_ARENA_MAX" not in os.environ:
    _mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if _mallopt is not None:
        _mallopt(M_ARENA_MAX, HEAPS)
