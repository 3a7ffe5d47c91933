"""Kinds of jobs for tests.

`test.text` buys texts in steps · `test.image` a picture · `test.mesh` a mesh · `test.task` orders something that can be
looked up · `test.blind` something that can't · `test.parent` waits for its children · `test.script` does what the test
says, in the test's own process.
"""

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from generation.jobs.registry import Answer, JobKind, NoInput, WaitForChildren, Waiting
from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.base import ProviderError
from generation.providers.image.base import ImageOrder
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.mesh.base import MeshOrder
from tests.support.kinds.barriers import barrier
from tests.support.kinds.models import StoredText
from tests.support.kinds.purchases import purchase, settle

ORDER_MICROS = 5000
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class TextInput:
    prompt: str = "你好 🙂"
    steps: int = 1


@dataclass(frozen=True, slots=True)
class TextOutput:
    text: str


@dataclass(frozen=True, slots=True)
class OrderInput:
    """`url` is a `tests.support.orders.OrderServer`."""

    url: str


@dataclass(frozen=True, slots=True)
class OrderOutput:
    ref: str


@dataclass(frozen=True, slots=True)
class ScriptInput:
    name: str


@dataclass(frozen=True, slots=True)
class Script:
    """What a job of kind `test.script` does; `scripts` knows it by name."""

    run: Callable[[JobRun], Answer]
    poll: Callable[[JobRun], Answer] | None = None
    store: Callable[[Job, Any], Any] | None = None
    stop: Callable[[JobRun], None] | None = None


scripts: dict[str, Script] = {}


@dataclass(frozen=True, slots=True)
class ImageInput:
    prompt: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ImageOutput:
    size: int


@dataclass(frozen=True, slots=True)
class MeshInput:
    """`picture` in place of words."""

    prompt: str
    model: str | None = None
    is_textured: bool = True
    picture: bytes = b""


def text_request(prompt: str) -> ChatRequest:
    return ChatRequest(messages=(ChatMessage("user", prompt),), max_output_tokens=200, kind="test")


def run_text(run: JobRun) -> TextOutput:
    texts = []
    for number in range(1, run.input.steps + 1):
        texts.append(run.chat(f"text-{number}", text_request(run.input.prompt), feature="test").text)
    return TextOutput("\n".join(texts))


def store_text(job: Job, output: TextOutput) -> TextOutput:
    StoredText.objects.create(job_id=job.pk, attempt=job.attempt, text=output.text)
    barrier("in-store", job.pk)
    return output


def run_image(run: JobRun) -> ImageOutput | Waiting:
    order = ImageOrder(prompt=run.input.prompt, width=1024, height=1024, model=run.input.model)
    answer = run.image("image", order, feature="test")
    return answer if isinstance(answer, Waiting) else ImageOutput(len(run.picture(answer)))


def run_mesh(run: JobRun) -> ImageOutput | Waiting:
    """Buys one mesh, copies it, and is done."""
    told = run.input
    order = MeshOrder(
        prompt=told.prompt,
        image=told.picture,
        image_media_type="image/png" if told.picture else "",
        model=told.model,
        is_textured=told.is_textured,
    )
    answer = run.mesh("mesh", order, feature="test")
    if isinstance(answer, Waiting):
        return answer
    with run.mesh_file(answer) as file:
        return ImageOutput(len(file.read()))


def _order(run: JobRun) -> str:
    def order(key: str) -> str:
        try:
            with urllib.request.urlopen(f"{run.input.url}/orders?key={key}", data=b"", timeout=30) as answer:
                return str(answer.read().decode())
        except OSError as exc:
            raise ProviderError("PROVIDER_CONNECTION_LOST", "lost", retryable=True, charged=None) from exc

    return purchase(
        run,
        "order",
        micros=ORDER_MICROS,
        order=order,
    )


def run_task(run: JobRun) -> Waiting:
    return Waiting(provider="sandbox", provider_ref=_order(run), poll_after=POLL_SECONDS)


def poll_task(run: JobRun) -> OrderOutput | Waiting:
    with urllib.request.urlopen(f"{run.input.url}/orders/{run.provider_ref}", timeout=30) as answer:
        state = answer.read().decode()
    if state != "done":
        return Waiting(provider="sandbox", provider_ref=run.provider_ref, poll_after=POLL_SECONDS)
    settle(run, "order", micros=ORDER_MICROS, result={"ref": run.provider_ref})
    return OrderOutput(run.provider_ref)


def run_blind(run: JobRun) -> OrderOutput:
    ref = _order(run)
    settle(run, "order", micros=ORDER_MICROS, result={"ref": ref})
    return OrderOutput(ref)


def run_parent(run: JobRun) -> WaitForChildren:
    return WaitForChildren()


def run_script(run: JobRun) -> Answer:
    return scripts[run.input.name].run(run)


def poll_script(run: JobRun) -> Answer:
    poll = scripts[run.input.name].poll
    return run_script(run) if poll is None else poll(run)


def store_script(job: Job, result: Any) -> Any:
    store = scripts[job.input["name"]].store
    return result if store is None else store(job, result)


def stop_script(run: JobRun) -> None:
    stop = scripts[run.input.name].stop
    if stop is not None:
        stop(run)


KINDS = (
    JobKind(name="test.text", input=TextInput, run=run_text, store=store_text),
    JobKind(name="test.image", input=ImageInput, run=run_image),
    JobKind(name="test.mesh", input=MeshInput, run=run_mesh),
    JobKind(name="test.task", input=OrderInput, run=run_task, poll=poll_task),
    JobKind(name="test.blind", input=OrderInput, run=run_blind),
    JobKind(name="test.parent", input=NoInput, run=run_parent),
    JobKind(
        name="test.script",
        input=ScriptInput,
        run=run_script,
        poll=poll_script,
        store=store_script,
        stop=stop_script,
    ),
)
