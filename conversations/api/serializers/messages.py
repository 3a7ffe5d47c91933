"""Shapes of messages and replies."""

from typing import Any

from django.db.models import Q, Value
from rest_framework import serializers

from config.api.lists.fields import Bool, Choice, Int, Json, Many, StoredError, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from config.api.shapes import EstimateOut, JobError
from config.validators import says_something
from conversations.api.serializers.conversations import PARAMETERS_EXAMPLE, ReplyParameters
from conversations.domain import limits
from conversations.domain.context import NAMED_LEFT_OUT
from conversations.domain.roles import MessageStatus, Role
from conversations.models import Attachment, Message, Reply


class ShortenedMessage(serializers.Serializer[Any]):
    """A message that went along without its middle."""

    id = serializers.CharField(help_text="The message.")
    characters = serializers.IntegerField(help_text="How many of its characters were left out.")


class ReplyContext(serializers.Serializer[Any]):
    """What of the conversation goes along to the model. Without `messages`, nothing was asked."""

    messages = serializers.IntegerField(
        required=False, help_text="Messages that go along, the last one included."
    )
    first_id = serializers.CharField(required=False, help_text="The first of them.")
    images = serializers.IntegerField(required=False, help_text="Images that the model sees.")
    images_left_out = serializers.IntegerField(
        required=False,
        help_text="Images that stay behind, with their messages or because the model reads none.",
    )
    left_out = serializers.IntegerField(required=False, help_text="Earlier messages that stay behind.")
    left_out_characters = serializers.IntegerField(required=False, help_text="How long those are together.")
    left_out_ids = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=f"The latest {NAMED_LEFT_OUT} of those."
    )
    cut = ShortenedMessage(many=True, required=False, help_text="Messages that lose their middle.")
    input_tokens = serializers.IntegerField(required=False, help_text="At most, by an estimate.")
    output_tokens = serializers.IntegerField(required=False, help_text="How long the answer may get.")
    context_tokens = serializers.IntegerField(
        required=False, allow_null=True, help_text="What the model takes altogether; null: not known."
    )


CONTEXT_EXAMPLE = {
    "messages": 5,
    "first_id": "0196fd3e-7d5c-7000-8000-000000000001",
    "images": 1,
    "images_left_out": 0,
    "left_out": 2,
    "left_out_characters": 5120,
    "left_out_ids": ["0196fd3e-7d5c-7000-8000-000000000002", "0196fd3e-7d5c-7000-8000-000000000003"],
    "cut": [{"id": "0196fd3e-7d5c-7000-8000-000000000001", "characters": 48200}],
    "input_tokens": 6140,
    "output_tokens": 4000,
    "context_tokens": 12288,
}


class MessageAttachment(ReadModel, source_model=Attachment):
    """A file that a message shows to the model."""

    file_id = Uuid("file", help="The file: GET /files/{file_id} has a link to its content.")
    name = Text("file__name", example="茶单 menu.txt")
    media_type = Text("file__media_type", help="By its content.", example="text/plain")
    size = Int("file__size", help="In bytes.", example=2048)


class MessageOut(ReadModel, source_model=Message):
    """What somebody said, and which message it follows. An answer that is being written has the id of its job."""

    id = Uuid()
    conversation_id = Uuid("conversation")
    parent_id = Uuid("parent", help="The message that it follows; null: it begins a branch.")
    reply_id = Uuid("reply", help="The reply that it is one of; null: it isn't an answer that was made here.")
    role = Choice(Role, help="Who says it.", example="assistant")
    status = Choice(MessageStatus)
    content = Text(help="As far as it is written.", example="水温约 80 °C，泡两分钟。")
    attachments = Many(MessageAttachment, order_by=["position"], help="In their order.")
    reasoning = Text(help="What the model thought aloud, apart from its answer.")
    model = Text(help="Who was asked; empty: the preferred one.", example="deepseek-flash")
    parameters = Json(shape=ReplyParameters, example=PARAMETERS_EXAMPLE)
    context = Json(
        shape=ReplyContext,
        help="What of the conversation went along; empty: it wasn't made here.",
        example=CONTEXT_EXAMPLE,
    )
    provider = Text(example="deepseek")
    answered_by = Text(help="What the provider calls the model that answered.", example="deepseek-flash")
    finish_reason = Text(help="Why the model ended, in its provider's word for it.", example="stop")
    input_tokens = Int(help="Of all calls for it.", example=812)
    output_tokens = Int(help="Of all calls for it.", example=264)
    reasoning_tokens = Int(help="Of the output, what the model thought.", example=0)
    cost_micros = Int(help="What all calls for it did cost, in millionths of USD.", example=120)
    milliseconds = Int(help="From the call to the end of the answer.", example=2300)
    first_token_ms = Int(help="From the call to the first piece of the answer.", example=410)
    error = StoredError(shape=JobError, help="Why it isn't whole; null: it is, or it was stopped.")
    purged_at = Time(help="When its texts were removed by time; null: they are there.")
    created_at = Time()
    updated_at = Time()


