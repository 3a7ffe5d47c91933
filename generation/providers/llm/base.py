"""The `llm` capability: a conversation in, text out, whole or as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol

from generation.providers.base import Usage

Role = Literal["system", "user", "assistant"]
#: `unknown`: nobody said why the answer ended, or in words that nobody knows.
FinishReason = Literal["stop", "length", "content_filter", "unknown"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


#: Images that all vendors with such models take.
IMAGE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/gif")


@dataclass(frozen=True, slots=True)
class ChatImage:
    """An image, whose size in pixels says what it costs."""

    media_type: str
    data: bytes = field(repr=False)
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.media_type not in IMAGE_TYPES:
            raise ValueError(f"{self.media_type!r} is no image that models take.")

    def __str__(self) -> str:
        """What is known of it without looking."""
        return f"{self.media_type}, {self.width} × {self.height}, {len(self.data)} bytes"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """What one side said. Only a user shows images; they are seen before the text is read."""

    role: Role
    content: str
    images: tuple[ChatImage, ...] = ()

    def __post_init__(self) -> None:
        if self.images and self.role != "user":
            raise ValueError("Only a user's message has images.")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call.

    - `max_output_tokens`: hard limit; an answer that reaches it ends with `finish_reason="length"`. Thoughts count
      towards it at most vendors, not at all (`LLM.max_billed_output_tokens`).
    - `model`: None means the adapter's own model.
    - `reasoning`: whether thoughts are wanted, where a vendor lets one choose; they are charged as output.
    - `json_schema`: the answer must be JSON of this schema (vendors without schemas get JSON mode; the caller
      validates in any case).
    - `timeout_s`: seconds for the whole answer of `complete()`, between two pieces for `stream()`.
    - `deadline_s`: seconds in which the answer has to end, however steadily it comes; None: as many as the adapter has.
    - `request_key`: our stable name for this purchase, the same for each attempt.
    - `attempt`: 1 for the first try, one more for each repetition.
    - `kind`, `context`: what the product asks for, in its own terms. Only the sandbox reads them; adapters of
      real vendors never send them.
    """

    messages: tuple[ChatMessage, ...]
    max_output_tokens: int
    model: str | None = None
    temperature: float | None = None
    reasoning: bool = False
    json_schema: Mapping[str, Any] | None = None
    timeout_s: float = 300.0
    deadline_s: float | None = None
    request_key: str = ""
    attempt: int = 1
    kind: str = ""
    context: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if not self.messages:
            raise ValueError("A chat request needs at least one message.")
        if self.max_output_tokens < 1:
            raise ValueError("max_output_tokens must be at least 1.")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s must be positive.")

    @property
    def has_images(self) -> bool:
        return any(message.images for message in self.messages)


@dataclass(frozen=True, slots=True)
class ChatResult:
    """A whole answer. `reasoning` holds a model's thoughts, which are never part of `text`.

    `model` is the one that was asked, `answered_model` the one that the vendor names in its answer, if it does. `cut`
    is what was left out besides thoughts, such as control tokens.
    """

    text: str
    finish_reason: FinishReason
    usage: Usage
    provider: str
    model: str
    provider_ref: str | None = None
    reasoning: str = ""
    answered_model: str = ""
    cut: str = ""


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of a streamed answer.

    Pieces with text or reasoning come first; exactly one last piece carries `finish_reason` and `usage` and
    proves that the answer is whole. A stream that breaks before it raises `ProviderError`. `misplaced`, in the last
    piece, counts the characters at the beginning of the text that turned out to be thoughts; the reasoning has them.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    misplaced: int = 0
    answered_model: str = ""
    cut: str = ""


class LLM(Protocol):
    """An adapter. Implementations are shared between threads and hold no state of a request."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str:
        """The model that answers when a request names none."""

    @property
    def is_ones_own(self) -> bool:
        """Whether it is a server of the operator's, which has what was put there a moment ago."""

    def served_models(self, timeout_s: float) -> frozenset[str] | None:
        """The models that the provider says it has; None: it doesn't say, or not within that time. Raises nothing."""

    def complete(self, request: ChatRequest) -> ChatResult:
        """The whole answer. Raises `ProviderError` only."""

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        """The answer in pieces (see `ChatDelta`). Nothing is sent before the first `next()`; closing the
        iterator gives the connection up. Waits by `config.waiting`, so that it can be given up while nothing comes.
        Raises `ProviderError` only, and then perhaps `GivenUpError`."""

    def estimate_input_tokens(self, request: ChatRequest) -> int:
        """A cheap upper estimate of the input, for reserving money before the call."""

    def max_billed_output_tokens(self, request: ChatRequest) -> int:
        """The most output that this request can be charged for, thoughts included, for reserving money before the
        call: `max_output_tokens`, or more at vendors whose limit leaves thoughts out."""
