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
from generation.providers.base import ProviderError, Secret
from generation.providers.llm import openai_refusals
from generation.providers.llm import openai_wire as wire
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult
from generation.providers.llm.listing import MAX_MODELS, list_models
from generation.providers.llm.openai_answers import Asked, StreamedAnswer, parse_answer
from generation.providers.llm.sse import SseSplitter
from generation.providers.llm.tokens import estimate_input_tokens
from generation.providers.llm.usage import Counted
from generation.providers.openai_client import (
    authorization,
    body_of,
    client_for,
    failure_of,
    reference_of,
)
from generation.providers.reading import is_events, read_object

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

    from generation.providers.openai_client import Transport

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

    @property
    def is_ones_own(self) -> bool:
        """Whether it is a server of the operator's, which has what was put there a moment ago."""
        return self._dialect.is_ones_own

    def served_models(self, timeout_s: float) -> frozenset[str] | None:
        """What is listed; None where there is no list, an empty one, or one that is cut off."""
        try:
            names = list_models(
                provider=self.name,
                api_key=self._api_key,
                base_url=self._base_url,
                transport=self._transport,
                timeout_s=timeout_s,
            )
        except ProviderError:
            return None
        return frozenset(names) if 0 < len(names) < MAX_MODELS else None

    def complete(self, request: ChatRequest) -> ChatResult:
        timeout = min(request.timeout_s, self._timeout_s)
        deadline = time.monotonic() + timeout
        try:
            client = self._client()
            with closing(self._post(client, request, timeout, is_stream=False)) as response:
                return self._whole(response, self._asked(request, response), deadline)
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request may have been accepted
            failure = self._failure(error)
        # Outside the handler and without its frames, so that nothing that knows headers or the answer hangs on it.
        raise failure.with_traceback(None)

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        timeout = min(request.timeout_s, self._timeout_s)
        answer: StreamedAnswer | None = None
        try:
            client = self._client()
            with closing(self._post(client, request, timeout, is_stream=True)) as response:
                answer = StreamedAnswer(self._asked(request, response))
                yield from self._deltas(response.iter_bytes(), answer, timeout)
                return
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request may have been accepted
            failure = self._failure(error)
        if answer is not None:
            yield from answer.rest()
        raise failure.with_traceback(None)

    def _deltas(self, chunks: Iterator[bytes], answer: StreamedAnswer, timeout: float) -> Iterator[ChatDelta]:
        splitter = SseSplitter()
        unsplit = bytearray()  # until it is known that there are events
        last = time.monotonic()
        failure: ProviderError | None = None
        try:
            for chunk in chunks:
                if not splitter.has_events:
                    unsplit += chunk
                for event in splitter.feed(chunk):
                    yield from answer.take(event)
                    last = time.monotonic()
                if answer.is_done:
                    break
                if len(unsplit) > MAX_ANSWER_BYTES:
                    raise answer.asked.useless("The provider's answer is too large.", Counted())
                # Comments that keep the connection alive are no answer.
                if time.monotonic() - last > timeout:
                    raise retry.deadline_error(provider=self.name, provider_ref=answer.asked.provider_ref)
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request was accepted
            failure = self._failure(error)
        if failure is not None and not answer.has_reason:  # else, all was there before the connection broke
            raise failure
        for event in splitter.end():
            yield from answer.take(event, is_last=True)
        if not answer.is_begun and unsplit.strip() and not is_events(unsplit):
            yield from self._unasked(bytes(unsplit), answer)
        yield from answer.end()

    def _unasked(self, content: bytes, answer: StreamedAnswer) -> Iterator[ChatDelta]:
        """A whole answer, or one JSON in each line, although events were asked for."""
        lines = [content] if read_object(content) else content.splitlines()
        if not all(map(read_object, lines[:-1] or lines)):
            raise answer.asked.useless("The provider's answer can't be read.", Counted(), content)
        for line in lines:
            yield from answer.take(line, is_last=True)

    def _whole(self, response: httpx2.Response, asked: Asked, deadline: float) -> ChatResult:
        content = self._read(response, asked, deadline)
        if not is_events(content):
            return parse_answer(content, asked)
        answer = StreamedAnswer(asked, is_read_along=False)
        *_, last = self._deltas(iter([content]), answer, self._timeout_s)
        return answer.result(last)

    def _asked(self, request: ChatRequest, response: httpx2.Response) -> Asked:
        return Asked(
            request=request,
            provider=self.name,
            model=request.model or self.model,
            dialect=self._dialect,
            most_output=self.max_billed_output_tokens(request),
            provider_ref=reference_of(response, self._api_key),
            secret=self._api_key,
        )

    def _body(self, request: ChatRequest, refused: frozenset[str], *, is_stream: bool) -> bytes:
        try:
            return wire.request_body(
                request,
                model=request.model or self.model,
                dialect=self._dialect,
                is_stream=is_stream,
                refused=refused,
            )
        except (ValueError, TypeError):
            failure = retry.not_sendable_error(provider=self.name)
        raise failure

    def _client(self) -> OpenAI:
        """Whoever calls keeps it until the answer is read: one that nobody keeps any more closes its connections."""
        return client_for(self.name, self._base_url, self._max_connections, self._transport)

    def _post(
        self, client: OpenAI, request: ChatRequest, timeout: float, *, is_stream: bool
    ) -> httpx2.Response:
        """The answer's head; its body is still to be read. What the server refuses of the request, which costs nothing,
        is left out of the next try; each thing once, so that there is an end."""
        import openai

        served = (self._base_url, request.model or self.model)
        while True:
            refused = openai_refusals.refused_by(served)
            body = self._body(request, refused, is_stream=is_stream)
            try:
                return self._send(client, request, body, timeout)
            except openai.APIStatusError as error:
                said = body_of(error)
                if not openai_refusals.learn(served, error.status_code, said, orjson.loads(body), refused):
                    raise

    def _send(self, client: OpenAI, request: ChatRequest, body: bytes, timeout: float) -> httpx2.Response:
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

    def _read(self, response: httpx2.Response, asked: Asked, deadline: float) -> bytes:
        """The whole body. The socket's own timeout counts silence only, and DeepSeek sends blank lines while
        it waits, so the total is watched here."""
        content = bytearray()
        failure: ProviderError | None = None
        try:
            for chunk in response.iter_bytes():
                content += chunk
                if time.monotonic() > deadline:
                    raise retry.deadline_error(provider=self.name, provider_ref=asked.provider_ref)
                if len(content) > MAX_ANSWER_BYTES:
                    raise asked.useless("The provider's answer is too large.", Counted())
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request was accepted
            failure = self._failure(error)
        if failure is not None and read_object(bytes(content)) is None:  # else, all was there before
            raise failure
        return bytes(content)

    def _failure(self, error: Exception) -> ProviderError:
        return failure_of(error, provider=self.name, codes=self._dialect.codes, api_key=self._api_key)
