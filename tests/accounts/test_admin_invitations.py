"""Who may come in, in the back office."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Invitation, LoginSession, User
from accounts.services.invitations import invitation_create, invitation_get
from accounts.services.sessions import session_start
from tests.conftest import Enqueued
from tests.support.links import token_in

INVITATIONS = reverse("admin:accounts_invitation_changelist")


@pytest.fixture
def back_office(client: Any, staff: User) -> Any:
    client.force_login(staff)
    return client


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_made_shown_and_taken_back(
    back_office: Any, staff: User, enqueued: Enqueued
) -> None:
    form = {"email": "guest@example.com", "language": "zh", "days": "3", "limit": "2.5"}
    assert back_office.post(reverse("admin:accounts_invitation_add"), form).status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.invited_by, invitation.language, invitation.limit_micros) == (staff, "zh", 2_500_000)
    assert [name for name, _ in enqueued] == ["accounts.send_invitation"]
    assert AuditEntry.objects.filter(action="add", object_id=str(invitation.pk)).exists()

    page = back_office.get(reverse("admin:accounts_invitation_change", args=[invitation.pk]))
    assert invitation_get(token_in(page.text), email=invitation.email) == invitation
    gone = reverse("admin:accounts_invitation_delete", args=[invitation.pk])
    assert back_office.post(gone, {"post": "yes"}).status_code == 302
    assert not Invitation.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"days": "0"}, {"limit": "-1"}, {"email": "nowhere"}, {"language": "fr"}])
def test_what_is_wrong_is_told_in_the_form(back_office: Any, wrong: dict[str, str]) -> None:
    form = {"email": "", "language": "en", "days": "7", "limit": "", **wrong}
    assert back_office.post(reverse("admin:accounts_invitation_add"), form).status_code == 200
    assert not Invitation.objects.exists()


@pytest.mark.django_db
def test_a_used_one_shows_no_link(back_office: Any, alice: User) -> None:
    invitation = invitation_create()
    Invitation.objects.update(used_at=invitation.created_at, used_by=alice)
    page = back_office.get(reverse("admin:accounts_invitation_change", args=[invitation.pk]))
    assert "account/register" not in page.text


@pytest.mark.django_db(transaction=True)
def test_users_are_sent_links_and_sessions_end(back_office: Any, alice: User, enqueued: Enqueued) -> None:
    asked = {"action": "send_password_reset", "_selected_action": [str(alice.pk)]}
    back_office.post(reverse("admin:accounts_user_changelist"), asked)
    assert enqueued == [("accounts.send_password_reset", {"user_id": str(alice.pk)})]

    session_start(user=alice)
    session = LoginSession.objects.get(owner=alice)
    asked = {"action": "end", "_selected_action": [str(session.pk)]}
    back_office.post(reverse("admin:accounts_loginsession_changelist"), asked)
    session.refresh_from_db()
    assert session.ended_at is not None
