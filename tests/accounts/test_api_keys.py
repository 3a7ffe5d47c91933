"""Own keys at providers, as a client sees them. A scripted vendor answers; the real question is asked in
tests/generation/test_verification.py."""

import threading
import time
from collections.abc import Iterator
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
from accounts.services.tokens import token_create
from config.crypto import Secret
from config.egress.errors import EgressTimeoutError
from config.errors import PreconditionFailedError
from config.models import IdempotencyRecord
from tests.conftest import make_user
from tests.support.databases import fresh_database, in_use
from tests.support.patience import PATIENCE

KEYS = "/api/v1/api-keys"
KEY = "sk-marked-0123456789-wxyz"
CUSTOM = {"provider": "custom", "base_url": "https://llm.example.com/v1", "model_name": "qwen3:8b"}


class Vendor:
    """Answers with `models`, or raises `failure`; `asked` is what it was asked."""

    def __init__(self) -> None:
        self.models: tuple[str, ...] = ("deepseek-chat", "通义千问")
        self.failure: Exception | None = None
        self.asked: list[KeyQuestion] = []
        self.was_in_transaction: list[bool] = []

    def __call__(self, question: KeyQuestion) -> Verified:
        self.asked.append(question)
        self.was_in_transaction.append(connection.in_atomic_block)
        if self.failure:
            raise self.failure
        return Verified(self.models, is_key_checked=True)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    made = Vendor()
    monkeypatch.setattr(service, "_verifiers", [made])
    return made


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    return client_for(alice)


@pytest.fixture
def arena(django_db_blocker: Any) -> Iterator[None]:
    """A database that other threads see, too."""
    with django_db_blocker.unblock(), fresh_database() as database, in_use(database):
        yield


def add(client: APIClient, **fields: Any) -> Any:
    return client.post(KEYS, {"provider": "deepseek", "api_key": KEY, **fields})


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["field"]: one["code"] for one in answer.json()["data"]["details"]["fields"]}


def code(answer: Any) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body["code"] if body["status"] == "error" else body["data"]["code"]


def actions(owner: User) -> list[str]:
    return list(Activity.objects.filter(owner=owner).order_by("pk").values_list("action", flat=True))


