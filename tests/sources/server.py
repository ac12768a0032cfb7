"""A web server on this computer that hands out files, well or badly."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves `content` at any path, or of several files that of the path's last part; the first
    part of the path says how.

    /whole keeps its promises, /breaks-once ends the first answer early, /breaks ends every
    answer early, /missing answers 404, /slow does not go on after the first byte.
    """

    def __init__(self, content: bytes | Mapping[str, bytes]) -> None:
        self.content = content
        self.asked: list[str] = []
        self.ranges: list[str | None] = []
        self.port = 0

    def url(self, how: str, place: str = "ml.zip") -> str:
        return f"http://127.0.0.1:{self.port}/{how}/{place}".rstrip("/")

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        how = handler.path.split("/")[1]
        asked = handler.headers.get("Range")
        first = not self.ranges
        self.ranges.append(asked)
        self.asked.append(handler.path.removeprefix(f"/{how}/"))
        content = self.content
        if isinstance(content, Mapping):
            content = content.get(handler.path.rpartition("/")[2], b"")
        if how == "missing" or not content:
            handler.send_error(404)
            return
        etag = '"' + hashlib.md5(content).hexdigest() + '"'
        start = 0
        if asked and handler.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        body = content[start:]
        handler.send_response(206 if start else 200)
        if start:
            end = len(content) - 1
            handler.send_header("Content-Range", f"bytes {start}-{end}/{end + 1}")
        handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if how == "slow":
            handler.wfile.write(body[:1])
            handler.wfile.flush()
            time.sleep(1.0)
        elif how == "breaks" or (how == "breaks-once" and first):
            handler.wfile.write(body[: len(body) // 2])
        else:
            handler.wfile.write(body)


@contextlib.contextmanager
def serving(content: bytes | Mapping[str, bytes]) -> Iterator[Server]:
    server = Server(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                server.answer(self)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        listening.shutdown()
        thread.join()
