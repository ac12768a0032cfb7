"""Progress in the terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

Tell = Callable[[float, str], None]
"""Told of progress: the fraction done, 0 to 1, and a short message."""


@contextlib.contextmanager
def shown(title: str, every: float) -> Iterator[Tell]:
    """A bar on a terminal; elsewhere a line, at most one in `every` seconds."""
    if sys.stdout.isatty():
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns) as bar:
            task = bar.add_task(title, total=1.0)
            yield lambda fraction, message: bar.update(
                task, completed=fraction, description=message
            )
        return
    last = time.monotonic() - every

    def tell(fraction: float, message: str) -> None:
        nonlocal last
        if time.monotonic() - last >= every or fraction >= 1.0:
            last = time.monotonic()
            print(f"{fraction:4.0%} {message}", flush=True)

    yield tell
