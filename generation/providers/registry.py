"""Which adapters exist, in which order they are asked, and the one instance of each per process.

`settings.PROVIDERS[capability][name] = {"path": dotted class path, "options": {...}}` says how to build one,
`settings.PROVIDER_ORDER[capability]` names the preferred ones. The sandbox is always there and is the whole order
when none is named. This is the only module of the adapters that reads settings.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from generation.providers.guarded import guarded
from generation.providers.llm.base import LLM
from generation.providers.orders import AnyMaker
from generation.providers.retry import no_way_error

SANDBOX = "sandbox"
#: What a key of a user's own is for that leads to a server of the user's own.
CUSTOM = "custom"

_SANDBOX_PATHS = {
    "llm": "generation.providers.llm.sandbox.SandboxLLM",
    "image": "generation.providers.image.sandbox.SandboxImages",
    "mesh": "generation.providers.mesh.sandbox.SandboxMeshes",
}
#: What servers of users' own are spoken to in, where they can make something.
_ONES_OWN = {"image": "generation.providers.image.openai.OpenAIImages"}

_lock = threading.RLock()
_built: dict[tuple[str, str], Any] = {}


def provider_names(capability: str) -> tuple[str, ...]:
    """The names to ask for `capability`, best first; `("sandbox",)` when the environment prefers none."""
    order: Mapping[str, Any] = getattr(settings, "PROVIDER_ORDER", {})
    return tuple(order.get(capability) or (SANDBOX,))


def configured_names(capability: str) -> tuple[str, ...]:
    """Every provider that can be asked by name: the preferred ones in their order, then the others."""
    configured: Mapping[str, Any] = getattr(settings, "PROVIDERS", {}).get(capability, {})
    return tuple(dict.fromkeys((*provider_names(capability), *configured, SANDBOX)))


def own_llm(provider: str, *, api_key: str, base_url: str, model: str) -> LLM:
    """An adapter for a key of a user's own; holds the key and lives as long as the call.

    An address that the user named is reached through the egress guard, and a server of an unknown vendor is spoken to
    in the generic dialect. Raises `ProviderError` for an address that can't be one.
    """
    from generation.providers.llm.openai import OpenAIChat

    vendor: Mapping[str, str] = settings.PROVIDER_VENDORS.get(provider, {})
    try:
        return OpenAIChat(
            name=provider,
            base_url=base_url or vendor.get("base_url", ""),
            model=model,
            api_key=api_key,
            dialect=vendor.get("dialect", "generic"),
            transport=guarded if base_url else None,
        )
    except ValueError:
        failure = no_way_error(provider=provider)
    raise failure


def chats(provider: str) -> bool:
    """Whether a key of a user's own, for this provider, may buy texts."""
    return provider in settings.PROVIDER_VENDORS or provider == CUSTOM


def own_maker(capability: str, provider: str, *, api_key: str, base_url: str, model: str) -> AnyMaker:
    """The same for what is ordered; `provider` is what the key is for. At an address of the user's own that isn't the
    vendor's, pictures are ordered as from OpenAI."""
    vendor = vendor_of(capability, provider, base_url)
    factory = _factory(vendor["path"] if vendor else _ONES_OWN[capability])
    options = {name: vendor[name] for name in ("dialect", "region") if name in vendor}
    try:
        return cast(
            AnyMaker,
            factory(
                name=vendor.get("provider", provider),
                base_url=vendor.get("base_url", base_url),
                model=model,
                api_key=api_key,
                transport=guarded if base_url else None,
                **options,
            ),
        )
    except ValueError:
        failure = no_way_error(provider=provider)
    raise failure


def takes_orders(capability: str, provider: str, base_url: str) -> bool:
    """Whether a key of a user's own, for this provider at this address, may buy what is ordered."""
    return bool(vendor_of(capability, provider, base_url)) or capability in _ONES_OWN


def vendor_of(capability: str, provider: str, base_url: str) -> Mapping[str, str]:
    """Who makes pictures or meshes with a key of a user's own (`settings.ORDER_VENDORS`), at which address; empty where
    nobody knows, as at a server of the user's own."""
    vendor: Mapping[str, str] = settings.ORDER_VENDORS[capability].get(provider, {})
    host = urlsplit(base_url).hostname
    if not vendor or not host:
        return vendor
    known = urlsplit(vendor["base_url"])
    if host == known.hostname:
        return vendor
    # Aliyun's other regions have the same under their own names.
    domain = ".".join((known.hostname or "").split(".")[-2:])
    if vendor["provider"] == "aliyun" and host.endswith(f".{domain}"):
        return {**vendor, "base_url": f"https://{host}{known.path}"}
    return {}


def get_llm(name: str) -> LLM:
    """The process's adapter called `name`, imported and built on first use.

    Raises `ImproperlyConfigured` for a name without an entry, a class that cannot be imported, or options
    it does not take.
    """
    return cast(LLM, _get("llm", name))


def get_maker(capability: str, name: str) -> AnyMaker:
    """The same for what is ordered."""
    return cast(AnyMaker, _get(capability, name))


def reset() -> None:
    """Forget every built adapter, so that tests may change settings."""
    with _lock:
        _built.clear()


def _get(capability: str, name: str) -> Any:
    key = (capability, name)
    found = _built.get(key)
    if found is not None:
        return found
    with _lock:
        if key not in _built:
            _built[key] = _build(capability, name)
        return _built[key]


def _build(capability: str, name: str) -> Any:
    path, options = _entry(capability, name)
    try:
        factory = _factory(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImproperlyConfigured(f"Provider {name!r} of {capability}: cannot import {path!r}.") from error
    try:
        return factory(name=name, **options)
    except (TypeError, ValueError) as error:
        names = ", ".join(sorted(options)) or "none"
        raise ImproperlyConfigured(
            f"Provider {name!r} of {capability}: {factory.__name__} does not take its options ({names})."
        ) from error


def _factory(path: str) -> Any:
    module_name, _, class_name = path.rpartition(".")
    return getattr(import_module(module_name), class_name)


def _entry(capability: str, name: str) -> tuple[str, Mapping[str, Any]]:
    configured: Mapping[str, Any] = getattr(settings, "PROVIDERS", {}).get(capability, {})
    if name in configured:
        return configured[name]["path"], configured[name].get("options", {})
    if name == SANDBOX and capability in _SANDBOX_PATHS:
        return _SANDBOX_PATHS[capability], {}
    known = ", ".join(sorted({*configured, *([SANDBOX] if capability in _SANDBOX_PATHS else [])})) or "none"
    raise ImproperlyConfigured(f"No provider {name!r} for {capability}. Known: {known}.")
