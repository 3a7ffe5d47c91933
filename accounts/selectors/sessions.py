"""Reads about log-in sessions, and which of the tokens that long answers were begun with still hold."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q

from accounts.domain.claims import Claims, SessionClaims, password_stamp
from accounts.models import AccessToken, LoginSession
from accounts.models.sessions import LoginSessionQuerySet


def session_list_for(owner_id: UUID, current_id: UUID) -> LoginSessionQuerySet:
    """With `is_current` for the session that asks."""
    is_current = ExpressionWrapper(Q(pk=current_id), output_field=BooleanField())
    return LoginSession.objects.owned_by(owner_id).annotate(is_current=is_current)


def claims_that_hold(claims: Collection[Claims]) -> set[Claims]:
    """Those whose session, token and account would be let in now, but for their expiry. Two queries at most."""
    sessions = {one.session_id for one in claims if isinstance(one, SessionClaims)}
    tokens = {one.token_id for one in claims if not isinstance(one, SessionClaims)}
    stamps: dict[UUID, int] = {}
    if sessions:
        rows = LoginSession.objects.active().filter(pk__in=sessions, owner__is_active=True)
        stamps = {
            pk: password_stamp(changed_at)
            for pk, changed_at in rows.values_list("pk", "owner__password_changed_at")
        }
    if tokens:
        alive = AccessToken.objects.filter(pk__in=tokens, owner__is_active=True)
        tokens = set(alive.values_list("pk", flat=True))
    return {
        one
        for one in claims
        if (
            stamps.get(one.session_id) == one.password_stamp
            if isinstance(one, SessionClaims)
            else one.token_id in tokens
        )
    }
