"""How far a job is, how fast, and how long the rest takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from relrec_core.progress import Tell


@dataclass
class Pace:
    """Counts units as parts are done; `before` of all were there already."""

    tell: Tell
    unit: str
    total: int
    before: int
    done: int = 0
    began: float = field(default_factory=time.monotonic)

    def count(self, units: int) -> None:
        """So many more are done."""
        self.done += units
        there = self.before + self.done
        rate = self.done / max(time.monotonic() - self.began, 1e-9)
        left = int((self.total - there) / rate) if rate else 0
        self.tell(
            there / max(self.total, 1),
            f"{there:,} of {self.total:,} {self.unit}, {rate:,.0f} a second, "
            f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02} left",
        )
