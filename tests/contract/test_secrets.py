"""Whatever an adapter goes through, its key stays out of what it raises, returns about a call, and logs.

Every behaviour of the local servers is played to every adapter, whole, as a stream and as a list of models, with each
logger at DEBUG. A marked key is then searched in all that came out: plainly, quoted, escaped, and in base64.
"""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from generation.providers.base import ProviderError
from generation.providers.guarded import guarded
from generation.providers.llm import bedrock_client
from generation.providers.llm.base import LLM
from generation.providers.llm.bedrock import BedrockChat
from generation.providers.llm.listing import list_models
from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.openai_wire import DIALECTS
from generation.providers.openai_client import close_clients
from tests.contract.requests import chat
from tests.support.bedrock_server import AWS_BEHAVIOURS, BedrockServer
from tests.support.closed_port import closed_port
from tests.support.llm_behaviours import BEHAVIOURS
from tests.support.llm_server import LLMServer

KEY = "sk-marked/7f3a91+never=show"
KEY_ID, SESSION = "AKIAMARKED7F3A91", "session-marked/7f3a91+never=show"
SHORT = 0.15
ENDLESS = {"gather"}
"""Behaviours that wait for other calls."""
NOT_AWS = {"only-keep-alive"}
"""Bedrock sends a whole answer at once, so its adapter bounds silence only."""


def forms(secret: str) -> set[str]:
    """How a secret may look in a text. Base64 looks different at each of three offsets; the ends vary with what
    stands beside it."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret.encode())[2:-1]}
    for offset in range(3):
        text = base64.b64encode(b"x" * offset + secret.encode() + b"xx")[4:-8].decode()
        found |= {text, text.translate(str.maketrans("+/", "-_"))}
    return found


def shown(error: BaseException) -> Iterator[str]:
    """All that a log, a report or a page of errors may show of an exception."""
    seen: list[BaseException | None] = [error]
    for one in seen:
        if one is None:
            continue
        yield f"{one}\n{one!r}\n{one.args}\n{getattr(one, '__dict__', None)}\n{getattr(one, '__notes__', None)}"
        seen += [other for other in (one.__cause__, one.__context__) if other not in seen]
        yield from frames(one.__traceback__)
    yield "".join(traceback.format_exception(error))


def frames(trace: TracebackType | None) -> Iterator[str]:
    """The adapters' local variables, as reports of errors show them."""
    while trace is not None:
        if "/generation/" in trace.tb_frame.f_code.co_filename:
            yield repr(trace.tb_frame.f_locals)
        trace = trace.tb_next


