"""Kinds of jobs for tests: a text bought in steps, an order with a task id, an order that can't be looked up.

They buy at the emulated provider over HTTP (or at the sandbox) and can be told to stop at a named point, so that a
test kills the process exactly there: `pause_at` writes a file and waits for it to be removed.
"""

import os
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.jobs.registry import JobKind, NoOutput, WaitForChildren, Waiting
from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.base import ProviderError
from generation.providers.llm.base import ChatMessage, ChatRequest


@dataclass(frozen=True, slots=True)
class TextInput:
    prompt: str = "hello"
    pause_at: str = ""
    steps: int = 1


@dataclass(frozen=True, slots=True)
class TextOutput:
    text: str


@dataclass(frozen=True, slots=True)
class OrderInput:
    """`url` answers POST /orders?key=… with a task id and GET /orders/{id} with its state."""

    url: str
    pause_at: str = ""


@dataclass(frozen=True, slots=True)
class OrderOutput:
    ref: str


def barrier(run: JobRun | None, input: Any, point: str) -> None:
    """Stop here if the test wants it: write `<dir>/<point>` and wait until it is gone."""
    folder = os.environ.get("ATELIER_BARRIERS", "")
    if not folder or input.pause_at != point:
        return
    mark = Path(folder) / point
    if mark.with_suffix(".passed").exists():
        return
    mark.with_suffix(".passed").touch()
    mark.touch()
    while mark.exists():
        time.sleep(0.02)


def run_text(run: JobRun) -> TextOutput:
    barrier(run, run.input, "before-call")
    texts = []
    for number in range(1, run.input.steps + 1):
        request = ChatRequest(
            messages=(ChatMessage("user", run.input.prompt),), max_output_tokens=200, kind="test"
        )
        texts.append(run.chat(f"text-{number}", request, feature="test").text)
        barrier(run, run.input, f"after-call-{number}")
    barrier(run, run.input, "before-store")
    return TextOutput("\n".join(texts))


def store_text(job: Job, output: TextOutput) -> TextOutput:
    input = TextInput(**job.input)
    barrier(None, input, "in-store")
    return output


def _order(run: JobRun) -> str:
    def order(key: str) -> str:
        barrier(run, run.input, "before-order")
        try:
            with urllib.request.urlopen(f"{run.input.url}/orders?key={key}", data=b"") as answer:
                ref = str(answer.read().decode())
        except OSError as exc:
            raise ProviderError("PROVIDER_CONNECTION_LOST", "lost", retryable=True, charged=None) from exc
        barrier(run, run.input, "after-order")
        return ref

    return run.purchase(
        "order",
        capability="image",
        provider="sandbox",
        model="test",
        micros=5000,
        feature="test",
        order=order,
    )


def run_task(run: JobRun) -> Waiting:
    return Waiting(provider="sandbox", provider_ref=_order(run), poll_after=0.1)


def poll_task(run: JobRun) -> OrderOutput | Waiting:
    with urllib.request.urlopen(f"{run.input.url}/orders/{run.provider_ref}") as answer:
        state = answer.read().decode()
    if state != "done":
        return Waiting(provider="sandbox", provider_ref=run.provider_ref, poll_after=0.1)
    run.settle_purchase("order", micros=5000, result={"ref": run.provider_ref})
    barrier(run, run.input, "after-settle")
    return OrderOutput(run.provider_ref)


def run_blind(run: JobRun) -> OrderOutput:
    ref = _order(run)
    run.settle_purchase("order", micros=5000, result={"ref": ref})
    barrier(run, run.input, "after-settle")
    return OrderOutput(ref)


def run_parent(run: JobRun) -> WaitForChildren:
    return WaitForChildren()


KINDS = (
    JobKind(name="test.text", input=TextInput, output=TextOutput, run=run_text, store=store_text),
    JobKind(name="test.task", input=OrderInput, output=OrderOutput, run=run_task, poll=poll_task),
    JobKind(name="test.blind", input=OrderInput, output=OrderOutput, run=run_blind),
    JobKind(name="test.parent", input=NoOutput, output=NoOutput, run=run_parent),
)
