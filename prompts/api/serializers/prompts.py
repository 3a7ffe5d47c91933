"""Shapes of prompts."""

from typing import Any

from django.db.models import F
from django.db.models.functions import JSONObject
from rest_framework import serializers

from config.api.lists.fields import Bool, Int, Json, Many, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from config.validators import says_something
from prompts.api.serializers.tags import TagBrief
from prompts.api.serializers.variables import CONTENT, VARIABLES, VariablesField
from prompts.api.serializers.versions import HIGHEST_NUMBER, LabelBrief
from prompts.domain import limits
from prompts.models import Prompt
from prompts.models.prompts import HIGHEST_METRIC, METRICS


def _metric() -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=HIGHEST_METRIC, allow_null=True, required=False, help_text="0 to 100, or null."
    )


class PromptMetrics(StrictSerializer):
    """How good a prompt is, by whoever judges: 0 to 100 each, null where nobody has."""

    clarity = _metric()
    specificity = _metric()
    creativity = _metric()
    relevance = _metric()
    effectiveness = _metric()


class PromptOut(ReadModel, source_model=Prompt):
    """A text for a model, kept to be used again."""

    id = Uuid()
    title = Text(example="周报邮件 Weekly report")
    folder = Text(example="work/emails")
    platform = Text(example="ChatGPT")
    url = Text(example="https://chat.example.com/c/1")
    content = Text(help="Of the latest version.", example=CONTENT)
    variables = Json(shape=VariablesField, example=VARIABLES)
    response = Text(example="各位好：本周……")
    version = Int(help="Number of the latest version.")
    labels = Many(LabelBrief, order_by=["name"], help="By name.")
    tags = Many(TagBrief, order_by=["key"], help="By name.")
    is_favorite = Bool()
    is_auto_saved = Bool()
    usage_count = Int(example=7)
    last_used_at = Time()
    metrics = Json(
        expression=JSONObject(**{name: F(name) for name in METRICS}),
        shape=PromptMetrics,
        example=dict.fromkeys(METRICS, 80),
    )
    created_at = Time()
    updated_at = Time()


class PromptCreateIn(StrictModelSerializer):
    """A prompt to be kept."""

    variables = VariablesField(
        required=False, help_text="What isn't declared of the content's variables is a required text."
    )
    tag_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=limits.TAGS,
        required=False,
        help_text="The tags that it has, instead of those it had.",
    )
    metrics = PromptMetrics(required=False, help_text="Those that aren't named stay as they are.")

    class Meta:
        model = Prompt
        fields = (
            "title",
            "folder",
            "platform",
            "url",
            "content",
            "variables",
            "response",
            "tag_ids",
            "is_favorite",
            "metrics",
        )
        extra_kwargs = {
            "title": {"required": False, "help_text": "Left out: the first line of its content."},
            "content": {"trim_whitespace": False, "validators": [says_something]},
            "response": {"trim_whitespace": False},
        }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        fields: dict[str, Any] = super().to_internal_value(data)
        metrics = fields.pop("metrics", {})
        return {**fields, **metrics}


class PromptFavoriteIn(StrictSerializer):
    """Whether it is to be a favourite."""

    value = serializers.BooleanField(required=False, help_text="Left out: the opposite of what it is.")


class PromptUsageIn(StrictSerializer):
    """How often it was used."""

    value = serializers.IntegerField(
        required=False, min_value=0, max_value=HIGHEST_NUMBER, help_text="Left out: once more than before."
    )
