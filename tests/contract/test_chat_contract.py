"""What every `llm` adapter promises, whoever answers behind it."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import jsonschema
import pytest

from config.waiting import GivenUpError, giving_up
from generation.providers.base import CODES, ProviderError
from generation.providers.llm.base import LLM, ChatDelta, ChatImage, ChatRequest
from generation.providers.llm.bedrock import BedrockChat
from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.sandbox import SandboxLLM
from tests.contract.requests import PNG, PROMPT, SCHEMA, chat
from tests.support.bedrock_server import BedrockServer
from tests.support.llm_server import LLMServer
from tests.support.patience import PATIENCE

# scenario: code, retryable, charged, another provider may be asked
FAILURES = {
    "rate-limit": ("PROVIDER_RATE_LIMITED", True, False, True),
    "overloaded": ("PROVIDER_OVERLOADED", True, False, True),
    "auth": ("PROVIDER_AUTH_FAILED", False, False, True),
    "no-quota": ("PROVIDER_QUOTA_EXHAUSTED", False, False, True),
    "moderated": ("PROVIDER_CONTENT_REFUSED", False, False, False),
    "too-long": ("PROVIDER_CONTEXT_TOO_LONG", False, False, False),
    "lost": ("PROVIDER_CONNECTION_LOST", True, None, False),
    "cut": ("PROVIDER_CONNECTION_LOST", True, None, False),
    "hang": ("PROVIDER_TIMEOUT", True, None, False),
    "no-answer": ("PROVIDER_BAD_ANSWER", True, True, False),
}


def whole_answer(llm: LLM, request: ChatRequest, *, is_stream: bool) -> tuple[str, ChatDelta]:
    """The text and what ended it, by `complete` or by `stream`."""
    if is_stream:
        deltas = list(llm.stream(request))
        return "".join(delta.text for delta in deltas), deltas[-1]
    result = llm.complete(request)
    return result.text, ChatDelta(finish_reason=result.finish_reason, usage=result.usage)


both_ways = pytest.mark.parametrize("is_stream", [False, True], ids=["complete", "stream"])


class ChatContract:
    """Subclasses give an `llm` fixture and translate a scenario into their magic input."""

    markers: dict[str, str]
    name: str

    def marked(self, scenario: str, **fields: object) -> ChatRequest:
        return chat(f"{PROMPT} {self.markers[scenario]}", **fields)

    @both_ways
    def test_it_answers_whole_and_counts_tokens(self, llm: LLM, is_stream: bool) -> None:
        text, end = whole_answer(llm, chat(), is_stream=is_stream)
        assert "智能客服 🤖" in text
        assert "👩‍👩‍👧" in text
        assert end.finish_reason == "stop"
        assert end.usage is not None
        assert end.usage.input_tokens > 0
        assert end.usage.output_tokens > 0
        assert not end.usage.is_estimate

    def test_it_says_who_answered(self, llm: LLM) -> None:
        assert llm.name == self.name
        result = llm.complete(chat(model="another-model"))
        assert (result.provider, result.model) == (self.name, "another-model")
        assert result.provider_ref
        assert llm.complete(chat()).model == llm.model

    def test_stream_and_whole_answer_agree(self, llm: LLM) -> None:
        deltas = list(llm.stream(chat()))
        assert len(deltas) > 3
        assert [delta.finish_reason for delta in deltas[:-1]] == [None] * (len(deltas) - 1)
        assert "".join(delta.text for delta in deltas) == llm.complete(chat()).text

    @pytest.mark.parametrize("scenario", ["hang", "stall"])
    def test_a_stream_can_be_given_up_while_nothing_comes(self, llm: LLM, scenario: str) -> None:
        asked: list[float] = []

        def is_unwanted() -> bool:
            asked.append(1)
            return len(asked) > 1

        with giving_up(is_unwanted), pytest.raises((ProviderError, GivenUpError)):
            list(llm.stream(self.marked(scenario, timeout_s=4000.0)))
        assert len(asked) == 2

    @both_ways
    def test_it_keeps_within_the_limit_and_says_so(self, llm: LLM, is_stream: bool) -> None:
        text, end = whole_answer(llm, chat(max_output_tokens=8), is_stream=is_stream)
        assert end.finish_reason == "length"
        assert 0 < len(text) < len(llm.complete(chat()).text)
        assert end.usage is not None
        assert end.usage.output_tokens <= 8

    @both_ways
    def test_a_schema_gets_json(self, llm: LLM, is_stream: bool) -> None:
        text, _ = whole_answer(llm, chat(json_schema=SCHEMA), is_stream=is_stream)
        jsonschema.validate(json.loads(text), SCHEMA)

    @both_ways
    def test_thoughts_stay_apart(self, llm: LLM, is_stream: bool) -> None:
        request = self.marked("reasoning")
        if is_stream:
            deltas = list(llm.stream(request))
            text, reasoning = "".join(d.text for d in deltas), "".join(d.reasoning for d in deltas)
            usage = deltas[-1].usage
        else:
            result = llm.complete(request)
            text, reasoning, usage = result.text, result.reasoning, result.usage
        assert reasoning
        assert reasoning not in text
        assert usage is not None
        assert 0 < usage.reasoning_tokens < usage.output_tokens

    @both_ways
    @pytest.mark.parametrize(
        ("scenario", "finish"), [("truncated", "length"), ("filtered", "content_filter")]
    )
    def test_an_answer_cut_short_is_marked(
        self, llm: LLM, is_stream: bool, scenario: str, finish: str
    ) -> None:
        text, end = whole_answer(llm, self.marked(scenario), is_stream=is_stream)
        assert text
        assert end.finish_reason == finish

    @both_ways
    @pytest.mark.parametrize("scenario", FAILURES)
    def test_a_failure_says_what_to_do_and_what_it_cost(
        self, llm: LLM, is_stream: bool, scenario: str
    ) -> None:
        code, is_retryable, charged, allows_fallback = FAILURES[scenario]
        request = self.marked(scenario, timeout_s=0.3 if scenario == "hang" else PATIENCE)
        with pytest.raises(ProviderError) as caught:
            whole_answer(llm, request, is_stream=is_stream)
        error = caught.value
        assert (error.code, error.retryable, error.allows_fallback) == (code, is_retryable, allows_fallback)
        assert error.charged is charged
        assert error.code in CODES
        assert error.provider == self.name
        assert "智能客服" not in str(error) + repr(error)

    @both_ways
    def test_a_rate_limit_says_how_long(self, llm: LLM, is_stream: bool) -> None:
        with pytest.raises(ProviderError) as caught:
            whole_answer(llm, self.marked("rate-limit"), is_stream=is_stream)
        assert caught.value.retry_after == 2.0

    @both_ways
    def test_what_fails_once_succeeds_at_the_second_attempt(self, llm: LLM, is_stream: bool) -> None:
        key = f"once-{self.name}-{is_stream}"
        with pytest.raises(ProviderError, match="PROVIDER_RATE_LIMITED"):
            whole_answer(llm, self.marked("rate-limit-once", request_key=key, attempt=1), is_stream=is_stream)
        request = self.marked("rate-limit-once", request_key=key, attempt=2)
        assert whole_answer(llm, request, is_stream=is_stream)[1].finish_reason == "stop"

    def test_text_that_came_before_the_cut_is_given_out(self, llm: LLM) -> None:
        stream = llm.stream(self.marked("cut"))
        assert next(stream).text
        with pytest.raises(ProviderError, match="PROVIDER_CONNECTION_LOST"):
            list(stream)

    @both_ways
    def test_an_abandoned_stream_leaves_the_adapter_usable(self, llm: LLM, is_stream: bool) -> None:
        stream = llm.stream(chat())
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert whole_answer(llm, chat(), is_stream=is_stream)[1].finish_reason == "stop"

    @both_ways
    def test_the_estimate_is_an_upper_one(self, llm: LLM, is_stream: bool) -> None:
        _, end = whole_answer(llm, chat(), is_stream=is_stream)
        assert end.usage is not None
        assert llm.estimate_input_tokens(chat()) >= end.usage.input_tokens

    @both_ways
    @pytest.mark.parametrize("text", [PROMPT, ""])
    def test_images_come_along(self, llm: LLM, is_stream: bool, text: str) -> None:
        image = ChatImage("image/png", PNG, width=3, height=2)
        request = chat(text, images=(image, replace(image, media_type="image/webp")))
        answer, end = whole_answer(llm, request, is_stream=is_stream)
        for media_type in ("image/png", "image/webp"):
            assert re.search(rf"{media_type},.*\b{len(PNG)} bytes", answer)
        assert ("智能客服" in answer) is bool(text)
        assert end.usage is not None
        assert not end.usage.is_estimate
        assert llm.estimate_input_tokens(request) >= llm.estimate_input_tokens(chat(text)) + 2_000

    @both_ways
    def test_characters_survive_being_cut_into_bytes(self, llm: LLM, is_stream: bool) -> None:
        """Over HTTP the answer comes one byte at a time."""
        text, end = whole_answer(llm, self.marked("byte-by-byte"), is_stream=is_stream)
        assert text == whole_answer(llm, self.marked("plain"), is_stream=is_stream)[0]
        assert "智能客服 🤖" in text
        assert "👩‍👩‍👧" in text
        assert end.usage is not None
        assert not end.usage.is_estimate
        assert end.usage.reasoning_tokens > 0

    @both_ways
    @pytest.mark.parametrize("scenario", ["long-reasoning", "reasoning", "truncated"])
    def test_what_is_billed_lies_within_the_bound(self, llm: LLM, is_stream: bool, scenario: str) -> None:
        request = self.marked(scenario, max_output_tokens=40)
        _, end = whole_answer(llm, request, is_stream=is_stream)
        assert end.usage is not None
        assert 0 < end.usage.output_tokens <= llm.max_billed_output_tokens(request)

    @both_ways
    def test_threads_get_their_own_answers(self, llm: LLM, is_stream: bool) -> None:
        barrier = threading.Barrier(8)

        def ask(number: int) -> str:
            barrier.wait()
            return whole_answer(llm, chat(f"编号: 第{number}号"), is_stream=is_stream)[0]

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(8)))
        assert all(f"第{number}号" in text for number, text in enumerate(answers))


SERVER_MARKERS = {
    "rate-limit": "[[server:rate-limit=2]]",
    "rate-limit-once": "[[server:rate-limit-once]]",
    "overloaded": "[[server:overloaded]]",
    "auth": "[[server:auth]]",
    "no-quota": "[[server:quota]]",
    "moderated": "[[server:moderated]]",
    "too-long": "[[server:context-too-long]]",
    "lost": "[[server:lost]]",
    "cut": "[[server:cut]]",
    "hang": "[[server:hang]]",
    "no-answer": "[[server:no-choices]]",
    "truncated": "[[server:length]]",
    "filtered": "[[server:content-filter]]",
    "reasoning": "[[server:reasoning]]",
    "long-reasoning": "[[server:long-reasoning]]",
    "byte-by-byte": "[[server:drip-thoughts]]",
    "plain": "[[server:ok]]",
    "stall": "[[server:stall]]",
}


class TestSandbox(ChatContract):
    name = "sandbox"
    markers = {
        **{name: f"[[sandbox:{name}]]" for name in SERVER_MARKERS},
        "rate-limit": "[[sandbox:rate-limit=2]]",
        "cut": "[[sandbox:cut-stream]]",
        "long-reasoning": "[[sandbox:reasoning]]",
        "stall": "[[sandbox:slow=3600]]",
        "byte-by-byte": "[[sandbox:reasoning]]",
        "plain": "[[sandbox:slow=0]]",
    }

    @pytest.fixture
    def llm(self) -> LLM:
        return SandboxLLM()


class OverHttp(ChatContract):
    """Vendors who speak OpenAI's chat completions; `dialect` None is told from the host."""

    model = "m-1"
    dialect: str | None
    key = "sk-1"
    markers = SERVER_MARKERS

    @pytest.fixture
    def llm(self, model_server: LLMServer) -> LLM:
        return OpenAIChat(
            name=self.name,
            base_url=model_server.url,
            model=self.model,
            api_key=self.key,
            dialect=self.dialect,
        )


