"""What the sandbox promises beyond the contract: determinism, kinds, continuation, languages."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generation.providers.base import ProviderError
from generation.providers.llm import sandbox
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.providers.llm.sandbox import SandboxLLM
from generation.providers.llm.tokens import estimate_tokens
from tests.contract.requests import SCHEMA, chat

DOCUMENT = "# 智能客服 🤖\n\n" + "这是一份说明文档，写给家庭 👩‍👩‍👧 与企业。Cafe\u0301 ☕️。\n" * 30


@pytest.fixture
def kind() -> Iterator[str]:
    """A kind whose answer is `DOCUMENT`."""
    sandbox.register("tests.document", document)
    yield "tests.document"
    sandbox._answerers.pop("tests.document")


def document(request: ChatRequest) -> str:
    return DOCUMENT


def with_continuation(request: ChatRequest, partial: str, ask: str = "请从中断处继续。") -> ChatRequest:
    more = (ChatMessage("assistant", partial), ChatMessage("user", ask))
    return replace(request, messages=request.messages + more)


class TestAnswers:
    def test_the_same_request_gets_the_same_answer(self) -> None:
        assert SandboxLLM().complete(chat()) == SandboxLLM().complete(chat())

    def test_any_name_of_a_model_is_answered_alike(self) -> None:
        plain, priced = (SandboxLLM().complete(chat(model=name)) for name in (None, "sandbox-priced"))
        assert (plain.model, priced.model) == ("sandbox", "sandbox-priced")
        assert replace(priced, model="sandbox") == plain
        assert list(SandboxLLM().stream(chat(model="sandbox-priced"))) == list(SandboxLLM().stream(chat()))

    def test_thoughts_count_towards_the_limit(self) -> None:
        for scenario in ("reasoning", "reasoning]] [[sandbox:truncated", "bad-json"):
            for limit in (1, 5, 30):
                request = chat(f"写文档 [[sandbox:{scenario}]]", max_output_tokens=limit)
                assert SandboxLLM().complete(request).usage.output_tokens <= limit

    def test_other_requests_get_other_answers(self) -> None:
        assert (
            SandboxLLM().complete(chat("第一个项目")).text != SandboxLLM().complete(chat("第二个项目")).text
        )

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("请写一份说明。需要表格。", "离线沙盒"), ("Write a guide. It needs a table.", "offline sandbox")],
    )
    def test_it_answers_in_the_language_of_the_request(self, text: str, expected: str) -> None:
        answer = SandboxLLM().complete(chat(text)).text
        assert expected in answer
        assert "1. " in answer
        assert "2. " in answer

    def test_a_registered_kind_is_answered_by_its_product(self, kind: str) -> None:
        result = SandboxLLM().complete(chat(kind=kind))
        assert result.text == DOCUMENT
        assert result.usage.output_tokens == estimate_tokens(DOCUMENT)

    def test_a_product_sees_the_request_without_magic_inputs(self) -> None:
        seen: list[ChatRequest] = []
        sandbox.register("tests.seen", lambda request: seen.append(request) or "好")
        try:
            SandboxLLM().complete(chat("写文档 [[sandbox:slow=0]]", kind="tests.seen", context={"id": 7}))
        finally:
            sandbox._answerers.pop("tests.seen")
        assert seen[0].messages[-1].content == "写文档"
        assert seen[0].context == {"id": 7}

    def test_a_kind_has_one_answer(self, kind: str) -> None:
        sandbox.register(kind, document)
        with pytest.raises(ValueError, match="tests.document"):
            sandbox.register(kind, lambda request: "other")

    def test_a_schema_of_a_registered_kind_is_left_to_the_product(self, kind: str) -> None:
        assert SandboxLLM().complete(chat(kind=kind, json_schema=SCHEMA)).text == DOCUMENT

    def test_an_impossible_schema_is_a_bad_request(self) -> None:
        with pytest.raises(ProviderError, match="PROVIDER_BAD_REQUEST"):
            SandboxLLM().complete(chat(json_schema={"$ref": "#/$defs/none"}))


class TestLength:
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 40])
    def test_pieces_of_any_size_add_up_to_the_whole(self, kind: str, limit: int) -> None:
        request, whole = chat(kind=kind, max_output_tokens=limit), ""
        for _ in range(len(DOCUMENT)):
            result = SandboxLLM().complete(request)
            whole += result.text
            assert result.text
            assert not result.text.startswith(("\u200d", "\ufe0f", "\u0301"))
            if result.finish_reason == "stop":
                break
            request = with_continuation(chat(kind=kind, max_output_tokens=limit), whole)
        assert whole == DOCUMENT

    def test_continuations_may_stay_apart(self, kind: str) -> None:
        request, whole = chat(kind=kind, max_output_tokens=200), ""
        for _ in range(20):
            result = SandboxLLM().complete(request)
            whole += result.text
            if result.finish_reason == "stop":
                break
            request = with_continuation(request, result.text, "Continue exactly where you stopped.")
        assert whole == DOCUMENT

    def test_a_truncated_answer_can_be_continued(self, kind: str) -> None:
        request = chat("写文档 [[sandbox:truncated]]", kind=kind)
        first = SandboxLLM().complete(request)
        second = SandboxLLM().complete(with_continuation(request, first.text))
        assert (first.finish_reason, second.finish_reason) == ("length", "stop")
        assert first.text + second.text == DOCUMENT

    def test_a_new_question_is_no_continuation(self, kind: str) -> None:
        request = with_continuation(chat(kind=kind), DOCUMENT[:40], "换一个问题。")
        assert SandboxLLM().complete(request).text == DOCUMENT


class TestMagicInputs:
    @pytest.mark.parametrize("name", sorted(sandbox._FAILURES))
    def test_once_means_the_first_attempt(self, name: str) -> None:
        text = f"写文档 [[sandbox:{name}-once]]"
        with pytest.raises(ProviderError):
            SandboxLLM().complete(chat(text, attempt=1))
        assert SandboxLLM().complete(chat(text, attempt=2)).finish_reason == "stop"

    def test_a_misspelt_input_does_not_pass(self) -> None:
        with pytest.raises(ProviderError, match="rate-limti"):
            SandboxLLM().complete(chat("[[sandbox:rate-limti]]"))

    def test_inputs_combine(self) -> None:
        started = time.monotonic()
        result = SandboxLLM().complete(chat("写文档 [[sandbox:slow=0.05]] [[sandbox:truncated]]"))
        assert time.monotonic() - started >= 0.05
        assert result.finish_reason == "length"

    def test_slower_than_allowed_is_a_timeout(self) -> None:
        with pytest.raises(ProviderError, match="PROVIDER_TIMEOUT"):
            SandboxLLM().complete(chat("写文档 [[sandbox:slow=60]]", timeout_s=0.05))

    def test_bad_json_is_no_json(self) -> None:
        text = SandboxLLM().complete(chat("[[sandbox:bad-json]]", json_schema=SCHEMA)).text
        with pytest.raises(ValueError, match="Unterminated"):
            json.loads(text)

    def test_only_the_last_user_message_counts(self) -> None:
        messages = (
            ChatMessage("user", "[[sandbox:down]]"),
            ChatMessage("assistant", "好"),
            ChatMessage("user", "嗯"),
        )
        request = ChatRequest(messages=messages, max_output_tokens=500)
        assert SandboxLLM().complete(request).finish_reason == "stop"

    def test_the_guide_names_every_input(self) -> None:
        guide = Path("docs/sandbox.md").read_text(encoding="utf-8")
        for name in sandbox._EFFECTS:
            assert f"[[sandbox:{name}" in guide
            assert f"[[sandbox:{name}" in (sandbox.__doc__ or "")


class TestInputsOfProducts:
    @pytest.fixture
    def tea(self) -> Iterator[str]:
        """A kind whose answer names the inputs that took effect."""
        sandbox.register("tests.tea", poured, inputs=("spill", "burn"))
        yield "tests.tea"
        sandbox._answerers.pop("tests.tea")
        sandbox._inputs.pop("tests.tea")

    def test_they_reach_the_answer_of_their_kind(self, tea: str) -> None:
        request = chat("一杯茶 [[sandbox:spill]] [[sandbox:burn-once]]", kind=tea, context={"cups": 1})
        assert SandboxLLM().complete(request).text == "['burn', 'spill'] 1 一杯茶"
        assert SandboxLLM().complete(replace(request, attempt=2)).text == "['spill'] 1 一杯茶"
        assert SandboxLLM().complete(chat("一杯茶", kind=tea, context={"cups": 1})).text == "[] 1 一杯茶"

    def test_they_are_unknown_to_other_kinds(self, tea: str) -> None:
        with pytest.raises(ProviderError, match="no input 'spill'"):
            SandboxLLM().complete(chat("一杯茶 [[sandbox:spill]]"))

    def test_no_product_takes_a_name_of_all(self) -> None:
        with pytest.raises(ValueError, match="hang"):
            sandbox.register("tests.coffee", poured, inputs=("hang",))
        assert "tests.coffee" not in sandbox._answerers


def poured(request: ChatRequest) -> str:
    inputs = sorted(request.context.get("sandbox_inputs", ()))
    return f"{inputs} {request.context['cups']} {request.messages[-1].content}"


def test_texts_lose_their_inputs() -> None:
    assert sandbox.without_inputs("写诗 [[sandbox:spill-once=2]]，再写") == "写诗，再写"
