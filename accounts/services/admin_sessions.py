"""Django's sessions, in which staff are logged into the admin."""

from uuid import UUID

from django.contrib.sessions.models import Session

SESSIONS_AT_ONCE = 500


def admin_sessions_end(user_id: UUID) -> None:
    """Log the account out of the admin. Its sessions name their user only inside; they are few."""
    gone = [
        session.pk
        for session in Session.objects.iterator(chunk_size=SESSIONS_AT_ONCE)
        if session.get_decoded().get("_auth_user_id") == str(user_id)
    ]
    Session.objects.filter(pk__in=gone).delete()
