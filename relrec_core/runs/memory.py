"""A training of which nothing is written down."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from relrec_core.runs.directory import Run
from relrec_core.runs.execution import Listener


class MemoryRun(Run):
    """A run without a folder: it tells a listener how far it is, and is forgotten.

    Args:
        name: of what is trained.
        listener: told of every report.
        cancelled: set by whoever wants it to stop.
    """

    def __init__(self, name: str, listener: Listener, cancelled: Event) -> None:
        super().__init__(Path(name))
        self.writes = False
        self._listener, self._cancelled = listener, cancelled

    def report(self, fraction: float, message: str) -> None:
        """Say how far it is (0 to 1) and what it does."""
        self._listener(fraction, message)

    @property
    def cancel_requested(self) -> bool:
        """True once it was asked to stop."""
        return self._cancelled.is_set()
