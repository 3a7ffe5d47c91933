"""Shapes of files: prompts with all that belongs to them."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.lists.fields import Bool, Int, Json, Many, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from config.validators import says_something
from prompts.api.serializers.prompts import PromptMetrics
from prompts.api.serializers.variables import CONTENT, VARIABLES, LabelField, VariablesField
from prompts.api.serializers.versions import HIGHEST_NUMBER, LabelBrief
from prompts.domain import limits
from prompts.domain.records import (
    FORMAT,
    FORMAT_VERSION,
    MOST_RECORDS,
    MOST_VERSIONS,
    PromptRecord,
    VersionRecord,
)
from prompts.models import Prompt, PromptVersion, Tag
from prompts.models.prompts import METRICS


class TagRecordOut(ReadModel, source_model=Tag):
    """A tag in a file."""

    name = Text(example="邮件 e-mail")
    color = Text(example="#1f77b4")


class VersionRecordOut(ReadModel, source_model=PromptVersion):
    """A version in a file."""

    content = Text(example=CONTENT)
    variables = Json(shape=VariablesField, example=VARIABLES)
    restored_from = Int()
    created_at = Time()


class PromptRecordOut(ReadModel, source_model=Prompt):
    """A prompt in a file. Its id is the one that it had where it was made."""

    id = Uuid(expression=Coalesce("imported_id", "id"))
    title = Text(example="周报邮件 Weekly report")
    folder = Text(example="work/emails")
    platform = Text(example="ChatGPT")
    url = Text(example="https://chat.example.com/c/1")
    response = Text(example="各位好：本周……")
    is_favorite = Bool()
    is_auto_saved = Bool()
    usage_count = Int(example=7)
    last_used_at = Time()
    metrics = Json(expression=JSONObject(**{name: F(name) for name in METRICS}), shape=PromptMetrics)
    tags = Many(TagRecordOut, order_by=["key"])
    labels = Many(LabelBrief, order_by=["name"])
    versions = Many(VersionRecordOut, order_by=["number"])
    created_at = Time()
    updated_at = Time()


class TagRecordIn(StrictModelSerializer):
    """A tag in a file: one that isn't there yet is made."""

    class Meta:
        model = Tag
        fields = ("name", "color")
        extra_kwargs = {"color": {"required": False}}


class LabelRecordIn(StrictSerializer):
    """A label in a file."""

    name = LabelField()
    version = serializers.IntegerField(min_value=1, help_text="The place of its version, from 1.")


def _content(**options: Any) -> serializers.CharField:
    return serializers.CharField(
        max_length=limits.CONTENT, trim_whitespace=False, validators=[says_something], **options
    )


class VersionRecordIn(StrictSerializer):
    """A version in a file."""

    content = _content()
    variables = VariablesField(required=False)
    restored_from = serializers.IntegerField(
        min_value=1,
        required=False,
        allow_null=True,
        help_text="The place of the earlier version that it repeats.",
    )
    created_at = serializers.DateTimeField(required=False)


class PromptRecordIn(StrictModelSerializer):
    """A prompt in a file: its `content`, or all its `versions` from the first to the latest."""

    default_error_messages = {
        "one_of": _("Give content or versions, and not both."),
        "no_such_version": _("There is no such version in this record."),
    }

    id = serializers.UUIDField(required=False, help_text="By which it is found again.")
    content = _content(required=False)
    variables = VariablesField(required=False, help_text="Of `content`.")
    versions = BoundedListField(
        child=VersionRecordIn(),
        max_length=MOST_VERSIONS,
        required=False,
        allow_empty=False,
        help_text="In order.",
    )
    metrics = PromptMetrics(required=False)
    tags = BoundedListField(
        child=TagRecordIn(),
        max_length=limits.TAGS,
        required=False,
        help_text="Those that aren't there are made.",
    )
    labels = BoundedListField(
        child=LabelRecordIn(),
        max_length=limits.LABELS,
        required=False,
        help_text="With the versions they point at.",
    )
    usage_count = serializers.IntegerField(min_value=0, max_value=HIGHEST_NUMBER, required=False)
    created_at = serializers.DateTimeField(required=False)
    updated_at = serializers.DateTimeField(required=False)

    class Meta:
        model = Prompt
        fields = (
            "id",
            "title",
            "folder",
            "platform",
            "url",
            "content",
            "variables",
            "response",
            "is_favorite",
            "is_auto_saved",
            "usage_count",
            "last_used_at",
            "metrics",
            "tags",
            "labels",
            "versions",
            "created_at",
            "updated_at",
        )
        extra_kwargs = {
            "title": {"required": False},
            "response": {"trim_whitespace": False},
        }

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("content" in data) == ("versions" in data) or ("versions" in data and "variables" in data):
            self.fail("one_of")
        versions = data.get("versions", [data])
        pointed = [label["version"] for label in data.get("labels", ())]
        if any(number > len(versions) for number in pointed):
            self.fail("no_such_version")
        if any((one.get("restored_from") or 0) >= place for place, one in enumerate(versions, start=1)):
            self.fail("no_such_version")
        return data


class PromptFileIn(StrictSerializer):
    """A file of prompts."""

    format = serializers.ChoiceField([FORMAT], required=False, help_text="What it is.")
    version = serializers.IntegerField(
        min_value=1, max_value=FORMAT_VERSION, required=False, help_text="Of the format."
    )
    prompts = BoundedListField(
        child=PromptRecordIn(), max_length=MOST_RECORDS, help_text="Those that are there stay as they are."
    )


class PromptImportOut(serializers.Serializer[Any]):
    """What an import did, or with `dry_run` would do."""

    created = serializers.IntegerField(help_text="Prompts that weren't there.")
    unchanged = serializers.IntegerField(help_text="Prompts that were there; they stay as they are.")
    tags_created = serializers.IntegerField(help_text="Tags that weren't there.")
    encoding = serializers.CharField(help_text="In which the file was read.")
    dry_run = serializers.BooleanField(help_text="Whether nothing was written.")


class PromptExportIn(StrictSerializer):
    """In which form prompts are exported."""

    format = serializers.ChoiceField(
        ["json", "csv"], default="json", help_text="`json` has everything, `csv` is for spreadsheets."
    )


def record_of(place: str, data: dict[str, Any]) -> PromptRecord:
    """What was read as the services take it."""
    own = {"content", "variables", "versions", "tags", "labels", "metrics", "id"}
    return PromptRecord(
        place=place,
        id=data.get("id"),
        fields={name: value for name, value in data.items() if name not in own} | data.get("metrics", {}),
        tags={tag["name"]: tag.get("color", "") for tag in reversed(data.get("tags", ()))},
        labels={label["name"]: label["version"] for label in data.get("labels", ())},
        versions=tuple(map(_version_of, data.get("versions") or [data])),
    )


def _version_of(data: dict[str, Any]) -> VersionRecord:
    return VersionRecord(
        content=data["content"],
        variables=data.get("variables"),
        restored_from=data.get("restored_from"),
        created_at=data.get("created_at"),
    )
