"""Conversations: list, begin, change, fork, delete."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from rest_framework.request import Request

from config.api.lists.filters import AllOf, AnyOf, BoolFilter, SearchFilter, TextFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Created, Detail, NoContent
from config.errors import PreconditionFailedError
from conversations.api.serializers.conversations import (
    ConversationCreateIn,
    ConversationForkIn,
    ConversationOut,
    ConversationUpdateIn,
)
from conversations.errors import MessageUnfinishedError, MessageUnknownError, PromptForSystemUnknownError
from conversations.selectors import conversation_list_for
from conversations.services.conversations import (
    conversation_create,
    conversation_delete,
    conversation_fork,
    conversation_update,
)
from prompts.domain.names import folded
from prompts.errors import PromptVersionUnknownError, TagUnknownError, VariableValuesInvalidError

WRITE_ERRORS = (
    PromptForSystemUnknownError,
    PromptVersionUnknownError,
    TagUnknownError,
    VariableValuesInvalidError,
)
EXAMPLE_ID = ConversationOut.example()["current_message_id"]
CREATE_EXAMPLE = {
    "title": "绿茶",
    "system_prompt": "你是茶馆的顾问，回答简短。",
    "parameters": {"temperature": 0.2},
}


class ConversationsApi(ResourceApi):
    scope = "conversations"
    read_model = ConversationOut
    selector = conversation_list_for
    route = "conversation"


class ConversationListApi(ConversationsApi, ListApi):
    filters = {
        "search": SearchFilter(help="Words anywhere in the title; messages: GET /conversations/search."),
        "tags": AnyOf(
            TextFilter("tags__key", fold=folded), help="Those that have any of these tags, by their names."
        ),
        "tags_all": AllOf(
            TextFilter("tags__key", fold=folded), help="Those that have all of these tags, by their names."
        ),
        "model": TextFilter(help="The model that the conversation names."),
        "is_pinned": BoolFilter(Q(is_pinned=True), help="Only pinned ones, or only others."),
        "is_archived": BoolFilter(Q(is_archived=True), help="Only archived ones, or only others."),
        "is_temporary": BoolFilter(Q(is_temporary=True), help="Only temporary ones, or only others."),
        **time_range("created_at"),
        **time_range("last_message_at"),
    }
    sorts = {
        **{name: name for name in ("last_message_at", "created_at", "updated_at", "title")},
        "pinned": ("-is_pinned", "-last_message_at"),
    }
    default_sort = "-last_message_at"
    summary = "List conversations"

    @operation(
        "Begin a conversation",
        request=ConversationCreateIn,
        request_example=CREATE_EXAMPLE,
        status=201,
        errors=WRITE_ERRORS,
    )
    def post(self, request: Request) -> Created:
        return self.created(conversation_create(owner_id=self.caller.pk, **self.read(ConversationCreateIn)))


class ConversationApi(ConversationsApi, DetailApi):
    summary = "Read a conversation"

    @operation(
        "Change a conversation",
        description="`current_message_id` switches to another branch.",
        request=ConversationUpdateIn,
        request_example={"title": "绿茶", "is_pinned": True},
        errors=(*WRITE_ERRORS, MessageUnknownError, PreconditionFailedError),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(ConversationUpdateIn, partial=True)
        with self.changing() as conversation:
            conversation_update(conversation=conversation, **changes)
        return self.shown()

    @operation(
        "Delete a conversation",
        description="With all its messages; a reply that is being written stops.",
        status=204,
        errors=(PreconditionFailedError,),
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as conversation:
            conversation_delete(conversation=conversation)
        return NoContent()


class ConversationForkApi(ConversationsApi):
    @operation(
        "Fork a conversation",
        description="Makes a conversation of its own out of the messages up to one, which costs nothing.",
        request=ConversationForkIn,
        request_example={"message_id": EXAMPLE_ID},
        status=201,
        errors=(MessageUnknownError, MessageUnfinishedError, PreconditionFailedError),
        operation_id="forkConversation",
    )
    def post(self, request: Request, **keys: Any) -> Created:
        with self.changing() as conversation:
            fork = conversation_fork(conversation=conversation, **self.read(ConversationForkIn))
        return Created(self.row_json(fork.pk), reverse(self.route, args=[fork.pk]))
