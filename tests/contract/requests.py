"""Requests that the adapters' tests send."""

from __future__ import annotations

import base64
from typing import Any

from generation.providers.llm.base import ChatImage, ChatMessage, ChatRequest

PROMPT = "请为下面的项目写一份说明文档。\n名称: 智能客服 🤖\n用户: 中小企业 👩‍👩‍👧\n语言: 中文"

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "note": {"type": "string"},
    },
    "required": ["title", "tags"],
}


#: Three by two pixels, red.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR42mP4z8AAQQxwFgBB0gX7b/EWxwAAAABJRU5ErkJggg=="
)


def chat(
    text: str = PROMPT,
    *,
    system: str = "你是一位技术作者。",
    images: tuple[ChatImage, ...] = (),
    **fields: Any,
) -> ChatRequest:
    """A request with `text` as its last user message."""
    fields = {"max_output_tokens": 2_000, "timeout_s": 10.0, "request_key": "job-1:item-1", **fields}
    return ChatRequest(messages=(ChatMessage("system", system), ChatMessage("user", text, images)), **fields)
