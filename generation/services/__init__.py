"""What staff and commands change of the catalogue. Jobs are changed by `generation.jobs.services`."""

from generation.services.catalogue import (
    model_check,
    model_create,
    model_delete,
    model_price_add,
    model_price_check,
    model_price_delete,
    model_switch,
    model_update,
    price_version_proposed,
)
from generation.services.seeding import Outcome, SeededModel, catalogue_seed

__all__ = [
    "Outcome",
    "SeededModel",
    "catalogue_seed",
    "model_check",
    "model_create",
    "model_delete",
    "model_price_add",
    "model_price_check",
    "model_price_delete",
    "model_switch",
    "model_update",
    "price_version_proposed",
]
