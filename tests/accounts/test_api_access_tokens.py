"""Access tokens over HTTP: made and shown once, listed without their secret, deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.domain.tokens import is_well_formed, token_hash
from accounts.errors import AccessTokenLimitError
from accounts.models import AccessToken, Activity, User
from accounts.services import tokens as services
from accounts.services.tokens import token_create, token_delete
from config.api.scopes import SCOPES
from config.models import IdempotencyRecord
from tests.support.access_tokens import bearing, machine
from tests.support.patience import PATIENCE

TOKENS = "/api/v1/access-tokens"
BODY: dict[str, Any] = {"name": "夜间批处理 🌙", "scopes": ["templates:write", "jobs:read"]}

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(alice: User, client_for: ClientFor) -> APIClient:
    return client_for(alice)


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def problems(answer: Any) -> dict[str, str]:
    assert fault(answer) == (422, "VALIDATION_FAILED"), answer.content
    return {problem["field"]: problem["message"] for problem in answer.json()["data"]["details"]["fields"]}


def token_for(user: User, name: str = "机器人", **options: Any) -> AccessToken:
    return token_create(owner_id=user.pk, name=name, scopes=["jobs:read"], **options)[0]


class TestMaking:
    def test_is_shown_once_and_kept_nowhere(self, client: APIClient, alice: User) -> None:
        answer = client.post(TOKENS, BODY)

        assert answer.status_code == 201
        made = answer.json()["data"]
        plain = made.pop("token")
        assert is_well_formed(plain)
        assert plain.startswith("atl_live_")
        row = AccessToken.objects.get()
        assert answer.headers["Location"] == f"{TOKENS}/{row.pk}"
        assert answer.headers["Cache-Control"] == "no-store"
        assert (row.owner_id, row.token_hash, row.last_four) == (alice.pk, token_hash(plain), plain[-4:])
        stored = [str(value) for value in AccessToken.objects.values_list().get()]
        assert not any(plain in value for value in stored)
        assert client.get(answer.headers["Location"]).json()["data"] == made
        assert (made["name"], made["scopes"]) == ("夜间批处理 🌙", ["jobs:read", "templates:write"])
        assert (made["is_test"], made["expires_at"], made["last_used_at"]) == (False, None, None)

    def test_works(self, client: APIClient) -> None:
        token = client.post(TOKENS, {"name": "n", "scopes": ["account:read"]}).json()["data"]["token"]
        assert bearing(token).get("/api/v1/auth/me").json()["data"]["username"] == "alice"

    def test_of_the_test_kind_says_so(self, client: APIClient) -> None:
        made = client.post(TOKENS, {**BODY, "is_test": True}).json()["data"]
        assert made["is_test"]
        assert made["token"].startswith("atl_test_")

    def test_until_a_day_or_for_some_days(self, client: APIClient) -> None:
        until = client.post(TOKENS, {**BODY, "expires_at": "2999-12-31T23:59:59+08:00"}).json()["data"]
        assert until["expires_at"] == "2999-12-31T15:59:59.000000Z"
        client.post(TOKENS, {**BODY, "expires_in_days": 90})
        expires_at = AccessToken.objects.latest("created_at").expires_at
        assert expires_at is not None
        assert abs(expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
        assert client.post(TOKENS, {**BODY, "expires_at": None}).json()["data"]["expires_at"] is None

    def test_the_same_scope_twice_is_one(self, client: APIClient) -> None:
        made = client.post(TOKENS, {**BODY, "scopes": ["jobs:read", "jobs:read"]}).json()["data"]
        assert made["scopes"] == ["jobs:read"]

    def test_every_scope_can_be_granted(self, client: APIClient) -> None:
        made = client.post(TOKENS, {**BODY, "scopes": list(SCOPES)}).json()["data"]
        assert made["scopes"] == sorted(SCOPES)

    def test_an_unknown_scope_is_named(self, client: APIClient) -> None:
        answer = client.post(TOKENS, {**BODY, "scopes": ["jobs:read", "jobs:everything"]})
        assert "jobs:read, jobs:write" in problems(answer)["scopes.1"]
        chinese = client.post(TOKENS, {**BODY, "scopes": ["全部"]}, headers={"Accept-Language": "zh-CN"})
        assert "jobs:read" in problems(chinese)["scopes.0"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"scopes": []}, "scopes"),
            ({"scopes": "jobs:read"}, "scopes"),
            ({"scopes": None}, "scopes"),
            ({"scopes": [["jobs:read"]]}, "scopes.0"),
            ({"scopes": ["access-tokens:write"]}, "scopes.0"),
            ({"name": ""}, "name"),
            ({"name": "  "}, "name"),
            ({"name": "名" * 101}, "name"),
            ({"name": None}, "name"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
            ({"expires_at": "tomorrow"}, "expires_at"),
            ({"expires_in_days": 0}, "expires_in_days"),
            ({"expires_in_days": 3651}, "expires_in_days"),
            ({"expires_at": "2999-01-01T00:00:00Z", "expires_in_days": 3}, "expires_in_days"),
            ({"is_test": "perhaps"}, "is_test"),
            ({"owner": "bob"}, "owner"),
            ({"token_hash": "0" * 64}, "token_hash"),
            ({"scope": ["jobs:read"]}, "scope"),
        ],
        ids=str,
    )
    def test_bad_bodies(self, client: APIClient, changes: dict[str, Any], field: str) -> None:
        assert problems(client.post(TOKENS, {**BODY, **changes})).keys() == {field}
        assert not AccessToken.objects.exists()

    def test_what_is_needed_is_named(self, client: APIClient) -> None:
        assert problems(client.post(TOKENS, {})).keys() == {"name", "scopes"}

    def test_too_many(self, client: APIClient, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "TOKENS_PER_USER", 2)
        token_for(bob)
        assert [client.post(TOKENS, BODY).status_code for _ in range(2)] == [201, 201]
        answer = client.post(TOKENS, BODY)
        assert fault(answer) == (409, "ACCESS_TOKEN_LIMIT_REACHED")
        assert answer.json()["data"]["details"] == {"limit": 2}
        client.delete(f"{TOKENS}/{client.get(TOKENS).json()['data'][0]['id']}")
        assert client.post(TOKENS, BODY).status_code == 201

    def test_the_answer_is_not_kept_for_an_idempotency_key(self, client: APIClient) -> None:
        key = {"Idempotency-Key": "once"}
        first, second = (client.post(TOKENS, BODY, headers=key).json()["data"] for _ in range(2))
        assert first["token"] != second["token"]
        assert not IdempotencyRecord.objects.exists()

    def test_by_a_service_with_scopes_that_nobody_knows(self, alice: User) -> None:
        for scopes in ([], ["jobs:everything"]):
            with pytest.raises(ValueError, match="no scopes to grant"):
                token_create(owner_id=alice.pk, name="n", scopes=scopes)


class TestListing:
    def test_shows_ones_own_newest_first_without_secrets(
        self, client: APIClient, alice: User, bob: User
    ) -> None:
        first, second = token_for(alice, "一"), token_for(alice, "二", is_test=True)
        token_for(bob)
        answer = client.get(TOKENS)
        assert [row["id"] for row in answer.json()["data"]] == [str(second.pk), str(first.pk)]
        for row in (first, second):
            assert row.token_hash not in answer.text
        assert answer.json()["data"][1]["scopes"] == ["jobs:read"]

    def test_filters(self, client: APIClient, alice: User) -> None:
        old, test = token_for(alice, "旧令牌"), token_for(alice, "沙盒令牌", is_test=True)
        AccessToken.objects.filter(pk=old.pk).update(expires_at=timezone.now())

        def found(query: str) -> list[str]:
            return [row["id"] for row in client.get(f"{TOKENS}?{query}").json()["data"]]

        assert found("is_test=true") == [str(test.pk)]
        assert found("is_expired=true") == [str(old.pk)]
        assert found("is_expired=false") == [str(test.pk)]
        assert found("search=沙盒") == [str(test.pk)]
        assert found("sort=created_at") == [str(old.pk), str(test.pk)]
        assert fault(client.get(f"{TOKENS}?scopes=jobs:read")) == (422, "VALIDATION_FAILED")

    def test_costs_one_query_however_many_there_are(
        self, client: APIClient, alice: User, django_assert_num_queries: Any
    ) -> None:
        token_for(alice)
        client.get(TOKENS)
        with django_assert_num_queries(1):
            client.get(TOKENS)
        for _ in range(20):
            token_for(alice)
        with django_assert_num_queries(1):
            assert client.get(TOKENS).json()["meta"]["total"] == 21

    def test_a_token_may_list_but_neither_make_nor_delete(self, alice: User) -> None:
        robot = machine(alice, *SCOPES)
        (row,) = robot.get(TOKENS).json()["data"]
        assert fault(robot.post(TOKENS, BODY)) == (403, "SESSION_NEEDED")
        assert fault(robot.delete(f"{TOKENS}/{row['id']}")) == (403, "SESSION_NEEDED")
        assert AccessToken.objects.count() == 1


class TestDeleting:
    def test_once(self, client: APIClient, alice: User) -> None:
        url = f"{TOKENS}/{token_for(alice).pk}"
        assert client.delete(url).status_code == 204
        assert fault(client.delete(url)) == (404, "NOT_FOUND")
        assert not AccessToken.objects.exists()

    def test_only_ones_own(self, client: APIClient, bob: User) -> None:
        url = f"{TOKENS}/{token_for(bob).pk}"
        assert fault(client.delete(url)) == (404, "NOT_FOUND")
        assert fault(client.get(url)) == (404, "NOT_FOUND")
        assert fault(client.delete(f"{TOKENS}/{UUID(int=1)}")) == (404, "NOT_FOUND")
        assert AccessToken.objects.count() == 1


class TestActivity:
    def test_making_and_deleting_are_written_down_without_the_secret(
        self, client: APIClient, alice: User
    ) -> None:
        made = client.post(TOKENS, BODY).json()["data"]
        client.delete(f"{TOKENS}/{made['id']}")

        noted = Activity.objects.owned_by(alice.pk).filter(object_type="access_token").order_by("pk")
        assert [(one.action, one.object_id) for one in noted] == [
            ("create_access_token", made["id"]),
            ("delete_access_token", made["id"]),
        ]
        for one in noted:
            assert one.details == {
                "name": "夜间批处理 🌙", "last_four": made["last_four"], "is_test": False,
            }  # fmt: skip

    def test_deleting_what_is_gone_is_no_activity(self, alice: User) -> None:
        row = token_for(alice)
        for _ in range(2):
            token_delete(token=row)
        assert Activity.objects.filter(action="delete_access_token").count() == 1


def test_deleting_the_account_deletes_its_tokens(alice: User) -> None:
    token_for(alice)
    alice.delete()
    assert not AccessToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_taken_once(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TOKENS_PER_USER", 3)
    token_for(alice)
    start = Barrier(6)

    def make() -> bool:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            token_for(alice)
        except AccessTokenLimitError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as crew:
        made = [done.result(PATIENCE) for done in [crew.submit(make) for _ in range(6)]]
    assert (sum(made), AccessToken.objects.count()) == (2, 3)
