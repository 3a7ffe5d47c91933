"""Shapes of variables, and of filling them in."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.serializers import BoundedListField, StrictSerializer
from prompts.domain import limits
from prompts.domain.placeholders import VARIABLE_PATTERN
from prompts.domain.variables import VariableType


class LabelField(serializers.CharField):
    """A label, as it is compared."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=limits.LABEL, **options)


def check_name(name: str) -> None:
    """No pattern of the schema: there, letters are English ones."""
    if not re.fullmatch(VARIABLE_PATTERN, name):
        raise serializers.ValidationError(
            _("A name has letters, digits and underscores, and no digit at first."), "invalid"
        )


class VariableIn(StrictSerializer):
    """What may stand for a `{{name}}` in the content."""

    name = serializers.CharField(
        max_length=limits.VARIABLE_NAME,
        validators=[check_name],
        help_text="Letters of any script, digits and underscores; no digit at first.",
    )
    type = serializers.ChoiceField([str(one) for one in VariableType], default=str(VariableType.TEXT))
    required = serializers.BooleanField(  # type: ignore[assignment]
        required=False, help_text="Whether it needs a value. Left out: true unless it has a default."
    )
    default = serializers.JSONField(
        required=False, allow_null=True, help_text="Stands there without a value; null: nothing does."
    )
    choices = BoundedListField(
        child=serializers.CharField(max_length=limits.CHOICE, trim_whitespace=False),
        max_length=limits.CHOICES,
        required=False,
        help_text="Of a `choice`, which texts there are to choose from.",
    )


class VariablesField(BoundedListField):
    """The variables of a prompt."""

    child = VariableIn()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=limits.VARIABLES, **options)


VARIABLES = [
    {
        "name": "language",
        "type": "choice",
        "required": False,
        "default": "中文",
        "choices": ["中文", "English"],
    },
    {"name": "topic", "type": "text", "required": True, "default": None, "choices": []},
]
CONTENT = "用{{language}}写一封关于{{topic}}的周报邮件。"


class PromptRenderIn(StrictSerializer):
    """What is to stand for the variables."""

    values = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        default=dict,
        help_text="By the variables' names: texts, numbers, true or false. Left out or null: the default.",
    )
    label = LabelField(  # type: ignore[assignment]
        required=False, help_text="The version that this label points at; left out: the latest."
    )


class IncludedOut(serializers.Serializer[Any]):
    """A prompt that was included."""

    prompt_id = serializers.UUIDField()
    title = serializers.CharField()
    version = serializers.IntegerField(help_text="The number of its version that was included.")


class RenderedPromptOut(serializers.Serializer[Any]):
    """A prompt as it is sent to a model."""

    text = serializers.CharField(help_text="With everything filled in and included.")
    version = serializers.IntegerField(help_text="The number of the version that was rendered.")
    included = IncludedOut(many=True, help_text="The prompts that it includes, and those that these include.")
