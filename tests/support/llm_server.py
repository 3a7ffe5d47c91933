"""A local server that speaks the wire format of OpenAI's chat completions, failures included.

In a test:                 with LLMServer() as server: OpenAIChat(..., base_url=server.url)
As a process of its own:   python -m tests.support.llm_server --port 0 --delay 2 --log FILE   (prints its URL)

It listens on 127.0.0.1 only. What happens to a call is chosen by the name of its model (`model="hang"`) or by
a marker in the last user message (`[[server:delay=2]]`); `tests/support/llm_behaviours.py` lists the names.
Without one it answers with `answer(body)`, by default a Markdown document that repeats the prompt's fields.
`GET /models` does what `server.listing` names, answers with `server.models` and is counted in `server.listings`.

Every accepted call is counted: in `server.calls` and, one JSON line when it is received and one when it is
answered, in the log file, so that a test which kills the caller can tell how often something was bought
(`read_log`). Keys are never logged.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.support.llm_behaviours import (
    BEHAVIOURS,
    MARKER,
    Answer,
    Behaviour,
    Plan,
    echo_document,
    last_user_message,
)
from tests.support.llm_http import (
    read_request,
    reset,
    send,
    send_signs_of_life,
    send_stream,
    send_whole,
    sse_events,
)
from tests.support.patience import PATIENCE

_MAX_BODY = 32 * 1024 * 1024


@dataclass
class Call:
    """One accepted call. `billed` says whether a vendor would charge for it."""

    number: int
    behaviour: str
    model: str
    last_user: str
    authorization: str
    key_hash: str
    request_key: str
    attempt: str
    billed: bool
    body: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    received_at: float = field(default_factory=time.time)
    answered_at: float | None = None
    status: int | None = None


def key_hash(key: str) -> str:
    """What is kept of a key: enough to tell which one came."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_log(path: Path | str) -> list[dict[str, Any]]:
    """The calls of a log file, one mapping each; `answered_at` and `status` are None where no answer left."""
    calls: dict[int, dict[str, Any]] = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        calls.setdefault(entry["call"], {"answered_at": None, "status": None}).update(entry)
    return [calls[number] for number in sorted(calls)]


def model_list(*names: str) -> dict[str, Any]:
    """The answer of `GET /models`, as OpenAI and all who copy it give it."""
    about = {"object": "model", "created": 1_700_000_000, "owned_by": "vendor"}
    return {"object": "list", "data": [{"id": name, **about} for name in names]}


