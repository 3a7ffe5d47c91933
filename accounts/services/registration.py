"""Opening an account: who may, with what, and when it may log in."""

from django.conf import settings
from django.db import transaction

from accounts.errors import InvitationNeededError, RegistrationClosedError
from accounts.models import Invitation, User
from accounts.models.actions import Action
from accounts.selectors.budgets import new_account_limit
from accounts.services.activities import account_record
from accounts.services.budgets import budget_set
from accounts.services.invitations import invitation_get, invitation_use
from accounts.services.sessions import TokenPair, session_start
from accounts.services.users import user_prepare, user_save
from config.celery import enqueue
from config.languages import Language


def user_register(
    *, username: str, email: str, password: str, language: str = Language.EN, invitation: str = ""
) -> tuple[User, TokenPair | None]:
    """Open an account and log in; without tokens where its address has to be confirmed first.

    Raises RegistrationClosedError, InvitationNeededError, InvitationInvalidError, UsernameTakenError, EmailTakenError,
    ValidationError (a malformed name, a weak password).
    """
    if settings.REGISTRATION == "closed":
        raise RegistrationClosedError
    if settings.REGISTRATION == "invited" and not invitation:
        raise InvitationNeededError
    # Before anything is said of names: whose are taken is nobody's business who isn't invited.
    invited = invitation_get(invitation, email=email) if invitation else None
    user = user_prepare(username=username, email=email, password=password, language=language)
    # Who has the link that was sent to an address has shown that it is theirs.
    user.is_email_confirmed = not settings.CONFIRM_EMAIL or bool(invited and invited.email)
    with transaction.atomic():
        user_save(user)
        if invited is not None:
            invitation_use(invitation=invited, user=user)
        _limit(user, invited)
        account_record(user.pk, Action.REGISTER, is_invited=invited is not None)
        if user.is_email_confirmed:
            return user, session_start(user=user)
        enqueue("accounts.send_confirmation", user_id=str(user.pk))
        return user, None


def _limit(user: User, invited: Invitation | None) -> None:
    """What strangers may spend of the operator's money is small, until staff say otherwise."""
    own = None if invited is None else invited.limit_micros
    limit = new_account_limit() if own is None else own
    if limit is not None:
        budget_set(user=user, limit_micros=limit)
