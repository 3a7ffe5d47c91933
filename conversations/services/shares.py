"""Links by which others read a conversation: made, found, revoked."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.services.activities import row_record
from conversations.domain.roles import MessageStatus, Role
from conversations.errors import NothingToShareError, ShareLimitError, ShareTooLargeError
from conversations.models import Conversation, ConversationShare
from conversations.models.actions import Action
from conversations.selectors import attachments_of, branch_of
from conversations.services.messages import message_of

MOST_CHARACTERS = 500_000
SHARES_PER_CONVERSATION = 50
#: Nobody guesses one, so a plain hash is enough to store it.
TOKEN_BYTES = 32


def share_create(
    *, conversation: Conversation, message_id: UUID | None = None, expires_in_days: int | None = None
) -> tuple[ConversationShare, str]:
    """Freeze a branch for readers; returns the row and the link's token, which can't be had a second time.

    What was said goes along, and nothing else: no instructions, thoughts, figures or names, and of files how many.
    `conversation` is locked by the caller. Raises `MessageUnknownError`, `NothingToShareError`, `ShareTooLargeError`,
    `ShareLimitError`.
    """
    leaf_id = message_id or conversation.current_message_id
    branch = branch_of(message_of(conversation, leaf_id)) if leaf_id else []
    files = attachments_of(branch)
    said: list[dict[str, Any]] = [
        {"role": message.role, "content": message.content, "files": len(files.get(message.pk, ()))}
        for message in branch
        if message.role != Role.SYSTEM
        and message.status != MessageStatus.STREAMING
        and message.content.strip()
    ]
    if not said:
        raise NothingToShareError
    if sum(len(one["content"]) for one in said) > MOST_CHARACTERS:
        raise ShareTooLargeError(limit=MOST_CHARACTERS)
    if conversation.shares.count() >= SHARES_PER_CONVERSATION:
        raise ShareLimitError(limit=SHARES_PER_CONVERSATION)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ends = timezone.now() + timedelta(days=expires_in_days) if expires_in_days else None
    with transaction.atomic():
        share = ConversationShare.objects.create(
            owner_id=conversation.owner_id,
            conversation=conversation,
            title=conversation.title,
            content=said,
            message_count=len(said),
            token_hash=_hash(token),
            expires_at=ends,
        )
        row_record(share, Action.SHARE_CONVERSATION, conversation_id=str(conversation.pk))
    return share, token


def share_of_token(token: str) -> ConversationShare | None:
    """What the link shows; None if it was never made, is revoked or has expired: nobody is told which."""
    good = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ConversationShare.objects.filter(good, token_hash=_hash(token)).defer("content").first()


def share_delete(*, share: ConversationShare) -> None:
    """Revoke a link: what it showed is gone, too."""
    with transaction.atomic():
        row_record(share, Action.UNSHARE_CONVERSATION, conversation_id=str(share.conversation_id))
        share.delete()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
