"""Whether this process may write, or only shows what is there."""

from __future__ import annotations

import os

from relrec_core.errors import ReadOnlyError


def read_only() -> bool:
    """True when `RELREC_READ_ONLY=1`: training, activation and every other write are off."""
    return os.environ.get("RELREC_READ_ONLY") == "1"


def require_writable(action: str) -> None:
    """Refuse `action` (such as "start a training run") in read-only mode.

    Raises:
        ReadOnlyError: when `read_only()`.
    """
    if read_only():
        raise ReadOnlyError(f"This dashboard is read-only, so it cannot {action}.")