class TestAdd:
    def test_shows_the_end_of_the_key_and_no_more(self, client: APIClient, alice: User) -> None:
        answer = add(client, name="我的密钥 🔑", model_name="deepseek-chat")
        data = answer.json()["data"]
        assert answer.status_code == 201
        assert answer.headers["Location"] == f"{KEYS}/{data['id']}"
        assert data == {
            "id": data["id"], "provider": "deepseek", "name": "我的密钥 🔑", "last_four": "wxyz", "base_url": "",
            "model_name": "deepseek-chat", "input_micros": None, "output_micros": None, "is_active": True,
            "verified_at": None, "error_code": "", "created_at": data["created_at"],
            "updated_at": data["updated_at"],
        }  # fmt: skip
        kept = ProviderKey.objects.get()
        assert (kept.owner, kept.secret.reveal()) == (alice, KEY)
        for shown in (answer, client.get(KEYS), client.get(answer.headers["Location"])):
            assert KEY not in shown.text
            assert "marked" not in shown.text

    def test_a_server_of_ones_own_needs_an_address_but_no_key(self, client: APIClient) -> None:
        data = client.post(KEYS, {**CUSTOM, "input_micros": 0, "output_micros": 0}).json()["data"]
        assert (data["base_url"], data["last_four"], data["output_micros"]) == (CUSTOM["base_url"], "", 0)
        assert problems(client.post(KEYS, {"provider": "custom", "api_key": KEY})) == {"base_url": "required"}

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("https://LLM.Example.com:443/v1/", "https://llm.example.com/v1"),
            ("https://模型.例子.com/v1", "https://xn--xgs754b.xn--fsqu00a.com/v1"),
        ],
    )
    def test_addresses_are_kept_in_one_spelling(self, client: APIClient, given: str, kept: str) -> None:
        assert add(client, base_url=given).json()["data"]["base_url"] == kept

    @pytest.mark.parametrize(
        "address",
        [
            "http://llm.example.com/v1",
            "https://127.0.0.1/v1",
            "https://10.0.0.8/v1",
            "https://[::1]/v1",
            "https://169.254.169.254/latest/meta-data",
            "https://metadata.google.internal/v1",
            "https://localhost/v1",
            "https://user:pass@llm.example.com/v1",
            "https://llm.example.com:22/v1",
            "ftp://llm.example.com/v1",
            "llm.example.com/v1",
        ],
    )
    def test_addresses_that_lead_inside_are_refused(self, client: APIClient, address: str) -> None:
        answer = add(client, provider="custom", base_url=address)
        assert code(answer) == (422, "EGRESS_REFUSED")
        assert answer.json()["data"]["details"]["reason"]
        assert not ProviderKey.objects.exists()

    @pytest.mark.parametrize("leads_to", [["10.0.0.8"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"]])
    def test_names_that_lead_inside_are_refused_when_they_are_kept(
        self, client: APIClient, lookups: dict[str, list[str]], leads_to: list[str]
    ) -> None:
        lookups["llm.example.com"] = leads_to
        assert code(add(client, **CUSTOM)) == (422, "EGRESS_REFUSED")
        assert not ProviderKey.objects.exists()

        path = f"{KEYS}/{add(client).json()['data']['id']}"
        moved = {"base_url": CUSTOM["base_url"], "api_key": KEY}
        assert code(client.patch(path, moved)) == (422, "EGRESS_REFUSED")
        assert ProviderKey.objects.get().base_url == ""
        lookups["llm.example.com"] = ["93.184.216.34"]
        assert client.patch(path, moved).status_code == 200

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"provider": "nobody"}, {"provider": "invalid_choice"}),
            ({"provider": None}, {"provider": "null"}),
            ({"api_key": ""}, {"api_key": "required"}),
            ({"api_key": None}, {"api_key": "null"}),
            ({"api_key": 7}, {"api_key": "not_text"}),
            ({"api_key": "sk two words"}, {"api_key": "characters"}),
            ({"api_key": "sk-1\r\nX-Evil: 1"}, {"api_key": "characters"}),
            ({"api_key": "sk-\u0007"}, {"api_key": "characters"}),
            ({"api_key": "sk-密钥"}, {"api_key": "characters"}),
            ({"api_key": "sk-\u200bzero-width"}, {"api_key": "characters"}),
            ({"api_key": "k" * 501}, {"api_key": "max_length"}),
            ({"name": "名" * 101}, {"name": "max_length"}),
            ({"model_name": "m" * 121}, {"model_name": "max_length"}),
            ({"base_url": f"https://example.com/{'a' * 490}"}, {"base_url": "max_length"}),
            ({"base_url": f"https://example.com/{'模' * 100}"}, {"base_url": "max_length"}),
            ({"base_url": "https://example.com/v1?key=1"}, {"base_url": "query"}),
            ({"input_micros": 5}, {"output_micros": "required"}),
            ({"output_micros": 5}, {"input_micros": "required"}),
            ({"input_micros": -1, "output_micros": 1}, {"input_micros": "min_value"}),
            ({"input_micros": 1, "output_micros": 10**13}, {"output_micros": "max_value"}),
            ({"is_active": "maybe"}, {"is_active": "invalid"}),
            ({"secret": KEY}, {"secret": "unknown_field"}),
            ({"last_four": "wxyz"}, {"last_four": "unknown_field"}),
        ],
        ids=str,
    )
    def test_what_is_wrong_is_named_and_nothing_is_kept(
        self, client: APIClient, vendor: Vendor, fields: dict[str, Any], wrong: dict[str, str]
    ) -> None:
        for verify in (False, True):
            answer = add(client, **fields, verify=verify)
            assert problems(answer) == wrong
            assert KEY not in answer.text
        assert not ProviderKey.objects.exists()
        assert vendor.asked == [], "nobody is asked about what is malformed"

    def test_what_is_wrong_with_a_key_is_said_without_repeating_it(self, client: APIClient) -> None:
        answer = add(client, api_key="sk two-words")
        assert "Copy it once more" in answer.text
        assert "two-words" not in answer.text

    def test_blanks_around_a_key_are_no_part_of_it(self, client: APIClient) -> None:
        add(client, api_key=f"\ufeff {KEY}\r\n")
        assert ProviderKey.objects.get().secret.reveal() == KEY

    def test_there_is_a_limit(self, client: APIClient, alice: User, bob: User, vendor: Vendor) -> None:
        ProviderKey.objects.bulk_create(
            ProviderKey(owner=alice, provider="openai", secret="sk") for _ in range(service.KEYS_PER_USER)
        )
        answer = add(client, verify=True)
        assert code(answer) == (409, "PROVIDER_KEY_LIMIT_REACHED")
        assert answer.json()["data"]["details"] == {"limit": 50}
        assert vendor.asked == []
        assert key_create(owner_id=bob.pk, provider="openai", secret=Secret(KEY))

    def test_an_idempotency_key_keeps_nothing_of_it(self, client: APIClient) -> None:
        headers = {"Idempotency-Key": "once"}
        client.post(KEYS, {"provider": "openai", "api_key": KEY}, headers=headers)
        client.post(f"{KEYS}/verify", {"provider": "nobody", "api_key": KEY}, headers=headers)
        assert not IdempotencyRecord.objects.exists()

    def test_is_written_down_without_the_key(self, client: APIClient, alice: User) -> None:
        add(client, name="密钥")
        (activity,) = Activity.objects.filter(owner=alice)
        assert (activity.action, activity.object_type) == ("create_api_key", "api_key")
        assert activity.details == {"provider": "deepseek", "name": "密钥", "last_four": "wxyz"}

    def test_two_at_once_dont_share_the_last_place(self, arena: None) -> None:
        alice = make_user("alice")
        ProviderKey.objects.bulk_create(
            ProviderKey(owner=alice, provider="openai", secret="sk") for _ in range(service.KEYS_PER_USER - 1)
        )
        start = threading.Barrier(4)

        def one() -> str:
            try:
                start.wait(PATIENCE)
                return key_create(owner_id=alice.pk, provider="openai", secret=Secret(KEY)).provider
            except service.ProviderKeyLimitError as error:
                return error.code
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as crew:
            ends = sorted(done.result(PATIENCE) for done in [crew.submit(one) for _ in range(4)])
        assert ends == [*["PROVIDER_KEY_LIMIT_REACHED"] * 3, "openai"]
        assert ProviderKey.objects.count() == service.KEYS_PER_USER


