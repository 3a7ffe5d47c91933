"""Shapes of what conversations used."""

from typing import Any

from rest_framework import serializers


class SpentOut(serializers.Serializer[Any]):
    """Sums over answers."""

    replies = serializers.IntegerField(help_text="Answers that were made here, whatever became of them.")
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField(help_text="Thoughts included.")
    reasoning_tokens = serializers.IntegerField(help_text="Of the output, what models thought.")
    cost_micros = serializers.IntegerField(help_text="In millionths of `currency`.")
    milliseconds = serializers.IntegerField(help_text="From each call to the end of its answer, together.")


class ModelSpentOut(SpentOut):
    """What the answers of one model took."""

    provider = serializers.CharField(help_text="Empty: nobody has answered, or not yet.")
    model = serializers.CharField(help_text="What the provider calls it.")


class ConversationUsageOut(SpentOut):
    """What the answers in a conversation took, those of other branches included."""

    currency = serializers.CharField()
    uncertain_calls = serializers.IntegerField(
        help_text="Calls of which nobody knows yet whether they were charged: their cost is added when that is known."
    )
    uncertain_micros = serializers.IntegerField(help_text="What those cost at most.")
    models = ModelSpentOut(many=True, help_text="By the model that gave them, the dearest first.")


_SPENT = {
    "replies": 4,
    "input_tokens": 3248,
    "output_tokens": 1056,
    "reasoning_tokens": 0,
    "cost_micros": 2242,
    "milliseconds": 9200,
}
USAGE_EXAMPLE = {
    **_SPENT,
    "currency": "USD",
    "uncertain_calls": 1,
    "uncertain_micros": 910,
    "models": [{**_SPENT, "provider": "deepseek", "model": "deepseek-flash"}],
}
