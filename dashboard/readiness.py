"""Whether what the pages show can be opened: `/ready`, beside Streamlit's `/_stcore/health`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from relrec_core.errors import RelRecError

PATH = "/ready"
_MISSING = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""Who warns that nobody sees the spinners; nobody has to."""


async def ready(request: Request) -> JSONResponse:
    """Open, by wing, what its page shows, as the page does: once, then it is at hand.

    The answer is 200 and true for every wing, or 503 and false for those that did not open; why
    stands in the log, since whoever asks here need not be signed in.
    """
    logging.getLogger(_MISSING).setLevel(logging.ERROR)
    found = {wing: await run_in_threadpool(_opens, wing, load) for wing, load in LOADERS.items()}
    return JSONResponse(found, 200 if all(found.values()) else 503)


def _opens(wing: str, load: Callable[[], object]) -> bool:
    try:
        load()
    except RelRecError as error:
        logging.getLogger("relrec").warning("What %s shows does not open: %s", wing, error)
        return False
    return True


def _movies() -> object:
    from dashboard.loaders.movies import movie_model

    return movie_model()


def _products() -> object:
    from dashboard.loaders.products import product_model

    return product_model()


def _sessions() -> object:
    from dashboard.loaders.sessions import session_view

    return session_view()


LOADERS: Mapping[str, Callable[[], object]] = {
    "movies": _movies,
    "products": _products,
    "sessions": _sessions,
}
