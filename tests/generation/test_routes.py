"""Who is asked: by model name, by own key, by the environment; and never without a price."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from config.crypto import Secret
from generation.errors import (
    ModelEndedError,
    ModelTakesNoImagesError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
)
from generation.jobs.routes import Route, routes_for
from generation.providers import registry
from generation.providers.llm.openai import OpenAIChat
from tests.support.catalogue import model_make

pytestmark = pytest.mark.django_db

KeyOf = Callable[..., ProviderKey]


@pytest.fixture
def key_of(alice: User) -> KeyOf:
    def make(provider: str, **fields: Any) -> ProviderKey:
        key = ProviderKey.objects.create(
            owner=fields.pop("owner", alice),
            provider=provider,
            secret=Secret("sk-own-key-of-alice"),
            **fields,
        )
        provider_keys_forget_all()
        return key

    return make


def names(routes: tuple[Route, ...]) -> list[tuple[str, str, bool]]:
    return [(route.provider, route.model, route.key is not None) for route in routes]


# -- by the environment --------------------------------------------------------------------------------------------


def test_without_a_wish_the_environments_order_holds(alice: User, providers: Any) -> None:
    providers("openai", "deepseek")
    assert names(routes_for(alice.pk)) == [
        ("openai", "gpt-4o-mini", False), ("deepseek", "deepseek-chat", False),
    ]  # fmt: skip


def test_without_any_provider_the_sandbox_answers_for_nothing(alice: User, settings: Any) -> None:
    settings.PROVIDER_ORDER = {"llm": []}
    (route,) = routes_for(alice.pk)
    assert (route.provider, route.price.is_free, route.is_test) == ("sandbox", True, True)


def test_a_provider_without_a_price_is_left_out(alice: User, providers: Any) -> None:
    providers("moonshot", "deepseek")
    assert names(routes_for(alice.pk)) == [("deepseek", "deepseek-chat", False)]


def test_without_any_price_nobody_is_asked(alice: User, providers: Any) -> None:
    providers("moonshot")
    with pytest.raises(PriceMissingError) as refused:
        routes_for(alice.pk)
    assert refused.value.params["provider"] == "moonshot"


def test_a_default_model_that_has_ended_is_not_asked(alice: User, providers: Any, settings: Any) -> None:
    model_make("deepseek", "old", price=(1, 1, 1), ends_at=timezone.now(), successor="deepseek-chat")
    settings.PROVIDERS["llm"]["deepseek"]["options"]["model"] = "old"
    registry.reset()
    with pytest.raises(ModelEndedError):
        routes_for(alice.pk)


# -- by model name -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpt-4o-mini", "openai:gpt-4o-mini"])
def test_a_name_of_the_catalogue_chooses_its_provider(alice: User, providers: Any, name: str) -> None:
    providers("deepseek", "openai")
    assert names(routes_for(alice.pk, model=name)) == [("openai", "gpt-4o-mini", False)]


def test_a_model_of_several_providers_is_asked_in_the_environments_order(alice: User, providers: Any) -> None:
    model_make("openai", "共享-模型", price=(1, 1, 1))
    model_make("deepseek", "共享-模型", price=(1, 1, 1))
    providers("openai", "deepseek")
    assert [route.provider for route in routes_for(alice.pk, model="共享-模型")] == ["openai", "deepseek"]


def test_an_unknown_name_is_refused_with_near_ones(alice: User, providers: Any) -> None:
    with pytest.raises(ModelUnknownError) as refused:
        routes_for(alice.pk, model="deepsek-chat")
    assert "deepseek-chat" in str(refused.value)


def test_a_model_nobody_has_a_key_for_is_refused(alice: User, providers: Any) -> None:
    with pytest.raises(ModelUnavailableError):
        routes_for(alice.pk, model="gpt-4o-mini")


def test_a_model_that_has_ended_is_refused_with_its_successor(alice: User, providers: Any) -> None:
    ended = timezone.now() - timedelta(days=1)
    model_make("deepseek", "old", price=(1, 1, 1), ends_at=ended, successor="deepseek-chat")
    with pytest.raises(ModelEndedError) as refused:
        routes_for(alice.pk, model="old")
    assert "deepseek-chat" in str(refused.value)


def test_the_longest_output_of_the_catalogue_is_known(alice: User, providers: Any) -> None:
    model_make("deepseek", "short", price=(1, 1, 1), max_output_tokens=77)
    (route,) = routes_for(alice.pk, model="short")
    assert route.most_output == 77


def test_the_context_of_the_catalogue_is_known(alice: User, providers: Any) -> None:
    model_make("deepseek", "wide", price=(1, 1, 1), context_tokens=99_000)
    (route,) = routes_for(alice.pk, model="wide")
    assert route.context_tokens == 99_000


# -- images --------------------------------------------------------------------------------------------------------


def test_images_go_only_to_models_that_read_them(alice: User, providers: Any, settings: Any) -> None:
    model_make("deepseek", "sees", price=(1, 1, 1), has_vision=True)
    providers("openai", "deepseek")
    settings.PROVIDERS["llm"]["deepseek"]["options"]["model"] = "sees"
    registry.reset()
    assert names(routes_for(alice.pk, has_images=True)) == [("deepseek", "sees", False)]
    assert len(routes_for(alice.pk)) == 2


@pytest.mark.parametrize("is_test", [True, False])
def test_a_model_without_eyes_is_refused_with_those_that_have_some(
    alice: User, providers: Any, is_test: bool
) -> None:
    model_make("deepseek", "sees", price=(1, 1, 1), has_vision=True)
    model_make("qwen", "sees-elsewhere", price=(1, 1, 1), has_vision=True)
    with pytest.raises(ModelTakesNoImagesError) as refused:
        routes_for(alice.pk, model="deepseek-chat", is_test=is_test, has_images=True)
    choices = refused.value.details["choices"]
    assert "deepseek:sees" in choices
    assert ("qwen:sees-elsewhere" in choices) is is_test
    assert not [name for name in choices if name.endswith(("deepseek-chat", "gpt-4o-mini"))]


def test_the_sandbox_sees(alice: User, settings: Any) -> None:
    settings.PROVIDER_ORDER = {"llm": []}
    assert names(routes_for(alice.pk, has_images=True)) == [("sandbox", "sandbox", False)]


def test_of_an_own_keys_model_that_nobody_knows_its_server_decides(
    alice: User, providers: Any, key_of: KeyOf
) -> None:
    key_of(
        "custom", base_url="https://llm.example.com/v1", model_name="llava", input_micros=0, output_micros=0
    )
    key_of("openai", model_name="gpt-4o-mini")
    assert names(routes_for(alice.pk, model="llava", has_images=True)) == [("custom", "llava", True)]
    with pytest.raises(ModelTakesNoImagesError):
        routes_for(alice.pk, model="gpt-4o-mini", has_images=True)


# -- by own key ----------------------------------------------------------------------------------------------------


def test_own_keys_come_first_the_oldest_before_the_others(alice: User, providers: Any, key_of: KeyOf) -> None:
    first, second = key_of("openai"), key_of("deepseek", model_name="deepseek-chat")
    routes = routes_for(alice.pk)
    assert names(routes) == [
        ("openai", "gpt-4o-mini", True), ("deepseek", "deepseek-chat", True), ("deepseek", "deepseek-chat", False),
    ]  # fmt: skip
    assert [route.key for route in routes] == [first, second, None]
    assert routes[1].lane != routes[2].lane


def test_an_inactive_key_and_somebody_elses_are_not_used(
    alice: User, bob: User, providers: Any, key_of: KeyOf
) -> None:
    key_of("openai", is_active=False)
    key_of("openai", owner=bob)
    assert names(routes_for(alice.pk)) == [("deepseek", "deepseek-chat", False)]


def test_an_own_key_opens_the_models_of_its_vendor(alice: User, providers: Any, key_of: KeyOf) -> None:
    key = key_of("openai", model_name="gpt-4o")
    (route,) = routes_for(alice.pk, model="gpt-4o-mini")
    assert (route.provider, route.model, route.key) == ("openai", "gpt-4o-mini", key)


def test_a_server_of_ones_own_is_reached_through_the_guard_at_ones_own_price(
    alice: User, providers: Any, key_of: KeyOf
) -> None:
    key_of(
        "custom", base_url="https://llm.example.com/v1", model_name="通义-7b", input_micros=0, output_micros=9
    )
    (route,) = routes_for(alice.pk, model="通义-7b")
    assert (route.price.input, route.price.output, route.price.version) == (0, 9, "own")
    adapter = route.llm()
    assert isinstance(adapter, OpenAIChat)
    assert adapter._transport is not None
    assert "sk-own" not in repr(adapter)


def test_a_server_of_ones_own_without_a_price_is_not_asked(
    alice: User, providers: Any, key_of: KeyOf
) -> None:
    key_of("custom", base_url="https://llm.example.com/v1", model_name="通义-7b")
    with pytest.raises(PriceMissingError):
        routes_for(alice.pk, model="通义-7b")


def test_a_server_of_ones_own_without_a_model_is_not_asked_unasked(
    alice: User, providers: Any, key_of: KeyOf
) -> None:
    key_of("custom", base_url="https://llm.example.com/v1", input_micros=0, output_micros=0)
    assert names(routes_for(alice.pk)) == [("deepseek", "deepseek-chat", False)]
    assert names(routes_for(alice.pk, model="custom:qwen2.5:7b")) == [("custom", "qwen2.5:7b", True)]


def test_a_vendors_own_address_needs_no_guard(alice: User, providers: Any, key_of: KeyOf) -> None:
    key_of("deepseek")
    adapter = routes_for(alice.pk)[0].llm()
    assert isinstance(adapter, OpenAIChat)
    assert adapter._transport is None


# -- test jobs -----------------------------------------------------------------------------------------------------


def test_a_test_job_reaches_the_sandbox_only(alice: User, providers: Any, key_of: KeyOf) -> None:
    key_of("openai")
    assert names(routes_for(alice.pk, is_test=True)) == [("sandbox", "sandbox", False)]


def test_the_sandbox_plays_the_model_that_a_test_job_names_at_its_price(alice: User, providers: Any) -> None:
    (route,) = routes_for(alice.pk, model="gpt-4o-mini", is_test=True)
    assert (route.provider, route.model, route.is_test) == ("sandbox", "gpt-4o-mini", True)
    assert (route.price.input, route.price.output) == (150_000, 600_000)


@pytest.mark.parametrize("is_test", [True, False])
def test_money_can_be_rehearsed(alice: User, providers: Any, is_test: bool) -> None:
    (route,) = routes_for(alice.pk, model="sandbox-priced", is_test=is_test)
    assert (route.provider, route.is_test, route.price.is_free) == ("sandbox", True, False)


def test_a_test_job_hears_of_bad_names_too(alice: User, providers: Any) -> None:
    model_make("deepseek", "old", price=(1, 1, 1), ends_at=timezone.now())
    model_make("deepseek", "new", price=None)
    for name, error in (("nope", ModelUnknownError), ("old", ModelEndedError), ("new", PriceMissingError)):
        with pytest.raises(error):
            routes_for(alice.pk, model=name, is_test=True)


def test_the_hot_path_asks_no_database(alice: User, providers: Any, django_assert_num_queries: Any) -> None:
    routes_for(alice.pk)
    with django_assert_num_queries(0):
        routes_for(alice.pk)
        routes_for(alice.pk, model="deepseek-chat")
