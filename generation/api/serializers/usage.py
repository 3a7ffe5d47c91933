"""Shapes of usage and budgets."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.lists.fields import Uuid
from config.api.serializers import StrictSerializer
from config.api.shapes import MonthMoney
from generation.api.serializers.jobs import CallOut
from generation.selectors.usage import GROUPS_SHOWN, UsageBy

#: Days of a range that doesn't say when it begins, and the longest range.
USAGE_DAYS = 30
MOST_USAGE_DAYS = 366


class LedgerCallOut(CallOut):
    """A row of the ledger, with the job that it was made for."""

    job_id = Uuid("job", help="Null: the job is gone.")


class UsageIn(StrictSerializer):
    """Which calls are summed up, and by what. `from` and `to` are days in UTC, both included."""

    by = serializers.ChoiceField([one.value for one in UsageBy], default=UsageBy.DAY.value)
    to = serializers.DateField(required=False, help_text="Inclusive. Default: today.")
    capability = serializers.CharField(
        max_length=200, required=False, help_text="Only calls of it, such as `llm`."
    )
    provider = serializers.CharField(max_length=200, required=False, help_text="Only calls of it.")
    model = serializers.CharField(max_length=200, required=False, help_text="Only calls of it.")
    feature = serializers.CharField(
        max_length=200, required=False, help_text="Only calls for it, such as `templates.document`."
    )
    is_test = serializers.BooleanField(
        required=False, help_text="Play money. Default: whether the token is a test token."
    )

    def get_fields(self) -> Any:
        return {
            "from": serializers.DateField(required=False, help_text="Default: 29 days before `to`."),
            **super().get_fields(),
        }  # a keyword of Python's

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What `usage_for` takes; `is_test` only if it was given."""
        last: date = attrs.get("to") or timezone.now().date()
        first: date = attrs.get("from") or date.fromordinal(max(1, last.toordinal() - USAGE_DAYS + 1))
        if first > last:
            raise serializers.ValidationError({"from": [_("Must not come after `to`.")]})
        if (last - first).days >= MOST_USAGE_DAYS:
            most = _("The range must have at most %(days)d days.") % {"days": MOST_USAGE_DAYS}
            raise serializers.ValidationError({"from": [most]})
        only = {name: attrs[name] for name in ("capability", "provider", "model", "feature") if name in attrs}
        asked = {"by": UsageBy(attrs["by"]), "first": first, "last": last, "only": only}
        return {**asked, **({"is_test": attrs["is_test"]} if "is_test" in attrs else {})}


class UsageFigures(serializers.Serializer[Any]):
    """Sums over calls, whatever became of them. Amounts are millionths of `currency`."""

    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField(help_text="Part of the input.")
    reasoning_tokens = serializers.IntegerField(help_text="Part of the output.")
    cost_micros = serializers.IntegerField(help_text="What counts against your budget.")
    own_key_cost_micros = serializers.IntegerField(
        help_text="What you paid providers by keys of your own, as far as their prices are known here."
    )
    reserved_micros = serializers.IntegerField(
        help_text="What open and uncertain calls may still cost at most; calls by own keys aside."
    )
    uncertain_calls = serializers.IntegerField(
        help_text="Calls of which nobody knows whether they were charged."
    )
    estimates = serializers.IntegerField(
        help_text="Calls whose tokens were counted here, as the provider named no figures."
    )


class UsageRow(UsageFigures):
    key = serializers.CharField(allow_blank=True, help_text="The day, or the name that was grouped by.")


class UsageOut(serializers.Serializer[Any]):
    """What was used in a range of days."""

    by = serializers.ChoiceField([one.value for one in UsageBy])
    to = serializers.DateField()
    is_test = serializers.BooleanField(help_text="Whether this is play money.")
    currency = serializers.CharField()
    totals = UsageFigures()
    rows = UsageRow(many=True)
    others = UsageFigures(
        allow_null=True, help_text=f"The sum of the groups beyond the {GROUPS_SHOWN} dearest; null: none."
    )

    def get_fields(self) -> Any:
        return {"from": serializers.DateField(), **super().get_fields()}


class BudgetOut(MonthMoney):
    """This month's budget, and beside it the play money of the sandbox."""

    month = serializers.RegexField(r"^\d{4}-\d{2}$", help_text="In UTC.")
    currency = serializers.CharField()
    renews_at = serializers.DateTimeField()
    is_own_limit = serializers.BooleanField(
        help_text="Staff gave you this limit; otherwise it is everybody's."
    )
    test = MonthMoney()
