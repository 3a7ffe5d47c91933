"""Aliyun's Model Studio (DashScope): an order is a task, which is looked up until it has an end.

`POST /services/aigc/text2image/image-synthesis` with `X-DashScope-Async: enable` answers `output.task_id`
(help.aliyun.com/zh/model-studio/qwen-image-api). Newer models (`qwen-image-max`, `qwen-image-2.0`) have no tasks and
answer `POST /services/aigc/multimodal-generation/generation` with the picture. Links and tasks live for 24 hours.

Tasks (help.aliyun.com/zh/model-studio/manage-asynchronous-tasks), 20 requests a second for each of the three:
`GET /tasks/{id}` brings the result and, once the task has succeeded, the prompt; `GET /tasks/?status=…` lists an
account's tasks of the last 24 hours by state, without results; `POST /tasks/{id}/cancel` stops what is still PENDING
and refuses everything else with UnsupportedOperation. Only pictures that come out are billed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from generation.providers import base, retry, rules
from generation.providers.base import ProviderError
from generation.providers.caller import Caller, Reply
from generation.providers.image.base import ImageAnswer, ImageOrder, Outcome, Picture
from generation.providers.image.sizes import Size, nearest
from generation.providers.orders import InOne

if TYPE_CHECKING:
    from generation.providers.openai_client import Transport

TASKS_PATH = "/services/aigc/text2image/image-synthesis"
AT_ONCE_PATH = "/services/aigc/multimodal-generation/generation"
#: Seconds for an answer about tasks.
LOOK_UP_S = 15.0
#: From so many tasks on, what still waits is told by lists instead of one by one.
LISTED_FROM = 5
#: Pages of a list, and tasks asked for one by one, in one round: the account has 20 requests a second.
MOST_PAGES, MOST_SINGLE = 20, 20
PAGE = 100
#: How far the vendor's clock may be from ours, in seconds.
CLOCKS_APART_S = 60.0

CODES: Final[Mapping[str, rules.Rule]] = {
    **retry.QWEN_CODES,
    "invalidparameter": rules.BAD_REQUEST,
    "invalidparameter.datainspection": rules.REFUSED,
    "ipinfringementsuspect": rules.REFUSED,
    "internalerror": rules.FAILED,
    "internalerror.algo": rules.FAILED,
    "internalerror.timeout": rules.FAILED,
    "internalerror.fileupload": rules.FAILED,
}
WORKING: Final = ("PENDING", "RUNNING")

_SIZES: Final[tuple[Size, ...]] = ((1328, 1328), (1664, 928), (928, 1664), (1472, 1104), (1104, 1472))
_LEAST_EDGE, _MOST_EDGE = 512, 1440
_MAX_SEED = 2**31


class DashScopeImages(InOne):
    """One key, one default model. Thread-safe. `base_url` ends with `/api/v1`."""

    has_tasks = True

    def __init__(
        self, *, name: str, base_url: str, model: str, api_key: str = "", transport: Transport | None = None
    ) -> None:
        self.name = name
        self.model = model
        self._caller = Caller(name=name, base_url=base_url, api_key=api_key, codes=CODES, transport=transport)

    def __repr__(self) -> str:
        return f"DashScopeImages(name={self.name!r}, model={self.model!r}, host={self._caller.host!r})"

    def order(self, order: ImageOrder) -> ImageAnswer:
        model = order.model or self.model
        if not _has_tasks(model):
            return self._order_at_once(order, model)
        body = {"model": model, **_task_body(order, model)}
        headers = {"X-DashScope-Async": "enable"}
        reply = self._caller.post(TASKS_PATH, body, timeout_s=order.timeout_s, headers=headers)
        ref = self._caller.reference(_output(reply).get("task_id"))
        if ref:
            return ImageAnswer(provider=self.name, model=model, provider_ref=ref)
        if reply.body.get("code"):
            raise self._caller.named_failure(reply.body)
        raise self._caller.unusable("The provider names no task.", charged=None)

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        try:
            working = self._listed_as_working(refs) if len(refs) >= LISTED_FROM else {}
        except ProviderError as error:
            if error.code == base.RATE_LIMITED:
                raise
            working = {}  # not every address of the vendor's has the list
        found: dict[str, Outcome] = {
            ref: ImageAnswer(provider=self.name, model=working[ref], provider_ref=ref)
            for ref in refs
            if ref in working
        }
        for ref in [ref for ref in refs if ref not in working][:MOST_SINGLE]:
            try:
                found[ref] = self._task(ref)
            except ProviderError:
                if not found:
                    raise
                break  # the vendor has had enough of questions; what is left is asked for again
        return found

    def find(self, order: ImageOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        """Tasks have no name of ours, but those that succeeded tell their prompt."""
        sent = sent_at.timestamp()
        is_undecided = False
        for task in self._list(model_name=order.model or self.model):
            ref = self._caller.reference(task.get("task_id"))
            created = task.get("gmt_create")
            if not ref or ref in known or not isinstance(created, int):
                continue
            if not -CLOCKS_APART_S <= created / 1000 - sent <= order.timeout_s + CLOCKS_APART_S:
                continue
            if task.get("status") == "SUCCEEDED" and self._is_of(ref, order):
                return ref
            is_undecided = is_undecided or task.get("status") in WORKING
        if is_undecided:
            raise rules.CONFLICT.error(self.name, retry_after=LOOK_UP_S)
        return None

    def cancel(self, ref: str) -> bool:
        try:
            self._caller.post(f"/tasks/{quote(ref, safe='')}/cancel", timeout_s=LOOK_UP_S)
        except ProviderError as error:
            if error.code == base.BAD_REQUEST:
                return False
            error.charged = False
            raise
        return True

    def _order_at_once(self, order: ImageOrder, model: str) -> ImageAnswer:
        content = [{"text": order.prompt}]
        parameters = _parameters(order, model, with_negative=True)
        body = {
            "model": model,
            "input": {"messages": [{"role": "user", "content": content}]},
            "parameters": parameters,
        }
        reply = self._caller.post(AT_ONCE_PATH, body, timeout_s=order.timeout_s)
        # `read_object` may have unpacked the output.
        url = self._caller.text(_picture_in_choices(_output(reply) or reply.body))
        if url:
            return ImageAnswer(provider=self.name, model=model, picture=Picture(url=_secure(url)))
        if reply.body.get("code"):
            raise self._caller.named_failure(reply.body)
        raise self._caller.unusable("The provider's answer holds no picture.")

    def _task(self, ref: str) -> Outcome:
        output = _output(self._get_task(ref))
        status = output.get("task_status")
        if status in WORKING:
            return ImageAnswer(provider=self.name, model=self.model, provider_ref=ref)
        if status == "SUCCEEDED":
            return self._made(output, ref)
        if status == "FAILED":
            return self._failed(output, ref)
        if status == "CANCELED":
            return rules.CANCELLED.error(self.name)
        # UNKNOWN: forgotten after 24 hours, or of another account. What became of it, nobody can tell any more.
        return rules.FORGOTTEN.error(self.name)

    def _made(self, output: Mapping[str, Any], ref: str) -> Outcome:
        results = [one for one in output.get("results") or () if isinstance(one, Mapping)]
        for result in results:
            url = self._caller.text(result.get("url"))
            if url:
                return ImageAnswer(
                    provider=self.name,
                    model=self.model,
                    picture=Picture(url=_secure(url)),
                    provider_ref=ref,
                    revised_prompt=self._caller.text(result.get("actual_prompt")),
                )
        failed = next((result for result in results if result.get("code")), None)
        if failed is not None:
            return self._failed(failed, ref)
        return rules.NOTHING_MADE.error(self.name)

    def _failed(self, said: Mapping[str, Any], ref: str) -> ProviderError:
        """Only pictures are billed, so a task that failed cost nothing."""
        error = self._caller.named_failure({name: said.get(name) for name in ("code", "message")})
        error.charged = False
        return error

    def _get_task(self, ref: str) -> Reply:
        return self._caller.get(f"/tasks/{quote(ref, safe='')}", timeout_s=LOOK_UP_S)

    def _listed_as_working(self, refs: Collection[str]) -> dict[str, str]:
        """Those of the tasks that the lists of waiting and running ones name, with their models. What isn't there has
        an end, or was missed while it went from one list to the other, and is asked for by itself."""
        wanted = set(refs)
        working: dict[str, str] = {}
        for status in reversed(WORKING):
            for task in self._list(status=status):
                ref = task.get("task_id")
                if ref in wanted:
                    working[ref] = str(task.get("model_name") or self.model)
        return working

    def _list(self, **wanted: str) -> Iterator[Mapping[str, Any]]:
        for number in range(1, MOST_PAGES + 1):
            query = urlencode({**wanted, "page_no": number, "page_size": PAGE})
            body = self._caller.get(f"/tasks/?{query}", timeout_s=LOOK_UP_S).body
            tasks = body.get("data")
            yield from (one for one in tasks or () if isinstance(one, Mapping))
            total = body.get("total_page")
            if not tasks or not isinstance(total, int) or number >= total:
                return

    def _is_of(self, ref: str, order: ImageOrder) -> bool:
        results = _output(self._get_task(ref)).get("results") or ()
        return any(isinstance(one, Mapping) and one.get("orig_prompt") == order.prompt for one in results)


def _has_tasks(model: str) -> bool:
    return model in ("qwen-image", "qwen-image-plus") or model.startswith(("qwen-image-plus-", "wan"))


def _task_body(order: ImageOrder, model: str) -> dict[str, Any]:
    """Wan takes the negative prompt beside the prompt, Qwen among the parameters."""
    is_wan = model.startswith("wan")
    what = {"prompt": order.prompt}
    if is_wan and order.negative_prompt:
        what["negative_prompt"] = order.negative_prompt
    return {"input": what, "parameters": _parameters(order, model, with_negative=not is_wan)}


def _parameters(order: ImageOrder, model: str, *, with_negative: bool) -> dict[str, Any]:
    if model.startswith("wan") or "-2.0" in model:
        width, height = (min(max(edge, _LEAST_EDGE), _MOST_EDGE) for edge in (order.width, order.height))
    else:
        width, height = nearest(order, _SIZES)
    # The prompt is what the product made of it, and what a lost task is found by.
    found: dict[str, Any] = {"size": f"{width}*{height}", "n": 1, "prompt_extend": False, "watermark": False}
    if with_negative and order.negative_prompt:
        found["negative_prompt"] = order.negative_prompt
    if order.seed is not None:
        found["seed"] = order.seed % _MAX_SEED
    return found


def _output(reply: Reply) -> Mapping[str, Any]:
    output = reply.body.get("output")
    return output if isinstance(output, Mapping) else {}


def _picture_in_choices(output: Mapping[str, Any]) -> str:
    try:
        content = output["choices"][0]["message"]["content"]
        return next(str(part["image"]) for part in content if part.get("image"))
    except (KeyError, IndexError, TypeError, AttributeError, StopIteration):
        return ""


def _secure(url: str) -> str:
    """Some regions name their store by http; it answers https as well."""
    return "https://" + url.removeprefix("http://") if url.startswith("http://dashscope-result") else url
