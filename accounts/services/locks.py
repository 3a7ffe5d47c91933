"""One writer of an account at a time."""

from uuid import UUID

from accounts.models import User
from config.errors import TokenInvalidError


def account_lock(owner_id: UUID) -> None:
    """Hold the account until the transaction ends: two requests that count or look for its rows at the same moment
    would both find nothing.

    Raises TokenInvalidError: it was deleted meanwhile, so that nobody is logged in any more.
    """
    if not User.objects.select_for_update(no_key=True).filter(pk=owner_id).exists():
        raise TokenInvalidError