class TestOpenAI(OverHttp):
    name = dialect = "openai"
    model = "gpt-4o-mini"


class TestDeepSeek(OverHttp):
    name = dialect = "deepseek"
    model = "deepseek-chat"
    markers = {**SERVER_MARKERS, "no-quota": "[[server:no-balance]]", "moderated": "[[server:risk]]"}


class TestMoonshot(OverHttp):
    name = dialect = "moonshot"
    model = "moonshot-v1-32k"
    markers = {
        **SERVER_MARKERS,
        "rate-limit": "[[server:moonshot-rate-limit=2]]",
        "overloaded": "[[server:moonshot-overloaded]]",
        "auth": "[[server:moonshot-auth]]",
        "no-quota": "[[server:moonshot-quota]]",
        "moderated": "[[server:moonshot-filter]]",
        "too-long": "[[server:moonshot-too-long]]",
    }


class TestQwen(OverHttp):
    name = dialect = "qwen"
    model = "qwen-plus"
    markers = {
        **SERVER_MARKERS,
        "rate-limit": "[[server:qwen-rate-limit=2]]",
        "no-quota": "[[server:qwen-arrears]]",
        "moderated": "[[server:qwen-inspection]]",
        "too-long": "[[server:qwen-too-long]]",
    }


class TestSiliconFlow(OverHttp):
    name = dialect = "siliconflow"
    model = "deepseek-ai/DeepSeek-V3"
    markers = {
        **SERVER_MARKERS,
        "rate-limit": "[[server:siliconflow-rate-limit=2]]",
        "overloaded": "[[server:siliconflow-overloaded]]",
        "auth": "[[server:siliconflow-auth]]",
        "no-quota": "[[server:siliconflow-balance]]",
    }


class TestLocalServerWithoutKey(OverHttp):
    name = "local"
    dialect = None
    key = ""
    model = "qwen2.5"


class TestBedrock(ChatContract):
    name = "bedrock"
    markers = {
        **SERVER_MARKERS,
        "rate-limit": "[[server:throttling=2]]",
        "overloaded": "[[server:unavailable]]",
        "no-quota": "[[server:no-payment]]",
        "moderated": "[[server:filtered-input]]",
        "too-long": "[[server:too-long]]",
    }

    @pytest.fixture
    def llm(self, bedrock_server: BedrockServer) -> LLM:
        return BedrockChat(
            name="bedrock",
            model="amazon.nova-pro-v1:0",
            region="us-east-1",
            access_key_id="AKIAMARKED",
            secret_access_key="marked-7f3a91",
            endpoint_url=bedrock_server.url,
        )
