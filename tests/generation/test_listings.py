"""What vendors list: a model that one has taken away isn't offered, isn't recommended, and is refused before a call."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from generation.errors import ModelUnavailableError, ModelUnknownError
from generation.jobs.routes import routes_for
from generation.models import CatalogueModel
from generation.providers import registry
from generation.tasks import look_at_listings
from tests.support.catalogue import model_make
from tests.support.closed_port import closed_port
from tests.support.llm_server import LLMServer, model_list

pytestmark = pytest.mark.django_db

GONE, THERE = "千问-旧", "gpt-4o-mini"


@pytest.fixture
def vendor(settings: Any) -> Iterator[LLMServer]:
    with LLMServer() as server:
        configure(settings, server.url)
        for name in (GONE, THERE):
            model_make("openai", name, price=(1, 1, 1))
        server.models = model_list(f"{THERE}-2024-07-18", "something-else")
        yield server
    registry.reset()


def configure(settings: Any, url: str) -> None:
    options = {"base_url": url, "model": THERE, "api_key": "sk-x", "dialect": "openai"}
    path = "generation.providers.llm.openai.OpenAIChat"
    settings.PROVIDERS = {"llm": {"openai": {"path": path, "options": options}}}
    settings.PROVIDER_ORDER = {"llm": ["openai"]}
    registry.reset()


def offered(client: APIClient) -> dict[str, tuple[bool | None, bool]]:
    rows = client.get("/api/v1/catalogue").json()["data"]
    return {row["model"]: (row["is_listed"], row["is_callable"]) for row in rows}


def is_listed(name: str) -> bool | None:
    return CatalogueModel.objects.get(name=name).is_listed


def test_nothing_is_denied_before_anybody_has_looked(vendor: LLMServer, alice: User, client_for: Any) -> None:
    assert offered(client_for(alice)) == {GONE: (None, True), THERE: (None, True)}
    assert vendor.listings == [], "no request waits for a vendor"


def test_what_its_vendor_lacks_isnt_offered_and_is_refused(
    vendor: LLMServer, alice: User, client_for: Any
) -> None:
    assert look_at_listings() == {"openai": 1}
    assert offered(client_for(alice)) == {GONE: (False, False), THERE: (True, True)}
    with pytest.raises(ModelUnavailableError) as refused:
        routes_for(alice.pk, model=GONE)
    choices = refused.value.details["choices"]
    assert f"openai:{THERE}" in choices
    assert f"openai:{GONE}" not in choices
    with pytest.raises(ModelUnknownError) as unknown:
        routes_for(alice.pk, model=f"{GONE}x")
    assert GONE not in unknown.value.details["near"]


def test_one_that_comes_back_is_offered_again(vendor: LLMServer) -> None:
    look_at_listings()
    vendor.models = model_list(GONE, THERE)
    assert look_at_listings() == {"openai": 0}
    assert is_listed(GONE) is True


def test_an_own_key_asks_its_vendor_itself(vendor: LLMServer, alice: User, client_for: Any) -> None:
    look_at_listings()
    ProviderKey.objects.create(owner=alice, provider="openai", secret="sk-茶", last_four="茶")
    provider_keys_forget_all()
    assert offered(client_for(alice))[GONE] == (False, True)
    (route,) = routes_for(alice.pk, model=GONE)
    assert route.key is not None


@pytest.mark.parametrize("listing", ["no-route", "error-500", "auth", "bad-json", "lost"])
def test_a_vendor_that_doesnt_answer_changes_nothing(vendor: LLMServer, listing: str) -> None:
    look_at_listings()
    vendor.listing = listing
    assert look_at_listings() == {}
    assert (is_listed(GONE), is_listed(THERE)) == (False, True)


def test_one_that_cant_be_reached_denies_nothing(
    vendor: LLMServer, alice: User, client_for: Any, settings: Any
) -> None:
    configure(settings, f"http://127.0.0.1:{closed_port()}/v1")
    assert look_at_listings() == {}
    assert offered(client_for(alice)) == {GONE: (None, True), THERE: (None, True)}


@pytest.mark.parametrize(
    "names", [(), ("other-names", "of-a-gateway"), tuple(f"m{number}" for number in range(1_200))]
)
def test_a_list_that_has_none_of_ours_or_is_cut_off_says_nothing(
    vendor: LLMServer, names: tuple[str, ...]
) -> None:
    vendor.models = model_list(*names)
    look_at_listings()
    assert (is_listed(GONE), is_listed(THERE)) == (None, None)


def test_of_a_provider_without_a_key_nothing_is_known_any_more(vendor: LLMServer, settings: Any) -> None:
    look_at_listings()
    settings.PROVIDERS, settings.PROVIDER_ORDER = {"llm": {}}, {"llm": []}
    registry.reset()
    assert look_at_listings() == {}
    assert (is_listed(GONE), is_listed(THERE)) == (None, None)
