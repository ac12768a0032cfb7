"""What visitors bring is forgotten when they are gone; the libraries are not looked through.

What answers took and gave back, glibc keeps for later ones, in pieces too small for many of them:
after some minutes of visits a tenth of the process (measured). It is returned to the system.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import gc
import importlib
import logging
import pkgutil
import sys
import time

from streamlit.runtime import Runtime, get_instance

from dashboard import panels

KEPT, LOOK = 30.0, 5.0
"""Seconds for which a visit can be taken up again after its connection broke, and seconds between
two looks for visits that are over."""
TRIM, WORKED = 30.0, 1.0
"""Seconds between two returns of memory, if so many seconds were computed in between."""
_TASKS: set[asyncio.Task[None]] = set()
"""What the event loop itself would let go."""


def settle() -> None:
    """Load what the pages are made of, and leave it out of garbage collections from now on.

    Streamlit collects garbage after every run, and looking through all that the libraries consist
    of takes longer than most answers, while no other visitor is served. What is there at this
    moment is never collected, so no visitor may have come yet.
    """
    for found in pkgutil.iter_modules(panels.__path__, "dashboard.panels."):
        importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


def trim() -> None:
    """Return memory that is free to the system, where the C library can."""
    if sys.platform == "linux":
        found = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
        if found is not None:
            found(0)


def forget_the_gone() -> None:
    """End the visits of those who left, from now on; else the next visitor's coming ends them."""
    runtime = get_instance()
    loop = runtime._get_async_objs().eventloop
    nobodys = contextvars.Context()  # this visitor's would stay with the task for good

    def begin() -> None:
        _TASKS.add(loop.create_task(_forgetting(runtime)))

    loop.call_soon_threadsafe(begin, context=nobodys)


async def _forgetting(runtime: Runtime) -> None:
    since: dict[str, float] = {}
    due = worked = 0.0
    while True:
        await asyncio.sleep(LOOK)
        try:
            before, since = since, _forget(runtime, since)
            if before:  # a session that ended and its parts refer to one another
                gc.collect()
            if time.monotonic() >= due and time.process_time() >= worked + WORKED:
                await asyncio.to_thread(trim)
                due, worked = time.monotonic() + TRIM, time.process_time()
        except Exception:
            logging.getLogger("relrec").exception("visits that are over were not ended")


def _forget(runtime: Runtime, since: dict[str, float]) -> dict[str, float]:
    """Close sessions that have been without a connection for long enough.

    Args:
        since: when each was first seen without one, by its id; the same is returned.
    """
    now = time.monotonic()
    manager = runtime._session_mgr
    connected = {info.session.id for info in manager.list_active_sessions()}
    left = {info.session.id for info in manager.list_sessions()} - connected
    since = {name: since.get(name, now) for name in left}
    for info in manager.list_sessions():
        name = info.session.id
        if name in since and now - since[name] >= KEPT:
            state = info.session.session_state  # whatever still refers to the session
            state.clear()
            state._new_widget_state.widget_metadata.clear()  # what buttons would have called
            runtime.close_session(name)
    return since
