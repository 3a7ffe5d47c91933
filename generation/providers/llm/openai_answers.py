"""What chat completions answer, whole or in pieces, as vendors and gateways really send it. No network here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generation.providers import base, retry
from generation.providers.base import ProviderError, Secret, Usage
from generation.providers.error_words import is_failure
from generation.providers.llm import finish
from generation.providers.llm.answer_text import HOLD_CHARACTERS, AnswerText
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult, FinishReason
from generation.providers.llm.openai_wire import Dialect
from generation.providers.llm.usage import Counted, counted, usage_of
from generation.providers.reading import read_object, text_in, words_in

_REASONING: Final = ("reasoning_content", "reasoning", "thinking", "thoughts", "reasoning_details")
_MAX_MODEL = 120
#: How much is kept of an answer that nobody can read.
KEPT_CHARACTERS: Final = 20_000
_DONE: Final = frozenset({b"[DONE]", b"DONE", b'"[DONE]"', b"[done]"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer is read by: the call it belongs to. `most_output` as in `LLM.max_billed_output_tokens`."""

    request: ChatRequest
    provider: str
    model: str
    dialect: Dialect
    most_output: int
    provider_ref: str | None
    secret: str

    def usage(self, found: Counted, text: str, reasoning: str) -> Usage:
        return usage_of(found, self.request, text, reasoning, model=self.model, most_output=self.most_output)

    def charge(self, found: Counted) -> tuple[bool | None, Usage | None]:
        """Whether a useless answer was charged, and for what: it was if the vendor counted it, else nobody knows."""
        return (True, self.usage(found, "", "")) if found.is_charge else (None, None)

    def useless(self, message: str, found: Counted, raw: bytes | str = b"") -> ProviderError:
        """An accepted call whose answer can't be used."""
        charged, usage = self.charge(found)
        return ProviderError(
            base.BAD_ANSWER,
            message,
            retryable=True,
            charged=charged,
            provider=self.provider,
            provider_ref=self.provider_ref,
            usage=usage,
            raw=kept(raw, self.secret),
        )

    def failed(self, body: object, found: Counted, *, is_begun: bool) -> ProviderError:
        """A body that says under 200 that it failed."""
        error = retry.openai_body_error(
            body,
            provider=self.provider,
            provider_ref=self.provider_ref,
            codes=self.dialect.codes,
            is_begun=is_begun,
        )
        if found.is_charge:
            error.charged, error.usage = self.charge(found)
        return error

    def broken_off(self, found: Counted) -> ProviderError:
        """The vendor says itself that it broke the answer off."""
        charged, usage = self.charge(found)
        return ProviderError(
            base.OVERLOADED,
            "The provider broke off while answering.",
            retryable=True,
            charged=charged,
            provider=self.provider,
            provider_ref=self.provider_ref,
            usage=usage,
        )


def kept(raw: bytes | str, secret: str) -> str:
    """What staff may see of an answer that can't be read; nothing that repeats the key."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = text[:KEPT_CHARACTERS]
    return "" if base.repeats(text, secret) else Secret(text)


def first_choice(data: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


@dataclass(frozen=True, slots=True)
class _Words:
    text: str = ""
    reasoning: str = ""
    is_refusal: bool = False

    def __bool__(self) -> bool:
        return bool(self.text or self.reasoning)


def _words(choice: Mapping[str, Any], *names: str) -> _Words:
    """What a choice says, in its message or its delta, or (as old completions do) in its text."""
    part: Mapping[str, Any] = next((choice[name] for name in names if isinstance(choice.get(name), dict)), {})
    text, thoughts = text_in(part.get("content") if part.get("content") is not None else choice.get("text"))
    channel = next((said for name in _REASONING if (said := words_in(part.get(name)))), "")
    refusal = words_in(part.get("refusal"))
    return _Words(refusal or text, channel + thoughts, bool(refusal))


def _counted(data: Mapping[str, Any], choice: Mapping[str, Any] | None) -> Counted:
    """In a stream of Moonshot's it may stand inside the choice."""
    return counted(data.get("usage"), choice.get("usage") if choice else None, data.get("x_groq"))


def _model_of(data: Mapping[str, Any], secret: str) -> str:
    return (base.reference(data.get("model"), secret) or "")[:_MAX_MODEL]


def _finish(value: object, asked: Asked, usage: Usage, *, is_refusal: bool) -> FinishReason:
    if is_refusal:
        return "content_filter"
    meaning = finish.meaning_of(value, provider=asked.provider)
    is_full = not usage.is_estimate and usage.output_tokens >= asked.request.max_output_tokens
    return "length" if meaning == "unknown" and is_full else meaning


