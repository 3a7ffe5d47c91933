"""Who may see what of conversations.

What ends in `_list_for` is stable in shape (see `config.api.lists.spec.Source`).
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum, UUIDField, Value
from django.db.models.functions import Coalesce, Length

from config.sql.trees import IsOnPathTo
from conversations.domain.roles import MessageStatus
from conversations.models import (
    Attachment,
    Conversation,
    ConversationImport,
    ConversationImportItem,
    ConversationSettings,
    ConversationShare,
    Message,
    Reply,
)
from generation.live.texts import LiveHead, LiveText
from generation.models import Job, ProviderCall


def conversation_list_for(owner_id: UUID) -> QuerySet[Conversation]:
    return Conversation.objects.owned_by(owner_id)


def message_list_for(owner_id: UUID, conversation_id: UUID) -> QuerySet[Message]:
    return Message.objects.owned_by(owner_id).filter(conversation_id=conversation_id)


def message_search_list_for(owner_id: UUID) -> QuerySet[Message]:
    return Message.objects.owned_by(owner_id)


def reply_list_for(owner_id: UUID, conversation_id: UUID) -> QuerySet[Reply]:
    return Reply.objects.filter(conversation__owner_id=owner_id, conversation_id=conversation_id)


def settings_for(owner_id: UUID) -> dict[str, Any]:
    row = ConversationSettings.objects.owned_by(owner_id).first()
    return {"retention_days": row.retention_days if row else None}


def branch_of(message: Message, *, most: int = 2**31 - 1) -> list[Message]:
    """The message and all that it follows (at most so many in all), the first one first: one query, however long."""
    above = Message.objects.filter(IsOnPathTo(Message, Value(message.pk, UUIDField()), most=most))
    found: dict[UUID | None, Message] = {row.pk: row for row in above}
    branch = [found[message.pk]]
    while (parent := found.get(branch[-1].parent_id)) is not None:
        branch.append(parent)
    return branch[::-1]


#: What `conversation_usage` sums up.
USED = ("replies", "input_tokens", "output_tokens", "reasoning_tokens", "cost_micros", "milliseconds")


def conversation_usage(conversation_id: UUID) -> list[dict[str, Any]]:
    """What the answers that were made in a conversation took, by the model that gave them, the dearest first."""
    made = Message.objects.filter(conversation_id=conversation_id, reply__isnull=False)
    sums = {name: Coalesce(Sum(name), 0) for name in USED if name != "replies"}
    rows: Any = made.values("provider", "answered_by").annotate(replies=Count("pk"), **sums)
    return [
        {"provider": row["provider"], "model": row["answered_by"], **{name: row[name] for name in USED}}
        for row in rows.order_by("-cost_micros", "provider", "answered_by")
    ]


def uncertain_calls(conversation_id: UUID) -> dict[str, int]:
    """The calls for answers here of which nobody knows whether they were charged, and what they cost at most."""
    calls = ProviderCall.objects.uncertain().filter(
        job__in=Message.objects.filter(conversation_id=conversation_id, reply__isnull=False).values("pk")
    )
    return calls.aggregate(uncertain_calls=Count("pk"), uncertain_micros=Coalesce(Sum("reserved_micros"), 0))


def attachments_of(branch: Sequence[Message | UUID]) -> dict[UUID, list[Attachment]]:
    """The attachments of these messages with their files, in their order, by message."""
    rows = (
        Attachment.objects.filter(message__in=branch)
        .select_related("file")
        .order_by("message_id", "position")
    )
    found: dict[UUID, list[Attachment]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found


def reply_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """The title of the conversation that each job answers in."""
    rows = Message.objects.filter(pk__in=[job.pk for job in jobs]).select_related("conversation")
    return {row.pk: str(row.conversation) for row in rows.only("pk", "conversation__title")}


def title_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """The title of the conversation that each job finds one for."""
    ids = {job.pk: job.input.get("message_id") for job in jobs}
    rows = Message.objects.filter(pk__in=set(ids.values())).select_related("conversation")
    found = {str(row.pk): str(row.conversation) for row in rows.only("pk", "conversation__title")}
    return {pk: found[message] for pk, message in ids.items() if message in found}


def comparison_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    rows = Reply.objects.filter(pk__in=[job.pk for job in jobs]).select_related("conversation")
    return {row.pk: str(row.conversation) for row in rows.only("pk", "conversation__title")}


class MessageTexts:
    """The texts of messages, for those who read them while they are written (`generation.live.texts.LiveSource`)."""

    def heads(self, ids: Collection[UUID]) -> dict[UUID, LiveHead]:
        attempts = Job.objects.filter(pk=OuterRef("pk")).values("attempt")
        rows = Message.objects.filter(pk__in=ids).annotate(
            characters=Length("content"), job_attempt=Subquery(attempts)
        )
        return {
            # Before a worker has taken the job up, it is the first attempt that is waited for.
            pk: LiveHead(max(attempt or 0, 1), status, status != MessageStatus.STREAMING, characters)
            for pk, attempt, status, characters in rows.values_list(
                "pk", "job_attempt", "status", "characters"
            )
        }

    def read(self, ids: Collection[UUID]) -> dict[UUID, LiveText]:
        attempts = Job.objects.filter(pk=OuterRef("pk")).values("attempt")
        rows = Message.objects.filter(pk__in=ids).annotate(job_attempt=Subquery(attempts))
        found = {}
        for message in rows:
            attempt = max(message.job_attempt or 0, 1)
            head = LiveHead(attempt, message.status, message.is_over, len(message.content))
            found[message.pk] = LiveText(
                head, message.content, message.reasoning, message.is_rewritten, message.error
            )
        return found


MESSAGE_TEXTS = MessageTexts()


def import_list_for(owner_id: UUID) -> QuerySet[ConversationImport]:
    return ConversationImport.objects.owned_by(owner_id)


def import_item_list_for(owner_id: UUID, import_id: UUID) -> QuerySet[ConversationImportItem]:
    return ConversationImportItem.objects.filter(
        conversation_import__owner_id=owner_id, conversation_import_id=import_id
    )


def import_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """What the file is called that each job brings in."""
    return dict(ConversationImport.objects.filter(pk__in=[job.pk for job in jobs]).values_list("pk", "name"))


def share_list_for(owner_id: UUID) -> QuerySet[ConversationShare]:
    return ConversationShare.objects.owned_by(owner_id)


def conversation_share_list_for(owner_id: UUID, conversation_id: UUID) -> QuerySet[ConversationShare]:
    return share_list_for(owner_id).filter(conversation_id=conversation_id)
