"""Counting tokens without a vendor's tokenizer."""

from __future__ import annotations

from generation.providers.base import Usage
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.images import image_tokens
from generation.providers.llm.openai_tokens import MODELS, count_tokens

_PER_MESSAGE = 6
_PER_REQUEST = 3


def estimate_tokens(text: str) -> int:
    """An upper estimate for ordinary prose, in a few passes of C code.

    A third of a token for an ASCII character, one and a half for any other (Chinese takes 0.6 to 1.3 with the
    vocabularies in use), three for those outside the basic plane (emoji). English prose comes out about a
    third too high. Never falls when text is appended.
    """
    ascii_count = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    wide = len(text) - ascii_count
    astral = len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text) if wide else 0
    return -(-(2 * ascii_count + 9 * (wide + astral)) // 6)


def estimate_message_tokens(message: ChatMessage, model: str = "") -> int:
    """The same for a message with its images, and what vendors add around each."""
    return _PER_MESSAGE + estimate_tokens(message.content) + _count_images(message, model)


def estimate_input_tokens(request: ChatRequest) -> int:
    """The same for a whole request."""
    model = request.model or ""
    total = _PER_REQUEST + sum(estimate_message_tokens(message, model) for message in request.messages)
    if request.json_schema is not None:
        total += _PER_MESSAGE + estimate_tokens(repr(request.json_schema))
    return total


def estimated_usage(request: ChatRequest, text: str, reasoning: str = "", *, model: str = "") -> Usage:
    """What a vendor that names no figures, or a stream that was stopped, will have counted. Marked.

    By `tiktoken` for OpenAI's models (`model`, or the request's), else at most, by characters.
    """
    model = model or request.model or ""
    thoughts = _count(reasoning, model)
    return Usage(
        input_tokens=_count_input(request, model),
        output_tokens=_count(text, model) + thoughts,
        reasoning_tokens=thoughts,
        is_estimate=True,
    )


def _count(text: str, model: str) -> int:
    exact = count_tokens(text, model)
    return estimate_tokens(text) if exact is None else exact


def _count_input(request: ChatRequest, model: str) -> int:
    if not MODELS.fullmatch(model):
        return estimate_input_tokens(request)
    told = "" if request.json_schema is None else repr(request.json_schema)
    words = sum(
        _PER_MESSAGE + _count(content, model)
        for content in (*(message.content for message in request.messages), told)
        if content
    )
    return _PER_REQUEST + words + sum(_count_images(message, model) for message in request.messages)


def _count_images(message: ChatMessage, model: str) -> int:
    return sum(image_tokens(image.width, image.height, model) for image in message.images)
