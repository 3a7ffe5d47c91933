"""What `BedrockChat` does beyond the contract: what it sends, odd answers, and AWS' own failures."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from botocore import exceptions, parsers
from botocore.session import Session

from generation.providers import aws_errors
from generation.providers.base import CODES, ProviderError
from generation.providers.llm import bedrock_client
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.bedrock import BedrockChat
from generation.providers.llm.bedrock_wire import parameters
from tests.contract.requests import SCHEMA, chat
from tests.support.bedrock_server import BedrockServer
from tests.support.closed_port import closed_port

KEY_ID, SECRET = "AKIAMARKED", "marked-7f3a91"
EVENT_STREAM = "application/vnd.amazon.eventstream"

Ask = Callable[[BedrockChat, ChatRequest], str]


def ask_whole(llm: BedrockChat, request: ChatRequest) -> str:
    return llm.complete(request).text


def ask_streamed(llm: BedrockChat, request: ChatRequest) -> str:
    return "".join(delta.text for delta in llm.stream(request))


both_ways = pytest.mark.parametrize("ask", [ask_whole, ask_streamed], ids=["complete", "stream"])


def adapter(server: BedrockServer, **options: object) -> BedrockChat:
    fields = {
        "name": "bedrock",
        "model": "amazon.nova-pro-v1:0",
        "region": "us-east-1",
        "access_key_id": KEY_ID,
        "secret_access_key": SECRET,
        "endpoint_url": server.url,
        **options,
    }
    return BedrockChat(**fields)  # type: ignore[arg-type]


@pytest.fixture
def llm(bedrock_server: BedrockServer) -> BedrockChat:
    return adapter(bedrock_server)


class TestWhatIsSent:
    @both_ways
    def test_only_the_conversation_leaves_the_house(
        self, llm: BedrockChat, bedrock_server: BedrockServer, ask: Ask
    ) -> None:
        request = chat(
            "写一份文档 🙂", kind="templates.document", context={"secret": "内部"}, temperature=0.2, attempt=3
        )
        ask(llm, request)
        (call,) = bedrock_server.calls
        assert call.model == "amazon.nova-pro-v1:0"
        assert call.body["converse"] == {
            "system": [{"text": "你是一位技术作者。"}],
            "messages": [{"role": "user", "content": [{"text": "写一份文档 🙂"}]}],
            "inferenceConfig": {"maxTokens": 2000, "temperature": 0.2},
            "requestMetadata": {"request_key": "job-1:item-1", "attempt": "3"},
        }

    def test_turns_alternate_and_system_messages_go_first(self) -> None:
        roles = [("user", "一"), ("user", "二"), ("system", "规则"), ("assistant", "三"), ("user", "四")]
        request = ChatRequest(tuple(ChatMessage(role, text) for role, text in roles), 10)  # type: ignore[arg-type]
        sent = parameters(request, model="m")
        assert sent["system"] == [{"text": "规则"}]
        assert [(turn["role"], [part["text"] for part in turn["content"]]) for turn in sent["messages"]] == [
            ("user", ["一", "二"]),
            ("assistant", ["三"]),
            ("user", ["四"]),
        ]

    def test_a_schema_is_told(self) -> None:
        told = parameters(chat(json_schema=SCHEMA), model="m")["system"][-1]["text"]
        assert "JSON Schema" in told
        assert '"tags"' in told

    def test_our_name_for_the_purchase_has_the_form_that_aws_takes(self) -> None:
        request = chat(request_key='项目 1"{}\r\n' + "x" * 400)
        name = parameters(request, model="m")["requestMetadata"]["request_key"]
        assert name.startswith("__ 1___")
        assert len(name) <= 256

    def test_nothing_is_sent_before_the_first_piece_is_wanted(
        self, llm: BedrockChat, bedrock_server: BedrockServer
    ) -> None:
        stream = llm.stream(chat())
        assert bedrock_server.calls == []
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert len(bedrock_server.calls) == 1

    @both_ways
    def test_half_a_character_is_refused_before_anything_is_sent(
        self, llm: BedrockChat, bedrock_server: BedrockServer, ask: Ask
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(llm, chat("半个字符 \ud83d"))
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_BAD_REQUEST", False)
        assert bedrock_server.calls == []

    @pytest.mark.parametrize(
        "options", [{"region": ""}, {"secret_access_key": ""}, {"access_key_id": ""}], ids=str
    )
    def test_an_incomplete_account_is_refused_at_once(
        self, bedrock_server: BedrockServer, options: dict[str, str]
    ) -> None:
        with pytest.raises(ValueError, match="bedrock"):
            adapter(bedrock_server, **options)

    def test_an_account_has_one_client(self, llm: BedrockChat, bedrock_server: BedrockServer) -> None:
        other = adapter(bedrock_server, model="amazon.nova-lite-v1:0")
        assert bedrock_client.shared_client(llm._account) is bedrock_client.shared_client(other._account)


class TestOddAnswers:
    @both_ways
    def test_byte_by_byte(self, llm: BedrockChat, ask: Ask) -> None:
        assert "名称**: 智能客服 🤖" in ask(llm, chat("名称: 智能客服 🤖 👩‍👩‍👧 [[server:drip]]"))

    def test_without_usage_it_is_estimated_and_marked(self, llm: BedrockChat) -> None:
        request = chat("写一份文档 [[server:no-usage]]")
        streamed = list(llm.stream(request))[-1].usage
        assert streamed is not None
        assert streamed.is_estimate
        assert streamed.input_tokens == llm.estimate_input_tokens(request)

    @both_ways
    def test_what_the_cache_had_counts_as_input(self, llm: BedrockChat, ask: Ask) -> None:
        usage = llm.complete(chat("好" * 40)).usage
        streamed = list(llm.stream(chat("好" * 40)))[-1].usage
        assert usage == streamed
        assert 0 < usage.cached_tokens < usage.input_tokens == 25

    @both_ways
    @pytest.mark.parametrize(
        ("behaviour", "finish"),
        [
            ("ok", "stop"),
            ("stop-sequence", "stop"),
            ("length", "length"),
            ("window-exceeded", "length"),
            ("content-filter", "content_filter"),
            ("guardrail", "content_filter"),
        ],
    )
    def test_stop_reasons(self, llm: BedrockChat, ask: Ask, behaviour: str, finish: str) -> None:
        request = chat(f"写一份文档 [[server:{behaviour}]]")
        assert ask(llm, request)
        assert llm.complete(request).finish_reason == finish
        assert list(llm.stream(request))[-1].finish_reason == finish

    @both_ways
    def test_a_stop_reason_that_nobody_asked_for_is_no_answer(self, llm: BedrockChat, ask: Ask) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(llm, chat("写一份文档 [[server:tool-use]]"))
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_BAD_ANSWER", True)
        assert caught.value.usage is not None

    def test_a_stream_without_its_end_was_cut(self, llm: BedrockChat) -> None:
        with pytest.raises(ProviderError) as caught:
            ask_streamed(llm, chat("写一份文档 [[server:no-finish]]"))
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_CONNECTION_LOST", None)

    def test_an_error_inside_a_stream_has_an_unknown_charge(self, llm: BedrockChat) -> None:
        stream = llm.stream(chat("写一份文档 [[server:stream-error]]"))
        assert next(stream).text
        with pytest.raises(ProviderError) as caught:
            list(stream)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_UNAVAILABLE", None)
        assert caught.value.provider_ref

    def test_bytes_that_are_no_frames_are_no_answer(self, llm: BedrockChat) -> None:
        with pytest.raises(ProviderError) as caught:
            ask_streamed(llm, chat("[[server:bad-json]]"))
        assert caught.value.charged is None


class TestFailures:
    @both_ways
    @pytest.mark.parametrize(
        ("behaviour", "code", "is_retryable", "charged"),
        [
            ("access-denied", "PROVIDER_AUTH_FAILED", False, False),
            ("expired", "PROVIDER_AUTH_FAILED", False, False),
            ("not-allowed", "PROVIDER_AUTH_FAILED", False, False),
            ("service-quota", "PROVIDER_RATE_LIMITED", True, False),
            ("not-ready", "PROVIDER_OVERLOADED", True, False),
            ("internal", "PROVIDER_UNAVAILABLE", True, False),
            ("model-error", "PROVIDER_UNAVAILABLE", True, None),
            ("model-timeout", "PROVIDER_TIMEOUT", True, None),
            ("unknown-model", "PROVIDER_MODEL_NOT_FOUND", False, False),
            ("wrong-model", "PROVIDER_MODEL_NOT_FOUND", False, False),
            ("validation", "PROVIDER_BAD_REQUEST", False, False),
            ("bare-500", "PROVIDER_UNAVAILABLE", True, None),
            ("error-502", "PROVIDER_UNAVAILABLE", True, None),
            ("error-504", "PROVIDER_TIMEOUT", True, None),
            ("redirect", "PROVIDER_UNAVAILABLE", False, False),
        ],
    )
    def test_each_is_sent_once_and_says_what_it_cost(
        self,
        llm: BedrockChat,
        bedrock_server: BedrockServer,
        ask: Ask,
        behaviour: str,
        code: str,
        is_retryable: bool,
        charged: bool | None,
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            ask(llm, chat(f"[[server:{behaviour}]]"))
        error = caught.value
        assert (error.code, error.retryable, error.charged) == (code, is_retryable, charged)
        assert len(bedrock_server.calls) == 1, "botocore must not repeat a call by itself"

    @both_ways
    def test_a_refused_connection_costs_nothing(self, ask: Ask) -> None:
        llm = BedrockChat(
            name="bedrock",
            model="m",
            region="us-east-1",
            access_key_id=KEY_ID,
            secret_access_key=SECRET,
            endpoint_url=f"http://127.0.0.1:{closed_port()}",
        )
        with pytest.raises(ProviderError) as caught:
            ask(llm, chat())
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_CONNECTION_LOST", False)
        assert caught.value.allows_fallback

    def test_every_row_has_a_known_code(self) -> None:
        rows = [*aws_errors.AWS_CODES.values(), *aws_errors.AWS_TRANSPORT.values()]
        rows += [rule for _, rule in aws_errors.AWS_MESSAGES]
        assert {rule.code for rule in rows} <= CODES

    def test_every_error_that_the_service_declares_has_a_row(self) -> None:
        service = Session().get_service_model("bedrock-runtime")
        operations = [service.operation_model(name) for name in ("Converse", "ConverseStream")]
        declared = {shape.name.lower() for operation in operations for shape in operation.error_shapes}
        assert declared
        assert declared <= set(aws_errors.AWS_CODES)

    def test_every_name_in_the_table_is_one_of_botocore(self) -> None:
        names = [name for name in aws_errors.AWS_TRANSPORT if not hasattr(exceptions, name)]
        assert names == ["ResponseParserError"]
        assert hasattr(parsers, "ResponseParserError")


class TestSecrets:
    @both_ways
    @pytest.mark.parametrize(
        "behaviour", ["auth", "throttling", "internal", "lost", "cut", "hang", "bad-json"]
    )
    def test_keys_and_prompts_stay_out_of_errors_and_logs(
        self, llm: BedrockChat, ask: Ask, behaviour: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with pytest.raises(ProviderError) as caught:
            ask(llm, chat(f"机密内容 [[server:{behaviour}]]", timeout_s=0.3))
        error = caught.value
        assert error.__context__ is None
        shown = f"{error} {error!r} {error.args} {vars(error)} {error.__cause__!r}"
        for secret in (KEY_ID, SECRET, "机密内容"):
            assert secret not in shown
            assert secret not in caplog.text

    def test_keys_are_not_shown_by_the_adapter(self, llm: BedrockChat) -> None:
        shown = f"{llm} {llm!r} {llm._account!r}"
        assert KEY_ID not in shown
        assert SECRET not in shown