def parse_answer(content: bytes, asked: Asked) -> ChatResult:
    """The result in a 200 answer. Raises `ProviderError` for one that can't be read, has no choice or says it failed.

    A refusal's sentence becomes the text, with `finish_reason="content_filter"`.
    """
    data = read_object(content)
    if data is None:
        raise asked.useless("The provider's answer can't be read.", Counted(), content)
    choice = first_choice(data)
    found = _counted(data, choice)
    words = _words(choice, "message", "delta") if choice is not None else _Words()
    if not words:
        body = choice.get("error") and choice if choice is not None else None
        if body or is_failure(data):
            raise asked.failed(body or data, found, is_begun=False)
        if choice is None:
            raise asked.useless("The provider's answer has no choice.", found, content)
    reason = choice.get("finish_reason") if choice else None
    if finish.plain_reason(reason) in finish.BROKEN:
        raise asked.broken_off(found)
    said = AnswerText()
    said.feed(words.text, words.reasoning)
    said.end()
    usage = asked.usage(found, words.text, words.reasoning)
    return ChatResult(
        text=said.text,
        finish_reason=_finish(reason, asked, usage, is_refusal=words.is_refusal),
        usage=usage,
        provider=asked.provider,
        model=asked.model,
        provider_ref=asked.provider_ref or base.reference(data.get("id"), asked.secret),
        reasoning=said.reasoning,
        answered_model=_model_of(data, asked.secret),
        cut=said.cut,
    )


def _several(event: bytes) -> list[bytes]:
    """The events in one, where blank lines are missing between them."""
    if b"\n" not in event:
        return [event]
    lines = [line for line in event.split(b"\n") if line.strip()]
    is_several = len(lines) > 1 and all(line.strip() in _DONE or read_object(line) for line in lines)
    return lines if is_several else [event]


class StreamedAnswer:
    """What a stream has brought so far."""

    def __init__(self, asked: Asked, *, is_read_along: bool = True) -> None:
        self.asked = asked
        self.is_done = False
        self._said = AnswerText(
            hold=HOLD_CHARACTERS if is_read_along and asked.dialect.has_raw_thoughts else 0
        )
        self._reason: object = None
        self._found = Counted()
        self._is_refusal = False
        self._is_counted_last = False
        self._raw_text: list[str] = []
        self._raw_reasoning: list[str] = []
        self._model = ""
        self._ref: str | None = None

    @property
    def has_reason(self) -> bool:
        return self._reason is not None or self._is_refusal

    @property
    def is_begun(self) -> bool:
        return bool(self._raw_text or self._raw_reasoning)

    def take(self, event: bytes, *, is_last: bool = False) -> Iterator[ChatDelta]:
        """The pieces that `event` brings. `is_last`: it may have been cut off, so it needn't be readable."""
        for line in _several(event):
            if line.strip() in _DONE:
                self.is_done = True
            elif (data := read_object(line)) is not None:
                yield from self._take(data)
            elif line.strip() and not is_last:
                raise self.asked.useless("A piece of the answer can't be read.", self._found, event)

    def _take(self, data: Mapping[str, Any]) -> Iterator[ChatDelta]:
        choice = first_choice(data)
        self._found = self._found.or_more(_counted(data, choice))
        self._model = self._model or _model_of(data, self.asked.secret)
        self._ref = self._ref or base.reference(data.get("id"), self.asked.secret)
        words = (
            _words(choice, *(("delta",) if self.is_begun else ("delta", "message"))) if choice else _Words()
        )
        body = choice if choice is not None and choice.get("error") else data
        if not words and (body.get("error") or choice is None and is_failure(data)):
            raise self.asked.failed(body, self._found, is_begun=self.is_begun)
        self._is_counted_last = choice is None and bool(data.get("usage"))
        if choice is None:
            return
        if choice.get("finish_reason") is not None:
            self._reason = choice["finish_reason"]
        if words:
            self._is_refusal = self._is_refusal or words.is_refusal
            self._raw_text.append(words.text)
            self._raw_reasoning.append(words.reasoning)
            delta = self._said.feed(words.text, words.reasoning)
            if delta is not None:
                yield delta

    def end(self) -> Iterator[ChatDelta]:
        """The last pieces. Raises `ProviderError` when the stream broke off before the answer's end."""
        asked = self.asked
        if not (self.has_reason or self.is_done or self._is_counted_last and self.is_begun):
            raise retry.cut_error(provider=asked.provider, provider_ref=asked.provider_ref)
        if finish.plain_reason(self._reason) in finish.BROKEN:
            raise asked.broken_off(self._found)
        if not (self.is_begun or self.has_reason):
            raise asked.useless("The provider's answer has no choice.", self._found)
        yield from self.rest()
        usage = asked.usage(self._found, "".join(self._raw_text), "".join(self._raw_reasoning))
        yield ChatDelta(
            finish_reason=_finish(self._reason, asked, usage, is_refusal=self._is_refusal),
            usage=usage,
            misplaced=self._said.misplaced,
            answered_model=self._model,
            cut=self._said.cut,
        )

    def rest(self) -> Iterator[ChatDelta]:
        """What was kept back, also of a stream that broke off."""
        rest = self._said.end()
        if rest is not None:
            yield rest

    def result(self, last: ChatDelta) -> ChatResult:
        """The whole, once `end` has brought its last piece."""
        assert last.finish_reason is not None
        assert last.usage is not None
        return ChatResult(
            text=self._said.text,
            finish_reason=last.finish_reason,
            usage=last.usage,
            provider=self.asked.provider,
            model=self.asked.model,
            provider_ref=self.asked.provider_ref or self._ref,
            reasoning=self._said.reasoning,
            answered_model=last.answered_model,
            cut=last.cut,
        )
