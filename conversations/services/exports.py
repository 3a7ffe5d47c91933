"""Exports are written down as what the account did."""

from uuid import UUID

from accounts.services.activities import activity_record, row_record
from conversations.models import Conversation
from conversations.models.actions import Action, ObjectType


def conversation_exported(*, conversation: Conversation, format: str) -> None:
    row_record(conversation, Action.EXPORT_CONVERSATIONS, format=format)


def conversations_exported(*, owner_id: UUID, total: int) -> None:
    """All of them, as JSON."""
    activity_record(
        owner_id=owner_id,
        action=Action.EXPORT_CONVERSATIONS,
        object_type=ObjectType.CONVERSATION,
        details={"format": "json", "total": total},
    )
