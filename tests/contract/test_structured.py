"""JSON from a model: how it is read, checked, corrected once, and given up."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.providers.base import ProviderError, Usage
from generation.providers.llm import bedrock_client, structured
from generation.providers.llm.base import ChatRequest, ChatResult, FinishReason
from generation.providers.llm.bedrock import BedrockChat
from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.openai_wire import DIALECTS
from generation.providers.llm.sandbox import SandboxLLM
from generation.providers.llm.structured import complete_json, parse_json
from tests.contract.requests import SCHEMA, chat
from tests.support.bedrock_server import BedrockServer
from tests.support.llm_server import LLMServer

GOOD = '{"title": "智能客服 🤖", "tags": ["客服"]}'
VALUE = {"title": "智能客服 🤖", "tags": ["客服"]}


class Says:
    """A model that gives these answers, one after the other."""

    def __init__(self, *answers: str, finish: FinishReason = "stop") -> None:
        self.answers = list(answers)
        self.finish = finish
        self.asked: list[ChatRequest] = []

    def __call__(self, request: ChatRequest) -> ChatResult:
        self.asked.append(request)
        return ChatResult(
            text=self.answers.pop(0),
            finish_reason=self.finish,
            usage=Usage(100, 10, is_estimate=len(self.asked) > 1),
            provider="vendor",
            model="m",
            provider_ref=f"req-{len(self.asked)}",
        )


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            GOOD,
            f"\n  {GOOD}\n",
            f"\ufeff{GOOD}",
            f"```json\n{GOOD}\n```",
            f"```\n{GOOD}\n```",
            f"  ```JSON \r\n{GOOD}\r\n```\n",
        ],
    )
    def test_one_value_in_a_fence_or_bare(self, text: str) -> None:
        assert parse_json(text) == VALUE

    def test_fences_inside_a_string_stay(self) -> None:
        assert parse_json('{"code": "```json\\n{}\\n```"}') == {"code": "```json\n{}\n```"}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "好的，这是 JSON。",
            f"Here it is: {GOOD}",
            f"{GOOD} 希望有帮助！",
            f"{GOOD}{GOOD}",
            f"```json\n{GOOD}\n```\n以上。",
            f"```json\n{GOOD}",
            GOOD[:-1],
            GOOD.replace('"', "'"),
            '{"a": 1,}',
            '{"a": NaN}',
            '{"a": Infinity}',
            '{"a": -Infinity}',
            '{"a": 1e999}',
            '{"a": "\\ud83d"}',
            '{"a": "x\\u0000y"}',
            '{"x\\u0000y": 1}',
            "// comment\n{}",
            "[" * 65 + "]" * 65,
            "[" * 100_000 + "]" * 100_000,
        ],
        ids=lambda text: text[:24].encode("unicode_escape").decode(),
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="The answer"):
            parse_json(text)

    def test_sixty_four_levels_are_enough(self) -> None:
        assert parse_json("[" * 64 + "]" * 64)

    def test_an_endless_answer_is_refused_unread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(structured, "MAX_CHARACTERS", 10)
        with pytest.raises(ValueError, match="too long"):
            parse_json(GOOD)

    @given(st.text())
    def test_no_text_breaks_it(self, text: str) -> None:
        with suppress(ValueError):
            parse_json(text)


class TestRounds:
    def test_a_valid_answer_is_bought_once(self) -> None:
        says = Says(GOOD)
        found = complete_json(says, chat("写标题"), SCHEMA)
        assert found.value == VALUE
        assert [result.provider_ref for result in found.results] == ["req-1"]
        assert says.asked[0].json_schema == SCHEMA
        assert says.asked[0].messages == chat("写标题").messages

    def test_a_wrong_answer_is_shown_with_what_is_wrong(self) -> None:
        says = Says('{"title": 7, "tags": []}', GOOD)
        found = complete_json(says, chat("写标题"), SCHEMA)
        assert found.value == VALUE
        assert len(found.results) == 2
        assert found.usage == Usage(200, 20, is_estimate=True)
        *before, answer, ask = says.asked[1].messages
        assert tuple(before) == chat("写标题").messages
        assert (answer.role, answer.content) == ("assistant", '{"title": 7, "tags": []}')
        assert ask.role == "user"
        assert "title: 7 is not of type 'string'" in ask.content
        assert "tags: [] should be non-empty" in ask.content
        assert says.asked[1].json_schema == SCHEMA

    @pytest.mark.parametrize(
        ("first", "says_what"),
        [
            ("好的！", "not one JSON value"),
            ("[]", "the whole answer: [] is not of type 'object'"),
            ('{"title": "好"}', "'tags' is a required property"),
        ],
    )
    def test_each_kind_of_mistake_gets_its_second_chance(self, first: str, says_what: str) -> None:
        says = Says(first, f"```json\n{GOOD}\n```")
        assert complete_json(says, chat(), SCHEMA).value == VALUE
        assert says_what in says.asked[1].messages[-1].content

    def test_an_empty_answer_is_not_sent_back(self) -> None:
        says = Says(" \n", GOOD)
        complete_json(says, chat(), SCHEMA)
        assert [message.role for message in says.asked[1].messages] == ["system", "user", "user"]

    def test_a_long_list_of_mistakes_is_cut(self) -> None:
        says = Says('{"title": "' + "很" * 5_000 + '", "tags": [' + ",".join(["7"] * 900) + "]}", GOOD)
        complete_json(says, chat(), SCHEMA)
        assert len(says.asked[1].messages[-1].content) < 3_000

    def test_a_cut_answer_is_asked_for_more_briefly(self) -> None:
        says = Says(GOOD[:10], GOOD, finish="length")
        with pytest.raises(ProviderError, match="PROVIDER_BAD_ANSWER"):
            complete_json(says, chat(), SCHEMA)
        assert "more briefly" in says.asked[1].messages[-1].content

    def test_two_wrong_answers_are_charged_and_final(self) -> None:
        says = Says('{"title": "机密"}', "还是不行")
        with pytest.raises(ProviderError) as caught:
            complete_json(says, chat(), SCHEMA)
        error = caught.value
        assert (error.code, error.charged, error.retryable) == ("PROVIDER_BAD_ANSWER", True, False)
        assert not error.allows_fallback
        assert (error.provider, error.provider_ref) == ("vendor", "req-2")
        assert error.usage == Usage(200, 20, is_estimate=True)
        assert "机密" not in f"{error} {error!r} {error.__cause__} {error.__context__}"

    def test_a_filtered_answer_is_not_asked_for_again(self) -> None:
        says = Says("我无法", finish="content_filter")
        with pytest.raises(ProviderError) as caught:
            complete_json(says, chat(), SCHEMA)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_CONTENT_REFUSED", True)
        assert len(says.asked) == 1

    def test_what_the_call_raises_comes_through(self) -> None:
        def fails(_: ChatRequest) -> ChatResult:
            raise ProviderError("PROVIDER_OVERLOADED", "x", retryable=True, charged=False)

        with pytest.raises(ProviderError, match="PROVIDER_OVERLOADED"):
            complete_json(fails, chat(), SCHEMA)


class TestSchemas:
    def test_one_that_is_none_is_refused_before_anything_is_bought(self) -> None:
        says = Says(GOOD)
        with pytest.raises(ValueError, match="no JSON Schema"):
            complete_json(says, chat(), {"type": "objekt"})
        assert says.asked == []

    @pytest.mark.parametrize(
        "reference", ["http://127.0.0.1:9/schema.json", "#/$defs/none", "#/type", "#x", "x"]
    )
    def test_references_lead_nowhere_outside(self, reference: str) -> None:
        says = Says(GOOD)
        with pytest.raises(ValueError, match="leads nowhere"):
            complete_json(says, chat(), {"type": "object", "properties": {"a": {"$ref": reference}}})
        assert says.asked == []

    def test_references_inside_are_followed(self) -> None:
        schema = {
            "$defs": {"标签": {"type": "string", "minLength": 2}},
            "type": "array",
            "items": {"$ref": "#/$defs/标签"},
        }
        says = Says('["好"]', '["好的"]')
        assert complete_json(says, chat(), schema).value == ["好的"]


class TestThroughAdapters:
    @pytest.mark.parametrize("dialect", sorted(DIALECTS))
    def test_a_vendor_corrects_itself(self, dialect: str) -> None:
        answers = iter(["好的，如下：", f"```json\n{GOOD}\n```"])
        with LLMServer(answer=lambda body: next(answers)) as server:
            llm = OpenAIChat(
                name=dialect, base_url=server.url, model="qwen-plus", api_key="k", dialect=dialect
            )
            found = complete_json(llm.complete, chat(), SCHEMA)
            roles: list[Any] = [message["role"] for message in server.calls[1].body["messages"]]
        assert found.value == VALUE
        assert found.usage.output_tokens == sum(result.usage.output_tokens for result in found.results)
        assert roles == ["system", "user", "assistant", "user"]

    def test_bedrock_corrects_itself(self) -> None:
        answers = iter(["好的，如下：", f"```json\n{GOOD}\n```"])
        with BedrockServer(answer=lambda body: next(answers)) as server:
            llm = BedrockChat(
                name="bedrock",
                model="amazon.nova-pro-v1:0",
                region="us-east-1",
                access_key_id="AKIA1",
                secret_access_key="s",
                endpoint_url=server.url,
            )
            found = complete_json(llm.complete, chat(), SCHEMA)
            turns: list[Any] = [turn["role"] for turn in server.calls[1].body["converse"]["messages"]]
        bedrock_client.close_clients()
        assert found.value == VALUE
        assert len(found.results) == 2
        assert turns == ["user", "assistant", "user"]

    def test_the_sandbox_gives_what_the_schema_wants(self) -> None:
        assert complete_json(SandboxLLM().complete, chat(), SCHEMA).value == {
            "title": "示例",
            "tags": ["示例"],
        }
