"""Staff see who has which access token, find one by its end, and take it away."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.domain.tokens import token_hash
from accounts.models import AccessToken, Activity, User
from accounts.services.tokens import token_authenticate, token_create
from config.errors import TokenInvalidError
from tests.support.access_tokens import token_of

LIST = reverse("admin:accounts_accesstoken_changelist")


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def row_of(token: str) -> AccessToken:
    return AccessToken.objects.get(token_hash=token_hash(token))


def page_of(row: AccessToken, action: str = "change") -> str:
    return reverse(f"admin:accounts_accesstoken_{action}", args=[row.pk])


def found(back_office: Client, query: dict[str, str]) -> set[str]:
    return {row.name for row in back_office.get(LIST, query).context["cl"].result_list}


def test_shows_whose_it_is_and_never_the_hash(back_office: Client, alice: User) -> None:
    token = token_of(alice, "jobs:read", "templates:write", is_test=True)
    row = row_of(token)
    for page in (back_office.get(LIST).text, back_office.get(page_of(row)).text):
        assert f"atl_test_…{row.last_four}" in page
        assert "templates:write" in page
        assert "alice" in page
        assert row.token_hash not in page
        assert token not in page


def test_is_looked_at_and_not_changed(back_office: Client, alice: User) -> None:
    row = row_of(token_of(alice))
    assert back_office.post(page_of(row), {"name": "other", "scopes": '["jobs:write"]'}).status_code == 403
    assert back_office.get(LIST + "add/").status_code == 403
    row.refresh_from_db()
    assert (row.name, row.scopes) == ("机器人 🤖", ["account:read"])


def test_search(back_office: Client, alice: User, bob: User) -> None:
    of_alice, _ = token_create(owner_id=alice.pk, name="一", scopes=["jobs:read"])
    of_bob, plain = token_create(owner_id=bob.pk, name="二", scopes=["jobs:read"])
    AccessToken.objects.filter(pk=of_alice.pk).update(last_four="zZ09")

    assert found(back_office, {"q": "alice"}) == {"一"}
    assert found(back_office, {"q": "ALI"}) == {"一"}
    assert found(back_office, {"q": "zZ09"}) == {"一"}
    assert found(back_office, {"q": f"atl_live_…{of_bob.last_four}"}) == {"二"}
    assert found(back_office, {"q": plain}) == {"二"}
    assert found(back_office, {"q": str(bob.pk)}) == {"二"}
    assert found(back_office, {"q": str(of_bob.pk)}) == {"二"}
    assert found(back_office, {"q": "nobody"}) == set()


def test_filters(back_office: Client, alice: User) -> None:
    for name, values in {
        "good": {"last_used_at": timezone.now()},
        "old": {"expires_at": timezone.now() - timedelta(days=1)},
        "new": {},
    }.items():
        row, _ = token_create(owner_id=alice.pk, name=name, scopes=["jobs:read"], is_test=name == "new")
        AccessToken.objects.filter(pk=row.pk).update(**values)

    assert found(back_office, {"state": "valid"}) == {"good", "new"}
    assert found(back_office, {"state": "expired"}) == {"old"}
    assert found(back_office, {"state": "unused"}) == {"old", "new"}
    assert found(back_office, {"is_test__exact": "1"}) == {"new"}


def test_taken_away_from_its_own_page_and_from_the_list(back_office: Client, alice: User) -> None:
    tokens = [token_of(alice) for _ in range(3)]
    for token in tokens:
        token_authenticate(token, fresh=True)
    assert back_office.post(page_of(row_of(tokens[0]), "delete"), {"post": "yes"}).status_code == 302
    chosen = [str(row_of(token).pk) for token in tokens[1:]]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert back_office.post(LIST, form).status_code == 302

    assert not AccessToken.objects.exists()
    for token in tokens:
        with pytest.raises(TokenInvalidError):
            token_authenticate(token, fresh=True)


def test_what_staff_did_is_no_activity_of_the_owner(back_office: Client, alice: User) -> None:
    row = row_of(token_of(alice))
    back_office.post(page_of(row, "delete"), {"post": "yes"})
    assert not Activity.objects.filter(action="delete_access_token").exists()


def test_needs_the_right(alice: User) -> None:
    row = row_of(token_of(alice))
    clerk = User.objects.create_user("clerk", "clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_accesstoken"))
    client = Client()
    client.force_login(clerk)
    assert client.get(page_of(row)).status_code == 200
    assert client.post(page_of(row, "delete"), {"post": "yes"}).status_code == 403
    assert AccessToken.objects.exists()


def plan_of(queryset: Any) -> str:
    """Which indexes the database would use if the table were large."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    return str(queryset.explain())


def test_the_search_reads_by_indexes(alice: User, staff: User) -> None:
    one = admin.site._registry[AccessToken]
    request = RequestFactory().get("/")
    request.user = staff
    rows, _ = one.get_search_results(request, AccessToken.objects.all(), "alic")
    plan = plan_of(rows)
    assert "token_last_four" in plan
    assert not re.search(r"\bSCAN\b|Seq Scan", plan)
