"""How gateways say no: under 200, with another status than they mean, in Chinese, or about one parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from generation.providers import retry
from generation.providers.base import ProviderError
from generation.providers.llm import openai_refusals
from generation.providers.llm.base import ChatImage
from tests.contract.odd import ask, both_ways, events, sse, vendor, whole
from tests.contract.requests import PNG, SCHEMA, chat
from tests.support.raw_http import RawServer

QUOTA, AUTH, LIMIT = "PROVIDER_QUOTA_EXHAUSTED", "PROVIDER_AUTH_FAILED", "PROVIDER_RATE_LIMITED"
IMAGES = "PROVIDER_IMAGES_REFUSED"


@pytest.fixture(autouse=True)
def _nothing_learnt() -> Iterator[None]:
    openai_refusals.forget()
    yield
    openai_refusals.forget()


EMPTY = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}


class TestUnder200:
    @both_ways
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"error": {"code": 402, "message": "Insufficient credits"}}, QUOTA),
            ({"error": {"code": "402", "message": "?"}}, QUOTA),
            ({"error": {"code": 401, "message": "No auth credentials found"}}, AUTH),
            ({"error": {"code": 429, "message": "?"}}, LIMIT),
            ({"code": 1113, "msg": "账户已欠费"}, QUOTA),
            ({"code": "1113", "message": "您的账户已欠费，请充值后重试。"}, QUOTA),
            ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None}, QUOTA),
            ({"error": "余额不足，请充值"}, QUOTA),
            ({"success": False, "message": "无效的API密钥"}, AUTH),
            ({"status": 401, "detail": "?"}, AUTH),
            ({"error_code": 18, "error_msg": "Open api qps request limit reached, too many requests"}, LIMIT),
            ({"errors": [{"message": "请求过于频繁，请稍后再试"}]}, LIMIT),
            ([{"error": {"code": 429, "message": "requests per minute", "status": "RESOURCE_EXHAUSTED"}}], LIMIT),
            ({"choices": [EMPTY], "error": {"code": 402, "message": "?"}}, QUOTA),
            ({"choices": [{**EMPTY, "error": {"code": 402, "message": "?"}}]}, QUOTA),
            ({"message": "Unauthorized"}, AUTH),
            ({"message": "Too Many Requests."}, LIMIT),
            ({"msg": "无效的令牌"}, AUTH),
            ({"message": "Invalid API key provided"}, AUTH),
            ({"status": "ok", "message": "Payment Required"}, QUOTA),
            ({"choices": [], "object": "error", "message": "Model gpt-9 does not exist"}, "PROVIDER_MODEL_NOT_FOUND"),
            ({"error": "OUT_OF_CREDITS"}, QUOTA),
            ({"ErrorMsg": "余额不足"}, QUOTA),
            ({"header": {"code": 11203, "message": "license no enough balance: insufficient quota"}}, QUOTA),
            ({"error": {"code": "subscription_expired", "message": "Your plan has expired"}}, QUOTA),
            ({"error": {"code": "model_overloaded", "message": "Engine busy"}}, "PROVIDER_OVERLOADED"),
            ({"error": {"message": "该模型当前负载过高"}}, "PROVIDER_OVERLOADED"),
        ],
        ids=range(27),
    )  # fmt: skip
    def test_the_status_in_the_body_counts(self, body: Any, code: str, is_stream: bool) -> None:
        raw = sse([body]) if is_stream and isinstance(body, dict) else orjson.dumps(body)
        with vendor(raw) as (llm, server), pytest.raises(ProviderError) as caught:
            ask(llm, is_stream=is_stream)
        assert (caught.value.code, caught.value.charged) == (code, False)
        assert len(server.requests) == 1

    @both_ways
    def test_what_was_counted_was_charged(self, is_stream: bool) -> None:
        body = {
            "error": {"code": 402, "message": "?"},
            "usage": {"prompt_tokens": 60, "completion_tokens": 5},
        }
        with vendor(sse([body]) if is_stream else body) as (llm, _), pytest.raises(ProviderError) as caught:
            ask(llm, is_stream=is_stream)
        assert caught.value.charged is True
        assert caught.value.usage is not None
        assert caught.value.usage.input_tokens == 60

    def test_after_words_have_come_the_charge_is_unknown(self) -> None:
        found = [*events()[:3], {"error": {"code": 402, "message": "Insufficient credits"}}]
        with vendor(sse(found, done=False)) as (llm, _), pytest.raises(ProviderError) as caught:
            ask(llm, is_stream=True)
        assert (caught.value.code, caught.value.charged) == (QUOTA, None)


class TestWords:
    @pytest.mark.parametrize(
        "body",
        [
            {"error": {"message": "user quota is not enough", "code": "insufficient_user_quota"}},
            {
                "error": {
                    "message": "Budget has been exceeded! Current cost: 1.0",
                    "type": "budget_exceeded",
                    "code": "400",
                }
            },
            {"error": {"message": "ExceededBudget: User exceeded budget"}},
            {"error": {"message": "This request requires more credits, or fewer max_tokens."}},
            {"error": {"message": "Your credit balance is too low to access the API."}},
            {"error": {"message": "该令牌额度已用尽 TokenStatusExhausted"}},
            {"error": {"message": "用户额度不足, 剩余额度: ＄0.00"}},
            {"error": {"message": "预扣费额度失败, 用户剩余额度不足"}},
            {"error": {"message": "预扣费额度失败, 用户剩余额度: ＄0.100000, 需要预扣费额度: ＄0.200000"}},
            {"message": "账户余额不足，请充值"},
            {"msg": "您的免费额度已用完"},
            {"error": {"message": "Key limit exceeded (total limit). Manage it in your settings."}},
            {"error": {"message": "Access denied, please make sure your account is in good standing."}},
            "Insufficient account balance",
            "账号已欠费",
        ],
        ids=range(15),
    )
    @pytest.mark.parametrize("status", [400, 401, 402, 403, 422, 429, 500, 503])
    def test_money_is_money_whatever_the_number(self, body: Any, status: int) -> None:
        found = retry.openai_status_error(status, body, {}, provider="v")
        assert (found.code, found.charged, found.retryable) == (QUOTA, False, False)
        assert found.allows_fallback

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (403, {"error": {"message": "Incorrect API key provided"}}, AUTH),
            (403, {"error": {"message": "无效的令牌"}}, AUTH),
            (403, {"message": "You don't have permission to access this model"}, AUTH),
            (401, None, AUTH),
            (403, None, "PROVIDER_UNAVAILABLE"),
            (403, "<html>Attention required: token</html>", "PROVIDER_UNAVAILABLE"),
            (403, {"error": {"message": "Model qwen-9 not found"}}, "PROVIDER_MODEL_NOT_FOUND"),
            (400, {"error": {"message": "模型 gpt-9 不存在"}}, "PROVIDER_MODEL_NOT_FOUND"),
            (503, {"error": {"message": "当前分组 default 下对于模型 gpt-4 无可用渠道"}}, "PROVIDER_MODEL_NOT_FOUND"),
            (400, {"error": {"message": "输入内容过长，超出模型长度限制"}}, "PROVIDER_CONTEXT_TOO_LONG"),
            (400, {"error": {"message": "系统检测到输入内容可能包含敏感内容"}}, "PROVIDER_CONTENT_REFUSED"),
            (400, {"error": {"message": "unknown variant `image_url`, expected `text`"}}, IMAGES),
            (400, {"error": {"message": "This model does not support image input"}}, IMAGES),
            (404, {"error": {"message": "No endpoints found that support image input"}}, IMAGES),
            (400, {"error": {"message": "当前模型不支持图片输入"}}, IMAGES),
            (400, {"error": {"message": "The image contains inappropriate content"}}, "PROVIDER_CONTENT_REFUSED"),
            (429, {"error": {"message": "You exceeded your current quota. Please retry in 20s."}}, LIMIT),
            (429, {"error": {"message": "Rate limit reached. Add a payment method at /account/billing"}}, LIMIT),
            (403, {"error": {"message": "请求过于频繁"}}, LIMIT),
            (400, {"error": {"message": "API key not valid. Please pass a valid API key."}}, AUTH),
            (400, {"error": {"message": "Incorrect API key provided: sk-1***9."}}, AUTH),
            (400, {"message": "密钥错误"}, AUTH),
            (400, {"error": {"message": "temperature is not allowed with this key"}}, "PROVIDER_BAD_REQUEST"),
        ],
        ids=range(23),
    )  # fmt: skip
    def test_a_key_is_refused_only_by_what_says_so(self, status: int, body: Any, code: str) -> None:
        assert retry.openai_status_error(status, body, {}, provider="v").code == code


def refusal(message: str, status: str = "400 Bad Request", **more: Any) -> dict[str, Any]:
    return {"http": status, "error": {"message": message, **more}}


def sent(server: RawServer, number: int) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(server.requests[number].partition(b"\r\n\r\n")[2])
    return found


@both_ways
class TestRefusedParameters:
    @pytest.mark.parametrize(
        ("body", "name"),
        [
            (refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."), "max_tokens"),
            (refusal("Unsupported parameter", param="max_tokens", code="unsupported_parameter"), "max_tokens"),
            (refusal("不支持的参数：max_tokens"), "max_tokens"),
            (refusal("'temperature' does not support 0.2. Only the default (1) value is supported."), "temperature"),
            (refusal("invalid temperature: only 1 is allowed for this model"), "temperature"),
            ({"http": "422 No", "detail": [{"loc": ["body", "temperature"], "msg": "Extra inputs"}]}, "temperature"),
            (refusal("参数 temperature 无效"), "temperature"),
        ],
        ids=range(7),
    )  # fmt: skip
    def test_are_left_out_and_the_next_calls_know_it(self, body: Any, name: str, is_stream: bool) -> None:
        good = events() if is_stream else whole()
        with vendor(body, good) as (llm, server):
            for _ in range(2):
                assert ask(llm, chat(temperature=0.2), is_stream=is_stream).text == "Hello there."
        first, second, third = (sent(server, number) for number in range(3))
        assert name in first
        assert name not in second
        assert second == third
        assert second.get("max_completion_tokens", second.get("max_tokens")) == first["max_tokens"]

    def test_one_after_the_other(self, is_stream: bool) -> None:
        good = events() if is_stream else whole()
        refusals = [
            refusal("Unsupported parameter: 'max_tokens'"),
            refusal("Unsupported value: 'temperature'"),
            refusal("response_format json_schema is not supported"),
            refusal("response_format is not supported"),
            *([refusal("Unrecognized request argument supplied: stream_options")] if is_stream else []),
        ]
        with vendor(*refusals, good) as (llm, server):
            ask(llm, chat(temperature=0.2, json_schema=SCHEMA), is_stream=is_stream)
        last = sent(server, len(refusals))
        assert set(last) <= {"model", "messages", "max_completion_tokens", "stream"}
        assert "JSON Schema" in last["messages"][0]["content"]

    def test_a_system_message_becomes_the_users_text_beside_images(self, is_stream: bool) -> None:
        answers = (refusal("System role not supported"), events() if is_stream else whole())
        with vendor(*answers) as (llm, server):
            ask(llm, chat("Look.", images=(ChatImage("image/png", PNG, 3, 2),)), is_stream=is_stream)
        (message,) = sent(server, 1)["messages"]
        assert [part["type"] for part in message["content"]] == ["text", "image_url", "text"]

    def test_a_system_message_becomes_the_users(self, is_stream: bool) -> None:
        with vendor(refusal("System role not supported"), events() if is_stream else whole()) as (
            llm,
            server,
        ):
            ask(llm, chat("Write."), is_stream=is_stream)
        (message,) = sent(server, 1)["messages"]
        assert message["role"] == "user"
        assert message["content"].endswith("Write.")

    @pytest.mark.parametrize(
        "body",
        [
            refusal("max_tokens is too large: 9000. This model supports at most 4096 completion tokens."),
            refusal("Invalid value for 'messages'"),
            refusal("This request requires more credits, or fewer max_tokens", status="402 Payment Required"),
            refusal("?", status="500 Internal Server Error"),
        ],
        ids=range(4),
    )
    def test_other_refusals_are_final(self, body: Any, is_stream: bool) -> None:
        with vendor(body) as (llm, server), pytest.raises(ProviderError):
            ask(llm, chat(temperature=0.2), is_stream=is_stream)
        assert len(server.requests) == 1

    def test_a_server_that_takes_no_limit_is_not_called_without_one(self, is_stream: bool) -> None:
        bodies = [
            refusal("Unsupported parameter: max_tokens"),
            refusal("Unsupported parameter: max_completion_tokens"),
        ]
        with vendor(*bodies) as (llm, server), pytest.raises(ProviderError) as caught:
            ask(llm, is_stream=is_stream)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_BAD_REQUEST", False)
        assert len(server.requests) == 2
