"""The log of what accounts did: added to by the services that do it, cleared by its owner and by time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Activity
from accounts.models.actions import ACTIONS, OBJECT_TYPES, Action, ObjectType
from config.api import origin
from config.db import delete_chunk, delete_in_chunks, uuid7_floor
from config.logs import redact

OBJECT_ID_LENGTH = 64
#: Rows that one transaction deletes, so that others get to write in between.
CHUNK = 5_000


def activity_record(
    *,
    owner_id: UUID,
    action: str,
    object_type: str = "",
    object_id: object = "",
    details: Mapping[str, Any] | None = None,
) -> Activity | None:
    """Write down that the account did this. One INSERT; call it in the transaction of what was done, so that neither
    is there without the other.

    `action` and `object_type` are what an app has registered (LookupError otherwise), `details` are a few names and
    numbers (never content; what looks like a secret is removed). From where it came is taken from the request that is
    being answered. What somebody else does to the account's things is no activity of its own and isn't recorded:
    staff's doing stands in the audit.
    """
    _known(action, object_type)
    came = origin.current()
    if came.actor_id not in (None, owner_id):
        return None
    return Activity.objects.create(
        owner_id=owner_id,
        action=action,
        object_type=object_type,
        object_id=str(object_id)[:OBJECT_ID_LENGTH],
        details=redact(dict(details or {})),
        ip_address=came.ip_address,
        user_agent=came.user_agent,
        request_id=came.request_id,
    )


def activity_tell(
    *,
    owner_id: UUID,
    action: str,
    object_type: str,
    object_id: object,
    details: Mapping[str, Any] | None = None,
) -> Activity:
    """Write into an account's log what the house did to one of its things: the owner is to know it. From where and by
    whom stays with the house, in the audit."""
    _known(action, object_type)
    return Activity.objects.create(
        owner_id=owner_id,
        action=action,
        object_type=object_type,
        object_id=str(object_id)[:OBJECT_ID_LENGTH],
        details=redact(dict(details or {})),
    )


def _known(action: str, object_type: str) -> None:
    if action not in ACTIONS or (object_type and object_type not in OBJECT_TYPES):
        raise LookupError(f"no app registers the activity {action!r} of {object_type!r}")


class Recorded(Protocol):
    """A row whose changes are activities of its owner: what the log calls it, and which of its fields each tells."""

    @property
    def pk(self) -> Any: ...
    @property
    def owner_id(self) -> UUID | None: ...
    @property
    def recorded_as(self) -> str: ...
    @property
    def recorded_with(self) -> tuple[str, ...]: ...


def row_record(row: Recorded, action: str, **details: Any) -> None:
    """Write down that the row's owner did this to it. What belongs to nobody is no account's own activity."""
    if row.owner_id is None:
        return
    told = {name: getattr(row, name) for name in row.recorded_with}
    activity_record(
        owner_id=row.owner_id,
        action=action,
        object_type=row.recorded_as,
        object_id=row.pk,
        details={**told, **details},
    )


def account_record(user_id: UUID, action: Action, **details: Any) -> None:
    """Write down that an account did this to itself."""
    activity_record(
        owner_id=user_id, action=action, object_type=ObjectType.USER, object_id=user_id, details=details
    )


def activities_clear(
    *,
    owner_id: UUID,
    action: str | None = None,
    object_type: str | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
) -> int:
    """Delete what the account did, narrowed by what is given; returns how many records went.

    One record of the clearing stays. It is written with the first deletions and counts the others along, so that it
    is right even if this ends half-way.
    """
    wanted = {
        "action": action,
        "object_type": object_type,
        "created_at__gte": created_from,
        "created_at__lt": created_before,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    rows = Activity.objects.owned_by(owner_id).filter(created_at__lte=timezone.now(), **given)
    shown = {"action": action, "object_type": object_type, "from": created_from, "before": created_before}
    details: dict[str, Any] = {name: str(value) for name, value in shown.items() if value is not None}
    with transaction.atomic():
        deleted = gone = delete_chunk(rows, CHUNK)
        details["deleted"] = deleted
        record = activity_record(
            owner_id=owner_id,
            action=Action.CLEAR_ACTIVITIES,
            object_type=ObjectType.ACTIVITY,
            details=details,
        )
    others = rows.exclude(pk=record.pk) if record else rows
    while gone == CHUNK:
        with transaction.atomic():
            gone = delete_chunk(others, CHUNK)
            deleted += gone
            if record is not None:
                record.details["deleted"] = deleted
                record.save(update_fields=["details"])
    return deleted


def activities_expire() -> int:
    """Delete what is older than `ACTIVITY_RETENTION_DAYS`; returns how many records went.

    Keys are in the order of time, so the old ones are found by them, without an index of their own.
    """
    oldest = uuid7_floor(timezone.now() - timedelta(days=settings.ACTIVITY_RETENTION_DAYS))
    return delete_in_chunks(Activity.objects.filter(pk__lt=oldest), CHUNK)
