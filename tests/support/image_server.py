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
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.pictures import picture
from tests.support.vendor_server import LINKS, MARKER, VendorHandler, VendorServer

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
PNG = picture(size=(64, 48))


class Handler(VendorHandler):
    vendor: ImageServer

    def do_POST(self) -> None:  # noqa: N802 — the name is http.server's
        body = self.read_json()
        if self.path.endswith("/cancel"):
            self._cancel(self.path.split("/")[-2])
        else:
            self._order(body)

    def do_GET(self) -> None:  # noqa: N802
        parts = urlsplit(self.path)
        if parts.path.startswith("/pictures/"):
            self.link(parts.path.rpartition("/")[2].partition(".")[0], PNG, "image/png")
            return
        self.vendor.lookups.append(self.path)
        ref = parts.path.rpartition("/")[2]
        if ref:
            self.send_json(200, self.vendor.task(ref))
        elif self.vendor.has_lists:
            self.send_json(200, self.vendor.listed({name: v[0] for name, v in parse_qs(parts.query).items()}))
        else:
            self.send_json(404, {"code": "NotFound", "message": "no such page"})

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
        if self.lose(behaviour):
            return
        if behaviour in ("garbage", "echo-page"):
            self.send(200, b"<html>Bad gateway: " + b"{key}" * (behaviour == "echo-page"), "text/html")
        elif is_task:
            ref = "task-{key}" if behaviour == "echo-task" else ref
            self.send_json(200, {"request_id": "r-1", "output": {"task_id": ref, "task_status": "PENDING"}})
        elif is_aliyun:
            content = [{"image": self.vendor.picture_url(behaviour)}]
            self.send_json(200, {"output": {"choices": [{"message": {"content": content}}]}})
        else:
            self.send_json(200, self._pictures(behaviour, body))

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
            self.send_json(status, {"code": their_code, "message": message, "request_id": "r-1"})
        else:
            self.send_json(status, {"error": {"message": message, "type": "x", "code": code}})

    def _cancel(self, ref: str) -> None:
        if self.vendor.status_of(ref) == "PENDING":
            self.vendor.cancelled.append(ref)
            self.send_json(200, {"request_id": "r-1"})
        else:
            message = "Failed to cancel the task, please confirm if the task is in PENDING status."
            self.send_json(400, {"code": "UnsupportedOperation", "message": message})


class ImageServer(VendorServer):
    handler = Handler

    def forget(self) -> None:
        super().forget()
        #: What was accepted, oldest first: (prompt, task id or "").
        self.orders: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        #: Paths of questions about tasks.
        self.lookups: list[str] = []
        self.cancelled: list[str] = []
        self.is_done = self.has_started = self.has_lists = True
        self._tasks: dict[str, dict[str, Any]] = {}

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def aliyun_url(self) -> str:
        return f"{self.url}/api/v1"

    def accept(self, prompt: str, body: dict[str, Any], headers: dict[str, str], *, is_task: bool) -> str:
        with self.lock:
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


def _prompt_of(body: dict[str, Any]) -> str:
    if "prompt" in body:
        return str(body["prompt"])
    if "prompt" in body["input"]:
        return str(body["input"]["prompt"])
    return str(body["input"]["messages"][0]["content"][0]["text"])