class MessageRestOut(MessageOut):
    """A message, or what of its content comes after so many characters."""

    after = Int(expression=Value(0), help="How many characters before `content` were left out.", example=0)


class MessageHitOut(ReadModel, source_model=Message):
    """A message that was found, and in which conversation."""

    id = Uuid()
    conversation_id = Uuid("conversation")
    conversation_title = Text(
        "conversation__title", help="What its conversation is called.", example="绿茶怎么泡 Brewing green tea"
    )
    parent_id = Uuid("parent", help="The message that it follows; null: it begins a branch.")
    role = Choice(Role, help="Who says it.", example="assistant")
    content = Text(example="水温约 80 °C，泡两分钟。")
    created_at = Time()


class ClearedOut(serializers.Serializer[Any]):
    """How many there were."""

    deleted = serializers.IntegerField(help_text="Messages that are gone.")


class ReplyOut(ReadModel, source_model=Reply):
    """One act of answering: by one model, or by several side by side. Its id is its job's."""

    id = Uuid()
    conversation_id = Uuid("conversation")
    is_running = Bool(expression=Q(running__gt=0), help="Whether one of its messages is still being written.")
    messages = Many(
        MessageOut, order_by=["created_at", "id"], help="The answers, in the order of the models."
    )
    created_at = Time()
    updated_at = Time()


class MessageRestIn(StrictSerializer):
    """Which part of a message is asked for."""

    after = serializers.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text="Only what comes after so many characters (Unicode code points).",
    )


class MessageEventsIn(MessageRestIn):
    """What is followed."""

    message = serializers.UUIDField(
        required=False, help_text="The message that is read; left out: the current one."
    )
    reasoning = serializers.BooleanField(
        default=False, help_text="Whether to tell what the model thinks aloud, too."
    )


def file_ids_field(help_text: str) -> BoundedListField:
    return BoundedListField(
        child=serializers.UUIDField(), max_length=limits.ATTACHMENTS, required=False, help_text=help_text
    )


ATTACHES = "Files of yours that the model is shown with it: texts, and images where it reads them."


class MessageCreateIn(StrictModelSerializer):
    """A message that is ready."""

    file_ids = file_ids_field(ATTACHES)
    role = serializers.ChoiceField(
        [Role.USER.value, Role.ASSISTANT.value], default=Role.USER.value, help_text="Who says it."
    )
    parent_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="What it follows; left out: the current message; null: nothing.",
    )

    class Meta:
        model = Message
        fields = ("role", "content", "parent_id", "file_ids")
        extra_kwargs = {
            "content": {
                "trim_whitespace": False,
                "required": True,
                "allow_blank": False,
                "validators": [says_something],
            }
        }


class HowToReplyIn(StrictSerializer):
    """Who is to answer, and how."""

    models = BoundedListField(
        child=serializers.CharField(max_length=limits.MODEL),
        min_length=1,
        max_length=limits.SIBLINGS,
        required=False,
        help_text="Who answers; several make replies side by side. Left out: as the conversation has it.",
    )
    parameters = ReplyParameters(required=False, help_text="For this reply.")


class ReplyCreateIn(HowToReplyIn):
    """A message of yours that is to be answered."""

    file_ids = file_ids_field(ATTACHES)
    content = serializers.CharField(
        max_length=limits.CONTENT,
        trim_whitespace=False,
        validators=[says_something],
        help_text="What you say.",
    )
    parent_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="What it follows; left out: the current message; null: nothing.",
    )


class ReplyEstimateOut(EstimateOut):
    """What a reply would cost, what would go along, and what is left of the budget."""

    contexts = ReplyContext(many=True, help_text="What would go along, for each of the models.")


class MessageEditIn(HowToReplyIn):
    """What you would rather have said."""

    file_ids = file_ids_field("Files that it shows to the model; left out: those that the message has.")
    content = serializers.CharField(
        max_length=limits.CONTENT,
        trim_whitespace=False,
        validators=[says_something],
        help_text="What you say.",
    )
