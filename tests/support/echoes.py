"""Vendors that repeat the key they were sent, whole or cut, wherever an answer has a place for it.

| name | effect |
| --- | --- |
| `echo-half` | 401 with one half of the key in the error and the other in the headers |
| `echo-page` | 502 with a gateway's page that shows the request's head |
| `echo-away` | 307 to an address with the key in it |
| `echo-text`, `echo-event` | 200 with something that is no JSON; with an error object, in a stream as its only event |
| `echo-cut` | the same, cut off |
| `echo-reason` | an answer that ends for a reason called like the key |
| `echo-names` | a good answer whose ids, model and headers are the key's first half |
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from tests.support.bedrock_server import AWS_BEHAVIOURS, BedrockServer, _frames, _whole
from tests.support.llm_behaviours import BEHAVIOURS, Answer, Behaviour, HttpError, Plan, error_for
from tests.support.llm_http import send_stream, send_whole, sse_events
from tests.support.llm_server import LLMServer

REFERENCES = ("x-request-id", "x-siliconcloud-trace-id", "x-amzn-RequestId")


def sent(received: Mapping[str, str]) -> str:
    """The secret that came with a call: a key, or the token of AWS' temporary keys."""
    token = received.get("x-amz-security-token", "")
    return token or received.get("authorization", "").removeprefix("Bearer ")


def _half(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    key = sent(received)
    first, second = key[: len(key) // 2], key[len(key) // 2 :]
    said = error_for(f"Incorrect key {first}", first, first) | {"message": first, "id": first, "model": first}
    headers = dict.fromkeys(REFERENCES, f"req-{second}") | {"Retry-After": second, "x-trace": second}
    return Plan(error=HttpError(401, said, headers))


def _page(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    head = "".join(f"{name}: {text}\n" for name, text in received.items())
    return Plan(error=HttpError(502, f"<html><pre>{head}</pre></html>".encode()))


def _away(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(error=HttpError(307, b"", {"Location": f"http://127.0.0.1:9/v1?key={sent(received)}"}))


def _text(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(raw=f"Sorry, {sent(received)}".encode())


def _event(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    key = sent(received)
    return Plan(raw=orjson.dumps(error_for(f"No room for {key}", key, key)))


def _cut(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(action="cut", raw=f'{{"id": "{sent(received)}", "object": "🙂'.encode())


def _reason(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(changes={"finish_reason": sent(received)})


def _names(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    key = sent(received)
    return Plan(action="names", changes={"names": key[: len(key) // 2]})


ECHOES: dict[str, Behaviour] = {
    "echo-half": _half,
    "echo-page": _page,
    "echo-away": _away,
    "echo-text": _text,
    "echo-event": _event,
    "echo-cut": _cut,
    "echo-reason": _reason,
    "echo-names": _names,
}


class EchoServer(LLMServer):
    behaviours = {**BEHAVIOURS, **ECHOES}

    async def _send(
        self, writer: asyncio.StreamWriter, answer: Answer, plan: Plan, body: Mapping[str, Any]
    ) -> None:
        name = plan.changes.get("names")
        if name is None:
            return await super()._send(writer, answer, plan, body)
        headers = dict.fromkeys(REFERENCES, name)
        if body.get("stream"):
            plan.raw = orjson.dumps({**answer.events(body, 1 << 20)[-1], **_named(name)})
            return await send_stream(writer, sse_events(answer, plan, body), plan, headers)
        content = orjson.dumps({**answer.whole(body), **_named(name)})
        return await send_whole(writer, content, plan, headers)


def _named(name: str) -> dict[str, str]:
    return {"id": name, "model": name, "system_fingerprint": name, "service_tier": name}


class EchoBedrock(BedrockServer):
    behaviours = {**AWS_BEHAVIOURS, **ECHOES}

    async def _send(
        self, writer: asyncio.StreamWriter, answer: Answer, plan: Plan, body: Mapping[str, Any]
    ) -> None:
        name = plan.changes.get("names")
        if name is None:
            return await super()._send(writer, answer, plan, body)
        headers = dict.fromkeys(REFERENCES, name)
        if body["stream"]:
            kind = {**headers, "Content-Type": "application/vnd.amazon.eventstream"}
            return await send_stream(writer, _frames(answer, body), plan, kind)
        return await send_whole(writer, orjson.dumps(_whole(answer, body)), plan, headers)
