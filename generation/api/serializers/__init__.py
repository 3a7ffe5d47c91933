"""Shapes of the engine room: what the API takes, and what it shows."""

from generation.api.serializers.catalogue import CatalogueOut, CatalogueRow
from generation.api.serializers.jobs import JobDetailOut, JobEventOut, JobOut, QueueStatusOut
from generation.api.serializers.usage import BudgetOut, LedgerCallOut, UsageIn, UsageOut

__all__ = [
    "BudgetOut",
    "CatalogueOut",
    "CatalogueRow",
    "JobDetailOut",
    "JobEventOut",
    "JobOut",
    "LedgerCallOut",
    "QueueStatusOut",
    "UsageIn",
    "UsageOut",
]