class TestList:
    def test_filters_and_sorts(self, client: APIClient, alice: User) -> None:
        for name, provider in (("一号", "openai"), ("二号", "deepseek"), ("三号", "openai")):
            key_create(owner_id=alice.pk, provider=provider, name=name, secret=Secret(KEY))
        ProviderKey.objects.filter(name="一号").update(is_active=False, error_code="PROVIDER_KEY_REFUSED")

        def names(query: str) -> list[str]:
            return [row["name"] for row in client.get(f"{KEYS}?{query}").json()["data"]]

        assert names("") == ["三号", "二号", "一号"]
        assert names("provider=openai&sort=created_at") == ["一号", "三号"]
        assert names("is_active=false") == names("has_error=true") == ["一号"]
        assert names("search=二") == ["二号"]
        assert client.get(f"{KEYS}?secret=x").status_code == 422

    def test_a_token_reads_with_its_scope_and_touches_nothing(self, client: APIClient, alice: User) -> None:
        key = key_create(owner_id=alice.pk, provider="openai", secret=Secret(KEY))
        for scope, allowed in (("api-keys:read", 200), ("jobs:read", 403)):
            token = token_create(owner_id=alice.pk, name="机器", scopes=[scope])[1]
            machine = APIClient()
            machine.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
            assert machine.get(KEYS).status_code == machine.get(f"{KEYS}/{key.pk}").status_code == allowed
            for method, path in (
                ("post", KEYS), ("post", f"{KEYS}/verify"), ("post", f"{KEYS}/{key.pk}/verify"),
                ("patch", f"{KEYS}/{key.pk}"), ("delete", f"{KEYS}/{key.pk}"),
            ):  # fmt: skip
                assert code(getattr(machine, method)(path, {})) == (403, "SESSION_NEEDED")


