"""Brings the models and list prices that come with the product, without touching what staff have made of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from generation.domain.list_prices import (
    LIST_VERSION,
    ListedModel,
    ListPrice,
    fingerprint,
    load_listed_models,
)
from generation.domain.prices import is_built_in
from generation.models import CatalogueModel, ModelPrice
from generation.selectors.catalogue import catalogue_forget


class Outcome(StrEnum):
    """What became of a model's facts."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    REFRESHED = "refreshed"
    OUTDATED = "outdated"  # the files say something else, and nobody has edited the row
    EDITED = "edited"  # somebody has, so it stays


@dataclass(frozen=True, slots=True)
class SeededModel:
    """What was done for one model. `has_own_price`: staff have entered prices, so no list price was added."""

    listed: ListedModel
    outcome: Outcome
    prices_added: tuple[str, ...] = ()
    has_own_price: bool = False
    has_price: bool = True

    @property
    def is_changed(self) -> bool:
        return bool(self.prices_added) or self.outcome in (Outcome.ADDED, Outcome.REFRESHED)


def catalogue_seed(
    *,
    update: bool = False,
    dry_run: bool = False,
    listed: Iterable[ListedModel] | None = None,
    watch: Callable[[SeededModel], None] = lambda _: None,
) -> list[SeededModel]:
    """Add what is missing: models, and versions of list prices. Running it again changes nothing.

    Facts of a model that nobody has edited are refreshed with `update`. A model for which staff have entered a price
    gets no list price any more. `dry_run` does everything and then takes it back. `watch` sees each model when it is
    done. Raises `ListPriceError`.
    """
    wanted = load_listed_models() if listed is None else tuple(listed)
    done: list[SeededModel] = []
    with transaction.atomic():
        known = {
            (row.capability, row.provider, row.name): row
            for row in CatalogueModel.objects.prefetch_related("prices")
        }
        for one in wanted:
            row = known.get((one.capability, one.provider, one.name))
            seeded = _added(one) if row is None else _kept_up(one, row, update=update)
            done.append(seeded)
            watch(seeded)
        if dry_run:
            transaction.set_rollback(True)
        else:
            transaction.on_commit(catalogue_forget)
    catalogue_forget()
    return done


def _added(listed: ListedModel) -> SeededModel:
    row = CatalogueModel(
        provider=listed.provider,
        name=listed.name,
        capability=listed.capability,
        seeded_as=fingerprint(listed.facts),
        **listed.facts,
    )
    row.save(force_insert=True)
    versions = _add_prices(row, listed.prices)
    return SeededModel(listed, Outcome.ADDED, versions, has_price=bool(versions) or _is_built_in(listed))


def _kept_up(listed: ListedModel, row: CatalogueModel, *, update: bool) -> SeededModel:
    outcome = _facts(listed, row, update=update)
    prices = list(row.prices.all())
    versions, times = {price.version for price in prices}, {price.valid_from for price in prices}
    has_own = any(not version.startswith(LIST_VERSION) for version in versions)
    missing = [
        price for price in listed.prices if price.version not in versions and price.valid_from not in times
    ]
    added = () if has_own else _add_prices(row, missing)
    has_price = bool(prices or added) or _is_built_in(listed)
    return SeededModel(listed, outcome, added, has_own_price=has_own, has_price=has_price)


def _is_built_in(listed: ListedModel) -> bool:
    return is_built_in(listed.capability, listed.provider, listed.name)


def _facts(listed: ListedModel, row: CatalogueModel, *, update: bool) -> Outcome:
    current = fingerprint({name: getattr(row, name) for name in listed.facts})
    if current == fingerprint(listed.facts):
        return Outcome.UNCHANGED
    if row.seeded_as != current:
        return Outcome.EDITED
    if not update:
        return Outcome.OUTDATED
    for name, value in listed.facts.items():
        setattr(row, name, value)
    row.seeded_as = fingerprint(listed.facts)
    row.save(update_fields=[*listed.facts, "seeded_as", "updated_at"])
    return Outcome.REFRESHED


def _add_prices(row: CatalogueModel, prices: Iterable[ListPrice]) -> tuple[str, ...]:
    versions = []
    for price in prices:
        ModelPrice.objects.create(
            model=row,
            version=price.version,
            valid_from=price.valid_from,
            source=price.source,
            input_micros=price.input_micros,
            cached_input_micros=price.cached_input_micros,
            output_micros=price.output_micros,
            item_micros=price.item_micros,
            tiers=[tier.row() for tier in price.tiers] or None,
        )
        versions.append(price.version)
    return tuple(versions)
