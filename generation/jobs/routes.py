"""Which providers may answer a text, best first: chosen by model name, by the owner's own keys, by the environment.

A test job's calls all go to the sandbox, in the name and at the price of the model that was asked for: play money.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import structlog
from django.conf import settings

from accounts.models import ProviderKey
from accounts.selectors.keys import provider_keys_for, provider_keys_forget
from generation.domain.catalogue import LLM as TEXT
from generation.domain.catalogue import NAMES_SUGGESTED, Catalogue, Entry, ended, near
from generation.domain.prices import Price
from generation.errors import (
    ModelEndedError,
    ModelTakesNoImagesError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
)
from generation.jobs.gateway import Lane, lane_of
from generation.providers import registry
from generation.providers.llm.base import LLM
from generation.selectors.catalogue import catalogue, catalogue_forget, is_there

log = structlog.get_logger(__name__)

OWN_PRICE = "own"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRoute:
    """One way to a provider. `key` is the owner's own key, else None; `is_test` is play money."""

    capability: str
    provider: str
    model: str
    key: ProviderKey | None = None
    is_test: bool = False

    @property
    def lane(self) -> Lane:
        return lane_of(self.provider, self.key.pk if self.key else None, self.capability)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(BaseRoute):
    """One way to a text. `llm` makes the adapter no earlier than it is asked (an own key is decrypted by then);
    `most_output` is what the model can write at most, `context_tokens` what it reads and writes together. What the
    catalogue doesn't know has neither, and `takes_images` unless its provider refuses them."""

    capability: str = TEXT
    price: Price
    llm: Callable[[], LLM]
    most_output: int | None = None
    context_tokens: int | None = None
    takes_images: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseWay:
    """A route before anybody knows whether it has a price."""

    provider: str
    model: str
    key: ProviderKey | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way(BaseWay):
    llm: Callable[[], LLM]
    price: Price | None = None


AnyWay = TypeVar("AnyWay", bound=BaseWay)
AnyPrice = TypeVar("AnyPrice")


def routes_for(
    owner_id: UUID,
    *,
    model: str | None = None,
    is_test: bool = False,
    since: datetime | None = None,
    has_images: bool = False,
) -> tuple[Route, ...]:
    """At least one route, out of the pictures that this process has of the catalogue and of the owner's keys.

    The keys are as they were at `since` or later. Nothing is refused from an old picture: before a no, both are read
    once more.

    `model` is a name out of the catalogue (`model` or `provider:model`) or that of an own key; without one, the owner's
    own keys come first, then the environment's order; with `has_images`, of those only the models that read images.
    Raises `ModelUnknownError`, `ModelEndedError`, `ModelUnavailableError` (no key for it), `PriceMissingError` (when no
    way that is left has a price), `ModelTakesNoImagesError`.
    """
    return twice_before_no(
        owner_id, lambda: _routes(owner_id, model, is_test=is_test, since=since, has_images=has_images)
    )


def twice_before_no(owner_id: UUID, find: Callable[[], Found]) -> Found:
    """What is found; nothing is refused from old pictures of the catalogue and of the owner's keys."""
    try:
        return find()
    except (
        ModelUnknownError,
        ModelEndedError,
        ModelUnavailableError,
        PriceMissingError,
        ModelTakesNoImagesError,
    ):
        catalogue_forget()
        provider_keys_forget(owner_id)
    return find()


def _routes(
    owner_id: UUID, model: str | None, *, is_test: bool, since: datetime | None, has_images: bool
) -> tuple[Route, ...]:
    known = catalogue()
    if is_test:
        ways = [_sandbox(known, model)]
    else:
        keys = [key for key in provider_keys_for(owner_id, since=since) if registry.chats(key.provider)]
        ways = list(_ways_to(known, keys, model) if model else _preferred_ways(known, keys))
    routes = _priced(known, ways)
    if not has_images:
        return routes
    seeing = tuple(route for route in routes if route.takes_images)
    if not seeing:
        raise _not_seeing(known, routes, is_test=is_test)
    return seeing


def _not_seeing(known: Catalogue, routes: Sequence[Route], *, is_test: bool) -> ModelTakesNoImagesError:
    open_to_all = known.providers if is_test else registry.configured_names("llm")
    providers = list(dict.fromkeys([*(route.provider for route in routes), *open_to_all]))
    choices = known.choices(providers=providers, now=datetime.now(UTC))
    seeing = [entry.full_name for entry in choices if entry.takes_images and (is_test or is_there(entry))]
    return ModelTakesNoImagesError(model=routes[0].model, choices=seeing[:NAMES_SUGGESTED])


def _priced(known: Catalogue, ways: Sequence[_Way]) -> tuple[Route, ...]:
    routes = []
    for way, price in priced(known, ways, lambda way: way.price or known.price(way.provider, way.model)):
        facts = way.entry or Entry(way.provider, way.model, is_known=False)
        routes.append(
            Route(
                provider=way.provider,
                model=way.model,
                price=price,
                llm=way.llm,
                key=way.key,
                is_test=way.provider == registry.SANDBOX,
                most_output=facts.max_output_tokens,
                context_tokens=facts.context_tokens,
                takes_images=facts.takes_images,
            )
        )
    return tuple(routes)


