"""Model servers that users name are reached through the guard, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from pytest_django import Settings

from config.egress.calls import guarded_transport
from config.egress.limits import Limits
from generation.providers import guarded as guard
from generation.providers.base import ProviderError
from generation.providers.guarded import guarded
from generation.providers.llm.listing import list_models
from generation.providers.llm.openai import OpenAIChat
from generation.providers.openai_client import close_clients
from tests.contract.requests import chat
from tests.support.dns_server import DNSServer
from tests.support.llm_server import LLMServer, model_list

HOST = "llm.example.com"
KEY = "sk-marked-7f3a91-never-show"

Ask = Callable[..., object]


def ask_whole(base_url: str, text: str = "你好 🙂", way: Any = guarded) -> object:
    return adapter(base_url, way).complete(chat(text)).text


def ask_streamed(base_url: str, text: str = "你好 🙂", way: Any = guarded) -> object:
    return "".join(delta.text for delta in adapter(base_url, way).stream(chat(text)))


def ask_for_models(base_url: str, text: str = "", way: Any = guarded) -> object:
    return list_models(provider="own", api_key=KEY, base_url=base_url, transport=way)


every_way = pytest.mark.parametrize(
    "ask", [ask_whole, ask_streamed, ask_for_models], ids=["complete", "stream", "list"]
)


def adapter(base_url: str, way: Any) -> OpenAIChat:
    return OpenAIChat(name="own", base_url=base_url, model="m", api_key=KEY, transport=way)


def refusal(ask: Ask, base_url: str, **options: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(base_url, **options)
    error = caught.value
    assert error.charged is False, "nothing was sent"
    assert error.__context__ is None
    for hidden in (KEY, "127.0.0.1", "169.254", "10.0.0", HOST):
        assert hidden not in f"{error!r} {vars(error)}"
    return error


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    """A client made under other settings would go on by them: an operator's settings change with a restart."""
    close_clients()
    yield
    close_clients()


@pytest.fixture
def allowed(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]


class TestRefused:
    @every_way
    @pytest.mark.parametrize(
        "base_url",
        [
            "http://127.0.0.1:{port}/v1",
            "http://localhost:{port}/v1",
            "http://[::1]:{port}/v1",
            "http://[::ffff:127.0.0.1]:{port}/v1",
            "http://2130706433:{port}/v1",
            "https://10.0.0.7/v1",
            "https://192.168.1.1/v1",
            "http://169.254.169.254/latest",
            "https://[fd00:ec2::254]/v1",
            "https://metadata.google.internal/v1",
            "https://user:password@api.example.com/v1",
            "https://api.example.com:22/v1",
            "https://例え。example.com\\@127.0.0.1/v1",
        ],
    )
    def test_an_address_of_the_house_is_refused_at_once(
        self, server: LLMServer, ask: Ask, base_url: str
    ) -> None:
        error = refusal(ask, base_url.format(port=server.port))
        assert (error.code, error.retryable) == ("PROVIDER_ADDRESS_REFUSED", False)
        assert not error.allows_fallback, "his words must not go to a server that he didn't name"
        assert server.connections == 0

    @every_way
    def test_metadata_is_refused_whatever_is_allowed(self, settings: Settings, ask: Ask) -> None:
        settings.EGRESS_ALLOW_PRIVATE = ["10.0.0.0/8", "192.168.0.0/16", "127.0.0.0/8"]
        assert refusal(ask, "http://169.254.169.254/latest").code == "PROVIDER_ADDRESS_REFUSED"

    @every_way
    @pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.7"], ["93.184.215.14", "127.0.0.1"], []])
    def test_a_name_that_leads_into_the_house_is_refused(
        self, server: LLMServer, settings: Settings, ask: Ask, addresses: list[str]
    ) -> None:
        settings.EGRESS_ALLOW_HTTP = True
        names = {HOST: [addresses]} if addresses else {}
        with DNSServer(names) as dns:
            way = asking(dns)
            error = refusal(ask, f"http://{HOST}:{server.port}/v1", way=way)
        assert error.code == "PROVIDER_ADDRESS_REFUSED"
        assert server.connections == 0

    @every_way
    def test_a_name_that_changes_its_mind_is_refused(
        self, server: LLMServer, settings: Settings, ask: Ask
    ) -> None:
        """Harmless when it is checked first, then this machine: what counts is what is connected to."""
        settings.EGRESS_ALLOW_HTTP = True
        with DNSServer({HOST: [["93.184.215.14"], ["127.0.0.1"]]}) as dns:
            assert dns.lookup(HOST) == ["93.184.215.14"]
            error = refusal(ask, f"http://{HOST}:{server.port}/v1", way=asking(dns))
        assert error.code == "PROVIDER_ADDRESS_REFUSED"
        assert server.connections == 0


@pytest.mark.usefixtures("allowed")
class TestAllowed:
    @every_way
    def test_the_operator_may_allow_a_network(self, server: LLMServer, ask: Ask) -> None:
        server.models = model_list("你好 🙂")
        assert "你好 🙂" in str(ask(server.url))

    @pytest.mark.parametrize("ask", [ask_whole, ask_for_models], ids=["complete", "list"])
    def test_a_name_is_pinned_for_its_connection(self, server: LLMServer, ask: Ask) -> None:
        with DNSServer({HOST: [["127.0.0.1"], ["10.0.0.7"]]}) as dns:
            way = asking(dns)
            for _ in range(2):
                assert ask(f"http://{HOST}:{server.port}/v1", way=way)
            assert dns.asked(HOST) == 1
        assert server.connections == 1

    @every_way
    def test_redirects_are_not_followed(self, server: LLMServer, ask: Ask) -> None:
        server.listing = "redirect"
        error = refusal(ask, server.url, text="[[server:redirect]]")
        assert (error.code, error.retryable) == ("PROVIDER_UNAVAILABLE", False)

    def test_adapters_of_one_address_share_their_connections(self, server: LLMServer) -> None:
        for key in ("sk-1", "sk-2", ""):
            OpenAIChat(name="own", base_url=server.url, model="m", api_key=key, transport=guarded).complete(
                chat()
            )
        list_models(provider="own", api_key="sk-1", base_url=server.url, transport=guarded)
        assert server.connections == 1

    @pytest.mark.parametrize("ask", [ask_whole, ask_streamed], ids=["complete", "stream"])
    def test_an_answer_without_end_is_cut(
        self, server: LLMServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guard, "MOST_BYTES", 300)
        with pytest.raises(ProviderError) as caught:
            ask(server.url)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_BAD_ANSWER", None)
        assert not caught.value.retryable

    @pytest.mark.parametrize("ask", [ask_whole, ask_streamed], ids=["complete", "stream"])
    def test_an_answer_that_takes_too_long_is_left(
        self, server: LLMServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guard, "LONGEST_S", 0.3)
        with pytest.raises(ProviderError) as caught:
            ask(server.url, text="好 [[server:hang]]")
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_TIMEOUT", None)


def asking(dns: DNSServer) -> Callable[[str], httpx2.BaseTransport]:
    """The same way, with a name server of the test's."""

    def way(base_url: str) -> httpx2.BaseTransport:
        return guarded_transport(base_url, limits=Limits(), lookup=dns.lookup)

    return way
