"""What goes by itself: texts that have been kept long enough, temporary conversations, and links that have expired.

Ages are counted from when a message came to us, which its key tells: what was imported yesterday is a day old.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.services.activities import row_record
from config.db import delete_in_chunks, uuid7_floor
from conversations.domain.roles import MessageStatus
from conversations.models import (
    Attachment,
    Conversation,
    ConversationSettings,
    ConversationShare,
    Message,
)
from conversations.models.actions import Action
from conversations.services.conversations import conversation_erase
from generation.jobs.ledger import results_forget

#: Rows that one transaction changes, so that others get to write in between.
CHUNK = 500
#: Rows that one round changes; the next one goes on.
MOST = 20_000
#: An expired link shows nothing, but its owner sees for so long that there was one.
EXPIRED_FOR = timedelta(days=30)


def settings_update(*, owner_id: UUID, **changes: Any) -> ConversationSettings:
    """Say how long texts are kept. What is older then goes with the next round."""
    with transaction.atomic():
        row, _ = ConversationSettings.objects.get_or_create(owner_id=owner_id)
        changed = [name for name, value in changes.items() if getattr(row, name) != value]
        for name, value in changes.items():
            setattr(row, name, value)
        if changed:
            row.save()
            row_record(row, Action.UPDATE_SETTINGS)
    return row


def conversations_clean_up() -> dict[str, int]:
    """One round. May run twice at once, stop anywhere and be repeated: what is gone is gone."""
    return {"purged": _purge_old(), "deleted": _delete_temporary(), "expired": _delete_expired()}


def _purge_old() -> int:
    purged = 0
    for rows in _too_old():
        while purged < MOST and (ids := list(rows.values_list("pk", flat=True)[:CHUNK])):
            messages_purge(ids)
            purged += len(ids)
    return purged


def _too_old() -> Iterator[QuerySet[Message]]:
    """Messages whose texts have been kept long enough: by their conversation's word, or else by their owner's."""
    kept = Message.objects.filter(purged_at=None).exclude(status=MessageStatus.STREAMING)
    own = Conversation.objects.exclude(retention_days=None).values_list("retention_days", flat=True)
    for days in own.order_by("retention_days").distinct():
        yield kept.filter(conversation__retention_days=days, pk__lt=_floor(days))
    general = ConversationSettings.objects.exclude(retention_days=None)
    for days in general.order_by("retention_days").values_list("retention_days", flat=True).distinct():
        owners = general.filter(retention_days=days).values("owner_id")
        yield kept.filter(conversation__retention_days=None, owner_id__in=owners, pk__lt=_floor(days))


def _floor(days: int | None) -> UUID:
    return uuid7_floor(timezone.now() - timedelta(days=days or 0))


def messages_purge(ids: Iterable[UUID]) -> None:
    """Remove the texts of these messages wherever we have them; their figures stay."""
    ids = list(ids)
    now = timezone.now()
    with transaction.atomic():
        Message.objects.filter(pk__in=ids).update(
            content="", reasoning="", search_text="", purged_at=now, updated_at=now
        )
        Attachment.objects.filter(message__in=ids).delete()
        results_forget(ids)
        told_by_texts = Conversation.objects.filter(messages__in=ids, is_title_automatic=True).exclude(
            title=""
        )
        told_by_texts.distinct().update(title="", search_text="")


def _delete_temporary() -> int:
    """Those in which nothing was said for a day (`CONVERSATION_TEMPORARY_HOURS`)."""
    until = timezone.now() - timedelta(hours=settings.CONVERSATION_TEMPORARY_HOURS)
    old = Conversation.objects.filter(is_temporary=True, last_message_at__lt=until)
    ids = list(old.order_by("last_message_at").values_list("pk", flat=True)[:CHUNK])
    return sum(_delete_if_old(old, pk) for pk in ids)


def _delete_expired() -> int:
    until = timezone.now() - EXPIRED_FOR
    return delete_in_chunks(ConversationShare.objects.filter(expires_at__lt=until), CHUNK)


def _delete_if_old(old: QuerySet[Conversation], pk: UUID) -> bool:
    """Somebody may have said something in it meanwhile."""
    with transaction.atomic():
        conversation = old.filter(pk=pk).select_for_update(of=("self",)).first()
        if conversation is None:
            return False
        conversation_erase(conversation)
    return True
