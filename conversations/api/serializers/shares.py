"""Shapes of links by which others read a conversation."""

from rest_framework import serializers

from config.api.lists.fields import Int, Text, Time, Uuid
from config.api.lists.plain import plain_serializer
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from conversations.models import ConversationShare

LONGEST_DAYS = 3_650


class ConversationShareOut(ReadModel, source_model=ConversationShare):
    """A branch of a conversation as it was, readable by whoever has the link. The link itself is shown once only."""

    id = Uuid()
    conversation_id = Uuid("conversation")
    title = Text(help="As readers see it.", example="绿茶怎么泡 Brewing green tea")
    message_count = Int(help="Messages that readers see.", example=6)
    expires_at = Time(help="Until when the link is good; null: until it is revoked.")
    created_at = Time()


class ConversationShareCreatedOut(plain_serializer(ConversationShareOut)):  # type: ignore[misc]
    """A new link. It can't be had a second time."""

    url = serializers.URLField(help_text="A page that needs no login.")


class ConversationShareCreateIn(StrictSerializer):
    """What is to be shared, and for how long."""

    message_id = serializers.UUIDField(
        required=False, help_text="The last message of the branch; left out: the one that is shown."
    )
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, required=False, help_text="Left out: until it is revoked."
    )
