"""Messages: list, add, find, clear; and have them answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.db import transaction
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.errors import BudgetExceededError
from accounts.selectors.budgets import budget_get
from config.api.lists.filters import AnyOf, ChoiceFilter, SearchFilter, UuidFilter, time_range
from config.api.lists.reading import JsonRow, read_row
from config.api.lists.views import ListApi, ResourceApi, row_source
from config.api.renderers import to_json
from config.api.schema import operation
from config.api.shapes import ESTIMATE_EXAMPLE
from config.api.views import Accepted, Created, Detail
from config.errors import NotFoundError
from config.files.errors import FileLostError, FileStorageError, FileUnknownError
from conversations.api.filters import BranchFilter
from conversations.api.serializers.messages import (
    CONTEXT_EXAMPLE,
    ClearedOut,
    HowToReplyIn,
    MessageCreateIn,
    MessageEditIn,
    MessageHitOut,
    MessageOut,
    MessageRestIn,
    MessageRestOut,
    ReplyCreateIn,
    ReplyEstimateOut,
    ReplyOut,
)
from conversations.domain.roles import MessageStatus, Role
from conversations.errors import (
    AttachmentTooLargeError,
    AttachmentTypeError,
    MessageNotYoursError,
    MessageTooLongError,
    MessageUnfinishedError,
    MessageUnknownError,
    NothingToAnswerError,
    ReplyNotRunningError,
    ReplyRunningError,
    SystemPromptTooLongError,
)
from conversations.models import Conversation, Reply
from conversations.selectors import (
    MESSAGE_TEXTS,
    conversation_list_for,
    message_list_for,
    message_search_list_for,
    reply_list_for,
)
from conversations.services.attachments import attachments_new
from conversations.services.messages import message_add, messages_clear, reply_stop
from conversations.services.replies import reply_again, reply_edited, reply_estimate, reply_to
from generation.errors import (
    ModelEndedError,
    ModelTakesNoImagesError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
)
from generation.live.texts import newest

PLACE_ERRORS = (
    *(MessageUnknownError, MessageUnfinishedError),
    *(FileUnknownError, AttachmentTypeError, AttachmentTooLargeError, FileLostError, FileStorageError),
)
ESTIMATE_ERRORS = (
    *(PriceMissingError, ModelUnknownError, ModelEndedError, ModelUnavailableError, ModelTakesNoImagesError),
    *(SystemPromptTooLongError, MessageTooLongError, NotFoundError),
)
REPLY_ERRORS = (*ESTIMATE_ERRORS, ReplyRunningError, BudgetExceededError)
REPLY = row_source(ReplyOut, reply_list_for)
REPLY_EXAMPLE = {"content": "绿茶怎么泡？", "parameters": {"temperature": 0.2}}


class InConversationApi(ResourceApi):
    """What stands below one conversation, and is written while nobody else writes there."""

    scope = "conversations"
    #: What a POST reads that may name files.
    attaching: ClassVar[type[Serializer[Any]] | None] = None
    #: What a POST asks for, with `attachments` instead of the ids of files.
    asked: dict[str, Any]

    @contextmanager
    def conversation(self) -> Iterator[Conversation]:
        """The path's conversation, locked, in a transaction. Raises NotFoundError."""
        with transaction.atomic():
            mine = conversation_list_for(self.caller.pk).filter(pk=self.kwargs["conversation_id"])
            conversation = mine.select_for_update(of=("self",)).first()
            if conversation is None:
                raise NotFoundError
            yield conversation

    def prepare(self) -> None:
        """Files are looked at before anything is locked."""
        if self.attaching is None:
            return
        self.asked = self.read(self.attaching)
        if "file_ids" in self.asked:
            if not conversation_list_for(self.caller.pk).filter(pk=self.kwargs["conversation_id"]).exists():
                raise NotFoundError
            file_ids = self.asked.pop("file_ids")
            self.asked["attachments"] = attachments_new(owner_id=self.caller.pk, file_ids=file_ids)


