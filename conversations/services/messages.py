"""Messages: put in, look up, clear; and the end of what is being written."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import row_record
from conversations.domain.roles import MessageStatus
from conversations.errors import MessageUnfinishedError, MessageUnknownError, ReplyNotRunningError
from conversations.models import Attachment, Conversation, Message, Reply
from conversations.models.actions import Action
from conversations.services.attachments import attachments_put
from generation.domain.states import ACTIVE
from generation.jobs.ledger import results_forget
from generation.jobs.services import job_cancel
from generation.models import Job

#: Behind which message another one is put when nobody says.
CURRENT: Any = object()


def message_of(conversation: Conversation, message_id: UUID) -> Message:
    """Raises `MessageUnknownError`."""
    message = conversation.messages.filter(pk=message_id).first()
    if message is None:
        raise MessageUnknownError(message_id=message_id)
    return message


def latest_below(message: Message) -> Message:
    """The end of the branch through this message, the latest wherever it parts: in two queries, however long it is."""
    rows = Message.objects.filter(conversation_id=message.conversation_id, parent__isnull=False)
    latest = dict(rows.order_by("created_at", "pk").values_list("parent_id", "pk"))
    end = message.pk
    while (below := latest.get(end)) is not None:
        end = below
    return message if end == message.pk else Message.objects.get(pk=end)


def message_add(*, conversation: Conversation, role: str, content: str, **place: Any) -> Message:
    """Put a message that is ready into a conversation (`message_put`)."""
    with transaction.atomic():
        message = message_put(conversation=conversation, role=role, content=content, **place)
        row_record(conversation, Action.ADD_MESSAGE, message_id=str(message.pk), role=role)
    return message


def message_put(
    *,
    conversation: Conversation,
    role: str,
    content: str,
    attachments: Sequence[Attachment] = (),
    parent_id: UUID | None = CURRENT,
) -> Message:
    """Put a message behind another, the current one if none is named; None: at the beginning. It becomes the current
    one. `conversation` is locked by the caller. Raises `MessageUnknownError`, `MessageUnfinishedError`,
    `FileUnknownError`.
    """
    message = message_new(conversation=conversation, role=role, content=content, parent_id=parent_id)
    with transaction.atomic():
        message.save(force_insert=True)
        attachments_put(message, attachments)
        conversation.current_message = message
        conversation.last_message_at = timezone.now()
        conversation.save(update_fields=["current_message", "last_message_at", "updated_at"])
    return message


def message_new(
    *, conversation: Conversation, role: str, content: str, parent_id: UUID | None = CURRENT
) -> Message:
    """A message that isn't stored yet, in its place. Raises `MessageUnknownError`, `MessageUnfinishedError`."""
    if parent_id is CURRENT:
        parent_id = conversation.current_message_id
    if parent_id is not None:
        parent = message_of(conversation, parent_id)
        if parent.status == MessageStatus.STREAMING:
            raise MessageUnfinishedError(message_id=parent_id)
    return Message(
        owner_id=conversation.owner_id,
        conversation=conversation,
        parent_id=parent_id,
        role=role,
        content=content,
    )


def messages_clear(*, conversation: Conversation) -> int:
    """Delete all messages of a conversation; what is being written stops. Returns how many there were.

    `conversation` is locked by the caller.
    """
    with transaction.atomic():
        conversation.current_message = None
        conversation.save(update_fields=["current_message", "updated_at"])
        count = messages_erase(conversation)
        row_record(conversation, Action.CLEAR_MESSAGES, messages=count)
    return count


def messages_erase(conversation: Conversation) -> int:
    """Delete all messages, and what the ledger remembers of them; what is being written stops. Returns how many."""
    replies_stop(conversation)
    answers = conversation.messages.exclude(reply=None).values_list("pk", flat=True)
    results_forget(list(answers))
    _, deleted = conversation.messages.all().delete()
    conversation.replies.all().delete()
    return deleted.get("conversations.Message", 0)


def replies_stop(conversation: Conversation) -> list[UUID]:
    """Have what is being written in this conversation stopped; returns the ids of the replies."""
    running = list(
        Reply.objects.filter(conversation=conversation, running__gt=0).values_list("pk", flat=True)
    )
    for job in Job.objects.filter(pk__in=running, status__in=ACTIVE):
        job_cancel(job=job)
    return running


def reply_stop(*, conversation: Conversation) -> Reply:
    """Stop the reply that is being written: what has come by then stays. Raises `ReplyNotRunningError`."""
    with transaction.atomic():
        stopped = replies_stop(conversation)
        if not stopped:
            raise ReplyNotRunningError
        row_record(conversation, Action.STOP_REPLY)
    return Reply.objects.get(pk=stopped[0])
