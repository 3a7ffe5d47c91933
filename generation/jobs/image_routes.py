"""Which providers may make a picture, best first: chosen by model name, or in the environment's order.

A test job's pictures all come from the sandbox, in the name and at the price of the model that was asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import structlog

from accounts.models import ProviderKey
from generation.domain.catalogue import IMAGE, Catalogue, Entry
from generation.domain.prices import ItemPrice
from generation.errors import PriceMissingError
from generation.jobs.routes import BaseRoute, entry_played, not_callable, twice_before_no
from generation.providers import registry
from generation.providers.image.base import ImageMaker, ImageOrder
from generation.selectors.catalogue import catalogue

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRoute(BaseRoute):
    """One way to a picture. `maker` makes the adapter no earlier than it is asked."""

    capability = IMAGE
    price: ItemPrice
    maker: Callable[[], ImageMaker]

    def cost(self, order: ImageOrder) -> int:
        """What the picture costs here."""
        return self.price.of(quality=order.quality, pixels=order.pixels)


@dataclass(frozen=True, slots=True)
class _Way:
    """A route before anybody knows whether it has a price. The sandbox plays the part of `entry`."""

    provider: str
    model: str
    maker: Callable[[], ImageMaker]
    entry: Entry | None
    key: ProviderKey | None = None


def image_routes_for(
    owner_id: UUID, *, model: str | None = None, is_test: bool = False, since: datetime | None = None
) -> tuple[ImageRoute, ...]:
    """At least one route. `model` is a name out of the catalogue (`model` or `provider:model`); without one, it is the
    environment's order. The owner's keys are as they were at `since` or later.

    Raises `ModelUnknownError`, `ModelEndedError`, `ModelUnavailableError`, `PriceMissingError`.
    """
    return twice_before_no(owner_id, lambda: _routes(model, is_test=is_test))


def _routes(model: str | None, *, is_test: bool) -> tuple[ImageRoute, ...]:
    known = catalogue()
    if is_test:
        return _priced(known, [_sandbox(known, model)])
    return _priced(known, list(_ways_to(known, model) if model else _preferred_ways(known)))


def _priced(known: Catalogue, ways: list[_Way]) -> tuple[ImageRoute, ...]:
    """The ways that can be counted. A picture that nobody can count isn't made; another provider may make it."""
    now = datetime.now(UTC)
    living = [way for way in ways if way.entry is None or way.entry.is_callable(now)]
    if not living:
        raise not_callable(known, next(way.entry for way in ways if way.entry is not None), now)
    routes = []
    for way in living:
        seller = way.entry.provider if way.entry is not None else way.provider
        price = known.item_price(seller, way.model, now, capability=IMAGE)
        if price is None:
            log.warning("provider.price_missing", provider=way.provider, model=way.model)
            continue
        routes.append(
            ImageRoute(
                provider=way.provider,
                model=way.model,
                price=price,
                maker=way.maker,
                key=way.key,
                is_test=way.provider == registry.SANDBOX,
            )
        )
    if not routes:
        raise PriceMissingError(provider=living[0].provider, model=living[0].model)
    return tuple(routes)


def _sandbox(known: Catalogue, model: str | None) -> _Way:
    entry = entry_played(known, model or registry.SANDBOX, IMAGE, datetime.now(UTC))
    return _Way(registry.SANDBOX, entry.name, partial(registry.get_image, registry.SANDBOX), entry)


def _ways_to(known: Catalogue, model: str) -> Iterator[_Way]:
    configured = registry.configured_names(IMAGE)
    for entry in known.resolve(model, providers=configured, capability=IMAGE):
        yield _Way(entry.provider, entry.name, partial(registry.get_image, entry.provider), entry)


def _preferred_ways(known: Catalogue) -> Iterator[_Way]:
    for name in registry.provider_names(IMAGE):
        model = registry.get_image(name).model
        entry = known.entry(name, model, capability=IMAGE)
        yield _Way(name, model, partial(registry.get_image, name), entry)
