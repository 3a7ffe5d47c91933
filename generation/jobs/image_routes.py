"""Which providers may make a picture, best first: chosen by model name, by the owner's own keys, by the environment.

A test job's pictures all come from the sandbox, in the name and at the price of the model that was asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from accounts.models import ProviderKey
from accounts.selectors.keys import provider_keys_for
from generation.domain.catalogue import IMAGE, Catalogue, Entry
from generation.domain.prices import ItemPrice
from generation.errors import ModelEndedError, ModelUnavailableError, ModelUnknownError
from generation.jobs.routes import (
    OWN_PRICE,
    BaseRoute,
    BaseWay,
    entry_played,
    keys_naming,
    priced,
    twice_before_no,
)
from generation.providers import registry
from generation.providers.image.base import ImageMaker, ImageOrder
from generation.selectors.catalogue import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRoute(BaseRoute):
    """One way to a picture. `maker` makes the adapter no earlier than it is asked."""

    capability = IMAGE
    price: ItemPrice
    maker: Callable[[], ImageMaker]

    def cost(self, order: ImageOrder) -> int:
        """What the picture costs here."""
        return self.price.of(quality=order.quality, pixels=order.pixels)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way(BaseWay):
    """The sandbox plays the part of `entry`."""

    maker: Callable[[], ImageMaker]


def image_routes_for(
    owner_id: UUID, *, model: str | None = None, is_test: bool = False, since: datetime | None = None
) -> tuple[ImageRoute, ...]:
    """At least one route. The owner's keys are as they were at `since` or later.

    `model` is a name out of the catalogue (`model` or `provider:model`) or that of an own key; without one, the owner's
    own keys for vendors of pictures come first, then the environment's order. Raises `ModelUnknownError`,
    `ModelEndedError`, `ModelUnavailableError`, `PriceMissingError`.
    """
    return twice_before_no(owner_id, lambda: _routes(owner_id, model, is_test=is_test, since=since))


def _routes(
    owner_id: UUID, model: str | None, *, is_test: bool, since: datetime | None
) -> tuple[ImageRoute, ...]:
    known = catalogue()
    if is_test:
        return _priced(known, [_sandbox(known, model)])
    keys = provider_keys_for(owner_id, since=since)
    return _priced(known, list(_ways_to(known, keys, model) if model else _preferred_ways(known, keys)))


def _priced(known: Catalogue, ways: Sequence[_Way]) -> tuple[ImageRoute, ...]:
    return tuple(
        ImageRoute(
            provider=way.provider,
            model=way.model,
            price=price,
            maker=way.maker,
            key=way.key,
            is_test=way.provider == registry.SANDBOX,
        )
        for way, price in priced(known, ways, partial(_price, known))
    )


def _price(known: Catalogue, way: _Way) -> ItemPrice | None:
    if way.key is not None and way.key.input_micros == way.key.output_micros == 0:
        return ItemPrice(0, OWN_PRICE)  # a server of one's own
    seller = way.entry.provider if way.entry is not None else way.provider
    return known.item_price(seller, way.model, capability=IMAGE)


def _sandbox(known: Catalogue, model: str | None) -> _Way:
    entry = entry_played(known, model or registry.SANDBOX, IMAGE, datetime.now(UTC))
    return _way(registry.SANDBOX, entry.name, entry)


def _ways_to(known: Catalogue, keys: Sequence[ProviderKey], model: str) -> Iterator[_Way]:
    """Every way to one model: own keys first, then the operator's."""
    own = keys_naming(keys, model)
    yield from (_own_way(known, key, name) for key, name in own)
    named = [key for key, _ in own]
    makers = {key.pk: registry.image_vendor(key.provider, key.base_url).get("provider") for key in keys}
    configured = registry.configured_names(IMAGE)
    providers = [*dict.fromkeys([*filter(None, makers.values()), *configured])]
    try:
        entries = known.resolve(model, providers=providers, capability=IMAGE)
    except (ModelUnknownError, ModelUnavailableError, ModelEndedError):
        if not named:
            raise
        return
    for entry in entries:
        for key in keys:
            if makers[key.pk] == entry.provider and key not in named:
                yield _own_way(known, key, entry.name)
        if entry.provider in configured:
            yield _way(entry.provider, entry.name, entry)


def _preferred_ways(known: Catalogue, keys: Sequence[ProviderKey]) -> Iterator[_Way]:
    """A key's own model is one of texts, so its vendor's usual one makes the picture."""
    for key in keys:
        vendor = registry.image_vendor(key.provider, key.base_url)
        if vendor:
            yield _own_way(known, key, vendor["model"])
    for name in registry.provider_names(IMAGE):
        model = registry.get_image(name).model
        yield _way(name, model, known.entry(name, model, capability=IMAGE))


def _way(provider: str, model: str, entry: Entry | None) -> _Way:
    """By the operator's means."""
    return _Way(provider=provider, model=model, maker=partial(registry.get_image, provider), entry=entry)


def _own_way(known: Catalogue, key: ProviderKey, model: str) -> _Way:
    def maker() -> ImageMaker:
        return registry.own_image(
            key.provider, api_key=key.secret.reveal(), base_url=key.base_url, model=model
        )

    provider = registry.image_vendor(key.provider, key.base_url).get("provider", key.provider)
    entry = known.entry(provider, model, capability=IMAGE)
    return _Way(provider=provider, model=model, maker=maker, entry=entry, key=key)
