"""Which models of the catalogue their vendors list: what a vendor has taken away, or doesn't give to the operator's
key, isn't offered and isn't recommended (ADR 0022)."""

from collections.abc import Collection

import structlog
from django.db import transaction
from django.db.models import QuerySet

from generation.domain.catalogue import LLM
from generation.domain.origins import is_same_model
from generation.models import CatalogueModel
from generation.providers import registry
from generation.selectors.catalogue import catalogue_forget

#: A vendor that takes longer is asked the next time.
ANSWER_S = 5.0

log = structlog.get_logger(__name__)


def listings_refresh() -> dict[str, int]:
    """Ask the vendors that the operator has keys for, and keep what they say; returns how many models each one lacks.

    A vendor that doesn't answer, or whose list has none of our names, changes nothing. Of a provider that isn't asked
    (any more), nothing is known.
    """
    lacking: dict[str, int] = {}
    asked = [name for name in registry.configured_names(LLM) if not registry.get_llm(name).is_ones_own]
    for provider in asked:
        names = registry.get_llm(provider).served_models(ANSWER_S)
        if names is not None:
            lacking[provider] = _note(provider, names)
    _rows().exclude(provider__in=asked).exclude(is_listed=None).update(is_listed=None)
    catalogue_forget()
    return lacking


def _rows() -> QuerySet[CatalogueModel]:
    return CatalogueModel.objects.filter(capability=LLM)


@transaction.atomic
def _note(provider: str, names: Collection[str]) -> int:
    rows = _rows().filter(provider=provider)
    known = dict(rows.values_list("pk", "name"))
    listed = [pk for pk, name in known.items() if any(is_same_model(name, one) for one in names)]
    if not listed:
        return 0
    rows.filter(pk__in=listed).exclude(is_listed=True).update(is_listed=True)
    gone = rows.exclude(pk__in=listed).exclude(is_listed=False)
    for name in gone.values_list("name", flat=True):
        log.warning("catalogue.not_listed", provider=provider, model=name)
    gone.update(is_listed=False)
    return len(known) - len(listed)
