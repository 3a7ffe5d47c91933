"""`GET /catalogue`: what a client may name as `model`, what it costs now, and whether this caller could."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from generation.domain.prices import PriceTier
from generation.services.catalogue import model_price_add, model_switch
from tests.support.access_tokens import machine
from tests.support.catalogue import model_make

ClientFor = Callable[[User], APIClient]
URL = "/api/v1/catalogue"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _environment(settings: Any) -> None:
    options = {"api_key": "sk-x", "base_url": "https://api.deepseek.com/v1", "model": "千问-chat"}
    provider = {"path": "generation.providers.llm.openai.OpenAIChat", "options": options}
    settings.PROVIDERS = {"llm": {"deepseek": provider}}
    settings.PROVIDER_ORDER = {"llm": ["deepseek"]}


def listed(client: APIClient, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(URL + query)
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def callable_names(client: APIClient) -> set[str]:
    return {row["model"] for row in listed(client) if row["is_callable"]}


def own_key(owner: User, provider: str = "openai", **fields: Any) -> None:
    ProviderKey.objects.create(owner=owner, provider=provider, secret="sk-茶", last_four="茶", **fields)
    provider_keys_forget_all()


def test_shows_what_a_model_is_and_costs(alice: User, client_for: ClientFor) -> None:
    ends = timezone.now() + DAY
    model = model_make(
        "deepseek", "千问-chat", price=(270_000, 70_000, 1_100_000), label="千问 🙂", context_tokens=64_000,
        has_tools=True, ends_at=ends, successor="别的",
    )  # fmt: skip
    (row,) = listed(client_for(alice))
    assert row["id"] == str(model.pk)
    assert (row["provider"], row["model"], row["capability"]) == ("deepseek", "千问-chat", "llm")
    assert (row["label"], row["context_tokens"], row["has_tools"]) == ("千问 🙂", 64_000, True)
    assert (row["ends_at"], row["successor"]) == (f"{ends:%Y-%m-%dT%H:%M:%S.%fZ}", "别的")
    assert row["price"] == {
        "version": "test-1",
        "currency": "USD",
        "input_micros": 270_000,
        "cached_input_micros": 70_000,
        "output_micros": 1_100_000,
        "item_micros": None,
        "tiers": [],
    }
    assert row["is_callable"] is True


def test_shows_the_price_in_force(alice: User, client_for: ClientFor) -> None:
    model = model_make("deepseek", "千问-chat", price=(1, 1, 1))
    model_price_add(
        model=model, version="later", valid_from=timezone.now() + DAY, input_micros=9, output_micros=9
    )
    assert [row["price"]["version"] for row in listed(client_for(alice))] == ["test-1"]
    model_price_add(model=model, version="now", input_micros=5, output_micros=5)
    assert [row["price"]["version"] for row in listed(client_for(alice))] == ["now"]


def test_shows_prices_of_images_and_built_in_ones(alice: User, client_for: ClientFor) -> None:
    image = model_make("aliyun", "千问-画图", price=None, capability="image")
    tier = PriceTier(20_000, "standard", 512 * 512)
    model_price_add(model=image, item_micros=30_304, tiers=[tier])
    model_make("sandbox", "sandbox", price=None)
    prices = {row["model"]: row["price"] for row in listed(client_for(alice))}
    assert (prices["千问-画图"]["item_micros"], prices["千问-画图"]["input_micros"]) == (30_304, None)
    assert prices["千问-画图"]["tiers"] == [
        {"quality": "standard", "most_pixels": 262_144, "item_micros": 20_000}
    ]
    assert (prices["sandbox"]["version"], prices["sandbox"]["input_micros"]) == ("built-in", 0)


class TestCallable:
    @pytest.fixture(autouse=True)
    def _models(self, db: None) -> None:
        model_make("deepseek", "chat", price=(1, 1, 1))
        model_make("deepseek", "unpriced", price=None)
        model_make("deepseek", "ended", price=(1, 1, 1), ends_at=timezone.now() - DAY)
        model_make("openai", "gpt", price=(1, 1, 1))
        model_make("openai", "gpt-unpriced", price=None)
        model_make("sandbox", "sandbox", price=None)

    def test_where_the_operator_has_a_key(self, alice: User, client_for: ClientFor) -> None:
        assert callable_names(client_for(alice)) == {"chat", "sandbox"}

    def test_where_one_has_a_key_of_ones_own(self, alice: User, bob: User, client_for: ClientFor) -> None:
        own_key(alice)
        assert callable_names(client_for(alice)) == {"chat", "sandbox", "gpt"}
        assert callable_names(client_for(bob)) == {"chat", "sandbox"}

    def test_a_key_with_prices_needs_none_of_the_catalogue(self, alice: User, client_for: ClientFor) -> None:
        own_key(alice, input_micros=1, output_micros=1)
        assert callable_names(client_for(alice)) == {"chat", "sandbox", "gpt", "gpt-unpriced"}

    def test_a_key_that_is_switched_off_opens_nothing(self, alice: User, client_for: ClientFor) -> None:
        own_key(alice, is_active=False)
        assert callable_names(client_for(alice)) == {"chat", "sandbox"}

    def test_with_a_test_token_the_sandbox_plays_what_has_a_price(self, alice: User) -> None:
        own_key(alice, input_micros=1, output_micros=1)
        client = machine(alice, "catalogue:read", is_test=True)
        assert callable_names(client) == {"chat", "gpt", "sandbox"}


class TestList:
    @pytest.fixture(autouse=True)
    def _models(self, db: None) -> None:
        model_make("openai", "gpt", price=(1, 1, 1))
        model_make("deepseek", "千问-chat", price=None, label="茶话")
        model_make("deepseek", "old", price=None, ends_at=timezone.now() - DAY)
        model_make("aliyun", "画图", price=None, capability="image", ends_at=timezone.now() + DAY)
        off = model_make("openai", "off", price=None)
        model_switch(model=off, is_active=False)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["画图", "千问-chat", "old", "gpt"]),
            ("?sort=-model", ["画图", "千问-chat", "old", "gpt"]),
            ("?sort=model", ["gpt", "old", "千问-chat", "画图"]),
            ("?provider=deepseek", ["千问-chat", "old"]),
            ("?capability=image", ["画图"]),
            ("?capability=llm&provider=openai", ["gpt"]),
            ("?model=千问-chat", ["千问-chat"]),
            ("?search=茶话", ["千问-chat"]),
            ("?search=画图", ["画图"]),
            ("?is_ended=true", ["old"]),
            ("?is_ended=false", ["画图", "千问-chat", "gpt"]),
            ("?limit=1&page=2", ["千问-chat"]),
        ],
    )
    def test_is_filtered_sorted_and_paged(
        self, alice: User, client_for: ClientFor, query: str, found: list[str]
    ) -> None:
        assert [row["model"] for row in listed(client_for(alice), query)] == found

    @pytest.mark.parametrize("query", ["?capability=magic", "?colour=red", "?sort=price", "?is_ended=1"])
    def test_what_it_doesnt_know_is_an_error(self, alice: User, client_for: ClientFor, query: str) -> None:
        assert client_for(alice).get(URL + query).status_code == 422

    def test_goes_on_with_a_cursor(self, alice: User, client_for: ClientFor) -> None:
        client = client_for(alice)
        first = client.get(f"{URL}?cursor=&limit=3").json()
        rest = client.get(f"{URL}?limit=3&cursor={first['meta']['next_cursor']}").json()
        names = [row["model"] for page in (first, rest) for row in page["data"]]
        assert names == ["画图", "千问-chat", "old", "gpt"]


def test_thirty_models_cost_as_much_as_one(alice: User, client_for: ClientFor) -> None:
    client = client_for(alice)
    model_make("deepseek", "first", price=(1, 1, 1))
    costs = []
    for number in range(2):
        for more in range(30 * number):
            model_make("openai", f"茶-{more}", price=(1, 1, 1))
        listed(client)
        with CaptureQueriesContext(connection) as queries:
            assert len(listed(client, "?limit=100")) == 1 + 30 * number
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_is_for_who_has_a_login(anonymous: APIClient, db: None) -> None:
    assert anonymous.get(URL).status_code == 401


def test_is_for_tokens_with_its_scope(alice: User) -> None:
    assert machine(alice, "catalogue:read").get(URL).status_code == 200
    assert machine(alice, "jobs:read").get(URL).json()["data"]["code"] == "SCOPE_MISSING"