class MessagesApi(InConversationApi):
    read_model = MessageOut
    selector = message_list_for
    route = "conversation-message"


class MessageListApi(MessagesApi, ListApi):
    attaching = MessageCreateIn
    parent = conversation_list_for
    filters = {
        "branch": BranchFilter(help="A message: only it and what it follows, such as `current_message_id`."),
        "parent_id": UuidFilter("parent", help="What follows this message."),
        "role": AnyOf(ChoiceFilter(Role), help="Who says it; several with commas between."),
        "status": AnyOf(ChoiceFilter(MessageStatus)),
        "search": SearchFilter(help="Words anywhere in what is said."),
    }
    sorts = ("created_at",)
    default_sort = "created_at"
    summary = "List a conversation's messages"
    description = "Those of all branches, unless `branch` names one."

    @operation(
        "Add a message",
        description="One that is ready: nothing answers it. `POST …/reply` adds one and has it answered.",
        request=MessageCreateIn,
        request_example={"role": "user", "content": "绿茶怎么泡？"},
        status=201,
        errors=(*PLACE_ERRORS, NotFoundError),
    )
    def post(self, request: Request, **keys: Any) -> Created:
        with self.conversation() as conversation:
            message = message_add(conversation=conversation, **self.asked)
        return self.created(message)

    @operation(
        "Clear a conversation",
        description="Deletes all its messages; a reply that is being written stops.",
        response=ClearedOut,
        example={"deleted": 8},
        errors=(NotFoundError,),
        operation_id="clearMessages",
    )
    def delete(self, request: Request, **keys: Any) -> dict[str, int]:
        with self.conversation() as conversation:
            return {"deleted": messages_clear(conversation=conversation)}


class MessageApi(MessagesApi):
    read_model = MessageRestOut

    @operation(
        "Read a message",
        description=(
            "With `after`, what comes after so many characters, also while it is written: clients without streams ask "
            "again with the number of those they have. Whoever has more than there is is answered with a smaller "
            "`after`: cut to so many, then append."
        ),
        parameters=(MessageRestIn,),
    )
    def get(self, request: Request, **keys: Any) -> Detail:
        after = self.read_query(MessageRestIn).get("after")
        return self.shown() if after is None else Detail(rest_of(self.row_json(self.key), self.key, after))


def rest_of(row: JsonRow, pk: UUID, after: int) -> JsonRow:
    """The message with what of it, as its readers know it now, comes after so many characters."""
    found = MESSAGE_TEXTS.read([pk]).get(pk)
    if found is None:
        raise NotFoundError
    found = newest(pk, found)
    after = 0 if found.is_rewritten else min(after, len(found.text))
    told = {"content": found.text[after:], "reasoning": found.reasoning, "after": after}
    return JsonRow(to_json({**orjson.loads(row.data_json), **told}))


class MessageSearchApi(ListApi):
    scope = "conversations"
    read_model = MessageHitOut
    selector = message_search_list_for
    filters = {
        "search": SearchFilter(help="Words anywhere in what is said."),
        "conversation_id": UuidFilter("conversation"),
        "role": AnyOf(ChoiceFilter(Role), help="Who says it; several with commas between."),
        **time_range("created_at"),
    }
    summary = "Search messages"
    description = "In all conversations; each hit is a message, with where the words stand in it."


class AnswersApi(InConversationApi):
    """What has a message answered, and answers with the reply."""

    waits = True

    def reply_json(self, pk: UUID) -> JsonRow:
        return read_row(REPLY, pk=pk, owner_id=self.caller.pk, conversation_id=self.kwargs["conversation_id"])

    def accepted(self, reply: Reply) -> Accepted:
        return Accepted(self.reply_json(reply.pk), job_id=reply.pk)

    def finished(self, job_id: UUID) -> Detail:
        return Detail(self.reply_json(job_id))


