"""OpenAI and everything that speaks its chat completions: DeepSeek, Moonshot, Qwen, SiliconFlow, and `local`
servers such as Ollama, llama.cpp, vLLM or LM Studio.

The official SDK sends; its client, headers and exceptions are used, its answer models are not: `post` with
`cast_to=httpx2.Response` gives the bytes, which orjson reads (half the CPU of `chat.completions.create`,
and a tenth for each piece of a stream). SDK retries are off: the job engine counts attempts.

Each call carries `X-Client-Request-Id: <request_key>/<attempt>`, which OpenAI documents for finding a call
whose answer was lost and which other servers ignore. No `Idempotency-Key` is sent: no vendor promises
anything for it, and gateways that do replay answers would repeat stored failures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

import orjson

from generation.providers import retry
from generation.providers.base import ProviderError, Secret, Usage
from generation.providers.llm import openai_wire as wire
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult
from generation.providers.llm.openai_client import authorization, client_for, failure_of, reference_of
from generation.providers.llm.sse import SseSplitter
from generation.providers.llm.tokens import estimate_input_tokens, estimated_usage

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

    from generation.providers.llm.openai_client import Transport

MAX_ANSWER_BYTES = 32 * 1024 * 1024

_PATH = "/chat/completions"
_KEY_SAFE = "/:@+,;="


class OpenAIChat:
    """One vendor, one key, one default model. Thread-safe.

    - `base_url`: with its path, such as `https://api.deepseek.com/v1`.
    - `api_key`: may be empty (local servers); then no Authorization header is sent.
    - `timeout_s`: upper bound for a request's own `timeout_s`.
    - `max_connections`: calls in flight per process; more wait for a free connection.
    - `dialect`: a name from `openai_wire.DIALECTS`; by default told from the host.
    - `transport`: makes the way to the address, for addresses that a user named; by default an ordinary one.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        model: str,
        api_key: str = "",
        timeout_s: float = 600.0,
        connect_timeout_s: float = 10.0,
        max_connections: int = 200,
        dialect: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        dialect = dialect or wire.dialect_of(parts.hostname or "")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"Provider {name!r}: base_url must be an http or https address.")
        if dialect not in wire.DIALECTS:
            raise ValueError(f"Provider {name!r}: dialect must be one of {', '.join(wire.DIALECTS)}.")
        self.name = name
        self.model = model
        self._base_url = base_url.rstrip("/")
        self._host = parts.hostname
        self._api_key = Secret(api_key)
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._max_connections = max_connections
        self._dialect = wire.DIALECTS[dialect]
        self._transport = transport

    def __repr__(self) -> str:
        return f"OpenAIChat(name={self.name!r}, model={self.model!r}, host={self._host!r})"

    def estimate_input_tokens(self, request: ChatRequest) -> int:
        return estimate_input_tokens(request)

    def max_billed_output_tokens(self, request: ChatRequest) -> int:
        return wire.limits(request, model=request.model or self.model, dialect=self._dialect).billed_tokens

    def complete(self, request: ChatRequest) -> ChatResult:
        timeout = min(request.timeout_s, self._timeout_s)
        deadline = time.monotonic() + timeout
        body = self._body(request, is_stream=False)
        try:
            client = client_for(self.name, self._base_url, self._max_connections, self._transport)
            with closing(self._post(client, request, body, timeout)) as response:
                return wire.parse_answer(
                    self._read(response, deadline),
                    request,
                    dialect=self._dialect,
                    provider=self.name,
                    model=request.model or self.model,
                    provider_ref=reference_of(response, self._api_key),
                    secret=self._api_key,
                )
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request may have been accepted
            failure = self._failure(error)
        # Outside the handler and without its frames, so that nothing that knows headers or the answer hangs on it.
        raise failure.with_traceback(None)

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        timeout = min(request.timeout_s, self._timeout_s)
        body = self._body(request, is_stream=True)
        try:
            client = client_for(self.name, self._base_url, self._max_connections, self._transport)
            with closing(self._post(client, request, body, timeout)) as response:
                answer = _StreamedAnswer(
                    self.name,
                    request,
                    request.model or self.model,
                    self._dialect,
                    reference_of(response, self._api_key),
                )
                yield from self._deltas(response, answer, timeout)
                return
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request may have been accepted
            failure = self._failure(error)
        raise failure.with_traceback(None)

    def _deltas(
        self, response: httpx2.Response, answer: _StreamedAnswer, timeout: float
    ) -> Iterator[ChatDelta]:
        splitter = SseSplitter()
        last = time.monotonic()
        for chunk in response.iter_bytes():
            for event in splitter.feed(chunk):
                delta = answer.take(event)
                last = time.monotonic()
                if delta is not None:
                    yield delta
            if answer.is_done:
                break
            # Comments that keep the connection alive are no answer.
            if time.monotonic() - last > timeout:
                raise retry.deadline_error(provider=self.name, provider_ref=answer.provider_ref)
        yield answer.end()

    def _body(self, request: ChatRequest, *, is_stream: bool) -> bytes:
        try:
            return wire.request_body(
                request, model=request.model or self.model, dialect=self._dialect, is_stream=is_stream
            )
        except (ValueError, TypeError):
            failure = retry.not_sendable_error(provider=self.name)
        raise failure

    def _post(self, client: OpenAI, request: ChatRequest, body: bytes, timeout: float) -> httpx2.Response:
        """The answer's head; its body is still to be read."""
        import httpx2
        from openai import Stream

        headers = authorization(self.name, self._api_key)
        if request.request_key:
            headers["X-Client-Request-Id"] = (
                f"{quote(request.request_key, safe=_KEY_SAFE)[:480]}/{request.attempt}"
            )
        times = httpx2.Timeout(timeout, connect=min(self._connect_timeout_s, timeout))
        # Whatever `stream_cls` says, the SDK gives the response itself, unread, for this `cast_to`.
        response: Any = client.post(
            _PATH,
            cast_to=httpx2.Response,
            content=body,
            options={"headers": headers, "timeout": times},
            stream=True,
            stream_cls=Stream[Any],
        )
        return cast("httpx2.Response", response)

    def _read(self, response: httpx2.Response, deadline: float) -> bytes:
        """The whole body. The socket's own timeout counts silence only, and DeepSeek sends blank lines while
        it waits, so the total is watched here."""
        content = bytearray()
        named = reference_of(response, self._api_key)
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > deadline:
                raise retry.deadline_error(provider=self.name, provider_ref=named)
            if len(content) > MAX_ANSWER_BYTES:
                raise wire.bad_answer("The provider's answer is too large.", self.name, named, None)
        return bytes(content)

    def _failure(self, error: Exception) -> ProviderError:
        return failure_of(error, provider=self.name, codes=self._dialect.codes, api_key=self._api_key)


