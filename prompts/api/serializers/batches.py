"""Shapes of batches."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.serializers import BoundedListField, StrictSerializer
from prompts.domain import limits
from prompts.domain.batches import LARGEST_BATCH, NEEDED, BatchAction


class PromptBatchIn(StrictSerializer):
    """What is done to which prompts."""

    default_error_messages = {
        "missing": _("The action %(action)s needs this field."),
        "not_needed": _("The action %(action)s doesn't take this field."),
    }

    action = serializers.ChoiceField(
        choices=list(BatchAction),
        help_text="What is done: `delete`, or an action that needs one of the other fields.",
    )
    ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=LARGEST_BATCH,
        allow_empty=False,
        help_text="The keys of the prompts.",
    )
    tag_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=limits.TAGS,
        allow_empty=False,
        required=False,
        help_text="The tags that `tag` adds, or `untag` takes away.",
    )
    folder = serializers.CharField(
        max_length=limits.FOLDER,
        allow_blank=True,
        required=False,
        help_text="Where `move` puts them; empty: the top of the library.",
    )
    value = serializers.BooleanField(required=False, help_text="Whether `favorite` marks them or no longer.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        needed = NEEDED.get(data["action"])
        given = set(NEEDED.values()) & data.keys()
        wrong = {name: "not_needed" for name in given if name != needed}
        if needed and needed not in given:
            wrong[needed] = "missing"
        if wrong:
            action = {"action": data["action"]}
            raise serializers.ValidationError(
                {
                    name: [serializers.ErrorDetail(self.error_messages[code] % action, code=code)]
                    for name, code in wrong.items()
                }
            )
        return data


class PromptBatchResult(serializers.Serializer[Any]):
    """What became of one item."""

    id = serializers.UUIDField(help_text="As it was sent.")
    is_done = serializers.BooleanField(help_text="Whether the prompt now is as was asked.")
    code = serializers.CharField(allow_null=True, help_text="Why it isn't; null: it is.")
    message = serializers.CharField(allow_null=True)


class PromptBatchDoneOut(serializers.Serializer[Any]):
    """What became of a batch."""

    succeeded = serializers.IntegerField(help_text="Items that are done.")
    failed = serializers.IntegerField(help_text="Items that aren't.")
    results = PromptBatchResult(many=True, help_text="One for each item, in their order.")
