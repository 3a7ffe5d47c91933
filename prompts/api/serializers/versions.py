"""Shapes of versions, of what they differ in, and of the labels that point at them."""

from typing import Any

from rest_framework import serializers

from config.api.lists.fields import Int, Json, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from prompts.api.serializers.variables import CONTENT, VARIABLES, LabelField, VariablesField
from prompts.domain.diff import DiffBy
from prompts.domain.optimizing import MAX_REASON_CHARACTERS
from prompts.models import PromptLabel, PromptVersion

#: What the database's whole numbers reach.
HIGHEST_NUMBER = 2**31 - 1


class VersionField(serializers.IntegerField):
    """The number of a version."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=HIGHEST_NUMBER, **options)


class PromptVersionBriefOut(ReadModel, source_model=PromptVersion):
    """A version of a prompt without its text."""

    id = Uuid()
    number = Int()
    restored_from = Int(help="The number of the earlier version that it repeats; null: none.")
    created_at = Time()


class PromptVersionOut(PromptVersionBriefOut):
    """A text that a prompt has or had."""

    content = Text(example=CONTENT)
    variables = Json(shape=VariablesField, example=VARIABLES)


class LabelBrief(ReadModel, source_model=PromptLabel):
    """A label, and where it points."""

    name = Text(example="production")
    version = Int("version__number", help="The number of the version that it points at.")


class PromptLabelOut(LabelBrief):
    """A label, where it points, and since when."""

    id = Uuid()
    created_at = Time()
    updated_at = Time(help="When it was moved last.")


class LabelledPromptOut(ReadModel, source_model=PromptLabel):
    """What a prompt says at one of its labels: all that programs need, and nothing that using it changes."""

    id = Uuid("prompt", help="The prompt's key.")
    title = Text("prompt__title", example="周报邮件 Weekly report")
    folder = Text("prompt__folder", example="work/emails")
    label = Text("name", help="The label that was asked for.", example="production")
    version = Int("version__number", help="The number of the version that the label points at.")
    content = Text("version__content", example=CONTENT)
    variables = Json("version__variables", shape=VariablesField, example=VARIABLES)
    created_at = Time("version__created_at", help="When that version was made.")


class PromptQueryIn(StrictSerializer):
    """Which version is wanted."""

    label = LabelField(  # type: ignore[assignment]
        required=False, help_text="The version that this label points at; left out: the latest."
    )


class LabelMoveIn(StrictSerializer):
    """Where a label is to point."""

    version = VersionField(help_text="The number of a version.")
    reason = serializers.CharField(
        max_length=MAX_REASON_CHARACTERS,
        required=False,
        help_text="Why a version that fails cases is to be in production all the same; it is recorded.",
    )


class DiffIn(StrictSerializer):
    """Which versions are compared, and how."""

    by = serializers.ChoiceField(
        [str(one) for one in DiffBy],
        default=str(DiffBy.LINE),
        help_text="By lines or by words; each Chinese or Japanese character is a word.",
    )
    from_version = VersionField(required=False, help_text="Left out: the one before `to_version`.")
    to_version = VersionField(required=False, help_text="Left out: the latest.")


class DiffPartOut(serializers.Serializer[Any]):
    """A piece of text that both versions have, or only one of them."""

    op = serializers.ChoiceField(
        ["equal", "delete", "insert"], help_text="In both, only in the earlier, or only in the later."
    )
    text = serializers.CharField()


class VariableChanges(serializers.Serializer[Any]):
    """Names of variables."""

    added = serializers.ListField(child=serializers.CharField(), help_text="Only in the later version.")
    removed = serializers.ListField(child=serializers.CharField(), help_text="Only in the earlier version.")
    changed = serializers.ListField(child=serializers.CharField(), help_text="Declared otherwise.")


class DiffOut(serializers.Serializer[Any]):
    """What two versions differ in. All parts but `insert` make the earlier text, all but `delete` the later one."""

    from_version = serializers.IntegerField(help_text="The earlier version.")
    to_version = serializers.IntegerField(help_text="The later version.")
    parts = DiffPartOut(many=True, help_text="In the order of the text.")
    variables = VariableChanges(help_text="Which variables differ.")
