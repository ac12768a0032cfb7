"""Heavy work of all visitors of this process: so much at once, in the order in which it came."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import ParamSpec, TypeVar

import streamlit as st

from relrec_core.cores import cores

P = ParamSpec("P")
T = TypeVar("T")
MovedOn = Callable[[], None]
"""Raises when whoever asked has gone on to something else."""
LOOK, SLICE = 0.1, 0.1
"""Seconds between two looks of one who waits, and after which work gives way to who waits."""


class Turns:
    """A number of places and a queue before them.

    Work that takes long gives way between its steps: whoever waits comes first, so a short question
    waits for one step of a long one, not for its end.
    """

    def __init__(self, places: int, slice_seconds: float = SLICE) -> None:
        self.places, self._slice = places, slice_seconds
        self._free = threading.Condition()
        self._waiting: deque[object] = deque()
        self.working = 0
        """How many have a place."""
        self._held = threading.local()

    @property
    def waiting(self) -> int:
        """How many have no place yet."""
        return len(self._waiting)

    @contextlib.contextmanager
    def turn(self, moved_on: MovedOn = lambda: None) -> Iterator[MovedOn]:
        """Hold a place inside the block, with a share of the cores; in a turn, that turn goes on.

        Args:
            moved_on: asked while waiting and between steps.

        Yields:
            To be called between steps: asks `moved_on`, and lets others in who wait.
        """
        if getattr(self._held, "it", False):
            yield moved_on
            return
        self._enter(moved_on)
        self._held.it, self._held.since = True, time.monotonic()
        try:
            self._share()
            yield lambda: self._between(moved_on)
        finally:
            self._held.it = False
            self._leave()

    def _between(self, moved_on: MovedOn) -> None:
        moved_on()
        if self._waiting and time.monotonic() - self._held.since >= self._slice:
            self._leave()
            self._enter(moved_on, keep=True)
            self._held.since = time.monotonic()

    def _enter(self, moved_on: MovedOn, *, keep: bool = False) -> None:
        """Wait for a place; `keep` takes one also where the wait is broken off."""
        ticket = object()
        with self._free:
            self._waiting.append(ticket)
        try:
            while not self._admitted(ticket):
                moved_on()
        except BaseException:
            with self._free:
                self._waiting.remove(ticket)
                self.working += keep  # the block gives it back
                self._free.notify_all()
            raise

    def _admitted(self, ticket: object) -> bool:
        with self._free:
            first = self._free.wait_for(lambda: self._first(ticket), LOOK)
            if first:
                self._waiting.popleft()
                self.working += 1
                self._free.notify_all()
            return first

    def _first(self, ticket: object) -> bool:
        return self.working < self.places and self._waiting[0] is ticket

    def _leave(self) -> None:
        with self._free:
            self.working -= 1
            self._free.notify_all()

    def _share(self) -> None:
        """All cores for one who is alone, and the fewer for each, the more work at once."""
        torch = sys.modules.get("torch")  # pages that need none do not load it
        if torch is not None:
            torch.set_num_threads(max(1, self.places // self.working))


@cache
def everybodys() -> Turns:
    """Those of this process: one place for each core."""
    return Turns(cores())


def newer_question() -> None:
    """Let Streamlit stop here if the visitor asked for something else meanwhile.

    It does so whenever the session's state is read.
    """
    st.session_state.get("page")


def heavy(moved_on: MovedOn = newer_question) -> contextlib.AbstractContextManager[MovedOn]:
    """A turn of this process; inside it, ask for nothing that is kept by a cache of Streamlit's.

    Whoever computes for such a cache waits for a turn, and would be waited for.
    """
    return everybodys().turn(moved_on)


def in_turn(function: Callable[P, T]) -> Callable[P, T]:
    """The function, as heavy work."""

    @wraps(function)
    def taken(*args: P.args, **named: P.kwargs) -> T:
        with heavy():
            return function(*args, **named)

    return taken
