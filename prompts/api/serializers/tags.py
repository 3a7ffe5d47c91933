"""Shapes of tags."""

from django.db.models import OuterRef
from rest_framework import serializers

from config.api.lists.fields import Int, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.lists.statements import CappedCount
from config.api.serializers import StrictModelSerializer, StrictSerializer
from prompts.models import Prompt, Tag

_TAGGED = Prompt.tags.through.objects.filter(tag_id=OuterRef("pk")).order_by().values("pk")


class TagBrief(ReadModel, source_model=Tag):
    """A tag, as much as it takes to show it."""

    id = Uuid()
    name = Text(example="邮件 e-mail")
    color = Text(example="#1f77b4")


class TagOut(TagBrief):
    """A word that prompts are sorted by."""

    prompt_count = Int(expression=CappedCount(_TAGGED), help="How many prompts have it.", example=12)
    created_at = Time()
    updated_at = Time()


class TagCreateIn(StrictModelSerializer):
    """A tag to be made."""

    class Meta:
        model = Tag
        fields = ("name", "color")


class TagMergeIn(StrictSerializer):
    """Which tag is to stay."""

    into = serializers.UUIDField(help_text="The key of the tag that its prompts get.")
