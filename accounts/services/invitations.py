"""Invitations: made, taken back, and used by exactly one account."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.domain.names import folded_email, normalized_email
from accounts.errors import InvitationInvalidError, LinkInvalidError
from accounts.models import Invitation, User
from accounts.services.links import Link, link_token, link_url, link_values
from config.celery import enqueue
from config.languages import Language

DAYS = 7


@transaction.atomic
def invitation_create(
    *,
    invited_by: User | None = None,
    email: str = "",
    language: str = Language.EN,
    days: int = DAYS,
    limit_micros: int | None = None,
) -> Invitation:
    """Invite somebody; one with an address is sent there, where e-mail is set up. Raises ValidationError."""
    invitation = Invitation(
        invited_by=invited_by,
        email=normalized_email(email) if email else "",
        language=language,
        limit_micros=limit_micros,
        expires_at=timezone.now() + timedelta(days=days),
    )
    invitation.full_clean()
    invitation.save(force_insert=True)
    if invitation.email and settings.SENDS_EMAIL:
        enqueue("accounts.send_invitation", invitation_id=str(invitation.pk))
    return invitation


def invitation_delete(*, invitation: Invitation) -> None:
    """Take it back. An account that was opened with it stays."""
    Invitation.objects.filter(pk=invitation.pk).delete()


def invitation_url(invitation: Invitation) -> str:
    return link_url(Link.INVITATION, link_token(Link.INVITATION, str(invitation.pk)))


def invitation_get(token: str, *, email: str) -> Invitation:
    """Raises InvitationInvalidError: unknown, used, expired, taken back, or for somebody else's address."""
    try:
        [key] = link_values(Link.INVITATION, token)
    except LinkInvalidError:
        raise InvitationInvalidError from None
    invitation = Invitation.objects.filter(pk=UUID(key)).first()
    if invitation is None or not invitation.is_open:
        raise InvitationInvalidError
    if invitation.email and folded_email(invitation.email) != folded_email(email):
        raise InvitationInvalidError
    return invitation


def invitation_use(*, invitation: Invitation, user: User) -> None:
    """Of two who use it at once, one gets it. Call it in the transaction that opens the account.

    Raises InvitationInvalidError.
    """
    now = timezone.now()
    still_open = Invitation.objects.filter(pk=invitation.pk, used_at=None, expires_at__gt=now)
    if not still_open.update(used_at=now, used_by=user):
        raise InvitationInvalidError
