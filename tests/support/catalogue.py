"""The models that tests buy from, with prices that don't change when a vendor's do."""

from datetime import UTC, datetime
from typing import Any

from generation.models import CatalogueModel, ModelPrice
from generation.selectors.catalogue import catalogue_forget

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

#: (provider, model) → micro-units per million tokens: input, cached input, output.
PRICES = {
    ("deepseek", "deepseek-chat"): (270_000, 70_000, 1_100_000),
    ("deepseek", "deepseek-flash"): (270_000, 70_000, 1_100_000),
    ("openai", "gpt-4o-mini"): (150_000, 75_000, 600_000),
}


def model_make(
    provider: str, name: str, *, price: tuple[int, int, int] | None, **fields: Any
) -> CatalogueModel:
    """A model of the catalogue; without a price nobody can call it."""
    model = CatalogueModel.objects.create(provider=provider, name=name, **fields)
    if price is not None:
        read, cached, written = price
        ModelPrice.objects.create(
            model=model,
            version="test-1",
            valid_from=LONG_AGO,
            input_micros=read,
            cached_input_micros=cached,
            output_micros=written,
        )
    catalogue_forget()
    return model


def item_model_make(
    provider: str, name: str, *, capability: str, micros: int, tiers: list[dict[str, Any]] | None = None
) -> CatalogueModel:
    """A model that is priced per item."""
    model = CatalogueModel.objects.create(provider=provider, name=name, capability=capability)
    ModelPrice.objects.create(
        model=model, version="test-1", valid_from=LONG_AGO, item_micros=micros, tiers=tiers
    )
    catalogue_forget()
    return model


def catalogue_make() -> None:
    """The models of `PRICES`."""
    for (provider, name), price in PRICES.items():
        model_make(provider, name, price=price)
