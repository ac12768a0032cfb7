"""Answers that several visitors need, computed once and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dashboard.turns import LOOK, MovedOn, newer_question

T = TypeVar("T")


@dataclass
class _Answer(Generic[T]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    values: list[T] = field(default_factory=list)


class Once(Generic[T]):
    """The last answers by their keys; who asks what is being computed waits for it.

    Where the one who computes breaks off, the next who waits computes.

    Args:
        most: how many answers are kept; the one asked for longest ago goes first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, _Answer[T]] = OrderedDict()

    def __call__(
        self, key: Hashable, compute: Callable[[], T], moved_on: MovedOn = newer_question
    ) -> T:
        """The answer with this key; `moved_on` may raise to wait no longer."""
        with self._lock:
            answer = self._answers.setdefault(key, _Answer())
            self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        while not answer.values:
            if not answer.lock.acquire(timeout=LOOK):
                moved_on()
                continue
            try:
                if not answer.values:
                    answer.values.append(compute())
            finally:
                answer.lock.release()
        return answer.values[0]
