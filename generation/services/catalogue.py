"""Changes of the catalogue by staff: models, and the versions of their prices.

What is wrong with a value is told as Django's `ValidationError` by field, so that a form can show it in its place.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from generation.domain.catalogue import IMAGE, LLM, MESH
from generation.domain.images import Quality
from generation.domain.list_prices import LIST_VERSION
from generation.domain.prices import BUILT_IN, MOST_PIXELS, PLAIN, TEXTURED, TEXTURES, PriceTier
from generation.errors import ModelInUseError, ModelPriceInUseError
from generation.models import CatalogueModel, ModelPrice, ProviderCall
from generation.selectors.catalogue import catalogue_forget, price_versions_used

#: What makes a model the same one; a ledger row names it by these.
KEY = frozenset({"capability", "provider", "name"})
#: Today, wherever somebody sits, is not the past.
TOLERANCE = timedelta(days=1)
#: A million dollars per million tokens: above it somebody has mistaken the unit.
MOST_MICROS = 1_000_000_000_000
#: What tiers of a price are told apart by.
QUALITIES: dict[str, tuple[str, ...]] = {IMAGE: tuple(Quality), MESH: (TEXTURED, PLAIN, TEXTURES)}

_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]*")
_NOT_IN_NAMES = re.compile(r"[\s\x00-\x1f\x7f]")


# -- models --------------------------------------------------------------------------------------------------------


@transaction.atomic
def model_create(*, provider: str, name: str, capability: str = LLM, **facts: Any) -> CatalogueModel:
    """Add a model. Without a price it isn't called yet. Raises ValidationError."""
    model = CatalogueModel(provider=provider, name=name, capability=capability, **facts)
    model_check(model, changed=facts)
    model.full_clean()
    model.save(force_insert=True)
    _changed()
    return model


@transaction.atomic
def model_update(*, model: CatalogueModel, **changes: Any) -> CatalogueModel:
    """Change facts of a model. What it is called stays, since ledgers name it. Raises ValidationError."""
    if KEY & changes.keys():
        raise ValidationError(
            {name: _("Can't be changed; add another model.") for name in KEY & changes.keys()}
        )
    for name, value in changes.items():
        setattr(model, name, value)
    model_check(model, changed=changes)
    model.full_clean()
    model.save(update_fields=[*changes, "updated_at"])
    _changed()
    return model


@transaction.atomic
def model_switch(*, model: CatalogueModel, is_active: bool) -> bool:
    """Switch a model on or off, for everybody and within seconds. False: it was so already."""
    now = timezone.now()
    rows = CatalogueModel.objects.filter(pk=model.pk, is_active=not is_active)
    is_changed = bool(rows.update(is_active=is_active, updated_at=now))
    _changed()
    return is_changed


@transaction.atomic
def model_delete(*, model: CatalogueModel) -> None:
    """Remove a model that was never called, with its prices. Raises `ModelInUseError`."""
    if ProviderCall.objects.filter(provider=model.provider, model=model.name).exists():
        raise ModelInUseError(model=model.name)
    model.delete()
    _changed()


def model_check(model: CatalogueModel, *, changed: Collection[str]) -> None:
    """The rules of a model that its columns don't hold; of times, only those that are `changed`.

    Raises ValidationError with every field that is wrong.
    """
    problems: dict[str, str] = {}
    if not _PROVIDER.fullmatch(model.provider):
        problems["provider"] = _("Small letters, digits and hyphens, as in LLM_PROVIDERS.")
    if not model.name or _NOT_IN_NAMES.search(model.name):
        problems["name"] = _("The provider's own name of the model, without spaces.")
    if "ends_at" in changed and model.ends_at is not None and model.ends_at < timezone.now() - TOLERANCE:
        problems["ends_at"] = _("Is in the past. To stop calls at once, switch the model off.")
    if model.successor and (problem := _successor_problem(model)):
        problems["successor"] = problem
    for name in ("context_tokens", "max_output_tokens"):
        if getattr(model, name) == 0:
            problems[name] = _("Must be more than 0; leave it empty if it isn't known.")
    if problems:
        raise ValidationError(problems)


def _successor_problem(model: CatalogueModel) -> str:
    if model.successor in (model.name, f"{model.provider}:{model.name}"):
        return _("A model can't succeed itself.")
    rows = CatalogueModel.objects.filter(capability=model.capability)
    named = rows.filter(name=model.successor)
    provider, colon, name = model.successor.partition(":")
    if colon:
        named = named | rows.filter(provider=provider, name=name)
    found = list(named)
    if not found:
        return _("There is no such model in the catalogue; add it first.")
    now = timezone.now()
    if not any(one.is_active and (one.ends_at is None or one.ends_at > now) for one in found):
        return _("That model has ended or is switched off itself.")
    return ""


