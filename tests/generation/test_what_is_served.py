"""The catalogue says what might be there; the operator's own servers are asked what they have."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from generation.errors import ModelUnavailableError
from generation.jobs import gateway
from generation.jobs.routes import routes_for
from generation.providers import registry
from generation.providers.base import ProviderError
from generation.providers.llm.small_model import SmallModelChat
from generation.selectors.catalogue import offers_for
from tests.contract.requests import chat
from tests.support.catalogue import model_make
from tests.support.llm_server import LLMServer, model_list

pytestmark = pytest.mark.django_db

SMALL, LARGER = "qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"


@pytest.fixture
def server(db: Any) -> Iterator[LLMServer]:
    gateway.reset()
    with LLMServer() as server:
        yield server
    registry.reset()


def configure(settings: Any, name: str, path: str, server: LLMServer, model: str) -> None:
    options = {"base_url": server.url, "model": model, "api_key": ""}
    settings.PROVIDERS = {"llm": {name: {"path": path, "options": options}}}
    settings.PROVIDER_ORDER = {"llm": [name]}
    registry.reset()
    for model_name in {SMALL, LARGER, model}:
        model_make(name, model_name, price=(0, 0, 0))


def test_only_the_model_that_is_installed_can_be_called(
    alice: User, settings: Any, server: LLMServer
) -> None:
    configure(settings, "local-model", "generation.providers.llm.small_model.SmallModelChat", server, SMALL)
    offer = offers_for(alice.pk, is_test=False)
    assert offer("llm", "local-model", SMALL).is_callable
    assert not offer("llm", "local-model", LARGER).is_callable
    with pytest.raises(ModelUnavailableError) as refused:
        routes_for(alice.pk, model=LARGER)
    assert f"local-model:{LARGER}" not in refused.value.params["choices"]
    assert f"local-model:{SMALL}" in refused.value.params["choices"]


def test_a_server_of_ones_own_is_asked_what_it_has(alice: User, settings: Any, server: LLMServer) -> None:
    server.models = model_list(f"{SMALL}:latest")
    configure(settings, "local", "generation.providers.llm.openai.OpenAIChat", server, SMALL)
    offer = offers_for(alice.pk, is_test=False)
    assert offer("llm", "local", SMALL).is_callable
    assert not offer("llm", "local", LARGER).is_callable
    with pytest.raises(ModelUnavailableError):
        routes_for(alice.pk, model=f"local:{LARGER}")
    assert len(server.listings) == 1, "once for a while"


@pytest.mark.parametrize("listing", ["no-route", "error-500", "bad-json", "auth"])
def test_one_that_lists_nothing_denies_nothing(
    alice: User, settings: Any, server: LLMServer, listing: str
) -> None:
    server.listing = listing
    configure(settings, "local", "generation.providers.llm.openai.OpenAIChat", server, SMALL)
    assert offers_for(alice.pk, is_test=False)("llm", "local", LARGER).is_callable


def test_the_small_models_server_is_not_called_by_another_name(server: LLMServer) -> None:
    llm = SmallModelChat(name="local-model", base_url=server.url, model=SMALL)
    for ask in (llm.complete, lambda request: list(llm.stream(request))):
        with pytest.raises(ProviderError) as refused:
            ask(chat(model=LARGER))
        assert (refused.value.code, refused.value.charged) == ("PROVIDER_MODEL_NOT_FOUND", False)
    assert server.calls == []
