"""Which models a vendor has for a key: the cheapest call that shows whether the key is good.

All vendors here answer `GET /models` as OpenAI does and refuse a wrong key with 401: platform.openai.com/docs/
api-reference/models/list, api-docs.deepseek.com/api/list-models, platform.kimi.com/docs/api/list-models,
docs.siliconflow.cn/cn/api-reference/models/get-model-list; Aliyun's compatible mode has the route without a page about
it. Other servers (Ollama, llama.cpp, some gateways) list their models to everybody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from generation.providers import base, retry, rules
from generation.providers.base import ProviderError, Secret
from generation.providers.llm import openai_wire as wire
from generation.providers.openai_client import authorization, client_for, failure_of

if TYPE_CHECKING:
    import httpx2

    from generation.providers.openai_client import Transport

KEY_CHECKING: Final = frozenset({"openai", "deepseek", "moonshot", "qwen", "siliconflow"})
"""Dialects whose vendors list models to good keys only. From any other server, an answer says nothing of the key."""
MAX_BYTES = 1024 * 1024
MAX_MODELS = 1_000

_MAX_NAME = 200
_NO_ROUTE = frozenset({404, 405, 501})
_CONNECTIONS = 200
"""As many as `OpenAIChat` has by default, so that both share a client."""


def list_models(
    *,
    provider: str,
    api_key: str,
    base_url: str,
    dialect: str | None = None,
    transport: Transport | None = None,
    timeout_s: float = 10.0,
) -> tuple[str, ...]:
    """The models that `api_key` may use at `base_url`, sorted, at most `MAX_MODELS`; none is a possible answer.

    Arguments as for `OpenAIChat`; `transport=guarded` for addresses that users name; `timeout_s` counts for all of it.
    Raises `ProviderError` only, which says `charged=False`, as nothing was bought. `PROVIDER_AUTH_FAILED` is a key that
    the vendor refuses. `PROVIDER_MODEL_NOT_FOUND` is an address that was reached but lists no models: it may serve
    them all the same, or be a wrong path, and whether the key is right is not known. Every other code says that
    the key couldn't be checked.
    """
    api_key = Secret(api_key)
    try:
        return _names(_fetch(provider, api_key, base_url.rstrip("/"), transport, timeout_s), provider)
    except ProviderError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - whatever was raised, it may know the key
        failure = _failure(error, provider, api_key, dialect or wire.dialect_of_url(base_url))
    failure.charged = False
    # Outside the handler and without its frames, so that nothing that knows headers or the answer hangs on it.
    raise failure.with_traceback(None)


def _fetch(
    provider: str, api_key: str, base_url: str, transport: Transport | None, timeout_s: float
) -> bytes:
    import httpx2
    from openai import Stream

    deadline = time.monotonic() + timeout_s
    client = client_for(provider, base_url, _CONNECTIONS, transport)
    # Whatever `stream_cls` says, the SDK gives the response itself, unread, for this `cast_to`.
    answer: Any = client.get(
        "/models",
        cast_to=httpx2.Response,
        options={"headers": authorization(provider, api_key), "timeout": httpx2.Timeout(timeout_s)},
        stream=True,
        stream_cls=Stream[Any],
    )
    content = bytearray()
    with closing(cast("httpx2.Response", answer)) as response:
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > deadline:
                raise retry.deadline_error(provider=provider)
            if len(content) > MAX_BYTES:
                raise _bad_answer("The provider's list of models is too large.", provider)
    return bytes(content)


def _names(content: bytes, provider: str) -> tuple[str, ...]:
    """Ollama without models says `null`; some gateways send the list without anything around it."""
    try:
        found = orjson.loads(content)
    except ValueError:
        found = None
    listed = found.get("data", "") if isinstance(found, Mapping) else found
    if listed is None and isinstance(found, Mapping):
        return ()
    if not isinstance(listed, list):
        raise _bad_answer("The provider's list of models can't be read.", provider)
    names = {name for item in listed if (name := _name(item))}
    if listed and not names:
        raise _bad_answer("The provider's list of models has no names.", provider)
    return tuple(sorted(names)[:MAX_MODELS])


def _name(item: object) -> str:
    name = item.get("id") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) and len(name) <= _MAX_NAME and name.isprintable() else ""


def _failure(error: Exception, provider: str, api_key: str, dialect: str) -> ProviderError:
    import openai

    if isinstance(error, openai.APIStatusError) and error.status_code in _NO_ROUTE:
        return rules.NO_MODEL.error(provider)
    return failure_of(error, provider=provider, codes=wire.DIALECTS[dialect].codes, api_key=api_key)


def _bad_answer(message: str, provider: str) -> ProviderError:
    return ProviderError(base.BAD_ANSWER, message, retryable=False, charged=False, provider=provider)