class _StreamedAnswer:
    """What a stream has brought so far."""

    def __init__(
        self,
        provider: str,
        request: ChatRequest,
        model: str,
        dialect: wire.Dialect,
        provider_ref: str | None,
    ) -> None:
        self.provider_ref = provider_ref
        self.is_done = False
        self._provider = provider
        self._request = request
        self._model = model
        self._codes = dialect.codes
        self._finish: object = None
        self._usage: Usage | None = None
        self._is_refusal = False
        self._text: list[str] = []
        self._reasoning: list[str] = []

    def take(self, event: bytes) -> ChatDelta | None:
        """The piece that `event` brings, if it brings text."""
        if event == b"[DONE]":
            self.is_done = True
            return None
        try:
            data = orjson.loads(event)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise wire.bad_answer(
                "A piece of the answer is not JSON.", self._provider, self.provider_ref, None
            )
        if data.get("error"):
            raise retry.openai_stream_error(
                data["error"], provider=self._provider, provider_ref=self.provider_ref, codes=self._codes
            )
        choice = wire.first_choice(data)
        self._usage = wire.usage_of(data, choice) or self._usage
        if choice is None:
            return None
        self._finish = choice.get("finish_reason") or self._finish
        part = choice.get("delta")
        return self._piece(part) if isinstance(part, dict) else None

    def _piece(self, part: dict[str, Any]) -> ChatDelta | None:
        refusal = wire.refusal_of(part)
        self._is_refusal = self._is_refusal or bool(refusal)
        text, reasoning = refusal or wire.text_of(part), wire.reasoning_of(part)
        if not text and not reasoning:
            return None
        self._text.append(text)
        self._reasoning.append(reasoning)
        return ChatDelta(text=text, reasoning=reasoning)

    def end(self) -> ChatDelta:
        """The last piece. Raises `ProviderError` when the stream broke off before the answer's end."""
        if self._finish is None and not self.is_done:
            raise retry.cut_error(provider=self._provider, provider_ref=self.provider_ref)
        finish = wire.finish_reason_of(
            self._finish,
            self._is_refusal,
            provider=self._provider,
            provider_ref=self.provider_ref,
            usage=self._usage,
        )
        usage = self._usage or estimated_usage(
            self._request, "".join(self._text), "".join(self._reasoning), model=self._model
        )
        return ChatDelta(finish_reason=finish, usage=usage)