class TestChange:
    def test_what_is_sent_is_changed(self, client: APIClient, alice: User) -> None:
        path = add(client, name="旧").headers["Location"]
        before = client.get(path).json()["data"]
        answer = client.patch(
            path, {"name": "新 🔑", "is_active": False, "input_micros": 0, "output_micros": 7}
        )
        after = answer.json()["data"]
        assert answer.status_code == 200
        assert {name for name in before if before[name] != after[name]} == {
            *("name", "is_active", "input_micros", "output_micros", "updated_at")
        }
        assert answer.headers["ETag"] == client.get(path).headers["ETag"]
        assert actions(alice) == ["create_api_key", "update_api_key"]
        assert ProviderKey.objects.get().secret.reveal() == KEY

    def test_a_new_key_replaces_the_old_one(self, client: APIClient, vendor: Vendor) -> None:
        path = add(client, verify=True).headers["Location"]
        key_refused(ProviderKey.objects.get().pk, "PROVIDER_AUTH_FAILED")
        data = client.patch(path, {"api_key": "sk-another-0123456789"}).json()["data"]
        assert (data["last_four"], data["verified_at"], data["error_code"]) == ("6789", None, "")
        assert ProviderKey.objects.get().secret.reveal() == "sk-another-0123456789"

    def test_a_stored_key_never_goes_to_another_address(self, client: APIClient, vendor: Vendor) -> None:
        path = add(client).headers["Location"]
        for verify in (False, True):
            answer = client.patch(path, {"base_url": "https://thief.example.com/v1", "verify": verify})
            assert code(answer) == (422, "PROVIDER_KEY_NEEDED")
        assert vendor.asked == []
        assert ProviderKey.objects.get().base_url == ""
        moved = {"base_url": "https://proxy.example.com/v1", "api_key": "sk-of-the-proxy"}
        assert client.patch(path, moved).json()["data"]["base_url"] == moved["base_url"]
        same = client.patch(path, {"base_url": "https://proxy.example.com:443/v1/", "name": "同一地址"})
        assert same.status_code == 200, "the same address in another spelling"

    def test_a_server_without_a_key_may_move(self, client: APIClient) -> None:
        path = client.post(KEYS, CUSTOM).headers["Location"]
        assert client.patch(path, {"base_url": "https://other.example.com/v1"}).status_code == 200

    def test_a_key_that_cant_be_decrypted_can_be_entered_again(
        self, client: APIClient, settings: Any, vendor: Vendor
    ) -> None:
        settings.ENCRYPTION_KEYS = ["b2xk" * 10 + "b2s="]
        path = add(client).headers["Location"]
        settings.ENCRYPTION_KEYS = ["bmV3" * 10 + "bmU="]
        assert client.get(path).status_code == 200
        assert client.patch(path, {"name": "还在"}).status_code == 200
        assert code(client.patch(path, {"base_url": "https://x.example.com/v1"})) == (
            422,
            "PROVIDER_KEY_NEEDED",
        )
        assert client.patch(path, {"api_key": KEY}).status_code == 200
        assert ProviderKey.objects.get().secret.reveal() == KEY

    def test_the_provider_stays(self, client: APIClient) -> None:
        path = add(client).headers["Location"]
        assert problems(client.patch(path, {"provider": "openai"})) == {"provider": "unknown_field"}
        assert (
            code(client.patch(path, {"base_url": "https://192.168.0.1", "api_key": KEY}))[1]
            == "EGRESS_REFUSED"
        )
        assert problems(client.patch(path, {"api_key": ""})) == {"api_key": "required"}

    def test_a_stale_copy_changes_nothing(self, client: APIClient, vendor: Vendor) -> None:
        path = add(client, name="一").headers["Location"]
        etag = client.get(path).headers["ETag"]
        assert client.patch(path, {"name": "二"}, headers={"If-Match": etag}).status_code == 200
        for verify in (False, True):
            answer = client.patch(path, {"name": "三", "verify": verify}, headers={"If-Match": etag})
            assert code(answer) == (412, "PRECONDITION_FAILED")
        assert vendor.asked == []
        assert ProviderKey.objects.get().name == "二"

    def test_only_what_a_key_has_is_changed(self, alice: User) -> None:
        key = key_create(owner_id=alice.pk, provider="openai", secret=Secret(KEY))
        with pytest.raises(ValueError, match="owner_id"):
            key_update(key=key, owner_id=None)


class TestDelete:
    def test_it_is_gone(self, client: APIClient, alice: User) -> None:
        path = add(client).headers["Location"]
        assert client.delete(path).status_code == 204
        assert code(client.delete(path)) == (404, "NOT_FOUND")
        assert not ProviderKey.objects.exists()
        assert actions(alice) == ["create_api_key", "delete_api_key"]


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
