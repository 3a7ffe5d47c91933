"""What local vendors of pictures and of meshes have in common: a server of its own, and links to what was made."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

MARKER = re.compile(r"\[\[server:([a-z0-9-]+)\]\]")
#: What a link may lead to, besides what was made.
LINKS = ("expired", "html", "redirect", "huge", "drip", "down", "empty", "truncated")
HUGE = 60 * 1024 * 1024
INNER = "http://169.254.169.254/latest/meta-data/"


class VendorServer:
    """Runs while its block does. `closing` is set when it ends, so that what hangs lets go."""

    handler: type[VendorHandler]

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("VendorsHandler", (self.handler,), {"vendor": self})
        )
        self._server.daemon_threads = True
        self.forget()

    def forget(self) -> None:
        """Nobody has ordered anything."""
        #: What links led to.
        self.copied: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="vendor").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class VendorHandler(BaseHTTPRequestHandler):
    """`key` is what `{key}` in an answer is replaced by: what the caller has sent."""

    protocol_version = "HTTP/1.1"
    vendor: Any

    @property
    def key(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def read_json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(
            self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"
        )
        return body

    def lose(self, behaviour: str) -> bool:
        """Whether the answer gets lost: at once, or after a silence."""
        if behaviour not in ("lost", "hang"):
            return False
        if behaviour == "hang":
            self.vendor.closing.wait(30)
        self.close_connection = True
        return True

    def link(self, kind: str, content: bytes, media_type: str) -> None:
        """What a link of this kind leads to."""
        self.vendor.copied.append(kind)
        if kind == "expired":
            self.send(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        elif kind == "html":
            self.send(200, b"<!doctype html><title>Gone</title>", "text/html")
        elif kind == "redirect":
            self.send(302, b"", "text/plain", {"Location": INNER})
        elif kind == "down":
            self.send(503, b"", "text/plain")
        elif kind == "empty":
            self.send(200, b"", media_type)
        elif kind == "truncated":
            self.send(200, content[: len(content) // 2], media_type)
        elif kind == "huge":
            self._send_huge(media_type)
        elif kind == "drip":
            self._drip(content, media_type)
        else:
            self.send(200, content, media_type)

    def _send_huge(self, media_type: str) -> None:
        self._head(200, media_type, HUGE, {})
        block = bytes(1024 * 1024)
        for _ in range(HUGE // len(block)):
            self.wfile.write(block)

    def _drip(self, content: bytes, media_type: str) -> None:
        self._head(200, media_type, len(content), {})
        for byte in content:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.vendor.closing.wait(0.05):
                return

    def send_json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(body).encode(), "application/json", headers)

    def send(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        content = content.replace(b"{key}", self.key.encode())
        self._head(status, kind, len(content), headers or {})
        self.wfile.write(content)

    def _head(self, status: int, kind: str, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def handle(self) -> None:
        # A caller that gave up leaves its connection behind.
        try:
            super().handle()
        except ConnectionError:
            return
