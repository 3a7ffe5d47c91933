"""Meshy: an order is a task, which is looked up until it has an end (docs.meshy.ai).

`POST /v1/image-to-3d` makes a mesh of a picture, with its textures or without; `POST /v2/text-to-3d` one of words in
two tasks, which are paid for each: `preview` has no textures, `refine` gives it some. Both answer `result`, the task's
id. `GET …/{id}` tells `status` (PENDING, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED), `progress` in percent and links by
format; `GET …?sort_by=-created_at` lists an account's tasks with their prompts; `DELETE …/{id}` takes back what is
PENDING, refuses what is IN_PROGRESS, and removes the files of what is done, so it is asked before. Credits of failed
tasks are given back. 429 is either the rate of requests, with `Retry-After`, or a full queue of tasks, without.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from generation.providers import base, rules
from generation.providers.base import BusyError, ProviderError, TooLongError
from generation.providers.caller import Caller, Reply
from generation.providers.mesh.base import MeshAnswer, MeshFile, MeshFormat, MeshOrder, Outcome

if TYPE_CHECKING:
    from generation.providers.openai_client import Transport

PREVIEW, REFINE, IMAGE = "preview", "refine", "image"
#: Where tasks of each kind are; our name of a task is its kind and its id.
PATHS: Final[Mapping[str, str]] = {
    PREVIEW: "/v2/text-to-3d",
    REFINE: "/v2/text-to-3d",
    IMAGE: "/v1/image-to-3d",
}
#: Seconds for an answer about tasks.
LOOK_UP_S = 15.0
#: Tasks asked for in one round: the account has 20 requests a second.
MOST_ASKED = 20
#: Tasks of one page of the list, the most that there may be.
PAGE = 50
#: How far the vendor's clock may be from ours, in seconds.
CLOCKS_APART_S = 60.0
MOST_CHARACTERS = 600
MOST_IMAGE_BYTES = 20_000_000
IMAGES: Final = ("image/png", "image/jpeg")
WORKING: Final = ("PENDING", "IN_PROGRESS")

_FORMATS: Final[tuple[MeshFormat, ...]] = ("glb", "stl", "obj", "3mf")


class MeshyMeshes:
    """One key, one default model. Thread-safe. `base_url` ends with `/openapi`."""

    has_tasks = True

    def __init__(
        self, *, name: str, base_url: str, model: str, api_key: str = "", transport: Transport | None = None
    ) -> None:
        self.name = name
        self.model = model
        self._caller = Caller(name=name, base_url=base_url, api_key=api_key, transport=transport)

    def __repr__(self) -> str:
        return f"MeshyMeshes(name={self.name!r}, model={self.model!r}, host={self._caller.host!r})"

    def part_of(self, order: MeshOrder) -> MeshOrder:
        """Of words the mesh comes first, and its textures afterwards."""
        is_whole = order.image or order.draft or not order.is_textured
        return order if is_whole else replace(order, is_textured=False)

    def order(self, order: MeshOrder) -> MeshAnswer:
        model = order.model or self.model
        kind, body = self._body(order, model)
        try:
            reply = self._caller.post(PATHS[kind], body, timeout_s=order.timeout_s)
        except ProviderError as error:
            if error.code != base.RATE_LIMITED or error.retry_after is not None:
                raise
        else:
            task = self._caller.reference(reply.body.get("result"))
            if task:
                return MeshAnswer(self.name, model, provider_ref=f"{kind}/{task}")
            if reply.body.get("message"):
                raise self._caller.named_failure(reply.body)
            raise self._caller.unusable("The provider names no task.", charged=None)
        raise BusyError(self.name)

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        found: dict[str, Outcome] = {}
        for ref in refs[:MOST_ASKED]:
            try:
                found[ref] = self._outcome(ref)
            except ProviderError:
                if not found:
                    raise
                break  # what is left is asked for again
        return found

    def find(self, order: MeshOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        """Tasks have no name of ours, but those of words tell their prompt."""
        if order.image:
            return None
        kind = REFINE if order.draft else PREVIEW
        sent = sent_at.timestamp()
        for task in self._caller.rows(
            f"{PATHS[kind]}?page_size={PAGE}&sort_by=-created_at", timeout_s=LOOK_UP_S
        ):
            if (
                not isinstance(task, Mapping)
                or not _is_of_kind(task, kind)
                or task.get("prompt") != order.prompt
            ):
                continue
            ref, created = self._caller.reference(task.get("id")), task.get("created_at")
            is_ours = (
                isinstance(created, int)
                and -CLOCKS_APART_S <= created / 1000 - sent <= order.timeout_s + CLOCKS_APART_S
            )
            if ref and is_ours and f"{kind}/{ref}" not in known:
                return f"{kind}/{ref}"
        return None

    def cancel(self, ref: str) -> bool:
        if self._task(ref).body.get("status") != "PENDING":
            return False
        try:
            self._caller.delete(_path(ref), timeout_s=LOOK_UP_S)
        except ProviderError as error:
            if error.code in (base.BAD_REQUEST, base.UNAVAILABLE):
                return False
            raise
        return True

    def check_key(self, *, timeout_s: float) -> None:
        """Raises `ProviderError` where the key isn't taken."""
        self._caller.get("/v1/balance", timeout_s=timeout_s)

    def _body(self, order: MeshOrder, model: str) -> tuple[str, dict[str, Any]]:
        if len(order.prompt) > MOST_CHARACTERS:
            raise TooLongError(self.name)
        if order.draft:
            kind, _, task = order.draft.partition("/")
            if kind != PREVIEW or not task:
                raise rules.NOT_SENDABLE.error(self.name)
            return REFINE, {"mode": "refine", "preview_task_id": task}
        if not order.image:
            return PREVIEW, {"mode": "preview", "prompt": order.prompt, "ai_model": model}
        if order.image_media_type not in IMAGES or len(order.image) > MOST_IMAGE_BYTES:
            raise rules.NO_IMAGES.error(self.name)
        data = base64.b64encode(order.image).decode()
        told = {"texture_prompt": order.prompt} if order.prompt and order.is_textured else {}
        return IMAGE, {
            "image_url": f"data:{order.image_media_type};base64,{data}",
            "ai_model": model,
            "should_texture": order.is_textured,
            **told,
        }

    def _task(self, ref: str) -> Reply:
        return self._caller.get(_path(ref), timeout_s=LOOK_UP_S)

    def _outcome(self, ref: str) -> Outcome:
        try:
            task = self._task(ref).body
        except ProviderError as error:
            if error.code != base.MODEL_NOT_FOUND:
                raise
            return rules.FORGOTTEN.error(self.name)
        status = task.get("status")
        if status in WORKING:
            percent = task.get("progress")
            known = percent if isinstance(percent, int) and 0 <= percent <= 100 else None
            return MeshAnswer(self.name, self.model, provider_ref=ref, percent=known)
        if status == "SUCCEEDED":
            return self._made(task, ref)
        if status == "FAILED":
            return self._failed(task)
        return (rules.CANCELLED if status == "CANCELED" else rules.FORGOTTEN).error(self.name)

    def _made(self, task: Mapping[str, Any], ref: str) -> Outcome:
        urls = task.get("model_urls")
        links = (
            {name: self._caller.text(urls.get(name)) for name in _FORMATS}
            if isinstance(urls, Mapping)
            else {}
        )
        files = tuple(MeshFile(name, url=links[name]) for name in _FORMATS if links.get(name))
        if not files:
            return rules.NOTHING_MADE.error(self.name)
        return MeshAnswer(
            self.name, self.model, provider_ref=ref, files=files, is_draft=ref.startswith(f"{PREVIEW}/")
        )

    def _failed(self, task: Mapping[str, Any]) -> ProviderError:
        said = task.get("task_error")
        error = self._caller.named_failure({"error": said if isinstance(said, Mapping) else {}})
        credits = task.get("consumed_credits")
        error.charged = isinstance(credits, int) and credits > 0
        return error


def _path(ref: str) -> str:
    kind, _, task = ref.partition("/")
    return f"{PATHS.get(kind, PATHS[IMAGE])}/{quote(task, safe='')}"


def _is_of_kind(task: Mapping[str, Any], kind: str) -> bool:
    """What doesn't say it is taken by its prompt."""
    said = task.get("type") or task.get("mode")
    return not isinstance(said, str) or said.endswith(kind)
