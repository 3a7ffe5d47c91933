"""Shapes that several apps answer with."""

from typing import Any

from rest_framework import serializers


class JobError(serializers.Serializer[Any]):
    """Why a job failed, in the reader's language. A job that is tried again shows the latest failure."""

    code = serializers.CharField()
    message = serializers.CharField()
    retryable = serializers.BooleanField()
    charged = serializers.BooleanField(
        allow_null=True, help_text="Whether money was spent; null: not known yet."
    )
    details = serializers.DictField(required=False)


class JobCost(serializers.Serializer[Any]):
    """What a job and its items cost, in millionths of `currency`."""

    cost_micros = serializers.IntegerField(help_text="What was paid.")
    reserved_micros = serializers.IntegerField(help_text="What open and uncertain calls may cost at most.")
    currency = serializers.CharField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    calls = serializers.IntegerField(help_text="How many calls were made, whatever became of them.")
    uncertain_calls = serializers.IntegerField(
        help_text="Calls of which nobody knows whether they were charged."
    )


class MonthMoney(serializers.Serializer[Any]):
    """A month's money, in millionths of `currency`."""

    limit_micros = serializers.IntegerField(allow_null=True, help_text="Null: no limit.")
    used_micros = serializers.IntegerField(help_text="What calls of this month did cost.")
    reserved_micros = serializers.IntegerField(
        help_text="Set aside for calls that run or whose outcome is open."
    )
    left_micros = serializers.IntegerField(allow_null=True, help_text="Never negative; null: no limit.")


class EstimateRoute(serializers.Serializer[Any]):
    """A model that would be asked."""

    provider = serializers.CharField()
    model = serializers.CharField()
    price_version = serializers.CharField()
    is_own_key = serializers.BooleanField(help_text="Whether it would be called with a key of yours.")


class EstimateCost(serializers.Serializer[Any]):
    """What it would cost, in millionths of `currency`."""

    least_micros = serializers.IntegerField(help_text="The input alone.")
    most_micros = serializers.IntegerField(help_text="With every answer as long as it may get.")
    currency = serializers.CharField()
    routes = EstimateRoute(many=True, help_text="In the order in which they would be asked.")


class EstimateBudget(MonthMoney):
    """What there is to pay it with."""

    month = serializers.RegexField(r"^\d{4}-\d{2}$", help_text="In UTC.")
    currency = serializers.CharField()
    renews_at = serializers.DateTimeField()
    is_test = serializers.BooleanField(help_text="Whether this is play money.")


class EstimateOut(serializers.Serializer[Any]):
    """The rehearsal of something that costs money: nothing was made, nothing was bought."""

    cost = EstimateCost()
    budget = EstimateBudget()


ESTIMATE_EXAMPLE = {
    "cost": {
        "least_micros": 5280,
        "most_micros": 63120,
        "currency": "USD",
        "routes": [
            {
                "provider": "deepseek",
                "model": "deepseek-flash",
                "price_version": "list-2026-09-10",
                "is_own_key": False,
            }
        ],
    },
    "budget": {
        "month": "2026-01",
        "limit_micros": 20_000_000,
        "used_micros": 79_968,
        "reserved_micros": 5_280,
        "left_micros": 19_914_752,
        "currency": "USD",
        "renews_at": "2026-02-01T00:00:00.000000Z",
        "is_test": False,
    },
}
