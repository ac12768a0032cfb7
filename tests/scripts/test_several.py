"""Several servers share the visitors; a view is in its address, whichever server shows it."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from scripts import environment, server
from scripts.balancer import COOKIE, asked
from scripts.visitors import VisitError, visiting
from tests.scripts.apps import write_app
from tests.waiting import LONG

T = TypeVar("T")
COUNTING = """
n = st.session_state["n"] = st.session_state.get("n", 0) + 1
st.markdown(f"run {n} of {st.query_params.get('who')}")
st.button("Again")
if st.button("Break"):
    raise KeyError("x")
"""


def apart(visit: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: this one may have the loop of a browser."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, visit).result()


def set_by(port: int, cookie: str = "") -> str | None:
    """Which server answers at this port, by the cookie that it sets."""
    connection = http.client.HTTPConnection(server.ADDRESS, port, timeout=LONG)
    headers = {"Host": f"localhost:{port}", "Connection": "close"}
    connection.request("GET", "/", headers={**headers, "Cookie": cookie} if cookie else headers)
    told = connection.getresponse().headers["Set-Cookie"].split(";")[0]
    connection.close()
    return told


def test_visitors_stay_where_they_are_and_find_the_other_server_when_theirs_ends(
    tmp_path: Path,
) -> None:
    app, port = write_app(tmp_path, {"one": COUNTING}), server.any_port()
    with server.several(app, port, 2) as processes:
        first = set_by(port)
        assert first is not None and {set_by(port, first) for _ in range(5)} == {first}
        by_number = {int(process.args[4]): process for process in processes}
        assert len(by_number) == 2
        ending = by_number[int(first.partition("=")[2])]
        ending.kill()
        ending.wait()
        other = set_by(port, first)
        assert other is not None and other.startswith(COOKIE) and other != first


def test_what_a_visitor_without_a_browser_sees(tmp_path: Path) -> None:
    app, port = write_app(tmp_path, {"one": COUNTING, "two": "st.markdown('2')"}), server.any_port()

    async def visit() -> None:
        async with visiting(f"{server.ADDRESS}:{port}", LONG, "who=me") as visitor:
            assert visitor.texts == ["run 1 of me"]
            await visitor.pressed("Again")
            assert visitor.texts == ["run 2 of me"]
            with pytest.raises(VisitError, match="nothing called 'No such'"):
                await visitor.pressed("No such")
            with pytest.raises(VisitError, match="no page three"):
                await visitor.opened("three")
            await visitor.opened("two")
            assert visitor.texts == ["2"]
            await visitor.opened("", "who=you")
            assert visitor.texts == ["run 3 of you"]
            with pytest.raises(VisitError, match="not foreseen"):
                await visitor.pressed("Break")

    with server.running(app, port):
        apart(visit())
    with pytest.raises(VisitError, match="cannot be reached"):
        apart(visit())


@pytest.mark.slow
def test_the_same_link_shows_the_same_from_either_server(ml_100k: Path) -> None:
    app, port = environment.ROOT / "dashboard" / "app.py", server.any_port()

    async def headings(query: str) -> tuple[str, list[str]]:
        async with visiting(f"{server.ADDRESS}:{port}", LONG) as visitor:
            await visitor.opened("movies", query)
            if not query:
                await visitor.pressed("Surprise me")
            return visitor.query, [text for text in visitor.texts if text.startswith("###")]

    with server.several(app, port, 2) as processes:
        query, seen = apart(headings(""))  # by the first, since none is busier
        assert query and len(seen) > 2
        processes[0].kill()
        processes[0].wait()
        assert apart(headings(query)) == (query, seen)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET / HTTP/1.1\r\nCookie: a=b; relrec_server=8502\r\n\r\n", 8502),
        (b"GET / HTTP/1.1\r\ncookie:relrec_server=8502\r\n\r\n", 8502),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"GET / HTTP/1.1\r\nCookie: relrec_server=x\r\n\r\n", None),
        (b"GET /?Cookie:relrec_server=8502 HTTP/1.1\r\nCookie: \xff\xfe;;=\r\n\r\n", None),
    ],
)
def test_whose_server_a_request_names(head: bytes, expected: int | None) -> None:
    assert asked(head) == expected
