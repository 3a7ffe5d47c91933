"""Shapes of conversations."""

from typing import Any

from django.db.models import OuterRef, Subquery
from rest_framework import serializers

from config.api.lists.fields import Bool, Int, Json, Many, One, Text, Time, Uuid
from config.api.lists.read_models import ReadModel
from config.api.lists.statements import CappedCount
from config.api.serializers import BoundedListField, StrictModelSerializer, StrictSerializer
from conversations.domain import limits
from conversations.models import Conversation, Message, Reply
from prompts.models import PromptVersion, Tag

_MESSAGES = Message.objects.filter(conversation_id=OuterRef("pk")).order_by().values("pk")
_RUNNING = Reply.objects.filter(conversation_id=OuterRef("pk"), running__gt=0).values("pk")[:1]
PARAMETERS_EXAMPLE = {"temperature": 0.7, "max_output_tokens": 2000, "reasoning": False}


class ReplyParameters(StrictSerializer):
    """How a model is to answer. What isn't named is as the conversation, or the model, has it."""

    temperature = serializers.FloatField(
        min_value=0,
        max_value=limits.TEMPERATURE,
        allow_null=True,
        required=False,
        help_text="How free it is.",
    )
    max_output_tokens = serializers.IntegerField(
        min_value=1,
        max_value=limits.OUTPUT_TOKENS,
        allow_null=True,
        required=False,
        help_text=f"How long the answer may get; {limits.DEFAULT_OUTPUT_TOKENS} when nobody says.",
    )
    reasoning = serializers.BooleanField(
        required=False, help_text="Whether the model is to think aloud first, where it can; that costs."
    )


class ConversationTag(ReadModel, source_model=Tag):
    """A tag, as much as it takes to show it."""

    id = Uuid()
    name = Text(example="邮件 e-mail")
    color = Text(example="#1f77b4")


class ConversationPrompt(ReadModel, source_model=PromptVersion):
    """The version of a prompt that the system prompt was made from."""

    prompt_id = Uuid("prompt")
    title = Text("prompt__title", example="茶馆顾问")
    version = Int("number", help="The number of the version.")


class ConversationOut(ReadModel, source_model=Conversation):
    """Messages, and how they are answered."""

    id = Uuid()
    title = Text(example="绿茶怎么泡 Brewing green tea")
    is_title_automatic = Bool()
    model = Text(help="Who answers; empty: the preferred one.", example="deepseek-flash")
    parameters = Json(shape=ReplyParameters, example=PARAMETERS_EXAMPLE)
    system_prompt = Text(example="你是茶馆的顾问，回答简短。")
    prompt = One(
        ConversationPrompt, "prompt_version", help="Where the system prompt came from; null: nowhere."
    )
    variables = Json(shape=serializers.DictField, help="What its variables were.", example={"茶馆": "云间"})
    context_messages = Int()
    tags = Many(ConversationTag, order_by=["key"], help="By name.")
    is_pinned = Bool()
    is_archived = Bool()
    is_temporary = Bool()
    retention_days = Int()
    current_message_id = Uuid("current_message", help="The last message of the branch that is shown.")
    running_reply_id = Uuid(
        expression=Subquery(_RUNNING), null=True, help="The reply that is being written; null: none."
    )
    message_count = Int(expression=CappedCount(_MESSAGES), help="Messages of all branches.", example=8)
    forked_from_id = Uuid("forked_from", help="The message of another conversation that it was forked from.")
    last_message_at = Time()
    created_at = Time()
    updated_at = Time()


class SystemPromptIn(StrictSerializer):
    """A prompt of the library, to be filled in as the system prompt."""

    prompt_id = serializers.UUIDField(help_text="A prompt of yours.")
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="Left out: the latest."
    )
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=40, required=False, help_text="The version that this label points at, instead of a number."
    )
    variables = serializers.DictField(required=False, help_text="What its variables stand for.")


class ConversationCreateIn(StrictModelSerializer):
    """A conversation to be begun."""

    parameters = ReplyParameters(required=False, help_text="They take the place of all that were there.")
    prompt = SystemPromptIn(
        required=False, help_text="Instead of `system_prompt`: a prompt of the library, filled in now."
    )
    tag_ids = BoundedListField(
        child=serializers.UUIDField(),
        max_length=limits.TAGS,
        required=False,
        help_text="The tags that it has, instead of those it had.",
    )

    class Meta:
        model = Conversation
        fields = (
            "title",
            "model",
            "parameters",
            "system_prompt",
            "prompt",
            "context_messages",
            "tag_ids",
            "is_pinned",
            "is_archived",
            "is_temporary",
            "retention_days",
        )
        extra_kwargs = {
            "title": {"help_text": "Left out: one is made of the first messages."},
            "model": {
                "help_text": "A name of the catalogue, `model` or `provider:model`, or a key's of yours."
            },
            "system_prompt": {"trim_whitespace": False},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "prompt" in attrs and attrs.get("system_prompt"):
            message = "Give either a system_prompt or a prompt."
            raise serializers.ValidationError({"prompt": [message]}, code="one")
        return attrs


class ConversationUpdateIn(ConversationCreateIn):
    """What is to be different of a conversation."""

    current_message_id = serializers.UUIDField(
        required=False,
        help_text="Shows the branch through this message, to its latest end.",
    )

    class Meta(ConversationCreateIn.Meta):
        fields = (*ConversationCreateIn.Meta.fields, "current_message_id")  # type: ignore[assignment]


class ConversationForkIn(StrictModelSerializer):
    """From where a conversation of its own is to go on."""

    message_id = serializers.UUIDField(help_text="The last message that it takes over.")

    class Meta:
        model = Conversation
        fields = ("message_id", "title")
        extra_kwargs = {"title": {"help_text": "Left out: that of the conversation."}}