class Captured(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.texts.append(f"{record.name}: {record.getMessage()} {record.args!r} {trace}")


@pytest.fixture
def captured() -> Iterator[Captured]:
    """Every logger that there is, wide open."""
    handler, before = Captured(), {}
    everything = [logging.root, *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    for logger in everything:
        before[logger] = (logger.level, logger.propagate, logger.disabled)
        logger.setLevel(logging.DEBUG)
        logger.propagate, logger.disabled = True, False
    logging.root.addHandler(handler)
    yield handler
    logging.root.removeHandler(handler)
    for logger, (level, propagate, disabled) in before.items():
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


def whole(llm: LLM, behaviour: str) -> str:
    result = llm.complete(chat(f"机密 [[server:{behaviour}]]", timeout_s=SHORT))
    return repr(result)


def streamed(llm: LLM, behaviour: str) -> str:
    return repr(list(llm.stream(chat(f"机密 [[server:{behaviour}]]", timeout_s=SHORT))))


def leaks(
    secrets: tuple[str, ...], play: Callable[[str], str], behaviours: list[str], captured: Captured
) -> list[str]:
    """The behaviours that brought a secret out. At least half of them must fail, or nothing was tried."""
    needles = set().union(*(forms(secret) for secret in secrets))
    found, failures = [], 0
    for behaviour in behaviours:
        captured.texts.clear()
        texts = []
        try:
            texts.append(play(behaviour))
        except ProviderError as error:
            failures += 1
            texts += shown(error)
        for text in [*texts, *captured.texts]:
            places = [text.find(needle) for needle in needles if needle in text]
            found += [f"{behaviour}: …{text[max(place - 100, 0) : place + 60]}…" for place in places]
    assert failures * 2 > len(behaviours)
    return found


ways = pytest.mark.parametrize("way", [whole, streamed], ids=["complete", "stream"])
each_dialect = pytest.mark.parametrize("dialect", sorted(DIALECTS))


@each_dialect
@ways
def test_keys_of_vendors(
    server: LLMServer, dialect: str, way: Callable[[LLM, str], str], captured: Captured
) -> None:
    llm = OpenAIChat(name="own", base_url=server.url, model="m", api_key=KEY, dialect=dialect)
    behaviours = sorted(set(BEHAVIOURS) - ENDLESS)
    assert leaks((KEY,), lambda behaviour: way(llm, behaviour), behaviours, captured) == []
    assert KEY not in f"{llm} {llm!r}"


@each_dialect
def test_keys_that_are_verified(server: LLMServer, dialect: str, captured: Captured) -> None:
    def ask(behaviour: str) -> str:
        server.listing = behaviour
        return repr(
            list_models(provider="own", api_key=KEY, base_url=server.url, dialect=dialect, timeout_s=SHORT)
        )

    assert leaks((KEY,), ask, sorted(set(BEHAVIOURS) - ENDLESS), captured) == []


@ways
def test_keys_for_users_own_servers(
    server: LLMServer, way: Callable[[LLM, str], str], captured: Captured, settings: Any
) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]
    llm = OpenAIChat(name="own", base_url=server.url, model="m", api_key=KEY, transport=guarded)
    assert (
        leaks((KEY,), lambda behaviour: way(llm, behaviour), sorted(set(BEHAVIOURS) - ENDLESS), captured)
        == []
    )


@pytest.mark.parametrize("transport", [None, guarded], ids=["plain", "guarded"])
def test_keys_for_addresses_that_lead_nowhere(transport: Any, captured: Captured) -> None:
    addresses = [
        f"http://127.0.0.1:{closed_port()}/v1",
        f"https://127.0.0.1:{closed_port()}/v1",
        "http://169.254.169.254/latest",
        "https://[::ffff:10.0.0.7]/v1",
        "http://[/v1",
    ]

    def ask(address: str) -> str:
        if transport is None and "127.0.0.1" not in address:
            address = addresses[0]
        close_clients()
        return repr(
            list_models(provider="own", api_key=KEY, base_url=address, transport=transport, timeout_s=SHORT)
        )

    assert leaks((KEY,), ask, addresses, captured) == []


@pytest.mark.parametrize("odd", ["钥匙", " blank", "\r\nX-Evil: 1", "\x00", "\ud83d"], ids=ascii)
def test_keys_that_no_header_takes(server: LLMServer, odd: str, captured: Captured) -> None:
    llm = OpenAIChat(name="own", base_url=server.url, model="m", api_key=KEY + odd)
    for ask in (whole, streamed):
        assert leaks((KEY,), lambda behaviour, ask=ask: ask(llm, behaviour), ["ok"], captured) == []
    assert server.calls == []


@ways
def test_keys_of_aws(
    shared_bedrock_server: BedrockServer, way: Callable[[LLM, str], str], captured: Captured
) -> None:
    llm = BedrockChat(
        name="bedrock",
        model="amazon.nova-pro-v1:0",
        region="us-east-1",
        access_key_id=KEY_ID,
        secret_access_key=KEY,
        session_token=SESSION,
        endpoint_url=shared_bedrock_server.url,
    )
    secrets = (KEY, KEY_ID, SESSION)
    behaviours = sorted(set(AWS_BEHAVIOURS) - ENDLESS - NOT_AWS)
    assert leaks(secrets, lambda behaviour: way(llm, behaviour), behaviours, captured) == []
    bedrock_client.close_clients()


def test_the_search_finds_what_it_searches() -> None:
    for hidden in (
        f"Bearer {KEY}",
        quote(f"?key={KEY}", safe=""),
        base64.b64encode(f"user:{KEY}".encode()).decode(),
        base64.b64encode(f"a{KEY}z".encode()).decode(),
        base64.urlsafe_b64encode(f"ab{KEY}".encode()).decode(),
    ):
        assert any(form in hidden for form in forms(KEY)), hidden


def test_the_capture_hears_a_library(captured: Captured) -> None:
    logging.getLogger("openai._base_client").warning("heard")
    logging.getLogger("tests.other").debug("heard, too")
    assert len(captured.texts) == 2
