"""A local vendor of meshes that speaks the wire of Tencent Cloud's Hunyuan3D and of Meshy, failures included.

    with MeshServer() as server:
        TencentMeshes(base_url=server.url, ...)
        MeshyMeshes(base_url=server.meshy_url, ...)

What happens to an order is chosen by a marker in its prompt, `[[server:NAME]]` (`BEHAVIOURS`), or, of a picture, by
what `server.of_pictures` says. Every order that was accepted stands in `server.orders`, every look at a task in
`server.lookups`, every copied file in `server.copied`. A task is done once `server.is_done`.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from tests.support.meshes import glb, obj, zipped
from tests.support.vendor_server import LINKS, MARKER, VendorHandler, VendorServer

#: Refused before any work: Meshy's status and sentence, Tencent's code.
REFUSALS = {
    "rate-limit": (429, "RateLimitExceeded", "RequestLimitExceeded"),
    "busy": (429, "NoMoreConcurrentTasks", "RequestLimitExceeded.JobNumExceed"),
    "overloaded": (503, "Service unavailable", "ServerNetworkError"),
    "auth": (401, "Invalid API key", "AuthFailure.SecretIdNotFound"),
    "no-quota": (402, "Insufficient credits", "ResourceUnavailable.LowBalance"),
    "moderated": (400, "The prompt violates our content policy", "OperationDenied.TextIllegalDetected"),
    "bad-request": (400, "ai_model must be one of", "InvalidParameterValue"),
    "echo-refusal": (401, "Incorrect key {key}", "AuthFailure.{key}"),
}
BEHAVIOURS = (
    *REFUSALS,
    *LINKS,
    *(
        "lost",
        "hang",
        "no-mesh",
        "failed",
        "forgotten",
        "garbage",
        "zip",
        "echo-page",
        "echo-task",
        "echo-link",
    ),
)
#: What links lead to.
GLB, OBJ_ZIP = glb(), zipped({"model.obj": obj()})


class Handler(VendorHandler):
    vendor: MeshServer

    @property
    def key(self) -> str:
        """Tencent's is never sent; its id stands in the signature."""
        sent = self.headers.get("Authorization", "")
        return sent.partition("Credential=")[2].partition("/")[0] or sent.removeprefix("Bearer ")

    def do_POST(self) -> None:  # noqa: N802 — the name is http.server's
        body = self.read_json()
        action = self.headers.get("X-TC-Action")
        if action == "QueryHunyuanTo3DRapidJob":
            self.vendor.lookups.append(body["JobId"])
            self._tencent(self.vendor.tencent_task(body["JobId"]))
        elif action:
            self._order(body, str(body.get("Prompt") or ""), is_tencent=True)
        else:
            prompt = self.vendor.prompt_of(body)
            self._order(body, prompt, is_tencent=False)

    def do_GET(self) -> None:  # noqa: N802
        parts = urlsplit(self.path)
        name = parts.path.rpartition("/")[2]
        if parts.path.startswith("/files/"):
            kind = name.partition(".")[0]
            self.link(kind, OBJ_ZIP if kind == "zip" else GLB, "application/octet-stream")
            return
        self.vendor.lookups.append(parts.path)
        if name == "balance":
            self.send_json(
                *((200, {"balance": 1000}) if self.key != "msy-wrong" else (401, {"message": "no"}))
            )
        elif name in ("text-to-3d", "image-to-3d"):
            self.send_json(200, [self.vendor.meshy_task(ref) for ref in reversed(self.vendor.tasks)])
        elif self.vendor.status_of(name) == "UNKNOWN":
            self.send_json(404, {"message": "Task not found"})
        else:
            self.send_json(200, self.vendor.meshy_task(name))

    def do_DELETE(self) -> None:  # noqa: N802
        ref = urlsplit(self.path).path.rpartition("/")[2]
        if self.vendor.status_of(ref) != "PENDING":
            self.send_json(409, {"message": "The task is in progress"})
            return
        self.vendor.cancelled.append(ref)
        self.send_json(200, {})

    def _order(self, body: dict[str, Any], prompt: str, *, is_tencent: bool) -> None:
        behaviour = behaviour_of(prompt) or self.vendor.of_pictures
        if behaviour in REFUSALS:
            self._refuse(behaviour, is_tencent=is_tencent)
            return
        ref = self.vendor.accept(
            prompt, body, {name.lower(): v for name, v in self.headers.items()}, behaviour
        )
        if self.lose(behaviour):
            return
        if behaviour in ("garbage", "echo-page"):
            self.send(200, b"<html>Bad gateway: " + b"{key}" * (behaviour == "echo-page"), "text/html")
            return
        ref = "{key}" if behaviour == "echo-task" else ref
        if is_tencent:
            self._tencent({"JobId": ref})
        else:
            self.send_json(202, {"result": ref})

    def _refuse(self, behaviour: str, *, is_tencent: bool) -> None:
        status, message, code = REFUSALS[behaviour]
        if not is_tencent:
            headers = {"Retry-After": "2"} if behaviour == "rate-limit" else {}
            self.send_json(status, {"message": message}, headers)
        elif behaviour == "overloaded":
            self.send(503, b"<html>", "text/html")
        else:
            self._tencent({"Error": {"Code": code, "Message": f"{message} {{key}}"}})

    def _tencent(self, response: dict[str, Any]) -> None:
        self.send_json(200, {"Response": {**response, "RequestId": "r-1"}})