class LLMServer:
    """The server, in a thread of this process: `with LLMServer() as server: ... server.url, server.calls`."""

    behaviours: Mapping[str, Behaviour] = BEHAVIOURS

    def __init__(
        self,
        *,
        port: int = 0,
        delay: float = 0.0,
        log: Path | str | None = None,
        answer: Callable[[Mapping[str, Any]], str] = echo_document,
    ) -> None:
        self.port = port
        self.delay = delay
        self.answer = answer
        self.calls: list[Call] = []
        self.listing = "ok"
        self.models: Any = model_list(*BEHAVIOURS)
        self.listings: list[str] = []
        self.connections = 0
        self.in_flight = 0
        self.peak_in_flight = 0
        self._gathered = asyncio.Event()
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
        self._failed_once: set[tuple[str, str]] = set()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> LLMServer:
        self._thread = threading.Thread(target=self._run, daemon=True, name="llm-server")
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise RuntimeError("The local model server did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self.request_stop()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Calls are accepted and not answered before the end of the block."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._may_answer.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._may_answer.set)

    def request_stop(self) -> None:
        """Ask the server to end; safe from any thread and from a signal handler."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)

    def _run(self) -> None:
        asyncio.run(self.serve())

    async def serve(self, on_ready: Callable[[], None] = lambda: None) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._connection(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(
            connected, "127.0.0.1", self.port, backlog=512, limit=32 * 1024 * 1024
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        on_ready()
        await self._stop.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._log is not None:
            os.close(self._log)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                method, path, headers, body = await read_request(reader)
                await self._dispatch(method, path, headers, body, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            with contextlib.suppress(Exception):
                writer.close()

    async def _dispatch(
        self, method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        if (method, path) == ("GET", "/v1/models"):
            await self._list(headers, writer)
        elif (method, path) == ("POST", "/v1/chat/completions"):
            await self._chat(headers, orjson.loads(body), writer)
        else:
            send(
                writer,
                404,
                {"error": {"message": f"No such address: {path}", "type": "invalid_request_error"}},
            )

    async def _list(self, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        self.listings.append(key_hash(headers.get("authorization", "").removeprefix("Bearer ")))
        plan = self.behaviours[self.listing]("", headers, is_repeated=False)
        await self._wait(plan)
        if plan.action == "lost":
            reset(writer)
        elif plan.error is not None:
            send(writer, plan.error.status, plan.error.body, plan.error.headers)
        elif plan.action == "only-keep-alive":
            await send_signs_of_life(writer, is_stream=False)
        else:
            await send_whole(writer, orjson.dumps(self.models), plan)

    async def _chat(
        self, headers: dict[str, str], body: dict[str, Any], writer: asyncio.StreamWriter
    ) -> None:
        plan, call = self._plan(body, headers)
        self.calls.append(call)
        self._write_log(call, answered=False)
        await self._wait(plan)
        if plan.action == "lost":
            reset(writer)
            return
        # Before it is sent: whoever has the answer can read in the log that it left.
        call.status = 200 if plan.error is None else plan.error.status
        call.answered_at = time.time()
        self._write_log(call, answered=True)
        if plan.error is not None:
            send(writer, plan.error.status, plan.error.body, plan.error.headers)
        elif plan.action == "only-keep-alive":
            await send_signs_of_life(writer, is_stream=bool(body.get("stream")))
        else:
            await self._send(writer, self._answer(plan, body), plan, body)

    async def _send(
        self, writer: asyncio.StreamWriter, answer: Answer, plan: Plan, body: Mapping[str, Any]
    ) -> None:
        """`answer` in the vendor's wire format."""
        if body.get("stream"):
            kind = {"Content-Type": "text/event-stream"}
            await send_stream(writer, sse_events(answer, plan, body), plan, kind)
        else:
            await send_whole(writer, orjson.dumps(answer.whole(body)), plan)

    async def _wait(self, plan: Plan) -> None:
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        try:
            if 0 < plan.gather <= self.in_flight:
                self._gathered.set()
            if plan.gather:
                await self._gathered.wait()
            await self._may_answer.wait()
            await asyncio.sleep(3600 if plan.action == "hang" else plan.delay or 0)
        finally:
            self.in_flight -= 1

    def _answer(self, plan: Plan, body: Mapping[str, Any]) -> Answer:
        return plan.shape(self.answer(body), body)

    def _plan(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Plan, Call]:
        last_user = last_user_message(body)
        client_id = headers.get("x-client-request-id", "")
        key, _, attempt = client_id.rpartition("/") if "/" in client_id else (client_id, "", "")
        name, value = self._chosen(str(body.get("model", "")), last_user)
        once = (name, key or last_user)
        plan = self.behaviours[name](value, headers, is_repeated=once in self._failed_once)
        self._failed_once.add(once)
        plan.delay = self.delay if plan.delay is None else plan.delay
        call = Call(
            number=len(self.calls) + 1,
            behaviour=name,
            model=str(body.get("model", "")),
            last_user=last_user,
            authorization="redacted" if headers.get("authorization") else "none",
            key_hash=key_hash(headers.get("authorization", "").removeprefix("Bearer ")),
            request_key=key,
            attempt=attempt,
            billed=plan.error is None,
            body=body,
            headers={k: v for k, v in headers.items() if k != "authorization"},
        )
        return plan, call

    def _chosen(self, model: str, last_user: str) -> tuple[str, str]:
        marker = MARKER.search(last_user)
        if marker and marker[1] in self.behaviours:
            return marker[1], marker[2] or ""
        return (model, "") if model in self.behaviours else ("ok", "")

    def _write_log(self, call: Call, *, answered: bool) -> None:
        if self._log is None:
            return
        entry: dict[str, Any] = {"call": call.number}
        if answered:
            entry |= {"answered_at": call.answered_at, "status": call.status}
        else:
            names = ("behaviour", "model", "last_user", "authorization", "request_key", "attempt", "billed")
            entry |= {name: getattr(call, name) for name in (*names, "received_at")}
        os.write(self._log, orjson.dumps(entry) + b"\n")


async def _end_with_parent(server: LLMServer) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    server.request_stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="A local server in the wire format of OpenAI's chat completions."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--log", help="file that gets a JSON line per call received and answered")
    options = parser.parse_args()
    server = LLMServer(port=options.port, delay=options.delay, log=options.log)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.request_stop)
        guard = asyncio.create_task(_end_with_parent(server))
        await server.serve(on_ready=lambda: print(server.url, flush=True))
        guard.cancel()

    asyncio.run(run())


if __name__ == "__main__":
    main()
