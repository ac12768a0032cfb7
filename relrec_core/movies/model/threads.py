"""Many small products, and libraries with threads of their own, are slowed by those of BLAS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_TURN = threading.RLock()
"""The limit is of the whole process: whoever set it puts it back before another one does."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS has one thread inside the block."""
    with _TURN, threadpool_limits(1, "blas"):
        yield
