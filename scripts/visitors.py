"""A visitor without a browser: it asks the dashboard's server what a browser's page would ask.

Twenty browsers take more of a processor than the server that is measured; this takes next to none.
It speaks Streamlit's own protocol, follows links, presses buttons and opens tabs. What a browser
draws, and the files of the interface that it fetches once, are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from relrec_core.errors import RelRecError

STREAM = "/_stcore/stream"
WRONG = "Something went wrong"
"""How the sentence begins that stands for an error that was not foreseen."""


class VisitError(RelRecError):
    """The dashboard did not answer as a visitor may expect."""


@dataclass
class Visitor:
    """One page of one visitor, as far as it has been told of by the server."""

    connection: ClientConnection
    limit: float
    """Seconds after which an answer counts as missing."""
    pages: dict[str, str] = field(default_factory=dict)
    """Path of each page -> what the server calls its script."""
    page: str = ""
    query: str = ""
    texts: list[str] = field(default_factory=list)
    """What the page shows as text, in the order in which it came."""
    _buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Label -> id and the fragment it stands in."""
    _tabs: dict[str, tuple[str, str]] = field(default_factory=dict)
    _cached: set[str] = field(default_factory=set)
    """Hashes of large messages, which the server need not send again."""

    async def opened(self, page: str, query: str = "") -> float:
        """Follow a link to a page; returns the seconds until it is complete.

        Raises:
            VisitError: there is no such page, no answer in time, or an error on it.
        """
        if page and page not in self.pages:
            raise VisitError(f"There is no page {page} to open.")
        self.page, self.query = page, query
        return await self._asked(BackMsg())

    async def pressed(self, label: str) -> float:
        """Press a button or open a tab; returns the seconds until the answer is complete.

        Raises:
            VisitError: nothing is called so, no answer in time, or an error in it.
        """
        ask, found = BackMsg(), self._buttons.get(label)
        if found is not None:
            state = WidgetState(id=found[0], trigger_value=True)
        elif (found := self._tabs.get(label)) is not None:
            state = WidgetState(id=found[0], string_value=label)
        else:
            raise VisitError(f"There is nothing called '{label}' to press on page {self.page}.")
        ask.rerun_script.widget_states.widgets.append(state)
        ask.rerun_script.fragment_id = found[1]
        return await self._asked(ask)

    async def _asked(self, ask: BackMsg) -> float:
        ask.rerun_script.query_string = self.query
        ask.rerun_script.page_script_hash = self.pages.get(self.page, "")
        ask.rerun_script.cached_message_hashes.extend(self._cached)
        ask.rerun_script.context_info.timezone = "Europe/Berlin"
        started = time.perf_counter()
        try:
            await self.connection.send(ask.SerializeToString())
            async with asyncio.timeout(self.limit):
                await self._complete()
        except TimeoutError as error:
            raise VisitError(f"No answer within {self.limit:.0f} s on {self._where}.") from error
        except WebSocketException as error:
            raise VisitError(f"The connection ended on {self._where}.") from error
        return time.perf_counter() - started

    @property
    def _where(self) -> str:
        return f"page {self.page or 'overview'}"

    async def _complete(self) -> None:
        """Take what the server sends until nothing more of the answer is to come."""
        early = ForwardMsg.FINISHED_EARLY_FOR_RERUN
        while True:
            told = ForwardMsg.FromString(await self.connection.recv(decode=False))
            kind = told.WhichOneof("type")
            if kind == "script_finished" and told.script_finished != early:
                return
            self._learn(told, str(kind))

    def _learn(self, told: ForwardMsg, kind: str) -> None:
        if told.metadata.cacheable:
            self._cached.add(told.hash)
        if kind == "navigation":
            self.pages = {p.url_pathname: p.page_script_hash for p in told.navigation.app_pages}
        elif kind == "new_session" and not told.metadata.run.fragment_ids:
            self._buttons, self._tabs, self.texts = {}, {}, []
        elif kind == "page_info_changed":
            self.query = told.page_info_changed.query_string.removeprefix("?")
        elif kind == "delta":
            self._place(told.delta)

    def _place(self, delta: Any) -> None:
        fragment, element, block = delta.fragment_id, delta.new_element, delta.add_block
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise VisitError(f"A traceback on {self._where}: {element.exception.message}")
        if kind == "alert" and element.alert.body.startswith(WRONG):
            raise VisitError(f"An error on {self._where} that was not foreseen.")
        if kind == "button":
            self._buttons[element.button.label] = element.button.id, fragment
        if kind == "markdown":
            self.texts.append(element.markdown.body)
        if block.WhichOneof("type") == "tab_container":
            self._strip = block.tab_container.id, fragment
        if block.WhichOneof("type") == "tab" and self._strip[0]:
            self._tabs[block.tab.label] = self._strip


@contextlib.asynccontextmanager
async def visiting(address: str, limit: float, query: str = "") -> AsyncIterator[Visitor]:
    """A visitor at the server `address`, such as "127.0.0.1:8501", who has opened the first page.

    Args:
        address: host and port.
        limit: seconds after which an answer counts as missing.
        query: what stands behind the `?` of the link that is followed.

    Raises:
        VisitError: the server cannot be reached, or answers with an error.
    """
    try:
        connecting = connect(
            f"ws://{address}{STREAM}",
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            compression=None,
            open_timeout=limit,
        )
        async with connecting as connection:
            visitor = Visitor(connection, limit)
            await visitor.opened("", query)
            yield visitor
    except (OSError, WebSocketException) as error:
        raise VisitError(f"The dashboard at {address} cannot be reached.") from error