class MeshServer(VendorServer):
    handler = Handler

    def forget(self) -> None:
        super().forget()
        #: What was accepted, oldest first: (prompt, task id).
        self.orders: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        #: Questions about tasks.
        self.lookups: list[str] = []
        self.cancelled: list[str] = []
        self.is_done = self.has_started = True
        self.percent = 40
        #: What happens to orders that have no words.
        self.of_pictures = ""
        self.tasks: dict[str, dict[str, Any]] = {}

    @property
    def meshy_url(self) -> str:
        return f"{self.url}/openapi"

    def prompt_of(self, body: dict[str, Any]) -> str:
        """Of an order at Meshy; that of textures is the mesh's."""
        preview = self.tasks.get(str(body.get("preview_task_id")))
        return str(preview["prompt"] if preview else body.get("prompt") or body.get("texture_prompt") or "")

    def accept(self, prompt: str, body: dict[str, Any], headers: dict[str, str], behaviour: str) -> str:
        with self.lock:
            ref = f"task-{len(self.orders) + 1}"
            self.orders.append((prompt, ref))
            self.bodies.append(body)
            self.headers.append(headers)
            kind = f"text-to-3d-{body['mode']}" if "mode" in body else "image-to-3d"
            created = int(time.time() * 1000)
            self.tasks[ref] = {"prompt": prompt, "created": created, "kind": kind, "behaviour": behaviour}
        return ref

    def status_of(self, ref: str) -> str:
        """As Meshy calls it."""
        task = self.tasks.get(ref)
        if task is None or task["behaviour"] == "forgotten":
            return "UNKNOWN"
        if ref in self.cancelled:
            return "CANCELED"
        if not self.is_done:
            return "IN_PROGRESS" if self.has_started else "PENDING"
        return "FAILED" if task["behaviour"] == "failed" else "SUCCEEDED"

    def meshy_task(self, ref: str) -> dict[str, Any]:
        status, task = self.status_of(ref), self.tasks[ref]
        told = {"id": ref, "type": task["kind"], "status": status, "created_at": task["created"]}
        if task["kind"] != "image-to-3d":
            told["prompt"] = task["prompt"]
        if status == "SUCCEEDED":
            urls = (
                {} if task["behaviour"] == "no-mesh" else {"glb": self._link(task), "fbx": self._link(task)}
            )
            return {**told, "progress": 100, "model_urls": urls, "consumed_credits": 20}
        if status == "FAILED":
            return {**told, "task_error": {"message": "The server is busy"}, "consumed_credits": 0}
        return {**told, "progress": self.percent if status == "IN_PROGRESS" else 0}

    def tencent_task(self, ref: str) -> dict[str, Any]:
        status, task = self.status_of(ref), self.tasks.get(ref, {})
        if status == "UNKNOWN":
            return {"Error": {"Code": "FailedOperation.JobNotExist", "Message": "{key}"}}
        if status == "SUCCEEDED":
            kind = "OBJ" if task["behaviour"] == "zip" else "GLB"
            made = {"Type": kind, "Url": self._link(task), "PreviewImageUrl": f"{self.url}/preview.png"}
            return {"Status": "DONE", "ResultFile3Ds": [] if task["behaviour"] == "no-mesh" else [made]}
        if status == "FAILED":
            return {"Status": "FAIL", "ErrorCode": "FailedOperation.InnerError", "ErrorMessage": "{key}"}
        return {"Status": "RUN" if status == "IN_PROGRESS" else "WAIT"}

    def _link(self, task: dict[str, Any]) -> str:
        behaviour = task["behaviour"]
        kind = behaviour if behaviour in (*LINKS, "zip") else "fine"
        return f"{self.url}/files/{kind}.glb?Signature={'{key}' if behaviour == 'echo-link' else 's'}"


def behaviour_of(prompt: str) -> str:
    found = MARKER.search(prompt)
    name = found[1] if found else ""
    assert not name or name in BEHAVIOURS, name
    return name
