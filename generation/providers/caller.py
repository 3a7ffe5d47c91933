"""JSON calls to a vendor over the process's shared clients: answers with a deadline and a cap, and failures
that say whether they were charged and repeat no secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urlsplit

import orjson

from generation.providers import base, retry, rules
from generation.providers.base import ProviderError, Secret, reference, repeats
from generation.providers.llm.answer_text import storable
from generation.providers.openai_client import authorization, client_for, failure_of, reference_of
from generation.providers.reading import read_list, read_object

if TYPE_CHECKING:
    import httpx2

    from generation.providers.openai_client import Transport

#: A file in base64 takes a third more than its file.
MAX_ANSWER_BYTES = 32 * 1024 * 1024
_CONNECTIONS = 200
Read = TypeVar("Read")
_KEY_SAFE = "/:@+,;="


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is the object that came, `ref` what the vendor calls the call."""

    body: Mapping[str, Any] = field(repr=False)
    ref: str | None = None


class Caller:
    """One vendor and one key. `codes` are the vendor's own names of failures. Raises `ProviderError` only."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str,
        codes: Mapping[str, rules.Rule] = retry.NO_CODES,
        transport: Transport | None = None,
        connect_timeout_s: float = 10.0,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"Provider {name!r}: base_url must be an http or https address.")
        self.name = name
        self.host = parts.hostname
        self._base_url = base_url.rstrip("/")
        self._api_key = Secret(api_key)
        self._codes = codes
        self._transport = transport
        self._connect_timeout_s = connect_timeout_s

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """What is sent may be charged for once it was accepted."""
        try:
            content = b"" if body is None else orjson.dumps(body)
        except (TypeError, ValueError):
            content = None
        if content is None:
            raise retry.not_sendable_error(provider=self.name)
        answer, ref = self._call("POST", path, content, timeout_s, headers or {})
        return Reply(self._read(answer, read_object, ref), ref)

    def get(self, path: str, *, timeout_s: float) -> Reply:
        """A question, which costs nothing."""
        with _free():
            answer, ref = self._call("GET", path, b"", timeout_s, {})
            return Reply(self._read(answer, read_object, ref), ref)

    def rows(self, path: str, *, timeout_s: float) -> list[Any]:
        """The same for a list."""
        with _free():
            answer, ref = self._call("GET", path, b"", timeout_s, {})
            return self._read(answer, read_list, ref)

    def delete(self, path: str, *, timeout_s: float) -> None:
        """Costs nothing, and what is answered doesn't matter."""
        with _free():
            self._call("DELETE", path, b"", timeout_s, {})

    def reference(self, value: object) -> str:
        """A vendor's name for something, fit to be stored; empty when it is none."""
        return reference(value, self._api_key) or ""

    def text(self, value: object) -> str:
        """What a vendor says, to be kept; empty when it says nothing, or repeats our key."""
        return storable(value) if isinstance(value, str) and not repeats(value, self._api_key) else ""

    def named_failure(self, said: Mapping[str, Any]) -> ProviderError:
        """What a code and a message within an answer mean."""
        return retry.openai_body_error(said, provider=self.name, codes=self._codes)

    def unusable(self, message: str, *, charged: bool | None = True, ref: str | None = None) -> ProviderError:
        """The vendor did its work, and nothing comes of it: the same order would bring the same, at a price."""
        return ProviderError(
            base.BAD_ANSWER, message, retryable=False, charged=charged, provider=self.name, provider_ref=ref
        )

    def _call(
        self, method: str, path: str, content: bytes, timeout_s: float, headers: Mapping[str, str]
    ) -> tuple[bytes, str | None]:
        """The whole answer, and what the vendor calls the call."""
        deadline = time.monotonic() + timeout_s
        try:
            # Whoever calls keeps the client until the answer is read.
            client = client_for(self.name, self._base_url, _CONNECTIONS, self._transport)
            with closing(self._send(client, method, path, content, timeout_s, headers)) as response:
                ref = reference_of(response, self._api_key)
                return self._content(response, deadline, ref), ref
        except ProviderError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever was raised, the request may have been accepted
            failure = failure_of(error, provider=self.name, codes=self._codes, api_key=self._api_key)
        # Outside the handler and without its frames, so that nothing that knows headers or the answer hangs on it.
        raise failure.with_traceback(None)

    def _send(
        self,
        client: Any,
        method: str,
        path: str,
        content: bytes,
        timeout_s: float,
        headers: Mapping[str, str],
    ) -> httpx2.Response:
        import httpx2
        from openai import Stream

        options = {
            "headers": {**headers, **authorization(self.name, self._api_key)},
            "timeout": httpx2.Timeout(timeout_s, connect=min(self._connect_timeout_s, timeout_s)),
        }
        # Whatever `stream_cls` says, the SDK gives the response itself, unread, for this `cast_to`.
        how: dict[str, Any] = {"cast_to": httpx2.Response, "stream": True, "stream_cls": Stream[Any]}
        if method == "GET":
            return cast("httpx2.Response", client.get(path, options=options, **how))
        if method == "DELETE":
            return cast("httpx2.Response", client.delete(path, options=options, cast_to=httpx2.Response))
        return cast("httpx2.Response", client.post(path, content=content, options=options, **how))

    def _content(self, response: httpx2.Response, deadline: float, ref: str | None) -> bytes:
        """The socket's own timeout counts silence only, so the total is watched here."""
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > deadline:
                raise retry.deadline_error(provider=self.name)
            if len(content) > MAX_ANSWER_BYTES:
                raise self.unusable("The provider's answer is too large.", charged=None, ref=ref)
        return bytes(content)

    def _read(self, answer: bytes, read: Callable[[bytes], Read | None], ref: str | None) -> Read:
        found = read(answer)
        if found is None:
            raise self.unusable("The provider's answer can't be read.", charged=None, ref=ref)
        return found


@contextmanager
def _free() -> Iterator[None]:
    try:
        yield
    except ProviderError as error:
        error.charged = False
        raise


def request_id(request_key: str, attempt: int) -> dict[str, str]:
    """OpenAI's header for finding a call whose answer was lost; other servers ignore it."""
    if not request_key:
        return {}
    return {"X-Client-Request-Id": f"{quote(request_key, safe=_KEY_SAFE)[:480]}/{attempt}"}
