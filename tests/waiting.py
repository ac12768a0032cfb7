"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG = 600.0
"""Seconds after which it will never happen; on a loaded computer everything else takes longer."""


def until(condition: Callable[[], object]) -> None:
    """Return once the condition is true."""
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
