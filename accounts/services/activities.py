"""The log of what accounts did: added to by the services that do it, cleared by its owner and by time."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.domain.actions import Action
from accounts.models import Activity
from config.api import origin
from config.logs import redact

OBJECT_ID_LENGTH = 64


def activity_record(
    *,
    owner_id: UUID,
    action: Action,
    object_type: str = "",
    object_id: object = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down that the account did this. One INSERT; call it in the transaction of what was done, so that neither
    is there without the other.

    `object_type` is an `ObjectType`, `details` are a few names and numbers (never content; what looks like a secret
    is removed). From where it came is taken from the request that is being answered. What somebody else does to the
    account's things is no activity of its own and isn't recorded: staff's doing stands in the audit.
    """
    came = origin.current()
    if came.actor_id not in (None, owner_id):
        return
    Activity.objects.create(
        owner_id=owner_id,
        action=Action(action),
        object_type=object_type,
        object_id=str(object_id)[:OBJECT_ID_LENGTH],
        details=redact(dict(details or {})),
        ip_address=came.ip_address,
        user_agent=came.user_agent,
        request_id=came.request_id,
    )
