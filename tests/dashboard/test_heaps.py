"""All threads of the server share a few heaps, so that memory does not grow with each of them; what
is free goes back to the system."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ALLOCATING = """
import ctypes, os, sys, threading
for module in sys.argv[1:]:
    __import__(module)
together, told = threading.Barrier(8), []
def work():
    together.wait()
    kept = [bytes(20_000) for _ in range(50)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[one.start() for one in threads], [one.join() for one in threads]
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
c.malloc_info.argtypes, c.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
sys.stdout.flush()
file = c.fopen(b"/dev/stdout", b"w")
c.malloc_info(0, file)
c.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has several heaps")
@pytest.mark.parametrize(("modules", "few"), [(["dashboard"], True), ([], False)])
def test_threads_share_a_few_heaps(modules: list[str], few: bool) -> None:
    env = {k: v for k, v in os.environ.items() if k != "MALLOC_ARENA_MAX"}
    command = [sys.executable, "-c", ALLOCATING, *modules]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.count("<heap ") > 0
    assert (done.stdout.count("<heap ") <= 2) == few


FREED = """
from dashboard.memory import trim
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before = resident()
blocks = [b"x" * (50_000 + i) for i in range(2_000)]
last = b"x" * 60_000  # above them, so that the heap does not shrink by itself
del blocks
held = resident()
trim()
print(held - before, resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others return memory by themselves")
def test_what_is_free_is_returned() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    held, left = map(int, done.stdout.split())
    assert held > 80_000_000 > 20_000_000 > left
