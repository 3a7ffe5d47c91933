"""System checks that ask the database: `manage.py migrate` and `manage.py check --database default` run them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import connections
from django.utils import timezone

from generation.models import CatalogueModel
from generation.selectors.catalogue import catalogue, catalogue_forget

MISSING_HINT = (
    "Until then its calls are refused: run manage.py seed_catalogue, or enter it in the admin (Models)."
)


def default_models_can_be_called(
    *, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """generation.W001: a provider's default model has no price; generation.W002: it has ended."""
    if not databases or not all(map(_is_migrated, databases)):
        return []
    catalogue_forget()
    return list(_problems())


def _is_migrated(alias: str) -> bool:
    """`migrate` checks first: before it there may be no table, or one without the columns that are to come."""
    meta, connection = CatalogueModel._meta, connections[alias]
    with connection.cursor() as cursor:
        if meta.db_table not in connection.introspection.table_names(cursor):
            return False
        there = {one.name for one in connection.introspection.get_table_description(cursor, meta.db_table)}
    return there >= {field.column for field in meta.concrete_fields}


def _problems() -> Iterator[CheckMessage]:
    known, now = catalogue(), timezone.now()
    for capability, provider, model in _defaults():
        name = f"{provider}:{model}"
        entry = known.entry(provider, model, capability=capability)
        if entry is not None and entry.is_ended(now):
            instead = f"Name {entry.successor} instead" if entry.successor else "Name another one"
            yield Warning(
                f"The default model {name} ended on {entry.ends_at:%Y-%m-%d}, so its calls are refused.",
                hint=f"{instead} in the environment (.env.example says how), or correct the date in the admin.",
                obj=provider,
                id="generation.W002",
            )
        elif not known.has_price(provider, model, now, capability=capability):
            yield _missing(name, provider)


def _missing(name: str, provider: str) -> CheckMessage:
    return Warning(
        f"There is no price for the default model {name}.",
        hint=MISSING_HINT,
        obj=provider,
        id="generation.W001",
    )


def _defaults() -> Iterator[tuple[str, str, str]]:
    """(capability, provider, default model) of every provider that is asked without being named."""
    for capability, names in settings.PROVIDER_ORDER.items():
        for provider in names:
            options = settings.PROVIDERS.get(capability, {}).get(provider, {}).get("options", {})
            if options.get("model"):
                yield capability, provider, options["model"]
