"""Processor cores, as far as this process may use them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


def cores() -> int:
    """How many there are for this process."""
    return len(allowed()) or os.cpu_count() or 1


def allowed() -> list[int]:
    """Their numbers, in order; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextlib.contextmanager
def only(chosen: list[int]) -> Iterator[None]:
    """Keep this thread, and what it starts inside the block, to some cores; to all, if to none."""
    before = allowed()
    if before and chosen:
        os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        if before and chosen:
            os.sched_setaffinity(0, before)
