"""Shapes of what programs keep by themselves."""

from rest_framework import serializers

from config.api.serializers import BoundedListField, StrictModelSerializer
from prompts.api.serializers.prompts import PromptCreateIn
from prompts.domain import limits
from prompts.models import Prompt


class PromptAutoSaveIn(StrictModelSerializer):
    """A prompt as a program has seen it."""

    tag_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=limits.TAGS,
        required=False,
        help_text="The tags that it has.",
    )

    class Meta:
        model = Prompt
        fields = ("title", "platform", "url", "content", "response", "tag_ids")
        extra_kwargs = PromptCreateIn.Meta.extra_kwargs
