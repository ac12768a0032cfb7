"""A server of pictures that misbehaves by path."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from tests.products.pictures import encoded

PICTURE = encoded(Image.new("RGB", (40, 30), "teal"), "JPEG")


class Shop:
    """A picture server that behaves by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.times: list[float] = []
        self.port = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path[1:]
        self.asked[name] += 1
        self.times.append(time.monotonic())
        if name == "gone" or (name == "busy-once" and self.asked[name] == 1) or name == "busy":
            handler.send_error(404 if name == "gone" else 503)
            return
        bodies = {
            "text": b"<html>sorry</html>",
            "huge": PICTURE + bytes(200_000),
            "tiny": encoded(Image.new("RGB", (1, 1)), "GIF"),
            "none": PICTURE + b"none",
        }
        body = bodies.get(name, PICTURE)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + (name == "cut") * 10))
        handler.end_headers()
        handler.wfile.write(body)


@contextlib.contextmanager
def opened() -> Iterator[Shop]:
    server = Shop()

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