def priced(
    known: Catalogue, ways: Sequence[AnyWay], price_of: Callable[[AnyWay], AnyPrice | None]
) -> list[tuple[AnyWay, AnyPrice]]:
    """The ways that can be counted, with their prices. A call that nobody can count isn't made; another provider may be
    asked instead. Raises `ModelEndedError`, `ModelUnavailableError`, `PriceMissingError` when there is none."""
    now = datetime.now(UTC)
    living = [way for way in ways if way.entry is None or way.entry.is_callable(now)]
    if not living:
        raise _not_callable(known, next(way.entry for way in ways if way.entry is not None), now)
    found = []
    for way in living:
        price = price_of(way)
        if price is None:
            log.warning("provider.price_missing", provider=way.provider, model=way.model)
        else:
            found.append((way, price))
    if not found:
        raise PriceMissingError(provider=living[0].provider, model=living[0].model)
    return found


def _not_callable(known: Catalogue, entry: Entry, now: datetime) -> ModelEndedError | ModelUnavailableError:
    if entry.is_ended(now):
        choices = known.choices(providers=[entry.provider], capability=entry.capability, now=now)
        return ended(entry, choices)
    return ModelUnavailableError(model=entry.name, providers=[entry.provider], choices=[])


def _sandbox(known: Catalogue, model: str | None) -> _Way:
    """The sandbox in the part of the model that was asked for."""

    def llm() -> LLM:
        return registry.get_llm(registry.SANDBOX)

    if not model:
        return _Way(provider=registry.SANDBOX, model=llm().model, llm=llm)
    now = datetime.now(UTC)
    entry = entry_played(known, model, TEXT, now)
    price = known.price(entry.provider, entry.name)
    if price is None:
        raise PriceMissingError(provider=entry.provider, model=entry.name)
    return _Way(provider=registry.SANDBOX, model=entry.name, llm=llm, entry=entry, price=price)


def entry_played(known: Catalogue, model: str, capability: str, now: datetime) -> Entry:
    """The model in whose name and at whose price the sandbox answers. Raises ModelUnknownError."""
    entries = known.find(model, capability=capability)
    if not entries:
        choices = known.choices(providers=known.providers, capability=capability, now=now)
        raise ModelUnknownError(model=model, near=near(model, choices))
    return next((one for one in entries if one.is_callable(now)), entries[0])


def _ways_to(known: Catalogue, keys: Sequence[ProviderKey], model: str) -> Iterator[_Way]:
    """Every way to one model: own keys first, then the operator's, then the sandbox's own models."""
    own = keys_naming(keys, model)
    yield from (_own_way(known, key, name) for key, name in own)
    named = [key for key, _ in own]
    configured = registry.configured_names("llm")
    owned = {key.provider for key in keys}

    def is_served(entry: Entry) -> bool:
        """What an own key may call, only its vendor knows."""
        return entry.provider in owned or is_there(entry)

    providers = [*dict.fromkeys([*(key.provider for key in keys), *configured])]
    try:
        entries = known.resolve(model, providers=providers, is_served=is_served)
    except (ModelUnknownError, ModelUnavailableError, ModelEndedError):
        if not named:
            raise
        return
    for entry in entries:
        for key in keys:
            if key.provider == entry.provider and key not in named:
                yield _own_way(known, key, entry.name)
        if entry.provider in configured and is_there(entry):
            yield _Way(provider=entry.provider, model=entry.name, llm=_adapter(entry.provider), entry=entry)


def keys_naming(keys: Sequence[ProviderKey], model: str) -> list[tuple[ProviderKey, str]]:
    """Own keys that the name means, with what their server calls it: a key's own model, or `custom:name` of a server
    whose key names none."""
    provider, _, name = model.partition(":")
    found = []
    for key in keys:
        if key.model_name and model in (key.model_name, f"{key.provider}:{key.model_name}"):
            found.append((key, key.model_name))
        elif not key.model_name and key.provider == provider == ProviderKey.Provider.CUSTOM and name:
            found.append((key, name))
    return found


def _preferred_ways(known: Catalogue, keys: Sequence[ProviderKey]) -> Iterator[_Way]:
    """Own keys first, then the environment's order."""
    for key in keys:
        vendor = settings.PROVIDER_VENDORS.get(key.provider, {})
        model = key.model_name or vendor.get("model", "")
        if model:  # a server of one's own without a named model is asked by name only
            yield _own_way(known, key, model)
    for name in registry.provider_names("llm"):
        model = registry.get_llm(name).model
        entry = known.entry(name, model)
        yield _Way(provider=name, model=model, llm=_adapter(name), entry=entry)


def _own_way(known: Catalogue, key: ProviderKey, model: str) -> _Way:
    def llm() -> LLM:
        return registry.own_llm(key.provider, api_key=key.secret.reveal(), base_url=key.base_url, model=model)

    price = None
    if key.input_micros is not None and key.output_micros is not None:
        price = Price(input=key.input_micros, output=key.output_micros, version=OWN_PRICE)
    entry = known.entry(key.provider, model)
    return _Way(provider=key.provider, model=model, llm=llm, key=key, entry=entry, price=price)


def _adapter(name: str) -> Callable[[], LLM]:
    return lambda: registry.get_llm(name)
