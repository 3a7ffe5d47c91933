"""What `OpenAIChat` does beyond the contract: what it sends, and what it makes of odd answers."""

from __future__ import annotations

import gc
import json
import logging
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import orjson
import pytest
from pytest_django import Settings

from config.waiting import giving_up
from generation.providers import base, openai_client
from generation.providers.base import ProviderError
from generation.providers.guarded import guarded
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.openai_wire import DIALECTS, dialect_of, request_body
from tests.contract.requests import SCHEMA, chat
from tests.support.llm_server import Call, LLMServer, key_hash
from tests.support.programs import eventually

KEY = "sk-marked-7f3a91-never-show"
CLOSED = {
    "type": "object",
    "properties": {"题目": {"type": "string", "description": "标题"}, "minItems": {"type": "integer"}},
    "required": ["题目", "minItems"],
    "additionalProperties": False,
}

Ask = Callable[[OpenAIChat, ChatRequest], str]


def ask_whole(llm: OpenAIChat, request: ChatRequest) -> str:
    return llm.complete(request).text


def ask_streamed(llm: OpenAIChat, request: ChatRequest) -> str:
    return "".join(delta.text for delta in llm.stream(request))


@contextmanager
def crowded() -> Iterator[int]:
    """A port where nobody takes another connection."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            yield address[1]


@contextmanager
def silent() -> Iterator[int]:
    """A port where connections are taken and nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


both_ways = pytest.mark.parametrize("ask", [ask_whole, ask_streamed], ids=["complete", "stream"])


def adapter(server: LLMServer, **options: object) -> OpenAIChat:
    fields = {"name": "vendor", "base_url": server.url, "model": "m-1", "api_key": KEY, **options}
    return OpenAIChat(**fields)  # type: ignore[arg-type]


def only_call(server: LLMServer) -> Call:
    assert len(server.calls) == 1
    return server.calls[0]


