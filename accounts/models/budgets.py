"""What an account may spend in a month, and what of it is spent and set aside."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.domain.limits import NEAR_PART
from config.db import BaseModel, OwnedModel, OwnedQuerySet


class Budget(BaseModel):
    """A limit of one user's own; who has none has the default (`MONTHLY_BUDGET_MICROS`). Set by staff."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="budget"
    )
    limit_micros = models.BigIntegerField(
        _("monthly limit (micro-units)"),
        null=True,
        blank=True,
        help_text=_("A million micro-units are one US dollar. Empty: no limit. 0: nothing that costs money."),
    )

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(limit_micros__isnull=True) | models.Q(limit_micros__gte=0),
                name="budget_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.owner.username


class BudgetPeriodQuerySet(OwnedQuerySet["BudgetPeriod"]):
    def near_limit(self, default_micros: int | None) -> Self:
        """As `is_near` has it; who has no limit of their own has the default, and NULL or None is no limit."""
        own = F("owner__budget__limit_micros")
        default = Value(default_micros, models.BigIntegerField())
        return self.alias(
            limit=Case(When(owner__budget__isnull=True, then=default), default=own),
            taken=F("spent_micros") + F("reserved_micros"),
        ).filter(Q(taken__gt=0), taken__gte=F("limit") - F("limit") / NEAR_PART)


class BudgetPeriod(OwnedModel):
    """One account's month (its first day, UTC). Play money of the sandbox is counted apart (`is_test`).

    `reserved_micros` is the sum of what open calls of the month may still cost, `spent_micros` of what settled ones
    did. Both change in the transaction that changes the call, and only there.
    """

    month = models.DateField(_("month"))
    is_test = models.BooleanField(_("test"), default=False)
    spent_micros = models.BigIntegerField(_("spent (micro-units)"), default=0)
    reserved_micros = models.BigIntegerField(_("reserved (micro-units)"), default=0)

    objects = BudgetPeriodQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("budget period")
        verbose_name_plural = _("budget periods")
        constraints = [
            models.UniqueConstraint(fields=["owner", "month", "is_test"], name="budget_period_once"),
        ]
        # Of what never changes, so that PostgreSQL can rewrite a row without touching an index (HOT).
        indexes = [models.Index(fields=["month", "-id"], name="budget_period_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
