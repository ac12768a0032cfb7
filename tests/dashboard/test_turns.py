"""Heavy work waits for its turn, gives way, and is done once for all who need it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from dashboard.once import Once
from dashboard.turns import Turns
from tests.waiting import LONG, until


class Gone(Exception):
    """Whoever asked has moved on."""


def begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def ended(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


def test_no_more_work_at_once_than_there_are_places() -> None:
    turns, lock = Turns(2, 0), threading.Lock()
    now, most, done = 0, 0, 0

    def work() -> None:
        nonlocal now, most, done
        with turns.turn() as between:
            for _ in range(3):
                with lock:
                    now += 1
                    most = max(most, now)
                threading.Event().wait(0.002)
                with lock:
                    now -= 1
                between()
            done += 1

    ended([begun(work) for _ in range(12)])
    assert (most, done) == (2, 12)
    assert turns.waiting == 0


def test_first_come_first_served_and_long_work_gives_way_between_its_steps() -> None:
    turns, told, step = Turns(1, 0), [], threading.Semaphore(0)

    def long() -> None:
        with turns.turn() as between:
            for number in range(3):
                step.acquire()
                told.append(f"step {number}")
                between()
            told.append("end")

    def short(name: str) -> Callable[[], None]:
        def work() -> None:
            with turns.turn():
                told.append(name)

        return work

    threads = [begun(long)]
    for count, name in enumerate(("first", "second"), start=1):
        threads.append(begun(short(name)))
        until(lambda count=count: turns.waiting == count)
    step.release(3)
    ended(threads)
    assert told == ["step 0", "first", "second", "step 1", "step 2", "end"]


def test_who_moves_on_leaves_the_queue_and_holds_up_nobody() -> None:
    turns, held, gone = Turns(1, 0), threading.Event(), threading.Event()
    told: list[str] = []

    def moved_on() -> None:
        if gone.is_set():
            raise Gone

    def holds() -> None:
        with turns.turn():
            held.wait()

    def leaves() -> None:
        try:
            with turns.turn(moved_on):
                told.append("worked for nobody")
        except Gone:
            told.append("gone")

    def works() -> None:
        with turns.turn():
            told.append("worked")

    threads = [begun(holds)]
    until(lambda: turns.working == 1)
    for count, work in enumerate((leaves, works), start=1):
        threads.append(begun(work))
        until(lambda count=count: turns.waiting == count)
    gone.set()
    until(lambda: told == ["gone"])
    held.set()
    ended(threads)
    assert told == ["gone", "worked"]


def test_who_moves_on_while_giving_way_leaves_all_places_free() -> None:
    turns, other, gone = Turns(1, 0), threading.Event(), threading.Event()

    def moved_on() -> None:
        if gone.is_set():
            raise Gone

    def gives_way() -> None:
        with pytest.raises(Gone), turns.turn(moved_on) as between:
            until(lambda: turns.waiting == 1)
            between()

    def holds() -> None:
        with turns.turn():
            gone.set()
            other.wait()

    first = begun(gives_way)
    until(lambda: turns.working == 1)
    second = begun(holds)
    ended([first])
    other.set()
    ended([second])
    assert (turns.working, turns.waiting) == (0, 0)
    with turns.turn(), turns.turn():  # a turn inside a turn goes on
        assert turns.working == 1


def test_an_answer_is_computed_once_for_all_who_wait_for_it() -> None:
    once: Once[int] = Once(2)
    begin, computed, found = threading.Barrier(8), [], []

    def ask() -> None:
        def compute() -> int:
            computed.append(1)
            threading.Event().wait(0.02)
            return 7

        begin.wait()
        found.append(once("same", compute, lambda: None))

    ended([begun(ask) for _ in range(8)])
    assert (len(computed), found) == (1, [7] * 8)


def test_who_breaks_off_leaves_it_to_the_next_and_the_oldest_answer_goes() -> None:
    once: Once[str] = Once(2)

    def breaks() -> str:
        raise Gone

    with pytest.raises(Gone):
        once("a", breaks, lambda: None)
    assert once("a", lambda: "new", lambda: None) == "new"
    for key in ("b", "a", "c"):  # b has not been asked for longest
        once(key, lambda key=key: key, lambda: None)
    assert once("a", breaks, lambda: None) == "new"
    with pytest.raises(Gone):
        once("b", breaks, lambda: None)
