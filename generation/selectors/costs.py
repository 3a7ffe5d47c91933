"""What jobs cost, as their products show it."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField, OuterRef, Q, Subquery
from django.db.models.sql.compiler import SQLCompiler

from generation.domain.prices import CURRENCY
from generation.domain.states import CallStatus
from generation.models import Job, ProviderCall


class CostOf(Subquery):
    """A `JobCost` as JSON text: one sum over the calls of a job and of its children."""

    output_field = JSONField()
    open_statuses = (CallStatus.RESERVED, CallStatus.SENT, CallStatus.UNCERTAIN)

    def __init__(self) -> None:
        family = Job.objects.filter(Q(pk=OuterRef(OuterRef("pk"))) | Q(parent_id=OuterRef(OuterRef("pk"))))
        calls = ProviderCall.objects.filter(job_id__in=family.values("pk")).order_by()
        columns = ("cost_micros", "reserved_micros", "input_tokens", "output_tokens", "status")
        super().__init__(calls.values(*columns))

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        template: str | None = None,
        **extra_context: Any,
    ) -> Any:
        is_open = " OR ".join(f"call.status = '{status.value}'" for status in self.open_statuses)
        sums = {
            "cost_micros": "call.cost_micros",
            "reserved_micros": f"CASE WHEN {is_open} THEN call.reserved_micros ELSE 0 END",
            "input_tokens": "call.input_tokens",
            "output_tokens": "call.output_tokens",
            "calls": "1",
            "uncertain_calls": f"CASE WHEN call.status = '{CallStatus.UNCERTAIN.value}' THEN 1 ELSE 0 END",
        }
        members = " || ".join(
            f"""'"{name}":' || COALESCE(SUM({sql}), 0) || ','""" for name, sql in sums.items()
        )
        document = f"""'{{' || {members} || '"currency":"{CURRENCY}"}}'"""
        template = f"(SELECT {document} FROM (%(subquery)s) call)"  # noqa: S608 — constants of this class
        return super().as_sql(compiler, connection, template=template, **extra_context)
