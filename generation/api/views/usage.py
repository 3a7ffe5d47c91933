"""Endpoints of usage: what was called, what it cost, and what is left of the budget."""

from dataclasses import asdict
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from accounts.selectors.budgets import BudgetState, budgets_get
from config.api.lists.filters import AnyOf, BoolFilter, ChoiceFilter, TextFilter, UuidFilter, time_range
from config.api.lists.views import ListApi
from config.api.schema import operation
from config.api.views import ApiView
from config.errors import ValidationFailedError
from config.sql.placeholders import Placeholder
from generation.api.serializers.usage import BudgetOut, LedgerCallOut, UsageIn, UsageOut
from generation.domain.states import CallStatus
from generation.models import ProviderCall
from generation.selectors.usage import call_list_for, usage_for

FIGURES_EXAMPLE = {
    "calls": 42,
    "input_tokens": 34104,
    "output_tokens": 64344,
    "cached_tokens": 0,
    "reasoning_tokens": 0,
    "cost_micros": 79968,
    "own_key_cost_micros": 0,
    "reserved_micros": 5280,
    "uncertain_calls": 1,
    "estimates": 0,
}
USAGE_EXAMPLE = {
    "by": "model",
    "from": "2026-01-01",
    "to": "2026-01-30",
    "is_test": False,
    "currency": "USD",
    "totals": FIGURES_EXAMPLE,
    "rows": [{"key": "deepseek-chat", **FIGURES_EXAMPLE}],
    "others": None,
}
BUDGET_EXAMPLE = {
    "month": "2026-01",
    "currency": "USD",
    "renews_at": "2026-02-01T00:00:00.000000Z",
    "is_own_limit": False,
    "limit_micros": 20_000_000,
    "used_micros": 79_968,
    "reserved_micros": 5_280,
    "left_micros": 19_914_752,
    "test": {
        "limit_micros": 20_000_000,
        "used_micros": 0,
        "reserved_micros": 0,
        "left_micros": 20_000_000,
    },
}
DAY = {"type": "string", "format": "date"}


class UsageApi(ApiView):
    scope = "usage"

    @operation(
        "Sum up what was used",
        description=(
            "Calls by day (UTC, by when they were begun; every day of the range, also those without a call) or by what "
            "was called (the dearest first). The last 30 days, or a range of at most 366. Play money of the sandbox "
            "is never mixed with real money: a session and a live token are told of real money, a test token of play "
            "money, unless `is_test` says otherwise. `own_key_cost_micros` is what you paid providers yourself; no "
            "budget counts it."
        ),
        response=UsageOut,
        example=USAGE_EXAMPLE,
        errors=[ValidationFailedError],
        parameters=[UsageIn],
    )
    def get(self, request: Request) -> dict[str, Any]:
        asked = {"is_test": self.caller.is_test, **self.read_query(UsageIn)}
        usage = usage_for(self.caller.pk, **asked)
        return {
            "by": asked["by"].value,
            "from": asked["first"].isoformat(),
            "to": asked["last"].isoformat(),
            "is_test": asked["is_test"],
            "currency": usage.currency,
            "totals": asdict(usage.totals),
            "rows": [{"key": key, **asdict(figures)} for key, figures in usage.rows.items()],
            "others": asdict(usage.others) if usage.others else None,
        }


class UsageBudgetApi(ApiView):
    scope = "usage"

    @operation(
        "Read this month's budget",
        description=(
            "What is left of the money for calls by the operator's keys. Before a call the most that it may cost is "
            "set aside; afterwards what it did cost is used, and the rest is given back. What isn't left answers 402 "
            "`BUDGET_EXCEEDED`. `test` is the play money of test tokens and of the sandbox: the same limit, counted "
            "apart."
        ),
        response=BudgetOut,
        example=BUDGET_EXAMPLE,
    )
    def get(self, request: Request) -> dict[str, Any]:
        budgets = budgets_get(self.caller.pk)
        state = budgets[False]
        return {
            "month": f"{state.month:%Y-%m}",
            "currency": state.currency,
            "renews_at": state.renews_at,
            "is_own_limit": state.is_own_limit,
            **_money(state),
            "test": _money(budgets[True]),
        }


def _money(state: BudgetState) -> dict[str, int | None]:
    return {
        "limit_micros": state.limit_micros,
        "used_micros": state.used_micros,
        "reserved_micros": state.reserved_micros,
        "left_micros": state.left_micros,
    }


class FamilyFilter(UuidFilter):
    """Calls of a job and of those that it is the parent of."""

    def apply(self, queryset: QuerySet[ProviderCall], name: str, variant: Any) -> QuerySet[ProviderCall]:
        job_id = Placeholder(name, self.value_field)
        return queryset.filter(Q(job_id=job_id) | Q(job__parent_id=job_id))


class UsageCallListApi(ListApi):
    scope = "usage"
    read_model = LedgerCallOut
    selector = call_list_for
    filters = {
        "status": AnyOf(ChoiceFilter(CallStatus)),
        "capability": TextFilter(),
        "provider": TextFilter(),
        "model": TextFilter(),
        "feature": TextFilter(),
        "job_id": FamilyFilter(help="Calls for this job, and for its items."),
        "is_test": BoolFilter(
            Q(is_test=True), help="Play money of the sandbox; without it the list has both."
        ),
        "is_own_key": BoolFilter(Q(is_own_key=True)),
        **time_range("created_at"),
    }
    summary = "List calls"
    description = (
        "The ledger: each call that might cost money, with what was set aside for it and what it cost. Of an "
        "`uncertain` call nobody knows whether it was charged: its reservation stays until a look-up or a member of "
        "the staff resolves it."
    )
