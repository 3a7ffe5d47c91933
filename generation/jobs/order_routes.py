"""Which providers may make a picture or a mesh, best first: chosen by model name, by the owner's own keys, by the
environment.

What a test job orders all comes from the sandbox, in the name and at the price of the model that was asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from accounts.models import ProviderKey
from accounts.selectors.keys import provider_keys_for
from generation.domain.catalogue import Catalogue, Entry
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
from generation.providers.orders import AnyMaker, Order
from generation.selectors.catalogue import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRoute(BaseRoute):
    """One way to what is ordered. `maker` makes the adapter no earlier than it is asked."""

    price: ItemPrice
    maker: Callable[[], AnyMaker]

    def cost(self, order: Order) -> int:
        """What it costs here."""
        return order.cost(self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way(BaseWay):
    """The sandbox plays the part of `entry`."""

    maker: Callable[[], AnyMaker]


def order_routes_for(
    owner_id: UUID,
    capability: str,
    *,
    model: str | None = None,
    is_test: bool = False,
    since: datetime | None = None,
) -> tuple[OrderRoute, ...]:
    """At least one route. The owner's keys are as they were at `since` or later.

    `model` is a name out of the catalogue (`model` or `provider:model`) or that of an own key; without one, the owner's
    own keys for vendors of such things come first, then the environment's order. Raises `ModelUnknownError`,
    `ModelEndedError`, `ModelUnavailableError`, `PriceMissingError`.
    """

    def find() -> tuple[OrderRoute, ...]:
        ways = _Ways(capability, catalogue())
        if is_test:
            return ways.priced([ways.sandbox(model)])
        keys = [
            key
            for key in provider_keys_for(owner_id, since=since)
            if registry.takes_orders(capability, key.provider, key.base_url)
        ]
        return ways.priced(list(ways.to(keys, model) if model else ways.preferred(keys)))

    return twice_before_no(owner_id, find)


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways to what a capability makes, by a picture of the catalogue."""

    capability: str
    known: Catalogue

    def priced(self, ways: Sequence[_Way]) -> tuple[OrderRoute, ...]:
        return tuple(
            OrderRoute(
                capability=self.capability,
                provider=way.provider,
                model=way.model,
                price=price,
                maker=way.maker,
                key=way.key,
                is_test=way.provider == registry.SANDBOX,
            )
            for way, price in priced(self.known, ways, self._price)
        )

    def sandbox(self, model: str | None) -> _Way:
        entry = entry_played(self.known, model or registry.SANDBOX, self.capability, datetime.now(UTC))
        return self._way(registry.SANDBOX, entry.name, entry)

    def to(self, keys: Sequence[ProviderKey], model: str) -> Iterator[_Way]:
        """Every way to one model: own keys first, then the operator's."""
        own = keys_naming(keys, model)
        yield from (self._own_way(key, name) for key, name in own)
        named = [key for key, _ in own]
        makers = {key.pk: self._vendor(key).get("provider") for key in keys}
        configured = registry.configured_names(self.capability)
        providers = [*dict.fromkeys([*filter(None, makers.values()), *configured])]
        try:
            entries = self.known.resolve(model, providers=providers, capability=self.capability)
        except (ModelUnknownError, ModelUnavailableError, ModelEndedError):
            if not named:
                raise
            return
        for entry in entries:
            for key in keys:
                if makers[key.pk] == entry.provider and key not in named:
                    yield self._own_way(key, entry.name)
            if entry.provider in configured:
                yield self._way(entry.provider, entry.name, entry)

    def preferred(self, keys: Sequence[ProviderKey]) -> Iterator[_Way]:
        """The own model of a key for texts is one of texts, so its vendor's usual one makes what is ordered."""
        for key in keys:
            if vendor := self._vendor(key):
                own = "" if registry.chats(key.provider) else key.model_name
                yield self._own_way(key, own or vendor["model"])
        for name in registry.provider_names(self.capability):
            model = registry.get_maker(self.capability, name).model
            yield self._way(name, model, self.known.entry(name, model, capability=self.capability))

    def _vendor(self, key: ProviderKey) -> Mapping[str, str]:
        return registry.vendor_of(self.capability, key.provider, key.base_url)

    def _way(self, provider: str, model: str, entry: Entry | None) -> _Way:
        """By the operator's means."""
        maker = partial(registry.get_maker, self.capability, provider)
        return _Way(provider=provider, model=model, maker=maker, entry=entry)

    def _own_way(self, key: ProviderKey, model: str) -> _Way:
        def maker() -> AnyMaker:
            return registry.own_maker(
                self.capability,
                key.provider,
                api_key=key.secret.reveal(),
                base_url=key.base_url,
                model=model,
            )

        provider = self._vendor(key).get("provider", key.provider)
        entry = self.known.entry(provider, model, capability=self.capability)
        return _Way(provider=provider, model=model, maker=maker, entry=entry, key=key)

    def _price(self, way: _Way) -> ItemPrice | None:
        if way.key is not None and way.key.input_micros == way.key.output_micros == 0:
            return ItemPrice(0, OWN_PRICE)  # a server of one's own
        seller = way.entry.provider if way.entry is not None else way.provider
        return self.known.item_price(seller, way.model, capability=self.capability)
