"""Shapes of settings."""

from typing import Any

from rest_framework import serializers

from config.api.serializers import StrictModelSerializer
from conversations.models import ConversationSettings


class ConversationSettingsOut(serializers.Serializer[Any]):
    """What an account wants of all its conversations."""

    retention_days = serializers.IntegerField(
        allow_null=True, help_text="After how many days texts are removed; null: never."
    )


class ConversationSettingsIn(StrictModelSerializer):
    """What is to be different."""

    class Meta:
        model = ConversationSettings
        fields = ("retention_days",)
        extra_kwargs = {
            "retention_days": {"help_text": "After how many days texts are removed; null: never."}
        }
