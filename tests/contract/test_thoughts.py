"""What bounds the output that is billed: thoughts included, whatever a vendor's limit counts."""

from __future__ import annotations

import orjson
import pytest

from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.openai_wire import DIALECTS, request_body
from tests.contract.requests import chat
from tests.support.llm_server import LLMServer

LIMIT = 2_000


def sent(dialect: str, model: str, limit: int = LIMIT) -> dict[str, int]:
    body = request_body(
        chat(max_output_tokens=limit), model=model, dialect=DIALECTS[dialect], is_stream=False
    )
    names = ("max_tokens", "max_completion_tokens", "thinking_budget")
    return {name: value for name, value in orjson.loads(body).items() if name in names}


def billed(dialect: str, model: str, limit: int = LIMIT) -> int:
    llm = OpenAIChat(name="v", base_url="https://vendor.example/v1", model="other", dialect=dialect)
    return llm.max_billed_output_tokens(chat(model=model, max_output_tokens=limit))


@pytest.mark.parametrize(
    ("dialect", "model", "field"),
    [
        ("openai", "o3-mini", "max_completion_tokens"),
        ("moonshot", "kimi-k2-thinking", "max_completion_tokens"),
        ("deepseek", "deepseek-reasoner", "max_tokens"),
        ("generic", "qwen3:8b", "max_tokens"),
    ],
)
def test_where_one_limit_counts_all_it_is_the_bound(dialect: str, model: str, field: str) -> None:
    assert sent(dialect, model) == {field: LIMIT}
    assert billed(dialect, model) == LIMIT


@pytest.mark.parametrize(
    "model",
    ["qwen3.7-max", "qwen3.5-plus-2026-02-15", "kimi-k2.6", "glm-5.1", "MiniMax-M2.5", "deepseek-v4-pro"],
)
def test_aliyuns_newer_models_take_a_limit_for_all(model: str) -> None:
    assert sent("qwen", model) == {"max_completion_tokens": LIMIT}
    assert billed("qwen", model) == LIMIT + 10


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("qwen", "qwen-plus"),
        ("qwen", "qwen-plus-2025-07-28"),
        ("qwen", "qwen-turbo"),
        ("qwen", "qwen3-max"),
        ("qwen", "qwen3-coder-plus"),
        ("qwen", "qwen2.5-72b-instruct"),
        ("qwen", "qwen3-30b-a3b-instruct-2507"),
        ("qwen", "deepseek-v3.2"),
        ("siliconflow", "deepseek-ai/DeepSeek-V3"),
        ("siliconflow", "Pro/deepseek-ai/DeepSeek-V3"),
        ("siliconflow", "Qwen/Qwen2.5-72B-Instruct-128K"),
        ("siliconflow", "Qwen/Qwen3-235B-A22B-Instruct-2507"),
        ("siliconflow", "moonshotai/Kimi-K2-Instruct"),
    ],
)
def test_models_that_do_not_think_are_not_charged_for_thoughts(dialect: str, model: str) -> None:
    assert sent(dialect, model) == {"max_tokens": LIMIT}
    assert billed(dialect, model) == LIMIT


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("qwen", "qwen3-32b"),
        ("qwen", "qwen3.5-flash"),
        ("qwen", "qwen3-next-80b-a3b-thinking"),
        ("siliconflow", "Qwen/Qwen3-8B"),
        ("siliconflow", "Qwen/Qwen3.5-397B-A17B"),
    ],
)
def test_thoughts_that_stop_at_a_budget_get_one(dialect: str, model: str) -> None:
    assert sent(dialect, model) == {"max_tokens": LIMIT, "thinking_budget": LIMIT}
    assert billed(dialect, model) == 2 * LIMIT


@pytest.mark.parametrize(
    ("dialect", "model", "limit", "budget"),
    [
        ("qwen", "qwen3-32b", 1, 1),
        ("qwen", "qwen3-32b", 60_000, 16_384),
        ("siliconflow", "Qwen/Qwen3-8B", 1, 128),
        ("siliconflow", "Qwen/Qwen3-8B", 60_000, 32_768),
    ],
)
def test_a_budget_is_one_that_the_vendor_takes(dialect: str, model: str, limit: int, budget: int) -> None:
    assert sent(dialect, model, limit)["thinking_budget"] == budget
    assert billed(dialect, model, limit) == limit + budget


@pytest.mark.parametrize(
    ("dialect", "model", "longest"),
    [
        ("qwen", "qwq-plus", 32_768),
        ("qwen", "deepseek-r1-0528", 32_768),
        ("qwen", "kimi/kimi-k2.5", 262_144),
        ("qwen", "通义-思考\n版", 262_144),
        ("siliconflow", "deepseek-ai/DeepSeek-R1", 40_000),
        ("siliconflow", "zai-org/GLM-4.6", 40_000),
    ],
)
def test_thoughts_that_nothing_stops_are_reserved_for_in_full(dialect: str, model: str, longest: int) -> None:
    assert sent(dialect, model)["max_tokens"] == LIMIT
    assert billed(dialect, model) == LIMIT + longest


def test_a_request_without_a_model_is_bounded_by_the_adapters_own() -> None:
    llm = OpenAIChat(name="v", base_url="https://vendor.example/v1", model="qwen3-32b", dialect="qwen")
    assert llm.max_billed_output_tokens(chat(max_output_tokens=LIMIT)) == 2 * LIMIT


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("qwen", "qwen3-32b"),
        ("qwen", "qwen3.7-max"),
        ("siliconflow", "Qwen/Qwen3-8B"),
        ("deepseek", "deepseek-reasoner"),
    ],
)
def test_endless_thoughts_cost_no_more_than_was_reserved(server: LLMServer, dialect: str, model: str) -> None:
    llm = OpenAIChat(name="v", base_url=server.url, model=model, dialect=dialect)
    request = chat("想一想 [[server:long-reasoning]]", max_output_tokens=200)
    for usage in (llm.complete(request).usage, list(llm.stream(request))[-1].usage):
        assert usage is not None
        assert 200 <= usage.output_tokens <= llm.max_billed_output_tokens(request)
