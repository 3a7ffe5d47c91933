"""Own keys: asking their vendor whether they work, and what the engine sees of them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.errors import ProviderKeyNoCreditError, ProviderKeyRefusedError, ProviderModelUnknownError
from accounts.models import Activity, ProviderKey, User
from accounts.selectors.keys import _provider_keys, provider_keys_for, provider_keys_forget_all
from accounts.services import keys as service
from accounts.services.keys import (
    KeyQuestion,
    Verified,
    key_create,
    key_refused,
    key_set_active,
    key_update,
    key_worked,
)
from config.crypto import Secret
from config.egress.errors import EgressTimeoutError
from config.errors import PreconditionFailedError
from tests.accounts.own_keys import (
    KEY,
    KEYS,
    Vendor,
    actions,
    add,
    arena,
    client,
    code,
    problems,
    vendor,
)
from tests.conftest import make_user
from tests.support.patience import PATIENCE

__all__ = ["arena", "client", "vendor"]


class TestVerify:
    def test_before_it_is_kept(self, client: APIClient, vendor: Vendor, alice: User) -> None:
        answer = client.post(f"{KEYS}/verify", {"provider": "deepseek", "api_key": KEY})
        assert answer.json()["data"] == {"models": ["deepseek-chat", "通义千问"], "is_key_checked": True}
        assert vendor.asked == [KeyQuestion("deepseek", Secret(KEY), "", "")]
        assert not ProviderKey.objects.exists()
        assert actions(alice) == []
        assert problems(client.post(f"{KEYS}/verify", {"provider": "openai"})) == {"api_key": "required"}

    def test_while_it_is_added(self, client: APIClient, vendor: Vendor) -> None:
        assert add(client, verify=True).json()["data"]["verified_at"]
        vendor.failure = ProviderKeyRefusedError()
        assert code(add(client, verify=True)) == (422, "PROVIDER_KEY_REFUSED")
        assert ProviderKey.objects.count() == 1, "what the vendor refuses isn't kept"

    def test_while_it_is_changed(self, client: APIClient, vendor: Vendor) -> None:
        path = add(client).headers["Location"]
        vendor.failure = ProviderModelUnknownError(model="deepseek-caht", near=["deepseek-chat"])
        answer = client.patch(path, {"model_name": "deepseek-caht", "verify": True})
        assert code(answer) == (422, "PROVIDER_MODEL_UNKNOWN")
        assert answer.json()["data"]["details"] == {"model": "deepseek-caht", "near": ["deepseek-chat"]}
        assert "deepseek-chat" in answer.json()["data"]["message"]
        assert ProviderKey.objects.get().model_name == ""
        vendor.failure = None
        data = client.patch(path, {"model_name": "deepseek-chat", "verify": True}).json()["data"]
        assert (data["model_name"], bool(data["verified_at"])) == ("deepseek-chat", True)
        assert vendor.asked[-1] == KeyQuestion("deepseek", Secret(KEY), "", "deepseek-chat")
        assert client.patch(path, {"model_name": "deepseek-chat", "name": "同"}).json()["data"]["verified_at"]
        assert client.patch(path, {"model_name": "another"}).json()["data"]["verified_at"] is None

    def test_what_was_verified_is_what_is_saved(self, alice: User, vendor: Vendor) -> None:
        key = key_create(owner_id=alice.pk, provider="deepseek", secret=Secret(KEY))
        proof = service.key_try_change(key=ProviderKey.objects.get(), model_name="deepseek-chat")
        ProviderKey.objects.update(secret="sk-somebody-else-was-faster")
        with pytest.raises(PreconditionFailedError):
            key_update(key=ProviderKey.objects.get(), proof=proof, model_name="deepseek-chat")
        assert ProviderKey.objects.get(pk=key.pk).model_name == ""

    @pytest.mark.parametrize("failure", [ProviderKeyRefusedError, ProviderKeyNoCreditError])
    def test_of_a_kept_key_the_answer_is_noted(
        self, client: APIClient, vendor: Vendor, alice: User, failure: Any
    ) -> None:
        path = add(client).headers["Location"]
        assert client.post(f"{path}/verify").json()["data"]["is_key_checked"] is True
        data = client.get(path).json()["data"]
        assert (bool(data["verified_at"]), data["error_code"]) == (True, "")

        vendor.failure = failure()
        assert code(client.post(f"{path}/verify")) == (422, failure.code)
        data = client.get(path).json()["data"]
        assert (data["verified_at"], data["error_code"]) == (None, failure.code)

        vendor.failure = EgressTimeoutError()
        assert code(client.post(f"{path}/verify")) == (504, "EGRESS_TIMEOUT")
        assert client.get(path).json()["data"]["error_code"] == failure.code, "that says nothing of the key"

        vendor.failure = None
        client.post(f"{path}/verify")
        assert client.get(path).json()["data"]["error_code"] == ""
        verified = Activity.objects.filter(owner=alice, action="verify_api_key").order_by("pk")
        results = [one.details["result"] for one in verified]
        assert results == ["ok", failure.code, "EGRESS_TIMEOUT", "ok"]

    def test_a_key_that_is_replaced_meanwhile_isnt_blamed(
        self, client: APIClient, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = add(client).headers["Location"]

        def replaced(question: KeyQuestion) -> Verified:
            ProviderKey.objects.update(secret="sk-a-new-one")
            raise ProviderKeyRefusedError

        monkeypatch.setattr(service, "_verifiers", [replaced])
        assert code(client.post(f"{path}/verify")) == (422, "PROVIDER_KEY_REFUSED")
        assert ProviderKey.objects.get().error_code == ""

        def deleted(question: KeyQuestion) -> Verified:
            ProviderKey.objects.all().delete()
            return Verified((), is_key_checked=True)

        monkeypatch.setattr(service, "_verifiers", [deleted])
        assert code(client.post(f"{path}/verify")) == (404, "NOT_FOUND")

    def test_ten_a_minute_for_each_user(
        self,
        client: APIClient,
        client_for: Any,
        bob: User,
        vendor: Vendor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("config.api.throttling.time", lambda: 1_800_000_000.0)
        path = add(client).headers["Location"]
        ways = [
            lambda: client.post(f"{path}/verify"),
            lambda: client.post(f"{KEYS}/verify", {"provider": "openai", "api_key": KEY}),
            lambda: client.patch(path, {"name": "又一次", "verify": True}),
            lambda: add(client, verify=True),
        ]
        for n in range(10):
            assert ways[n % 4]().status_code in (200, 201)
        for way in ways:
            answer = way()
            assert code(answer) == (429, "RATE_LIMITED")
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert len(vendor.asked) == 10
        body = {"provider": "openai", "api_key": KEY}
        assert client_for(bob).post(f"{KEYS}/verify", body).status_code == 200
        assert add(client).status_code == 201, "what asks nobody isn't limited"

    def test_so_many_at_once_and_no_transaction(self, arena: None, client_for: Any, vendor: Vendor) -> None:
        """An Idempotency-Key, which elsewhere opens a transaction, doesn't here."""
        alice = make_user("alice")
        inside, go = threading.Semaphore(0), threading.Event()
        answer_at_once = vendor.__call__

        def slow(question: KeyQuestion) -> Verified:
            found = answer_at_once(question)
            inside.release()
            go.wait(PATIENCE)
            return found

        service._verifiers[:] = [slow]

        def one() -> Any:
            try:
                headers = {"Idempotency-Key": "同一个".encode().hex()}
                body = {"provider": "openai", "api_key": KEY}
                return client_for(alice).post(f"{KEYS}/verify", body, headers=headers)
            finally:
                connection.close()

        with ThreadPoolExecutor(5) as crew:
            try:
                running = [crew.submit(one) for _ in range(service.VERIFICATIONS_AT_ONCE)]
                assert all(inside.acquire(timeout=PATIENCE) for _ in running)
                refused = crew.submit(one).result(PATIENCE)
            finally:
                go.set()
            assert [done.result(PATIENCE).status_code for done in running] == [200] * 4
        assert code(refused) == (429, "RATE_LIMITED")
        assert refused.headers["Retry-After"] == "1"
        assert vendor.was_in_transaction == [False] * 4
        assert one().status_code == 200, "each has given its place back"

    def test_no_write_is_verified_in_a_transaction(
        self, arena: None, client_for: Any, vendor: Vendor
    ) -> None:
        client = client_for(make_user("alice"))
        headers = {"Idempotency-Key": "one"}
        body = {"provider": "openai", "api_key": KEY, "verify": True}
        path = client.post(KEYS, body, headers=headers).headers["Location"]
        client.patch(path, {"name": "名", "verify": True}, headers=headers)
        client.post(f"{path}/verify", headers=headers)
        assert vendor.was_in_transaction == [False] * 3


