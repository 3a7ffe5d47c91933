"""A local vendor of pictures that speaks the wire of OpenAI, SiliconFlow and DashScope, failures included.

    with ImageServer() as server:
        OpenAIImages(base_url=server.openai_url, ...)
        DashScopeImages(base_url=server.aliyun_url, ...)

What happens to an order is chosen by a marker in its prompt, `[[server:NAME]]`: `BEHAVIOURS` has the names. Every order
that was accepted stands in `server.orders`, every look at tasks in `server.lookups`, every copied picture in
`server.copied`. A task is done once `server.is_done`.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.pictures import picture

MARKER = re.compile(r"\[\[server:([a-z-]+)\]\]")
#: Refused before any work: status, OpenAI's code, DashScope's code, and the sentence.
REFUSALS = {
    "rate-limit": (429, "rate_limit_exceeded", "Throttling.RateQuota", "Requests rate limit exceeded."),
    "overloaded": (503, "server_overloaded", "ModelUnavailable", "Please try again later."),
    "auth": (401, "invalid_api_key", "InvalidApiKey", "Invalid API-key provided."),
    "no-quota": (
        400,
        "billing_hard_limit_reached",
        "Arrearage",
        "Access denied, account not in good standing.",
    ),
    "moderated": (400, "moderation_blocked", "DataInspectionFailed", "Inappropriate content."),
    "echo-refusal": (401, "{key}", "{key}", "Incorrect key {key}"),
    "bad-request": (400, "invalid_value", "InvalidParameter", "size is wrong"),
}
#: What the link to the picture leads to, besides a picture.
LINKS = ("expired", "html", "redirect", "huge", "drip", "down", "empty", "truncated")
BEHAVIOURS = (
    *REFUSALS,
    *LINKS,
    "lost",
    "hang",
    "no-picture",
    "failed",
    "forgotten",
    "garbage",
    "link",
    "echo-page",
    "echo-task",
    "echo-link",
    "echo-words",
)
PAGE = 15
HUGE = 60 * 1024 * 1024
INNER = "http://169.254.169.254/latest/meta-data/"
PNG = picture(size=(64, 48))


class ImageServer:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("VendorsHandler", (Handler,), {"vendor": self})
        )
        self._server.daemon_threads = True

    def forget(self) -> None:
        """Nobody has ordered anything."""
        #: What was accepted, oldest first: (prompt, task id or "").
        self.orders: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        #: Paths of questions about tasks.
        self.lookups: list[str] = []
        self.cancelled: list[str] = []
        self.copied: list[str] = []
        self.is_done = self.has_started = self.has_lists = True
        self._tasks: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def aliyun_url(self) -> str:
        return f"{self.url}/api/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="images").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def accept(self, prompt: str, body: dict[str, Any], headers: dict[str, str], *, is_task: bool) -> str:
        with self._lock:
            ref = f"task-{len(self.orders) + 1}" if is_task else ""
            self.orders.append((prompt, ref))
            self.bodies.append(body)
            self.headers.append(headers)
            if is_task:
                created = int(time.time() * 1000)
                self._tasks[ref] = {"prompt": prompt, "created": created, "model": body["model"]}
        return ref

    def picture_url(self, behaviour: str) -> str:
        kind = behaviour if behaviour in LINKS else "fine"
        signature = "{key}" if behaviour == "echo-link" else "s"
        return f"{self.url}/pictures/{kind}.png?Expires=1&Signature={signature}"

    def status_of(self, ref: str) -> str:
        task = self._tasks.get(ref)
        if task is None or behaviour_of(task["prompt"]) == "forgotten":
            return "UNKNOWN"
        if ref in self.cancelled:
            return "CANCELED"
        if not self.is_done:
            return "RUNNING" if self.has_started else "PENDING"
        return "FAILED" if behaviour_of(task["prompt"]) == "failed" else "SUCCEEDED"

    def task(self, ref: str) -> dict[str, Any]:
        """What `GET /tasks/{id}` says."""
        status = self.status_of(ref)
        output: dict[str, Any] = {"task_id": ref, "task_status": status}
        if status == "SUCCEEDED":
            prompt = self._tasks[ref]["prompt"]
            behaviour = behaviour_of(prompt)
            said = "{key}" if behaviour == "echo-words" else prompt
            picture = {"orig_prompt": prompt, "actual_prompt": said, "url": self.picture_url(behaviour)}
            output["results"] = [] if behaviour == "no-picture" else [picture]
        elif status == "FAILED":
            output |= {"code": "InternalError.Timeout", "message": "An internal timeout error has occurred."}
        return {"request_id": "r-1", "output": output}

    def listed(self, wanted: dict[str, str]) -> dict[str, Any]:
        """What `GET /tasks/` says."""
        rows = [
            {
                "task_id": ref,
                "status": self.status_of(ref),
                "gmt_create": task["created"],
                "model_name": task["model"],
            }
            for ref, task in self._tasks.items()
            if wanted.get("model_name") in (None, task["model"])
            and wanted.get("status") in (None, self.status_of(ref))
        ]
        size, page = min(int(wanted.get("page_size", 10)), PAGE), int(wanted.get("page_no", 1))
        pages = -(-len(rows) // size)
        chosen = rows[(page - 1) * size : page * size]
        return {"data": chosen, "total": len(rows), "total_page": pages, "page_no": page, "page_size": size}


def behaviour_of(prompt: str) -> str:
    found = MARKER.search(prompt)
    name = found[1] if found else ""
    assert not name or name in BEHAVIOURS, name
    return name


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: ImageServer

    def do_POST(self) -> None:  # noqa: N802 — the name is http.server's
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length) or b"{}")
        if self.path.endswith("/cancel"):
            self._cancel(self.path.split("/")[-2])
        else:
            self._order(body)

    def do_GET(self) -> None:  # noqa: N802
        parts = urlsplit(self.path)
        if parts.path.startswith("/pictures/"):
            self._picture(parts.path.rpartition("/")[2].partition(".")[0])
            return
        self.vendor.lookups.append(self.path)
        ref = parts.path.rpartition("/")[2]
        if ref:
            self._json(200, self.vendor.task(ref))
        elif self.vendor.has_lists:
            self._json(200, self.vendor.listed({name: v[0] for name, v in parse_qs(parts.query).items()}))
        else:
            self._json(404, {"code": "NotFound", "message": "no such page"})

    def _order(self, body: dict[str, Any]) -> None:
        is_aliyun = "/services/aigc/" in self.path
        prompt = _prompt_of(body)
        behaviour = behaviour_of(prompt)
        if behaviour in REFUSALS:
            self._refuse(*REFUSALS[behaviour], is_aliyun=is_aliyun)
            return
        is_task = self.path.endswith("/image-synthesis")
        ref = self.vendor.accept(
            prompt, body, {name.lower(): v for name, v in self.headers.items()}, is_task=is_task
        )
        if behaviour in ("lost", "hang"):
            if behaviour == "hang":
                self.vendor.closing.wait(30)
            self.close_connection = True
            return
        if behaviour in ("garbage", "echo-page"):
            self._send(200, b"<html>Bad gateway: " + b"{key}" * (behaviour == "echo-page"), "text/html")
        elif is_task:
            ref = "task-{key}" if behaviour == "echo-task" else ref
            self._json(200, {"request_id": "r-1", "output": {"task_id": ref, "task_status": "PENDING"}})
        elif is_aliyun:
            content = [{"image": self.vendor.picture_url(behaviour)}]
            self._json(200, {"output": {"choices": [{"message": {"content": content}}]}})
        else:
            self._json(200, self._pictures(behaviour, body))

    def _pictures(self, behaviour: str, body: dict[str, Any]) -> dict[str, Any]:
        picture: dict[str, Any] = {"url": self.vendor.picture_url(behaviour)}
        if "image_size" in body:
            made = [] if behaviour == "no-picture" else [picture]
            return {"images": made, "timings": {"inference": 1.2}, "seed": body.get("seed", 42)}
        if behaviour not in (*LINKS, "link"):
            picture = {"b64_json": base64.b64encode(PNG).decode(), "revised_prompt": "{key}"}
        return {"created": 1, "data": [] if behaviour == "no-picture" else [picture]}

    def _refuse(self, status: int, code: str, their_code: str, message: str, *, is_aliyun: bool) -> None:
        if is_aliyun:
            self._json(status, {"code": their_code, "message": message, "request_id": "r-1"})
        else:
            self._json(status, {"error": {"message": message, "type": "x", "code": code}})

    def _cancel(self, ref: str) -> None:
        if self.vendor.status_of(ref) == "PENDING":
            self.vendor.cancelled.append(ref)
            self._json(200, {"request_id": "r-1"})
        else:
            message = "Failed to cancel the task, please confirm if the task is in PENDING status."
            self._json(400, {"code": "UnsupportedOperation", "message": message})

    def _picture(self, kind: str) -> None:
        self.vendor.copied.append(kind)
        if kind == "expired":
            self._send(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        elif kind == "html":
            self._send(200, b"<!doctype html><title>Gone</title>", "text/html")
        elif kind == "redirect":
            self._send(302, b"", "text/plain", {"Location": INNER})
        elif kind == "down":
            self._send(503, b"", "text/plain")
        elif kind == "empty":
            self._send(200, b"", "image/png")
        elif kind == "truncated":
            self._send(200, PNG[: len(PNG) // 2], "image/png")
        elif kind == "huge":
            self._send_huge()
        elif kind == "drip":
            self._drip()
        else:
            self._send(200, PNG, "image/png")

    def _send_huge(self) -> None:
        self._head(200, "image/png", HUGE, {})
        block = bytes(1024 * 1024)
        for _ in range(HUGE // len(block)):
            self.wfile.write(block)

    def _drip(self) -> None:
        self._head(200, "image/png", len(PNG), {})
        for byte in PNG:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.vendor.closing.wait(0.05):
                return

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        content = content.replace(b"{key}", key.encode())
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


def _prompt_of(body: dict[str, Any]) -> str:
    if "prompt" in body:
        return str(body["prompt"])
    if "prompt" in body["input"]:
        return str(body["input"]["prompt"])
    return str(body["input"]["messages"][0]["content"][0]["text"])
