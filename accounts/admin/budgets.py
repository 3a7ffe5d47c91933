"""Budgets in the admin: limits are set here; what months have used is only looked at."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.domain.limits import is_near
from accounts.domain.months import month_of, months_back
from accounts.models import Budget, BudgetPeriod, User
from accounts.selectors.budgets import budget_limit_default
from accounts.services.budgets import budget_reset, budget_set
from config.admin.base import ReadOnlyAdmin, ServiceAdmin
from config.admin.cells import anchor, badge, list_of, page_of
from config.admin.forms import AmountField
from config.money import MICROS, micros, money

MONTHS_OFFERED = 13
#: With styles of its own: the theme's stylesheet holds only the classes that the theme itself uses.
BAR = (
    '<span role="img" aria-label="{3}" title="{3}" style="display: inline-flex; width: 8rem; height: 0.5rem; '
    "border-radius: 1rem; overflow: hidden; vertical-align: middle; "
    'background: color-mix(in srgb, var(--color-base-500) 25%, transparent)">'
    '<span style="width: {0}%; background: {2}"></span><span style="width: {1}%; background: {2}; opacity: 0.4">'
    "</span></span>"
)
CALM, NEAR = "var(--color-primary-600)", "#dc2626"


def limit_text(micros: int | None) -> str:
    return str(_("no limit")) if micros is None else money(micros)


# -- limits --------------------------------------------------------------------------------------------------------


class BudgetForm(forms.ModelForm):
    """A limit in whole dollars."""

    limit = AmountField(
        _("Monthly limit (USD)"),
        help_text=_("0: nothing that costs money. Delete the row to let the default hold again."),
    )
    is_unlimited = forms.BooleanField(
        label=_("No limit: may spend whatever the operator's keys allow"), required=False
    )

    class Meta:
        model = Budget
        fields = ("owner",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        budget = kwargs.get("instance")
        if budget is not None:
            limit = budget.limit_micros
            given = {"is_unlimited": True} if limit is None else {"limit": Decimal(limit) / MICROS}
            kwargs["initial"] = {**given, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """A forgotten amount must not open the purse."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "limit" in cleaned and cleaned["limit"] is None and not cleaned.get("is_unlimited"):
            self.add_error("limit", _("Give an amount, or say that there is no limit."))
        return cleaned


@admin.register(Budget)
class BudgetAdmin(ServiceAdmin):
    """Users with a limit of their own. Everybody else has the default."""

    form = BudgetForm
    list_display = ("owner", "shown_limit", "created_at", "updated_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_help_text = _(
        "The id of a limit or its owner, or the beginning of the owner's name or e-mail address"
    )
    sortable_by = ("created_at", "updated_at")
    autocomplete_fields = ("owner",)
    readonly_fields = ("default_limit",)
    fields = ("owner", "limit", "is_unlimited", "default_limit")

    def create(self, *, owner: User, limit: Decimal | None, is_unlimited: bool) -> Budget:
        return budget_set(user=owner, limit_micros=None if is_unlimited else micros(limit))

    def change(self, row: Budget, *, limit: Decimal | None = None, is_unlimited: bool = False) -> None:
        budget_set(user=row.owner, limit_micros=None if is_unlimited else micros(limit))

    def remove(self, row: Budget) -> None:
        budget_reset(user=row.owner)

    @display(description=_("monthly limit"), ordering="limit_micros")
    def shown_limit(self, budget: Budget) -> str:
        return limit_text(budget.limit_micros)

    @display(description=_("default of everybody else"))
    def default_limit(self, budget: Budget) -> str:
        return limit_text(budget_limit_default())


# -- months --------------------------------------------------------------------------------------------------------


class MonthFilter(admin.SimpleListFilter):
    """By the calendar: looking for the months that occur would read the whole table. An address may name any."""

    title = _("month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        months = months_back(month_of(timezone.now()), MONTHS_OFFERED)
        return [(f"{month:%Y-%m}", f"{month:%Y-%m}") for month in months]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BudgetPeriod]) -> QuerySet[BudgetPeriod]:
        try:
            month = date.fromisoformat(f"{self.value()}-01")
        except ValueError:
            return queryset
        return queryset.filter(month=month)


