"""Share visitors among server processes of this computer.

A visitor stays with the process whose number the cookie says; one who comes anew, or whose process
has ended, gets the process with the fewest connections. Nothing is kept here: a view is in its
address, and all else in the data directory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from http.cookies import CookieError, SimpleCookie

ADDRESS = "127.0.0.1"
COOKIE = "relrec_server"
"""Set by each server: the port it listens at."""
LONGEST, PATIENCE = 64 * 1024, 30.0
"""Bytes that a request's head may have, and seconds in which it must have come."""
PIECE = 64 * 1024


class Balancer:
    """Connections of visitors, and the servers that they are passed on to."""

    def __init__(self, servers: list[int]) -> None:
        self.servers = servers
        self.open: Counter[int] = Counter()

    async def serve(self, address: str, port: int) -> None:
        """Pass on what comes to this port, until cancelled."""
        async with await asyncio.start_server(self._visitor, address, port, limit=LONGEST) as own:
            await own.serve_forever()

    async def _visitor(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.suppress(
                OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
            ),
            contextlib.closing(writer),
        ):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            for server in self._in_order(asked(head)):
                try:
                    inner, outer = await asyncio.open_connection(ADDRESS, server)
                except OSError:
                    continue  # it has ended: the next one serves
                self.open[server] += 1
                try:
                    outer.write(head)
                    await _both_ways((reader, outer), (inner, writer))
                finally:
                    self.open[server] -= 1
                    outer.close()
                return
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    def _in_order(self, asked_for: int | None) -> list[int]:
        return sorted(self.servers, key=lambda port: (port != asked_for, self.open[port]))


def asked(head: bytes) -> int | None:
    """The server that the cookie in a request's head names, if it has one."""
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "cookie":
            with contextlib.suppress(CookieError, KeyError, ValueError):
                return int(SimpleCookie(value.strip())[COOKIE].value)
    return None


Way = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _both_ways(*ways: Way) -> None:
    """Until one of the two sides closes."""
    tasks = [asyncio.create_task(_through(*way)) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()


def main(address: str, port: int, servers: list[int]) -> None:
    """Share the visitors of a port among servers until the process is told to stop."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Balancer(servers).serve(address, port))
