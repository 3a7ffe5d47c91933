"""A vendor of something expensive: POST /orders?key=… answers a task id, GET /orders/{id} how far it is.

    with OrderServer() as server: ... server.url, server.orders

An order whose key is in `held` is accepted but not answered.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

HELD_SECONDS = 30.0


class OrderServer:
    def __init__(self) -> None:
        #: The accepted orders, oldest first, as (request key, task id).
        self.orders: list[tuple[str, str]] = []
        self.lookups: list[str] = []
        self.held: set[str] = set()
        self.is_done = True
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="orders").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _accept(self, key: str) -> str:
        with self._lock:
            ref = f"task-{len(self.orders) + 1}"
            self.orders.append((key, ref))
        if key in self.held:
            self._closing.wait(HELD_SECONDS)
        return ref

    def _state(self, ref: str) -> str:
        with self._lock:
            self.lookups.append(ref)
        return "done" if self.is_done else "working"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 — the name is http.server's
                self._answer(vendor._accept(parse_qs(urlsplit(self.path).query)["key"][0]))

            def do_GET(self) -> None:  # noqa: N802
                self._answer(vendor._state(self.path.rpartition("/")[2]))

            def _answer(self, text: str) -> None:
                content = text.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

            def handle(self) -> None:
                # A caller that was killed leaves its connection behind.
                try:
                    super().handle()
                except ConnectionError:
                    return

        return Handler
