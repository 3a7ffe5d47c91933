"""AWS Bedrock's models by its Converse API: Amazon Nova, and whatever else the account has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from config.waiting import from_thread
from generation.providers import retry
from generation.providers.aws_errors import aws_error
from generation.providers.base import ProviderError
from generation.providers.llm import bedrock_wire as wire
from generation.providers.llm.answer_text import AnswerText
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult
from generation.providers.llm.bedrock_client import Account, shared_client, silence
from generation.providers.llm.tokens import estimate_input_tokens
from generation.providers.llm.usage import Counted, counted, usage_of


class BedrockChat:
    """One account in one region, one default model. Thread-safe.

    - `access_key_id`, `secret_access_key`, `session_token`: empty where the machine's role or a profile is used.
    - `endpoint_url`: another address than the region's, such as that of a private endpoint.
    - `timeout_s`: upper bound for a request's own `timeout_s`, which counts silence (Bedrock sends a whole answer at
      once).
    - `max_connections`: connections that are kept; more are opened for more calls.
    """

    def __init__(
        self,
        *,
        name: str,
        model: str,
        region: str,
        access_key_id: str = "",
        secret_access_key: str = "",
        session_token: str = "",
        endpoint_url: str = "",
        timeout_s: float = 600.0,
        connect_timeout_s: float = 10.0,
        max_connections: int = 200,
    ) -> None:
        if not region:
            raise ValueError(f"Provider {name!r}: region must be set.")
        if bool(access_key_id) != bool(secret_access_key):
            raise ValueError(f"Provider {name!r}: access_key_id and secret_access_key go together.")
        self.name = name
        self.model = model
        self._timeout_s = timeout_s
        self._account = Account(
            region=region,
            endpoint_url=endpoint_url,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            session_token=session_token,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=timeout_s,
            max_connections=max_connections,
        )

    def __repr__(self) -> str:
        return f"BedrockChat(name={self.name!r}, model={self.model!r}, region={self._account.region!r})"

    @property
    def is_ones_own(self) -> bool:
        return False

    def served_models(self, timeout_s: float) -> None:
        """AWS lists models by another service than it calls them by, and a key for calls needs no right to that."""

    def estimate_input_tokens(self, request: ChatRequest) -> int:
        return estimate_input_tokens(request)

    def max_billed_output_tokens(self, request: ChatRequest) -> int:
        return request.max_output_tokens

    def complete(self, request: ChatRequest) -> ChatResult:
        try:
            return wire.parse_answer(
                self._call("converse", request),
                request,
                provider=self.name,
                model=request.model or self.model,
                secrets=self._account.secrets,
            )
        except ProviderError as error:
            failure = error
        # Outside the handler and without its frames, so that nothing that knows the request hangs on it.
        raise failure.with_traceback(None)

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        streamed = _StreamedAnswer(self.name, request)
        try:
            with closing(from_thread(lambda: self._events(request, streamed))) as events:
                for event in events:
                    delta = streamed.take(event)
                    if delta is not None:
                        yield delta
            yield from streamed.end()
            return
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request was accepted
            failure = self._failure(error, is_streaming=True)
            failure.provider_ref = failure.provider_ref or streamed.provider_ref
        raise failure.with_traceback(None)

    def _events(self, request: ChatRequest, streamed: _StreamedAnswer) -> Iterator[Any]:
        answer = self._call("converse_stream", request)
        streamed.provider_ref = wire.reference_of(answer, self._account.secrets)
        with closing(answer["stream"]) as events:
            yield from events

    def _call(self, operation: str, request: ChatRequest) -> Mapping[str, Any]:
        """What boto3 returns; for a stream, its head, with the events still to come."""
        token = silence.set(min(request.timeout_s, self._timeout_s))
        try:
            call = getattr(shared_client(self._account), operation)
            answer: Mapping[str, Any] = call(**wire.parameters(request, model=request.model or self.model))
        except UnicodeError:
            failure = retry.not_sendable_error(provider=self.name)
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request may have been accepted
            failure = self._failure(error)
        else:
            return answer
        finally:
            silence.reset(token)
        raise failure

    def _failure(self, error: Exception, *, is_streaming: bool = False) -> ProviderError:
        return aws_error(error, provider=self.name, secrets=self._account.secrets, is_streaming=is_streaming)


class _StreamedAnswer:
    """What a stream has brought so far."""

    def __init__(self, provider: str, request: ChatRequest) -> None:
        self.provider_ref: str | None = None
        self._provider = provider
        self._request = request
        self._stop: object = None
        self._found = Counted()
        self._said = AnswerText()
        self._text: list[str] = []
        self._reasoning: list[str] = []

    def take(self, event: Mapping[str, Any]) -> ChatDelta | None:
        """The piece that `event` brings, if it brings text."""
        if "messageStop" in event:
            self._stop = event["messageStop"].get("stopReason")
        elif "metadata" in event:
            self._found = self._found.or_more(counted(event["metadata"].get("usage")))
        text, reasoning = wire.parse_delta(event)
        if not text and not reasoning:
            return None
        self._text.append(text)
        self._reasoning.append(reasoning)
        return self._said.feed(text, reasoning)

    def end(self) -> Iterator[ChatDelta]:
        """The last pieces. Raises `ProviderError` when the stream broke off before the answer's end."""
        if self._stop is None:
            raise retry.cut_error(provider=self._provider, provider_ref=self.provider_ref)
        usage = usage_of(
            self._found,
            self._request,
            "".join(self._text),
            "".join(self._reasoning),
            most_output=self._request.max_output_tokens,
        )
        finish = wire.finish_reason_of(self._stop, self._provider, self.provider_ref, self._found, usage)
        rest = self._said.end()
        if rest is not None:
            yield rest
        yield ChatDelta(finish_reason=finish, usage=usage, misplaced=self._said.misplaced, cut=self._said.cut)
