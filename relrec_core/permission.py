"""Whether whoever asks may write, or only look at what is there."""

from __future__ import annotations

import os
from collections.abc import Callable

from relrec_core.errors import ReadOnlyError

READ_ONLY = "This dashboard is read-only"


def _nobody_is_refused() -> str:
    return ""


_refusal: Callable[[], str] = _nobody_is_refused


def ask(refusal: Callable[[], str]) -> None:
    """From now on, ask `refusal`, too, before anything is written in this process.

    Args:
        refusal: the beginning of a sentence on why whoever it is called for may not write, such as
            "This dashboard is read-only for you"; nothing where they may.
    """
    global _refusal
    _refusal = refusal


def process_read_only() -> bool:
    """True when `RELREC_READ_ONLY=1`: nothing is written here, whoever asks."""
    return os.environ.get("RELREC_READ_ONLY") == "1"


def read_only() -> bool:
    """True where training, activation and every other write are off for whoever asks."""
    return bool(_why_not())


def require_writable(action: str) -> None:
    """Refuse `action` (such as "start a training run") where whoever asks may not write.

    Raises:
        ReadOnlyError: when `read_only()`.
    """
    if why := _why_not():
        raise ReadOnlyError(f"{why}, so it cannot {action}.")


def _why_not() -> str:
    return READ_ONLY if process_read_only() else _refusal()
