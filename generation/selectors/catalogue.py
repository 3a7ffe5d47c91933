"""The catalogue as this process knows it: a picture of the tables, at most a few seconds old.

Every paid call asks for a price, and none of them asks the database for it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from accounts.selectors.keys import provider_keys_for
from config.db import savepoint
from generation.domain.catalogue import FEATURES, IMAGE, LLM, MESH, Catalogue, Entry, PriceVersion
from generation.domain.prices import ItemPrice, Price, PriceTier
from generation.models import CatalogueModel, ProviderCall
from generation.providers import registry
from generation.providers.served import is_served

#: After so long a change of staff is known to every process. A price that was entered to begin later needs no reading:
#: the picture holds all versions.
REFRESH_SECONDS = 5.0

_MODEL_COLUMNS = (
    "id", "provider", "name", "capability", "label", "context_tokens", "max_output_tokens",
    "ends_at", "successor", "is_active", "is_listed", *FEATURES.values(),
)  # fmt: skip
_PRICE_COLUMNS = (
    "version",
    "valid_from",
    "input_micros",
    "cached_input_micros",
    "output_micros",
    "item_micros",
    "tiers",
)

log = structlog.get_logger(__name__)

_lock = threading.Lock()
_known: tuple[float, Catalogue] | None = None


def catalogue() -> Catalogue:
    """What is known now. One query when the picture is older than `REFRESH_SECONDS`; other threads go on with the
    old one meanwhile. Without the tables, or while the database is away, it is what was known before, or empty."""
    global _known
    known = _known
    if known is not None and time.monotonic() - known[0] < REFRESH_SECONDS:
        return known[1]
    if not _lock.acquire(blocking=known is None):
        assert known is not None
        return known[1]
    try:
        if _known is not known and _known is not None:
            return _known[1]  # another thread has read it while this one waited
        began = time.monotonic()
        try:
            read = Catalogue.of(_entries())
        except DatabaseError:
            log.warning("catalogue.unreadable", exc_info=True)
            return Catalogue.of(()) if known is None else known[1]
        _known = began, read
        return read
    finally:
        _lock.release()


def catalogue_forget() -> None:
    """Read the tables at the next question, because this process has changed them."""
    global _known
    _known = None


def _entries() -> Iterator[Entry]:
    """All models with their prices, by one query."""
    columns = (*_MODEL_COLUMNS, *(f"prices__{name}" for name in _PRICE_COLUMNS))
    rows = CatalogueModel.objects.order_by("pk", "prices__valid_from").values(*columns)
    with savepoint():
        found = list(rows)
    for _, versions in groupby(found, key=lambda row: row["id"]):
        yield _entry(list(versions))


def _entry(rows: list[dict[str, Any]]) -> Entry:
    """A model from its rows, one for each price; one without a price has one row with nulls."""
    row = rows[0]
    versions = (_price_version(one) for one in rows if one["prices__valid_from"] is not None)
    return Entry(
        provider=row["provider"],
        name=row["name"],
        capability=row["capability"],
        label=row["label"],
        context_tokens=row["context_tokens"],
        max_output_tokens=row["max_output_tokens"],
        features=frozenset(feature for feature, column in FEATURES.items() if row[column]),
        ends_at=row["ends_at"],
        successor=row["successor"],
        is_active=row["is_active"],
        is_listed=row["is_listed"],
        prices=tuple(
            version for version in versions if row["capability"] != LLM or version.tokens is not None
        ),
    )


def _price_version(row: dict[str, Any]) -> PriceVersion:
    version: str = row["prices__version"]
    valid_from: datetime = row["prices__valid_from"]
    read, written, item = (
        row["prices__input_micros"],
        row["prices__output_micros"],
        row["prices__item_micros"],
    )
    tokens = items = None
    if read is not None and written is not None:
        tokens = Price(read, written, row["prices__cached_input_micros"], version)
    if item is not None:
        items = ItemPrice(item, version, tuple(map(PriceTier.from_row, row["prices__tiers"] or ())))
    return PriceVersion(valid_from, tokens, items)


def price_versions_used(model: CatalogueModel, versions: Iterable[str]) -> set[str]:
    """Those versions of the model's prices that a row of the ledger names; they stay."""
    calls = ProviderCall.objects.filter(provider=model.provider, model=model.name)
    return {version for version in versions if calls.filter(price_version=version).exists()}


def catalogue_list() -> QuerySet[CatalogueModel]:
    """What clients are shown: without what staff have switched off."""
    return CatalogueModel.objects.filter(is_active=True)


def is_there(entry: Entry) -> bool:
    """Whether the operator's provider has this model, as far as anybody knows: what a vendor lists is looked at from
    time to time (`generation.services.listing`), a server of the operator's own is asked; both for texts only."""
    is_text = entry.capability == LLM
    return entry.is_listed is not False and (not is_text or is_served(entry.provider, entry.name))


@dataclass(frozen=True, slots=True)
class Offer:
    """What a caller may do with a model now; `price` is the one in force, built-in ones included."""

    price: Price | ItemPrice | None
    is_callable: bool


def offers_for(owner_id: UUID, *, is_test: bool) -> Callable[[str, str, str], Offer]:
    """Tells for (capability, provider, model) whether this caller could name it, as the engine would decide.

    A provider is open to who has an own key for it or where the operator has configured it. A test token may name
    whatever has a price: the sandbox plays it. An own key with prices of its own needs none of the catalogue.
    """
    known, now = catalogue(), timezone.now()
    keys = provider_keys_for(owner_id)
    own = {(LLM, key.provider) for key in keys}
    own |= {
        (made, registry.vendor_of(made, key.provider, key.base_url).get("provider", ""))
        for made in (IMAGE, MESH)
        for key in keys
    }
    own_priced = {key.provider for key in keys if None not in (key.input_micros, key.output_micros)}

    def offer(capability: str, provider: str, model: str) -> Offer:
        entry = known.entry(provider, model, capability=capability)
        if entry is None:
            return Offer(None, is_callable=False)  # so new that this process doesn't know it yet
        price: Price | ItemPrice | None
        if capability == LLM:
            price = known.price(provider, model, now)
        else:
            price = known.item_price(provider, model, now, capability=capability)
        is_configured = provider in registry.configured_names(capability) and is_there(entry)
        is_open = is_test or (capability, provider) in own or is_configured
        is_priced = price is not None or (capability == LLM and not is_test and provider in own_priced)
        return Offer(price, is_callable=is_open and is_priced and entry.is_callable(now))

    return offer