# -- prices --------------------------------------------------------------------------------------------------------


@transaction.atomic
def model_price_add(
    *,
    model: CatalogueModel,
    valid_from: datetime | None = None,
    version: str = "",
    source: str = "",
    input_micros: int | None = None,
    cached_input_micros: int | None = None,
    output_micros: int | None = None,
    item_micros: int | None = None,
    tiers: Sequence[PriceTier] = (),
) -> ModelPrice:
    """Add a version of a model's price, in force from `valid_from` (now) until a later one begins.

    Without a `version` it is called after the day on which it begins. Raises ValidationError.
    """
    begins = valid_from or timezone.now()
    price = ModelPrice(
        model=model,
        version=version or price_version_proposed(model, begins),
        valid_from=begins,
        source=source,
        input_micros=input_micros,
        cached_input_micros=cached_input_micros,
        output_micros=output_micros,
        item_micros=item_micros,
        tiers=[tier.row() for tier in tiers] or None,
    )
    model_price_check(price)
    price.full_clean()
    price.save(force_insert=True)
    _changed()
    return price


@transaction.atomic
def model_price_delete(*, price: ModelPrice) -> None:
    """Remove a version that no call was counted by. Raises `ModelPriceInUseError`."""
    kept = ModelPrice.objects.select_related("model").get(pk=price.pk)
    if kept.version in price_versions_used(kept.model, [kept.version]):
        raise ModelPriceInUseError(version=kept.version, model=kept.model.name)
    price.delete()
    _changed()


def price_version_proposed(model: CatalogueModel, begins: datetime) -> str:
    """`2026-01-31`, or `2026-01-31-2` when that is taken."""
    day = f"{begins.astimezone(timezone.get_current_timezone()):%Y-%m-%d}"
    taken = set(
        ModelPrice.objects.filter(model_id=model.pk, version__startswith=day).values_list(
            "version", flat=True
        )
    )
    number = 1
    while (version := day if number == 1 else f"{day}-{number}") in taken:
        number += 1
    return version


def model_price_check(price: ModelPrice) -> None:
    """The rules of a new price that its columns don't hold. Raises ValidationError with every field that is wrong."""
    problems: dict[str, str] = {}
    is_text = price.model.capability == LLM
    needed = ("input_micros", "output_micros") if is_text else ("item_micros",)
    for name in needed:
        if getattr(price, name) is None:
            problems[name] = _("Must be given; 0 means that it is free.")
    if is_text and price.item_micros is not None:
        problems["item_micros"] = _("Text is priced by tokens.")
    if price.tiers and (problem := _tiers_problem(price)):
        problems["tiers"] = problem
    for name in ("input_micros", "cached_input_micros", "output_micros", "item_micros"):
        value = getattr(price, name)
        if value is not None and not 0 <= value <= MOST_MICROS:
            problems[name] = _("Must be from 0 to 1,000,000 dollars.")
    if price.cached_input_micros is not None and price.cached_input_micros > max(price.input_micros or 0, 0):
        problems.setdefault("cached_input_micros", _("Can't be more than the price of new input."))
    if price.valid_from < timezone.now() - TOLERANCE:
        problems["valid_from"] = _(
            "Is in the past, whose calls have been counted already. Begin now or later."
        )
    if price.version == BUILT_IN or price.version.startswith(LIST_VERSION):
        problems["version"] = _("This name is kept for the prices that come with the product.")
    if problems:
        raise ValidationError(problems)


def _tiers_problem(price: ModelPrice) -> str:
    qualities = QUALITIES.get(price.model.capability)
    if qualities is None:
        return _("Only pictures and 3D models are priced by quality.")
    tiers = [PriceTier.from_row(row) for row in price.tiers or ()]
    if len({(tier.quality, tier.most_pixels) for tier in tiers}) < len(tiers):
        return _("The same quality and size stand there twice.")
    for tier in tiers:
        if tier.quality and tier.quality not in qualities:
            return _("%(quality)s is no quality; there are: %(known)s.") % {
                "quality": tier.quality,
                "known": ", ".join(qualities),
            }
        if tier.most_pixels is not None and price.model.capability != IMAGE:
            return _("Only pictures are priced by size.")
        if tier.most_pixels is not None and not 0 < tier.most_pixels < MOST_PIXELS:
            return _("Pixels must be more than 0.")
        if not 0 <= tier.item <= MOST_MICROS:
            return _("Must be from 0 to 1,000,000 dollars.")
    return ""


def _changed() -> None:
    """Forget the picture now, for this transaction, and once more when others can see the change."""
    catalogue_forget()
    transaction.on_commit(catalogue_forget)