class TestEngine:
    def test_the_oldest_active_key_comes_first(self, alice: User, bob: User) -> None:
        first, second, third = (
            key_create(owner_id=alice.pk, provider="openai", name=name, secret=Secret(KEY))
            for name in "一二三"
        )
        key_create(owner_id=bob.pk, provider="openai", secret=Secret(KEY))
        assert [key.pk for key in provider_keys_for(alice.pk)] == [first.pk, second.pk, third.pk]
        provider_keys_forget_all()
        assert key_set_active(key=first, is_active=False) is True
        assert key_set_active(key=first, is_active=False) is False
        assert [key.pk for key in provider_keys_for(alice.pk)] == [second.pk, third.pk]

    def test_looking_costs_a_query_every_five_seconds(
        self, alice: User, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        with django_assert_num_queries(1):
            assert provider_keys_for(alice.pk) == provider_keys_for(alice.pk) == ()
        ProviderKey.objects.create(owner=alice, provider="openai", secret=KEY)  # by another process
        assert provider_keys_for(alice.pk) == ()
        later = time.monotonic() + settings.AUTH_SNAPSHOT_SECONDS + 0.1
        monkeypatch.setattr("config.snapshots.time.monotonic", lambda: later)
        (found,) = provider_keys_for(alice.pk)
        assert KEY not in str([getattr(found.secret, name) for name in Secret.__slots__])
        assert found.secret.reveal() == KEY

    def test_ones_own_changes_count_at_once(
        self, client: APIClient, alice: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        def seen() -> list[str]:
            return [key.secret.reveal() for key in provider_keys_for(alice.pk)]

        def after(write: Any) -> Any:
            with django_capture_on_commit_callbacks(execute=True):
                return write()

        assert seen() == []
        path = after(lambda: add(client)).headers["Location"]
        assert seen() == [KEY]
        after(lambda: client.patch(path, {"api_key": "sk-new"}))
        assert seen() == ["sk-new"]
        after(lambda: client.patch(path, {"is_active": False}))
        assert seen() == []
        after(lambda: client.patch(path, {"is_active": True}))
        assert seen() == ["sk-new"]
        after(lambda: client.delete(path))
        assert seen() == []

    def test_the_snapshots_dont_grow_forever(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("config.snapshots.MOST_KEPT", 2)
        provider_keys_forget_all()
        for owner in (alice, make_user("b"), make_user("c"), make_user("d")):
            provider_keys_for(owner.pk)
        assert len(_provider_keys._kept) <= 2

    def test_a_refusal_is_noted_once(self, alice: User) -> None:
        key = key_create(owner_id=alice.pk, provider="openai", secret=Secret(KEY))

        def noted() -> str:
            return ProviderKey.objects.get().error_code

        assert key_worked(key.pk) is False
        assert key_refused(key.pk, "PROVIDER_AUTH_FAILED") is True
        assert noted() == "PROVIDER_KEY_REFUSED"
        assert key_refused(key.pk, "PROVIDER_AUTH_FAILED") is False, "it is known"
        assert key_refused(key.pk, "PROVIDER_QUOTA_EXHAUSTED") is True
        assert noted() == "PROVIDER_KEY_NO_CREDIT"
        assert key_refused(key.pk, "PROVIDER_ADDRESS_REFUSED") is True
        assert noted() == "PROVIDER_ADDRESS_REFUSED"
        assert key_worked(key.pk) is True
        assert noted() == ""

    def test_a_refusal_of_the_old_key_doesnt_blame_the_new_one(self, alice: User) -> None:
        key = key_create(owner_id=alice.pk, provider="openai", secret=Secret(KEY))
        used = ProviderKey.objects.get().secret
        key_update(key=key, secret=Secret("sk-new-one"))
        assert key_refused(key.pk, "PROVIDER_AUTH_FAILED", secret=used) is False
        assert key_refused(key.pk, "PROVIDER_AUTH_FAILED", secret=ProviderKey.objects.get().secret) is True
