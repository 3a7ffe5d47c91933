"""Celery's doors to the accounts."""

from typing import Any
from uuid import UUID

from celery import shared_task

from accounts.services.activities import activities_expire
from accounts.services.files import removals_run
from accounts.services.mails import confirmation_send, invitation_send, password_reset_send
from accounts.services.sessions import sessions_expire


@shared_task(name="accounts.remove_files")
def remove_files(*, removal_id: str | None = None, **_: Any) -> int:
    """The files of one account that was just deleted, or (beat) of all whose files are still there."""
    return removals_run(removal_id=UUID(removal_id) if removal_id else None)


@shared_task(name="accounts.clean_up", ignore_result=False)
def clean_up(**_: Any) -> dict[str, int]:
    return {"activities": activities_expire(), "sessions": sessions_expire()}


@shared_task(name="accounts.send_password_reset")
def send_password_reset(*, user_id: str, **_: Any) -> bool:
    return password_reset_send(user_id=UUID(user_id))


@shared_task(name="accounts.send_confirmation")
def send_confirmation(*, user_id: str, **_: Any) -> bool:
    return confirmation_send(user_id=UUID(user_id))


@shared_task(name="accounts.send_invitation")
def send_invitation(*, invitation_id: str, **_: Any) -> bool:
    return invitation_send(invitation_id=UUID(invitation_id))
