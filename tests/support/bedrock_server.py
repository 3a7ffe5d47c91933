"""A local server that speaks the wire format of AWS Bedrock's Converse API, failures and binary event stream included.

    with BedrockServer() as server: BedrockChat(..., endpoint_url=server.url)

What happens to a call is chosen as in `tests.support.llm_server`, by the behaviours of `tests.support.llm_behaviours`
and those below, which are AWS' own errors. Frames of the event stream are written here, from the specification
(smithy.io/2.0/aws/amazon-eventstream.html), so that botocore's decoder is tested against another hand.
"""

from __future__ import annotations

import asyncio
import base64
import struct
import time
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from tests.support.llm_behaviours import BEHAVIOURS, Answer, Behaviour, HttpError, Plan
from tests.support.llm_http import PIECE, send, send_stream, send_whole
from tests.support.llm_server import LLMServer

_STRING = 7
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}


def _refusal(status: int, code: str, message: str = "", retry_after: str = "") -> Behaviour:
    headers = {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/"}

    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        wait = {"Retry-After": value or retry_after} if value or retry_after else {}
        return Plan(error=HttpError(status, {"message": message or code}, {**headers, **wait}))

    return plan


def _auth(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    """A refusal that repeats the signature it was given, as AWS' do."""
    message = f"The request signature {received.get('authorization', '')} is not valid"
    return _refusal(403, "UnrecognizedClientException", message)("", received, is_repeated=is_repeated)


def _stopped(reason: str | None, *, half: bool = False) -> Behaviour:
    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        return Plan(half=half, changes={"finish_reason": reason})

    return plan


AWS_BEHAVIOURS: dict[str, Behaviour] = {
    **BEHAVIOURS,
    "auth": _auth,
    "access-denied": _refusal(403, "AccessDeniedException"),
    "no-payment": _refusal(
        403, "AccessDeniedException", "Model access is denied due to INVALID_PAYMENT_INSTRUMENT"
    ),
    "expired": _refusal(403, "ExpiredTokenException"),
    "throttling": _refusal(429, "ThrottlingException"),
    "service-quota": _refusal(400, "ServiceQuotaExceededException"),
    "not-ready": _refusal(429, "ModelNotReadyException"),
    "unavailable": _refusal(503, "ServiceUnavailableException"),
    "internal": _refusal(500, "InternalServerException"),
    "model-error": _refusal(424, "ModelErrorException"),
    "model-timeout": _refusal(408, "ModelTimeoutException"),
    "unknown-model": _refusal(404, "ResourceNotFoundException"),
    "validation": _refusal(400, "ValidationException", "Malformed input request"),
    "wrong-model": _refusal(400, "ValidationException", "The provided model identifier is invalid."),
    "too-long": _refusal(400, "ValidationException", "Input is too long for requested model."),
    "not-allowed": _refusal(400, "ValidationException", "Operation not allowed"),
    "filtered-input": _refusal(400, "ValidationException", "Blocked by our content filters"),
    "guardrail": _stopped("guardrail_intervened", half=True),
    "window-exceeded": _stopped("model_context_window_exceeded", half=True),
    "stop-sequence": _stopped("stop_sequence"),
    "tool-use": _stopped("tool_use"),
}


class BedrockServer(LLMServer):
    behaviours = AWS_BEHAVIOURS

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _dispatch(
        self, method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        _, _, rest = path.partition("/model/")
        model, _, operation = rest.rpartition("/")
        if method != "POST" or operation not in ("converse", "converse-stream"):
            send(
                writer, 404, {"message": f"No such address: {path}"}, {"x-amzn-ErrorType": "UnknownOperation"}
            )
            return
        sent = orjson.loads(body)
        about = sent.get("requestMetadata", {})
        headers["x-client-request-id"] = f"{about.get('request_key', '')}/{about.get('attempt', '')}"
        await self._chat(headers, _as_chat(sent, unquote(model), operation), writer)

    async def _send(
        self, writer: asyncio.StreamWriter, answer: Answer, plan: Plan, body: Mapping[str, Any]
    ) -> None:
        about = {"x-amzn-RequestId": f"aws-{time.time_ns()}"}
        if body["stream"]:
            kind = {**about, "Content-Type": "application/vnd.amazon.eventstream"}
            frames = [plan.raw] if plan.raw is not None else _frames(answer, body)
            await send_stream(writer, frames, plan, kind)
        else:
            await send_whole(writer, orjson.dumps(_whole(answer, body)), plan, about)


def _as_chat(sent: dict[str, Any], model: str, operation: str) -> dict[str, Any]:
    """The call as the other server's parts read it, with what was really sent under `converse`."""

    def text(blocks: list[dict[str, Any]]) -> str:
        return "\n".join(block["text"] if "text" in block else _image(block["image"]) for block in blocks)

    system = [{"role": "system", "content": text(sent["system"])}] if sent.get("system") else []
    turns = [{"role": turn["role"], "content": text(turn["content"])} for turn in sent["messages"]]
    return {
        "model": model,
        "messages": [*system, *turns],
        "max_tokens": sent.get("inferenceConfig", {}).get("maxTokens"),
        "stream": operation == "converse-stream",
        "converse": sent,
    }


def _image(image: dict[str, Any]) -> str:
    data = base64.b64decode(image["source"]["bytes"], validate=True)
    return f"Image: image/{image['format']}, {len(data)} bytes"


def _usage(answer: Answer, body: Mapping[str, Any]) -> dict[str, int] | None:
    usage = answer.usage(body)
    if usage is None:
        return None
    cached = usage["prompt_tokens_details"]["cached_tokens"]
    return {
        "inputTokens": usage["prompt_tokens"] - cached,
        "outputTokens": usage["completion_tokens"],
        "totalTokens": usage["total_tokens"],
        "cacheReadInputTokens": cached,
    }


def _stop_reason(answer: Answer) -> str | None:
    if not answer.has_choices:
        return "malformed_model_output"
    return _STOP_REASONS.get(answer.finish_reason or "", answer.finish_reason)


def _whole(answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [{"text": answer.text}] if answer.has_choices else []
    if answer.reasoning:
        blocks.insert(0, {"reasoningContent": {"reasoningText": {"text": answer.reasoning}}})
    found = {
        "output": {"message": {"role": "assistant", "content": blocks}},
        "stopReason": _stop_reason(answer),
        "usage": _usage(answer, body),
        "metrics": {"latencyMs": 1},
    }
    return {name: value for name, value in found.items() if value is not None}


def _frames(answer: Answer, body: Mapping[str, Any]) -> list[bytes]:
    thoughts = [{"reasoningContent": {"text": piece}} for piece in _pieces(answer.reasoning)]
    deltas: list[dict[str, Any]] = [*thoughts, *({"text": piece} for piece in _pieces(answer.text))]
    frames = [frame("messageStart", {"role": "assistant"})]
    frames += [frame("contentBlockDelta", {"delta": delta, "contentBlockIndex": 0}) for delta in deltas]
    if answer.has_stream_error:
        return [
            *frames[: len(frames) // 2],
            frame("modelStreamErrorException", {"message": "x"}, "exception"),
        ]
    frames.append(frame("contentBlockStop", {"contentBlockIndex": 0}))
    if answer.finish_reason is not None:
        frames.append(frame("messageStop", {"stopReason": _stop_reason(answer)}))
    usage = _usage(answer, body)
    if usage is not None:
        frames.append(frame("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}))
    return frames


def _pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def frame(kind: str, payload: Mapping[str, Any], message_type: str = "event") -> bytes:
    """A message of the event stream: lengths and their checksum, headers, payload, checksum of all."""
    content = orjson.dumps(payload)
    headers = _header(":message-type", message_type) + _header(":content-type", "application/json")
    headers += _header(f":{message_type}-type", kind)
    prelude = struct.pack(">II", 16 + len(headers) + len(content), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + content
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return (
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", _STRING, len(value))
        + value.encode()
    )
