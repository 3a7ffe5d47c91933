"""An offline model: deterministic, free, and able to fail in every way a real one does.

It answers when no vendor is configured and for test tokens. What it says is up to the products, which
`register` an answer for their kind of request; other requests get a short generic answer in the language of
the request, and requests with a JSON Schema and no registered kind the smallest valid instance.

Magic inputs, anywhere in the last user message, produce failures. `docs/sandbox.md` repeats this table.

| input | effect |
| --- | --- |
| `[[sandbox:rate-limit]]`, `[[sandbox:rate-limit=S]]` | rate limit, wait 1 (or S) seconds; not charged |
| `[[sandbox:overloaded]]` | overloaded; not charged |
| `[[sandbox:down]]` | no connection; not charged |
| `[[sandbox:auth]]` | key refused; not charged |
| `[[sandbox:no-quota]]` | balance used up; not charged |
| `[[sandbox:moderated]]` | content refused; not charged |
| `[[sandbox:too-long]]` | longer than the context; not charged |
| `[[sandbox:lost]]` | connection lost after acceptance; charge unknown |
| `[[sandbox:cut-stream]]` | connection lost in the middle of the answer; charge unknown |
| `[[sandbox:hang]]` | silence until `timeout_s`, then a timeout; charge unknown |
| `[[sandbox:no-answer]]` | an answer without content; charged |
| `[[sandbox:truncated]]` | half the answer, `finish_reason="length"` |
| `[[sandbox:filtered]]` | half the answer, `finish_reason="content_filter"` |
| `[[sandbox:bad-json]]` | text that is no JSON |
| `[[sandbox:reasoning]]` | thoughts before the answer |
| `[[sandbox:slow=S]]` | takes S seconds (a timeout if that is more than `timeout_s`) |

With `-once` after its name (`[[sandbox:rate-limit-once]]`, `[[sandbox:lost-once]]`) an input takes effect
while `ChatRequest.attempt` is 1 and no longer after that, in any process. Several may be combined. An unknown
name is a bad request, so that a misspelt one does not pass for a success. Products add inputs of their own for their
kinds of request: their answers find those that take effect in `context["sandbox_inputs"]`.

Length: an answer over `max_output_tokens` (counted by `tokens.estimate_tokens`, thoughts included) is cut, never
inside an emoji or between a letter and its accent, and has at least one character.

Continuing: when the last two messages are an assistant's text and a user's message that asks to continue (the
word `continue` or `继续`), and that text is the beginning of what the sandbox answers to the messages before
them, the answer is the rest. Repeated continuations add up; together they are the whole answer.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import orjson

from config import waiting
from generation.providers import base
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatDelta, ChatMessage, ChatRequest, ChatResult, FinishReason
from generation.providers.llm.json_instance import minimal_instance
from generation.providers.llm.tokens import estimate_input_tokens, estimate_tokens
from generation.providers.sandbox_inputs import FAILURES, MARKER, SILENCE, Failure, effects_of, failure_of

Answerer = Callable[[ChatRequest], str]

_CONTINUE = re.compile(r"\bcontinue\b|继续|繼續", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_JOINERS = frozenset("\u200d\ufe0f\ufe0e")
_PIECE = 12
_REFERENCE = "sandbox"

_answerers: dict[str, Answerer] = {}
#: The inputs that products add, by kind of request.
_inputs: dict[str, frozenset[str]] = {}


_FAILURES = {
    **FAILURES,
    "too-long": Failure(base.CONTEXT_TOO_LONG, "The sandbox plays a short context.", False, False),
    "no-answer": Failure(base.BAD_ANSWER, "The sandbox plays an empty answer.", True, True),
}
_EFFECTS = frozenset(
    {*_FAILURES, "cut-stream", "hang", "truncated", "filtered", "bad-json", "reasoning", "slow"}
)


def register(kind: str, answer: Answerer, inputs: Iterable[str] = ()) -> None:
    """Say what the sandbox answers to requests of `kind`; products call this in `AppConfig.ready`.

    `answer` gets the request without its magic inputs and must be deterministic. `inputs` are names of magic inputs
    that requests of this kind may have besides those of all. Raises `ValueError` when another function has the kind
    already, or when an input has a name of those.
    """
    inputs = frozenset(inputs)
    if inputs & _EFFECTS:
        raise ValueError(f"The sandbox already has the inputs {sorted(inputs & _EFFECTS)}.")
    if _answerers.setdefault(kind, answer) is not answer:
        raise ValueError(f"The sandbox already has an answer for {kind!r}.")
    _inputs[kind] = inputs


def without_inputs(text: str) -> str:
    """The text without magic inputs."""
    return MARKER.sub("", text)


def inputs_in(text: str) -> str:
    """Its magic inputs alone, as they stand there."""
    return "".join(found[0] for found in MARKER.finditer(text))


class SandboxLLM:
    """The adapter; see the module. Thread-safe and without state."""

    def __init__(self, *, name: str = "sandbox", model: str = "sandbox") -> None:
        self.name = name
        self.model = model

    def __repr__(self) -> str:
        return f"SandboxLLM(name={self.name!r}, model={self.model!r})"

    @property
    def is_ones_own(self) -> bool:
        return True

    def served_models(self, timeout_s: float) -> None:
        """It plays any model."""

    def estimate_input_tokens(self, request: ChatRequest) -> int:
        return estimate_input_tokens(request)

    def max_billed_output_tokens(self, request: ChatRequest) -> int:
        return request.max_output_tokens

    def complete(self, request: ChatRequest) -> ChatResult:
        deltas = list(self._play(request, _Play.of(request, self.name), piece=0))
        end = deltas[-1]
        return ChatResult(
            text="".join(delta.text for delta in deltas),
            finish_reason=end.finish_reason or "stop",
            usage=end.usage or Usage(),
            provider=self.name,
            model=request.model or self.model,
            provider_ref=_reference(request),
            reasoning="".join(delta.reasoning for delta in deltas),
        )

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        yield from self._play(request, _Play.of(request, self.name), piece=_PIECE)

    def _play(self, request: ChatRequest, play: _Play, *, piece: int) -> Iterator[ChatDelta]:
        """The answer in pieces of `piece` characters (0: whole), with the effects asked for."""
        play.fail_before_answer()
        pieces_of = _pieces if piece else _whole
        reasoning = play.reasoning()
        text, finish = play.answer()
        parts = pieces_of(text)
        pause = play.pause(len(parts))
        for thought in pieces_of(reasoning):
            yield ChatDelta(reasoning=thought)
        for index, part in enumerate(parts):
            if play.has("cut-stream") and index >= len(parts) // 2:
                raise play.error(_FAILURES["lost"])
            waiting.sleep(pause)
            yield ChatDelta(text=part)
        # An answer of one character may be longer than the limit, but costs no more than that.
        thoughts = min(estimate_tokens(reasoning), request.max_output_tokens)
        usage = Usage(
            input_tokens=estimate_input_tokens(request),
            output_tokens=min(estimate_tokens(text) + thoughts, request.max_output_tokens),
            reasoning_tokens=thoughts,
        )
        yield ChatDelta(finish_reason=finish, usage=usage)


@dataclass(frozen=True, slots=True)
class _Play:
    """A request without its magic inputs, and those that take effect."""

    request: ChatRequest
    provider: str
    effects: dict[str, str]

    @classmethod
    def of(cls, request: ChatRequest, provider: str) -> _Play:
        last = request.messages[-1]
        text = last.content if last.role == "user" else ""
        known = _EFFECTS | _inputs.get(request.kind, frozenset())
        effects = effects_of(text, known=known, attempt=request.attempt, provider=provider)
        if not MARKER.search(text):
            return cls(request, provider, effects)
        own = frozenset(effects) - _EFFECTS
        context = {**request.context, "sandbox_inputs": own} if own else request.context
        return cls(replace(_plain(request), context=context), provider, effects)

    def has(self, effect: str) -> bool:
        return effect in self.effects

    def fail_before_answer(self) -> None:
        error = failure_of(_FAILURES, self.effects, self.provider, _reference(self.request))
        if error is not None:
            raise error
        if self.has("hang") or self._seconds() > self.request.timeout_s:
            waiting.sleep(self.request.timeout_s)
            raise self.error(SILENCE)

    def error(self, failure: Failure) -> ProviderError:
        return failure.error(self.provider, ref=_reference(self.request))

    def reasoning(self) -> str:
        if not self.has("reasoning"):
            return ""
        return "先看请求，再作答。" if _is_chinese(self.request) else "Read the request, then answer."

    def pause(self, parts: int) -> float:
        return self._seconds() / max(parts, 1)

    def answer(self) -> tuple[str, FinishReason]:
        if self.has("bad-json"):
            return '{"answer": "', "stop"
        text = _continued(self.request)
        left = self.request.max_output_tokens - estimate_tokens(self.reasoning())
        if self.has("truncated") or self.has("filtered"):
            half = _cut(text[: _boundary(text, (len(text) + 1) // 2)], left)
            return half, "content_filter" if self.has("filtered") else "length"
        cut = _cut(text, left)
        return cut, "stop" if cut == text else "length"

    def _seconds(self) -> float:
        return float(self.effects.get("slow") or 0)


def _reference(request: ChatRequest) -> str:
    return f"{_REFERENCE}-{request.request_key or 'call'}-{request.attempt}"


def _plain(request: ChatRequest) -> ChatRequest:
    """`request` without magic inputs in its last message."""
    last = request.messages[-1]
    cleaned = replace(last, content=without_inputs(last.content))
    return replace(request, messages=(*request.messages[:-1], cleaned))


def _continued(request: ChatRequest) -> str:
    """The answer, or what is left of it when the conversation asks to continue."""
    partial, messages = "", request.messages
    while _asks_to_continue(messages):
        partial = messages[-2].content + partial
        messages = messages[:-2]
        whole = _whole_answer(_plain(replace(request, messages=messages)))
        if partial and whole.startswith(partial) and len(partial) < len(whole):
            return whole[len(partial) :]
    return _whole_answer(request)


def _asks_to_continue(messages: tuple[ChatMessage, ...]) -> bool:
    return (
        len(messages) > 2
        and messages[-1].role == "user"
        and messages[-2].role == "assistant"
        and _CONTINUE.search(messages[-1].content) is not None
    )


def _whole_answer(request: ChatRequest) -> str:
    answerer = _answerers.get(request.kind)
    if answerer is not None:
        return answerer(request)
    if request.json_schema is not None:
        word = "示例" if _is_chinese(request) else "sandbox"
        try:
            instance = minimal_instance(request.json_schema, word=word)
        except ValueError as error:
            raise ProviderError(base.BAD_REQUEST, str(error), retryable=False, charged=False) from None
        return orjson.dumps(instance).decode()
    return _generic_answer(request)


def _generic_answer(request: ChatRequest) -> str:
    sentences = _SENTENCE_END.split(_last_user_message(request))
    points = [sentence.strip() for sentence in sentences if sentence.strip()][:5]
    if _is_chinese(request):
        head = "这是离线沙盒的回答：没有调用任何外部模型，同样的请求总是得到同样的回答。"
        lead, tail = "收到的要点：", "配置任意一个模型服务后，这里会换成模型的回答。"
    else:
        head = (
            "This is the offline sandbox: no model was called, and the same request always gets this answer."
        )
        lead, tail = "What was asked:", "Configure a provider, and a model's answer takes this place."
    points += [str(image) for image in request.messages[-1].images]
    listed = "\n".join(f"{number}. {point}" for number, point in enumerate(points, 1))
    return "\n\n".join(part for part in (head, f"{lead}\n\n{listed}" if listed else "", tail) if part)


def _last_user_message(request: ChatRequest) -> str:
    return next((message.content for message in reversed(request.messages) if message.role == "user"), "")


def _is_chinese(request: ChatRequest) -> bool:
    """Whether a fifth of the last user message is Chinese, which needs one character where English needs a
    word."""
    text = _last_user_message(request)
    return len(_CJK.findall(text)) * 5 >= max(len(text), 1)


def _cut(text: str, limit: int) -> str:
    """As much of `text` as fits into `limit` tokens."""
    fitting = bisect_right(range(len(text) + 1), limit, key=lambda end: estimate_tokens(text[:end]))
    return text if fitting > len(text) else text[: _boundary(text, max(fitting - 1, 0))]


def _boundary(text: str, end: int) -> int:
    """The last place at or before `end` that splits no emoji sequence and no letter from its accent; the end of
    the first character where there is none, so that an answer always gets on."""
    while end > 0 and _is_inside(text, end):
        end -= 1
    if end == 0 and text:
        end = 1
        while _is_inside(text, end):
            end += 1
    return end


def _is_inside(text: str, place: int) -> bool:
    return place < len(text) and (_joins(text[place]) or text[place - 1] == "\u200d")


def _joins(character: str) -> bool:
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return character in _JOINERS or is_skin_tone or unicodedata.combining(character) != 0


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _whole(text: str) -> list[str]:
    return [text] if text else []
