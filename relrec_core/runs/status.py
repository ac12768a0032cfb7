"""How a run stands: what it last said of itself, and what its silence means."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from relrec_core import paths
from relrec_core.explanation import Value
from relrec_core.runs import process

State = Literal["queued", "running", "done", "failed", "cancelled"]

BEAT = 2.0
"""Seconds between two signs of life of a running run."""
STALE = 15.0
"""Seconds of silence after which a run of another machine has failed."""
LOST = 120.0
"""Seconds of silence after which a run has failed whose process cannot be told from others."""


class Status(Value):
    """The content of status.json. Times are seconds since 1970.

    `pid` and `born` are the process that executes it and when that began, as the system counts;
    `spent` are the seconds that it ran before it was last started.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    state: State
    heartbeat: float
    pid: int | None = None
    born: str | None = None
    host: str = Field(default_factory=platform.node)
    started: float | None = None
    ended: float | None = None
    spent: float = Field(default=0.0, ge=0.0)
    progress: float = Field(default=0.0, ge=0.0, le=1.0)
    message: str = ""

    @property
    def ongoing(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")

    @property
    def seconds(self) -> float:
        """How long it has run, all its starts together."""
        if self.started is None:
            return self.spent
        last = self.heartbeat if self.ended is None else self.ended
        return self.spent + max(0.0, last - self.started)

    @property
    def here(self) -> bool:
        """True when the run belongs to this machine."""
        return self.host == platform.node()

    def but(self, **changes: object) -> Status:
        """A validated copy with some fields changed and a fresh heartbeat."""
        return Status.model_validate({**self.model_dump(), "heartbeat": time.time(), **changes})

    def observed(self, now: float) -> Status:
        """The same status, or failed when an ongoing run is dead or has been silent for too long.

        A heartbeat that lies in the future is silence too: its clock was wrong, or ours is.
        """
        silence = abs(now - self.heartbeat)
        if self.state == "queued" and silence > LOST:
            return self._failed("The run was never started; its log.txt may say why.", now)
        if self.state == "running" and not self._lives(silence):
            return self._failed("The run stopped without a word; what it had is kept.", now)
        return self

    def _lives(self, silence: float) -> bool:
        if not self.here:
            return silence <= STALE
        if self.pid is None or not process.alive(self.pid):
            return False
        began = None if self.born is None else process.born(self.pid)
        return silence <= LOST if began is None else began == self.born

    def _failed(self, message: str, now: float) -> Status:
        ended = min(self.heartbeat, now)
        return self.model_copy(update={"state": "failed", "message": message, "ended": ended})


def queued(spent: float = 0.0) -> Status:
    """The status of a run that waits for its process, and ran for `spent` seconds before."""
    return Status(state="queued", heartbeat=time.time(), spent=spent)


def running(spent: float = 0.0) -> Status:
    """The status of a run that this process executes from now on; `spent` as in `queued`."""
    now, pid = time.time(), os.getpid()
    return Status(
        state="running", heartbeat=now, started=now, pid=pid, born=process.born(pid), spent=spent
    )


def write(path: Path, status: Status) -> None:
    """Replace the status file at `path` atomically."""
    paths.write_text(path, status.to_json())


def read(path: Path) -> Status:
    """What the status file at `path` means now. A damaged one reads as failed, in a sentence."""
    said = stored(path)
    seen = said.observed(time.time())
    # Its process may have written its end and gone since the file was read.
    return seen if seen.state == said.state else stored(path).observed(time.time())


def stored(path: Path) -> Status:
    """What the status file at `path` says, whether or not it still holds; damage as in `read`."""
    try:
        return Status.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        return Status(
            state="failed",
            heartbeat=0.0,
            host="",
            message=f"The file {path.name} of run {path.parent.name} {reason}; "
            "the folder may be damaged.",
        )