class NearFilter(admin.SimpleListFilter):
    title = _("limit")
    parameter_name = "near"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("near the limit (from 80 %)"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BudgetPeriod]) -> QuerySet[BudgetPeriod]:
        return queryset.near_limit(budget_limit_default()) if self.value() == "yes" else queryset  # type: ignore[attr-defined, no-any-return]


@admin.register(BudgetPeriod)
class BudgetPeriodAdmin(ReadOnlyAdmin):
    """Months with their limit as it is now; what it was then nobody wrote down."""

    list_display = ("shown_month", "owner", "test", "bar", "used", "reserved", "limit", "left")
    list_filter = (MonthFilter, "is_test", NearFilter)
    list_select_related = ("owner", "owner__budget")
    search_keys = ("pk", "owner_id")
    search_help_text = _(
        "The id of a month or its owner, or the beginning of the owner's name or e-mail address"
    )
    sortable_by = ()
    fields = (
        "owner",
        "shown_month",
        "test",
        "bar",
        "used",
        "reserved",
        "limit",
        "left",
        "limit_link",
        "created_at",
        "updated_at",
    )

    @display(description=_("month"))
    def shown_month(self, period: BudgetPeriod) -> str:
        return f"{period.month:%Y-%m}"

    @display(description=_("test"))
    def test(self, period: BudgetPeriod) -> SafeString | str:
        return badge(_("test"), "info") if period.is_test else "-"

    @display(description=_("used"))
    def used(self, period: BudgetPeriod) -> str:
        return money(period.spent_micros)

    @display(description=_("set aside"))
    def reserved(self, period: BudgetPeriod) -> str:
        return money(period.reserved_micros)

    @display(description=_("limit"))
    def limit(self, period: BudgetPeriod) -> str:
        return limit_text(limit_of(period))

    @display(description=_("left"))
    def left(self, period: BudgetPeriod) -> str:
        limit = limit_of(period)
        return "-" if limit is None else money(max(0, limit - period.spent_micros - period.reserved_micros))

    @display(description=_("share"))
    def bar(self, period: BudgetPeriod) -> SafeString | str:
        limit = limit_of(period)
        if limit is None:
            return "-"
        used, reserved = shares(period.spent_micros, period.reserved_micros, limit)
        colour = NEAR if is_near(period.spent_micros + period.reserved_micros, limit) else CALM
        text = _("%(used)d %% used, %(reserved)d %% set aside") % {"used": used, "reserved": reserved}
        return format_html(BAR, min(used, 100), min(reserved, 100 - min(used, 100)), colour, text)

    @display(description=_("limit of this user"))
    def limit_link(self, period: BudgetPeriod) -> SafeString:
        return limit_link(period.owner)


def limit_of(period: BudgetPeriod) -> int | None:
    own = own_budget(period.owner)
    return budget_limit_default() if own is None else own.limit_micros


def own_budget(user: User) -> Budget | None:
    """The user's own limit; None: the default holds."""
    budget: Budget | None = getattr(user, "budget", None)
    return budget


def limit_link(user: User) -> SafeString:
    """To the page where the user's limit is changed, or given to them for the first time."""
    budget = own_budget(user)
    if budget is not None:
        return anchor(page_of(Budget, budget.pk), limit_text(budget.limit_micros))
    text = _("%(limit)s (the default)") % {"limit": limit_text(budget_limit_default())}
    return anchor(f"{reverse('admin:accounts_budget_add')}?owner={user.pk}", text)


def months_link(user: User) -> SafeString:
    """To what the user's months have used."""
    return anchor(list_of(BudgetPeriod, q=user.pk), _("Show the months"))


def shares(spent: int, reserved: int, limit: int) -> tuple[int, int]:
    """Of the limit in whole percent; of a limit of 0 whatever there is is all of it."""
    whole = limit or max(spent + reserved, 1)
    return spent * 100 // whole, reserved * 100 // whole