class TestWhatIsSent:
    @both_ways
    def test_only_the_conversation_leaves_the_house(self, server: LLMServer, ask: Ask) -> None:
        request = chat("写一份文档", kind="templates.document", context={"secret": "内部"}, temperature=0.2)
        ask(adapter(server), request)
        body = only_call(server).body
        assert body["messages"] == [
            {"role": "system", "content": "你是一位技术作者。"},
            {"role": "user", "content": "写一份文档"},
        ]
        assert (body["model"], body["temperature"]) == ("m-1", 0.2)
        assert set(body) <= {"model", "messages", "max_tokens", "temperature", "stream", "stream_options"}

    def test_a_stream_asks_for_its_usage(self, server: LLMServer) -> None:
        ask_streamed(adapter(server), chat())
        assert only_call(server).body["stream_options"] == {"include_usage": True}

    def test_nothing_is_sent_before_the_first_piece_is_wanted(self, server: LLMServer) -> None:
        stream = adapter(server).stream(chat())
        assert server.calls == []
        next(stream)
        assert len(server.calls) == 1

    @pytest.mark.parametrize(
        ("dialect", "field"),
        [
            ("openai", "max_completion_tokens"),
            ("moonshot", "max_completion_tokens"),
            ("deepseek", "max_tokens"),
            ("qwen", "max_tokens"),
            ("siliconflow", "max_tokens"),
            ("generic", "max_tokens"),
        ],
    )
    def test_the_limit_has_the_vendors_name(self, server: LLMServer, dialect: str, field: str) -> None:
        adapter(server, dialect=dialect).complete(chat(max_output_tokens=77))
        assert only_call(server).body[field] == 77

    @pytest.mark.parametrize(
        ("host", "dialect"),
        [
            ("api.openai.com", "openai"),
            ("api.deepseek.com", "deepseek"),
            ("api.moonshot.cn", "moonshot"),
            ("dashscope.aliyuncs.com", "qwen"),
            ("api.siliconflow.cn", "siliconflow"),
            ("127.0.0.1", "generic"),
        ],
    )
    def test_the_dialect_follows_from_the_host(self, host: str, dialect: str) -> None:
        assert dialect_of(host) == dialect

    def test_an_unknown_dialect_is_refused(self) -> None:
        with pytest.raises(ValueError, match="dialect"):
            OpenAIChat(name="x", base_url="https://api.openai.com/v1", model="m", dialect="latin")

    @pytest.mark.parametrize(
        ("dialect", "model", "is_sent"),
        [
            ("openai", "gpt-4o-mini", True),
            ("openai", "o3-mini", False),
            ("openai", "gpt-5-mini", False),
            ("openai", "gpt-5-chat-latest", True),
            ("moonshot", "moonshot-v1-32k", True),
            ("moonshot", "kimi-k2.6", False),
            ("moonshot", "kimi-k3", False),
            ("generic", "o3-mini", True),
        ],
    )
    def test_a_temperature_goes_only_to_models_that_take_one(
        self, dialect: str, model: str, is_sent: bool
    ) -> None:
        request = chat(temperature=0.2)
        body = request_body(request, model=model, dialect=DIALECTS[dialect], is_stream=False)
        assert ("temperature" in orjson.loads(body)) is is_sent

    @pytest.mark.parametrize(
        ("dialect", "model", "is_wanted", "sent"),
        [
            ("deepseek", "deepseek-flash", False, {"type": "disabled"}),
            ("deepseek", "deepseek-v4-pro", True, {"type": "enabled"}),
            ("deepseek", "deepseek-chat", False, None),
            ("openai", "deepseek-flash", False, None),
        ],
    )
    def test_thoughts_are_switched_off_where_nobody_wants_them(
        self, dialect: str, model: str, is_wanted: bool, sent: dict[str, str] | None
    ) -> None:
        request = chat(reasoning=is_wanted)
        body = request_body(request, model=model, dialect=DIALECTS[dialect], is_stream=False)
        assert orjson.loads(body).get("thinking") == sent

    def test_a_schema_goes_into_response_format(self, server: LLMServer) -> None:
        adapter(server).complete(chat(json_schema=SCHEMA))
        sent = only_call(server).body["response_format"]
        assert sent["type"] == "json_schema"
        assert sent["json_schema"]["schema"] == SCHEMA
        assert sent["json_schema"]["strict"] is False

    @pytest.mark.parametrize(
        ("dialect", "model", "schema", "way", "is_told"),
        [
            ("openai", "gpt-4o-mini", CLOSED, "json_schema", False),
            ("generic", "m", CLOSED, "json_schema", False),
            ("deepseek", "deepseek-chat", CLOSED, "json_object", True),
            ("moonshot", "kimi-k2.6", CLOSED, "json_schema", False),
            ("moonshot", "kimi-k2.6", SCHEMA, "json_object", True),
            ("moonshot", "kimi-k2.6", {**CLOSED, "minProperties": 1}, "json_object", True),
            ("qwen", "qwen-plus", CLOSED, "json_schema", False),
            ("qwen", "qwen-plus", SCHEMA, "json_object", True),
            ("qwen", "qwen-turbo", CLOSED, "json_object", True),
            ("siliconflow", "deepseek-ai/DeepSeek-V3", CLOSED, None, True),
        ],
    )
    def test_each_vendor_is_asked_for_json_in_its_way(
        self, dialect: str, model: str, schema: dict[str, object], way: str | None, is_told: bool
    ) -> None:
        request = chat(json_schema=schema)
        body = orjson.loads(request_body(request, model=model, dialect=DIALECTS[dialect], is_stream=False))
        sent = body.get("response_format", {})
        assert sent.get("type") == way
        assert ("JSON Schema" in body["messages"][0]["content"]) is is_told
        if way == "json_schema":
            assert sent["json_schema"]["strict"] is True

    @pytest.mark.parametrize("system", ["你是一位技术作者。", None])
    def test_without_schemas_the_schema_is_told(self, server: LLMServer, system: str | None) -> None:
        messages = (ChatMessage("user", "写一份文档"),)
        if system:
            messages = (ChatMessage("system", system), *messages)
        request = ChatRequest(messages=messages, max_output_tokens=100, json_schema=SCHEMA)
        adapter(server, dialect="deepseek").complete(request)
        body = only_call(server).body
        assert body["response_format"] == {"type": "json_object"}
        assert body["messages"][0]["role"] == "system"
        assert body["messages"][0]["content"].startswith(system or "Answer with one JSON object")
        assert json.dumps(SCHEMA, separators=(",", ":")) in body["messages"][0]["content"]
        assert body["messages"][-1] == {"role": "user", "content": "写一份文档"}

    def test_our_name_for_the_purchase_goes_along(self, server: LLMServer) -> None:
        adapter(server).complete(chat(request_key="项目 1\r\nX-Evil: 1", attempt=3))
        call = only_call(server)
        assert (call.request_key, call.attempt) == ("%E9%A1%B9%E7%9B%AE%201%0D%0AX-Evil:%201", "3")
        assert "x-evil" not in call.headers

    @pytest.mark.parametrize("key", [KEY, ""])
    def test_the_environments_openai_variables_stay_with_openai(
        self, server: LLMServer, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:
        for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
            monkeypatch.setenv(name, "sk-other")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-other")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        adapter(server, api_key=key).complete(chat())
        call = only_call(server)
        assert call.key_hash == key_hash(key)
        assert call.authorization == ("redacted" if key else "none")
        assert "sk-other" not in str(call.headers)

    @both_ways
    def test_half_a_character_is_refused_before_anything_is_sent(self, server: LLMServer, ask: Ask) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(adapter(server), chat("半个字符 \ud83d"))
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_BAD_REQUEST", False)
        assert server.calls == []


class TestOddAnswers:
    @both_ways
    def test_byte_by_byte(self, server: LLMServer, ask: Ask) -> None:
        assert "名称**: 智能客服 🤖" in ask(adapter(server), chat("名称: 智能客服 🤖 [[server:drip]]"))

    @both_ways
    def test_signs_of_life_before_the_answer(self, server: LLMServer, ask: Ask) -> None:
        assert "写一份文档" in ask(adapter(server), chat("写一份文档 [[server:keep-alive]]"))

    @both_ways
    def test_signs_of_life_are_no_answer(self, server: LLMServer, ask: Ask) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(adapter(server), chat("[[server:only-keep-alive]]", timeout_s=0.3))
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_TIMEOUT", None)

    def test_without_usage_it_is_estimated_and_marked(self, server: LLMServer) -> None:
        request = chat("写一份文档 [[server:no-usage]]")
        usage = adapter(server).complete(request).usage
        assert usage.is_estimate
        assert usage.input_tokens == adapter(server).estimate_input_tokens(request)
        streamed = list(adapter(server).stream(request))[-1].usage
        assert streamed == usage

    @pytest.mark.parametrize("behaviour", ["usage-in-choice", "usage-everywhere"])
    def test_usage_is_found_wherever_a_stream_has_it(self, server: LLMServer, behaviour: str) -> None:
        streamed = list(adapter(server).stream(chat(f"写一份文档 [[server:{behaviour}]]")))[-1].usage
        assert streamed is not None
        assert not streamed.is_estimate
        assert streamed.cached_tokens > 0

    @both_ways
    def test_a_refusal_is_marked_as_filtered(self, server: LLMServer, ask: Ask) -> None:
        request = chat("[[server:refusal]]")
        assert "抱歉" in ask(adapter(server), request)
        assert adapter(server).complete(request).finish_reason == "content_filter"
        assert list(adapter(server).stream(request))[-1].finish_reason == "content_filter"

    @both_ways
    @pytest.mark.parametrize(
        ("behaviour", "code", "charged"),
        [
            ("bad-json", "PROVIDER_BAD_ANSWER", None),
            ("no-resource", "PROVIDER_OVERLOADED", True),
            ("error-500", "PROVIDER_UNAVAILABLE", False),
            ("bare-500", "PROVIDER_UNAVAILABLE", None),
            ("error-502", "PROVIDER_UNAVAILABLE", None),
            ("error-504", "PROVIDER_TIMEOUT", None),
            ("no-model", "PROVIDER_MODEL_NOT_FOUND", False),
            ("bad-request", "PROVIDER_BAD_REQUEST", False),
            ("redirect", "PROVIDER_UNAVAILABLE", False),
        ],
    )
    def test_failures(
        self, server: LLMServer, ask: Ask, behaviour: str, code: str, charged: bool | None
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(adapter(server), chat(f"[[server:{behaviour}]]"))
        assert (caught.value.code, caught.value.charged) == (code, charged)
        assert len(server.calls) == 1, "the SDK must not repeat a call by itself"

    def test_the_vendors_name_for_a_call_is_fit_to_be_stored(self) -> None:
        def named(value: str, header: str = "x-request-id") -> str | None:
            return openai_client.reference_of(httpx2.Response(200, headers={header: value}), KEY)

        assert named("req-1") == named("req-1", "x-siliconcloud-trace-id") == "req-1"
        assert named("r" * 900) == "r" * 200
        assert named(f"req-{KEY}") is None
        assert base.reference("请求\x00-1\n") == "请求-1"
        assert [base.reference(value) for value in ("", 7, None, "\x00")] == [None] * 4

    def test_siliconflows_own_end_is_one(self, server: LLMServer) -> None:
        assert adapter(server).complete(chat("[[server:eos]]")).finish_reason == "stop"

    def test_an_answer_that_was_counted_brings_its_usage(self, server: LLMServer) -> None:
        with pytest.raises(ProviderError) as caught:
            adapter(server).complete(chat("[[server:no-choices]]"))
        assert caught.value.usage is not None
        assert caught.value.usage.output_tokens > 0

    def test_an_error_inside_a_stream_has_an_unknown_charge(self, server: LLMServer) -> None:
        with pytest.raises(ProviderError) as caught:
            ask_streamed(adapter(server), chat("[[server:stream-error]]"))
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_UNAVAILABLE", None)

    def test_the_timeout_covers_the_whole_answer_not_only_silence(self, server: LLMServer) -> None:
        with pytest.raises(ProviderError, match="PROVIDER_TIMEOUT"):
            adapter(server).complete(chat("好 [[server:drip=0.05]]", timeout_s=0.3))


class TestBeforeTheRequestIsSent:
    """Whatever keeps the connection from standing costs nothing, and another provider may be asked."""

    @both_ways
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_refused(self, ask: Ask, scheme: str) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            llm = OpenAIChat(name="vendor", base_url=f"{scheme}://127.0.0.1:{port}/v1", model="m")
            error = self.failure(ask, llm)
        assert error.code == "PROVIDER_CONNECTION_LOST"

    @both_ways
    def test_tls_that_fails(self, ask: Ask) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
            pool.submit(answer_without_tls, listener)
            port = listener.getsockname()[1]
            llm = OpenAIChat(name="vendor", base_url=f"https://127.0.0.1:{port}/v1", model="m")
            assert self.failure(ask, llm).code == "PROVIDER_CONNECTION_LOST"

    def test_a_connection_that_is_never_taken(self) -> None:
        with crowded() as port:
            base_url = f"http://127.0.0.1:{port}/v1"
            llm = OpenAIChat(name="vendor", base_url=base_url, model="m", connect_timeout_s=0.2)
            error = self.failure(ask_whole, llm)
        assert error.code == "PROVIDER_TIMEOUT"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("transport", [None, guarded], ids=["own", "guarded"])
    def test_connecting_can_be_given_up_and_nothing_was_sent(
        self, transport: Any, scheme: str, settings: Settings
    ) -> None:
        """Where nobody takes the connection, and where nobody answers the handshake."""
        settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]
        asked: list[int] = []

        def is_unwanted() -> bool:
            asked.append(1)
            return len(asked) > 1

        with crowded() if scheme == "http" else silent() as port:
            llm = OpenAIChat(
                name="vendor",
                base_url=f"{scheme}://127.0.0.1:{port}/v1",
                model="m",
                connect_timeout_s=4000.0,
                transport=transport,
            )
            with giving_up(is_unwanted), pytest.raises(ProviderError) as caught:
                list(llm.stream(chat()))
        assert (caught.value.charged, len(asked)) == (False, 2)

    def test_no_free_connection(self, server: LLMServer) -> None:
        llm = adapter(server, max_connections=1)
        with ThreadPoolExecutor(1) as pool:
            with server.holding():
                first = pool.submit(llm.complete, chat())
                assert eventually(lambda: len(server.calls) == 1)
                error = self.failure(ask_whole, llm, timeout_s=0.2)
            assert first.result().finish_reason == "stop"
        assert error.code == "PROVIDER_TIMEOUT"
        assert len(server.calls) == 1

    def failure(self, ask: Ask, llm: OpenAIChat, **fields: object) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            ask(llm, chat(**fields))
        assert caught.value.charged is False
        assert caught.value.allows_fallback
        assert caught.value.retryable
        return caught.value


class TestPool:
    def test_a_hundred_calls_are_in_flight_on_reused_connections(self, server: LLMServer) -> None:
        llm = adapter(server)
        barrier = threading.Barrier(100)

        def ask(number: int) -> bool:
            barrier.wait()
            return f"第{number}号" in llm.complete(chat(f"编号: 第{number}号 [[server:gather=100]]")).text

        with ThreadPoolExecutor(100) as pool:
            assert all(pool.map(ask, range(100)))
            assert server.peak_in_flight == 100
            assert all(pool.map(ask, range(100)))
        assert server.connections <= 110

    def test_models_and_keys_of_one_address_share_connections(self, server: LLMServer) -> None:
        keys = ["sk-1", "sk-2", ""]
        for key in keys:
            adapter(server, model=f"model of {key}", api_key=key).complete(chat())
        assert server.connections == 1
        assert [call.key_hash for call in server.calls] == [key_hash(key) for key in keys]

    def test_a_client_that_had_to_go_ends_its_calls_first(
        self, server: LLMServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(openai_client, "MAX_CLIENTS", 1)
        stream = adapter(server).stream(chat("写一份文档"))
        pieces = [next(stream).text]
        [client] = map(weakref.ref, openai_client._clients.values())
        with LLMServer() as other:
            adapter(other).complete(chat())
            gc.collect()
            # What has arrived already would be read even from a closed connection, so the text alone proves nothing.
            assert client() is not None, "the stream's connection was closed under it"
            pieces += [delta.text for delta in stream]
            openai_client.close_clients()
        assert "写一份文档" in "".join(pieces)


class Way(httpx2.BaseTransport):
    """A way to an address that counts who goes it."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.gone: list[str] = []
        self.inner = httpx2.HTTPTransport()
        ways.append(self)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.gone.append(str(request.url))
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


ways: list[Way] = []


def no_way(base_url: str) -> httpx2.BaseTransport:
    raise PermissionError(f"{base_url} leads to 10.0.0.7")


class TestWays:
    """An address that a user named is reached over a transport that was handed in."""

    @both_ways
    def test_every_call_goes_over_it(self, server: LLMServer, ask: Ask) -> None:
        ways.clear()
        for _ in range(2):
            assert "写一份文档" in ask(adapter(server, transport=Way), chat("写一份文档"))
        assert [way.base_url for way in ways] == [server.url]
        assert ways[0].gone == [f"{server.url}/chat/completions"] * 2

    @both_ways
    def test_a_way_that_is_refused_costs_nothing_and_tells_nothing(self, server: LLMServer, ask: Ask) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(adapter(server, transport=no_way), chat())
        error = caught.value
        assert (error.code, error.charged, error.retryable) == ("PROVIDER_UNAVAILABLE", False, False)
        assert "10.0.0.7" not in f"{error} {error.__cause__} {error.__context__}"
        assert server.calls == []


class TestSecrets:
    @both_ways
    @pytest.mark.parametrize(
        "behaviour", ["auth", "rate-limit", "error-500", "lost", "bad-json", "cut", "hang"]
    )
    def test_the_key_and_the_prompt_stay_out_of_errors_and_logs(
        self, server: LLMServer, ask: Ask, behaviour: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with pytest.raises(ProviderError) as caught:
            ask(adapter(server), chat(f"机密内容 [[server:{behaviour}]]", timeout_s=0.3))
        error = caught.value
        shown = f"{error} {error!r} {error.args} {vars(error)} {error.__cause__!r} {error.__context__!r}"
        assert error.__context__ is None
        for secret in (KEY, "机密内容"):
            assert secret not in shown
            assert secret not in caplog.text

    def test_the_key_is_not_shown_by_the_adapter(self, server: LLMServer) -> None:
        llm = adapter(server)
        llm.complete(chat())
        assert KEY not in f"{llm} {llm!r}"
        assert server.calls[0].authorization == "redacted"
        assert KEY not in repr(server.calls)


def answer_without_tls(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