class RepliesApi(AnswersApi):
    read_model = ReplyOut
    selector = reply_list_for


class AgainApi(AnswersApi):
    read_model = MessageOut
    selector = message_list_for


class ReplyApi(RepliesApi):
    attaching = ReplyCreateIn

    @operation(
        "Say something and have it answered",
        description=(
            "Answers at once with the reply, whose messages grow while they are written; its id is its job's. Several "
            "`models` answer side by side. One reply at a time is written in a conversation."
        ),
        request=ReplyCreateIn,
        request_example=REPLY_EXAMPLE,
        status=202,
        errors=(*REPLY_ERRORS, *PLACE_ERRORS),
        operation_id="createReply",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        with self.conversation() as conversation:
            reply = reply_to(conversation=conversation, is_test=self.caller.is_test, **self.asked)
            return self.accepted(reply)


class ReplyEstimateApi(RepliesApi):
    attaching = ReplyCreateIn
    waits = False
    works_in_transaction = False  # nothing is made

    @operation(
        "Rehearse a reply",
        description=(
            "What it would cost, by whom, what of the conversation would go along, and what is left of your budget. "
            "Nothing is made."
        ),
        request=ReplyCreateIn,
        request_example=REPLY_EXAMPLE,
        response=ReplyEstimateOut,
        example={**ESTIMATE_EXAMPLE, "contexts": [CONTEXT_EXAMPLE]},
        errors=(*ESTIMATE_ERRORS, *PLACE_ERRORS),
        operation_id="estimateReply",
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        conversation = conversation_list_for(self.caller.pk).filter(pk=self.kwargs["conversation_id"]).first()
        if conversation is None:
            raise NotFoundError
        quote, asked = reply_estimate(conversation=conversation, is_test=self.caller.is_test, **self.asked)
        budget = budget_get(self.caller.pk, is_test=quote.is_test)
        return {
            "cost": quote.shown(),
            "budget": budget.shown(),
            "contexts": [one.context.record() for one in asked],
        }


class MessageRegenerateApi(AgainApi):
    @operation(
        "Have a message answered again",
        description="Beside the answer that is there; of an answer, the message that it answers.",
        request=HowToReplyIn,
        response=ReplyOut,
        request_example={"models": ["deepseek-flash"]},
        status=202,
        errors=(*REPLY_ERRORS, MessageUnknownError, NothingToAnswerError),
        operation_id="regenerateReply",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        asked = self.read(HowToReplyIn)
        with self.conversation() as conversation:
            reply = reply_again(
                conversation=conversation,
                message_id=self.kwargs["message_id"],
                is_test=self.caller.is_test,
                **asked,
            )
            return self.accepted(reply)


class MessageEditApi(AgainApi):
    attaching = MessageEditIn

    @operation(
        "Say something else instead",
        description="Makes another branch, which begins beside your message, and has it answered.",
        request=MessageEditIn,
        response=ReplyOut,
        request_example={"content": "乌龙茶怎么泡？"},
        status=202,
        errors=(*REPLY_ERRORS, *PLACE_ERRORS, MessageNotYoursError),
        operation_id="editMessage",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        with self.conversation() as conversation:
            reply = reply_edited(
                conversation=conversation,
                message_id=self.kwargs["message_id"],
                is_test=self.caller.is_test,
                **self.asked,
            )
            return self.accepted(reply)


class ReplyStopApi(RepliesApi):
    waits = False

    @operation(
        "Stop a reply",
        description="From any device. What had come by then is kept as `interrupted`, with what it cost.",
        response=ReplyOut,
        errors=(ReplyNotRunningError, NotFoundError),
        operation_id="stopReply",
    )
    def post(self, request: Request, **keys: Any) -> Any:
        with self.conversation() as conversation:
            reply = reply_stop(conversation=conversation)
        return self.reply_json(reply.pk)
