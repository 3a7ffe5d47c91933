"""HTTP/1.1 by hand, for the local model server: whole answers, events, and connections that break on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tests.support.llm_behaviours import Answer, Plan

_REASONS = {200: "OK", 307: "Temporary Redirect"}
PIECE = 8


async def read_request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return method, path, headers, body


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def send(
    writer: asyncio.StreamWriter, status: int, body: Any, headers: Mapping[str, str] | None = None
) -> None:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    base = {
        "Content-Type": kind,
        "Content-Length": str(len(content)),
        "x-request-id": f"req_{time.time_ns()}",
    }
    writer.write(_head(status, {**base, **(headers or {})}) + content)


async def send_whole(
    writer: asyncio.StreamWriter, content: bytes, plan: Plan, headers: Mapping[str, str] | None = None
) -> None:
    """A JSON answer, in whatever pieces `plan` wants."""
    content = content if plan.raw is None else plan.raw
    headers = {"Content-Type": "application/json", **(headers or {})}
    if plan.action not in ("drip", "keep-alive", "cut"):
        send(writer, 200, content, headers)
        return
    writer.write(_head(200, {**headers, "Transfer-Encoding": "chunked"}))
    if plan.action == "keep-alive":
        content = b"\n" * 20 + content
    if plan.action == "cut":
        _chunk(writer, _cut_in_character(content))
        await writer.drain()
        writer.close()
        return
    await _drip(writer, content, 1 if plan.action == "drip" else 20, plan.pause)
    writer.write(b"0\r\n\r\n")


async def send_stream(
    writer: asyncio.StreamWriter, events: Sequence[bytes], plan: Plan, headers: Mapping[str, str]
) -> None:
    """Events that are framed already."""
    writer.write(_head(200, {**headers, "Transfer-Encoding": "chunked"}))
    if plan.action == "cut":
        _chunk(writer, _cut_in_character(b"".join(events[: max(2, len(events) // 2)])))
        await writer.drain()
        writer.close()
        return
    if plan.action == "stall":
        await _drip(writer, b"".join(events[: len(events) // 2]), 1 << 20, 0)
        await asyncio.sleep(3600)
    step = 1 if plan.action == "drip" else 1 << 20
    for event in events:
        await _drip(writer, event, step, plan.pause)
    writer.write(b"0\r\n\r\n")


def sse_events(answer: Answer, plan: Plan, body: Mapping[str, Any]) -> list[bytes]:
    """A streamed answer of chat completions."""
    events = [_sse(event) for event in ([plan.raw] if plan.raw is not None else answer.events(body, PIECE))]
    if plan.action == "keep-alive":
        events.insert(0, b": keep-alive\n\n" * 3)
    return events if plan.ends_without_done or plan.action == "cut" else [*events, _sse(b"[DONE]")]


async def send_signs_of_life(writer: asyncio.StreamWriter, *, is_stream: bool) -> None:
    kind = "text/event-stream" if is_stream else "application/json"
    writer.write(_head(200, {"Content-Type": kind, "Transfer-Encoding": "chunked"}))
    while not writer.is_closing():
        await _drip(writer, b": keep-alive\n\n" if is_stream else b"\n", 64, 0.05)


async def _drip(writer: asyncio.StreamWriter, content: bytes, step: int, pause: float) -> None:
    for start in range(0, len(content), step):
        _chunk(writer, content[start : start + step])
        await writer.drain()
        if pause:
            await asyncio.sleep(pause)


def _sse(event: bytes | Mapping[str, Any]) -> bytes:
    return b"data: " + (event if isinstance(event, bytes) else orjson.dumps(event)) + b"\n\n"


def _chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def _cut_in_character(content: bytes) -> bytes:
    """`content` up to the middle of its last multi-byte character."""
    for end in range(len(content) - 1, 0, -1):
        if content[end] >= 0xC0:
            return content[: end + 1]
    return content[: len(content) // 2]


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a vendor's load balancer does when the machine behind it dies."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
