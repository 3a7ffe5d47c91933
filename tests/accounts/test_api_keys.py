"""Own keys at providers, as a client sees them. A scripted vendor answers; the real question is asked in
tests/generation/test_verification.py."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import Activity, ProviderKey, User
from accounts.services import keys as service
from accounts.services.keys import (
    key_create,
    key_refused,
    key_update,
)
from accounts.services.tokens import token_create
from config.crypto import Secret
from config.models import IdempotencyRecord
from tests.accounts.own_keys import (
    CUSTOM,
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
