"""E-mails, in the language of whoever gets them. Sent by a worker: a server of mail takes its time."""

from smtplib import SMTPException
from uuid import UUID

import structlog
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Invitation, User
from accounts.services.invitations import invitation_url
from accounts.services.recovery import confirmation_url, password_reset_url
from config.languages import Language

DJANGO_LANGUAGES = {Language.EN.value: "en", Language.ZH.value: "zh-hans"}

log = structlog.get_logger(__name__)


def password_reset_send(*, user_id: UUID) -> bool:
    """False when there is no such account, or the mail server doesn't take it."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return False
    with override(DJANGO_LANGUAGES[user.language]):
        body = _(
            "Hello %(name)s,\n\nsomebody, probably you, asked for a new password for your account. Choose one here "
            "within an hour:\n\n%(url)s\n\nThe link works once. If it wasn't you, there is nothing to do: your "
            "password stays."
        )
        values = {"name": user.username, "url": password_reset_url(user)}
        return _send(user.email, _("A new password"), body % values)


def confirmation_send(*, user_id: UUID) -> bool:
    user = User.objects.filter(pk=user_id, is_active=True, is_email_confirmed=False).first()
    if user is None:
        return False
    with override(DJANGO_LANGUAGES[user.language]):
        body = _(
            "Hello %(name)s,\n\nan account was opened with this address. Confirm within a week that it is yours:\n\n"
            "%(url)s\n\nIf you didn't open it, there is nothing to do: without this it can't be used."
        )
        values = {"name": user.username, "url": confirmation_url(user)}
        return _send(user.email, _("Confirm your e-mail address"), body % values)


def invitation_send(*, invitation_id: UUID) -> bool:
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None or not invitation.is_open or not invitation.email:
        return False
    with override(DJANGO_LANGUAGES[invitation.language]):
        body = _(
            "Hello,\n\nyou are invited to open an account, until %(date)s (UTC):\n\n%(url)s\n\nThe link works once "
            "and for this address."
        )
        values = {"date": f"{invitation.expires_at:%Y-%m-%d %H:%M}", "url": invitation_url(invitation)}
        return _send(invitation.email, _("An invitation"), body % values)


def _send(to: str, subject: str, body: str) -> bool:
    """Nobody is told of a failure but the operator: whoever waits for the mail asks for another one."""
    try:
        EmailMessage(subject, body + "\n", to=[to]).send()
    except (OSError, SMTPException) as exc:
        log.warning("mail.failed", error=type(exc).__name__)
        return False
    return True
