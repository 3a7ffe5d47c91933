"""Which providers an environment makes, in which order, and what it says when something is missing."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.module_loading import import_string

from config.env import Env, EnvironmentProblem
from config.image_providers import image_provider_settings
from config.mesh_providers import mesh_provider_settings
from config.providers import provider_settings
from generation.providers import registry

KEYS = {
    "DEEPSEEK_API_KEY": "sk-1",
    "OPENAI_API_KEY": "sk-2",
    "QWEN_LLM_API_KEY": "sk-3",
    "MOONSHOT_API_KEY": "sk-4",
    "SILICONFLOW_API_KEY": "sk-5",
    "LOCAL_LLM_BASE_URL": "http://127.0.0.1:11434/v1",
}
BY_KEYS = ["deepseek", "openai", "qwen", "moonshot", "siliconflow", "local"]


def read(**environ: str) -> tuple[dict[str, Any], list[str]]:
    """The providers of text and their order."""
    env = Env({"ENV_FILE": "", **environ})
    providers, order, _ = provider_settings(env)
    env.done()
    return providers["llm"], order["llm"]


def problems(**environ: str) -> str:
    with pytest.raises(EnvironmentProblem) as caught:
        read(**environ)
    return str(caught.value)


def read_images(**environ: str) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    env = Env({"ENV_FILE": "", **environ})
    providers, _, vendors = provider_settings(env)
    found = image_provider_settings(env, providers["llm"], vendors)
    env.done()
    return found


def test_pictures_are_made_by_whoever_has_a_key() -> None:
    providers, order, vendors = read_images()
    assert (providers, order) == ({}, ["sandbox"])
    assert {key: one["provider"] for key, one in vendors.items()} == {
        "openai": "openai",
        "siliconflow": "siliconflow",
        "qwen": "aliyun",
    }
    keys = {"OPENAI_API_KEY": "sk-1", "SILICONFLOW_API_KEY": "sk-2", "ALIYUN_IMAGE_API_KEY": "sk-3"}
    providers, order, vendors = read_images(**keys, LOCAL_IMAGE_BASE_URL="http://127.0.0.1:8080/v1")
    assert order == list(providers) == ["aliyun", "siliconflow", "openai", "local"]
    assert not any("sk-" in str(one) for one in vendors.values())
    for name, one in providers.items():
        made = import_string(one["path"])(name=name, **one["options"])
        assert (made.name, made.model) == (name, one["options"]["model"])


def test_the_order_of_pictures_is_checked() -> None:
    assert read_images(OPENAI_API_KEY="k", IMAGE_PROVIDERS="openai,sandbox")[1] == ["openai", "sandbox"]
    with pytest.raises(EnvironmentProblem) as caught:
        read_images(IMAGE_PROVIDERS="aliyun,paint")
    assert "ALIYUN_IMAGE_API_KEY is not set" in str(caught.value)
    assert "'paint'" in str(caught.value)


def read_meshes(**environ: str) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    env = Env({"ENV_FILE": "", **environ})
    found = mesh_provider_settings(env)
    env.done()
    return found


def test_meshes_are_made_by_whoever_has_a_key() -> None:
    providers, order, vendors = read_meshes(TENCENTCLOUD_SECRET_ID="half of a key")
    assert (providers, order, [*vendors]) == ({}, ["sandbox"], ["tencent", "meshy"])
    keys = {"TENCENTCLOUD_SECRET_ID": "sk-id", "TENCENTCLOUD_SECRET_KEY": "sk-key", "MESHY_API_KEY": "sk-3"}
    providers, order, vendors = read_meshes(**keys)
    assert order == list(providers) == ["tencent", "meshy"]
    assert not any("sk-" in str(one) for one in vendors.values())
    for name, one in providers.items():
        made = import_string(one["path"])(name=name, **one["options"])
        assert (made.name, made.model) == (name, one["options"]["model"])
    assert read_meshes(**keys, MESH_PROVIDERS="meshy,sandbox")[1] == ["meshy", "sandbox"]
    with pytest.raises(EnvironmentProblem) as caught:
        read_meshes(MESH_PROVIDERS="tencent,clay")
    assert "TENCENTCLOUD_SECRET_ID with TENCENTCLOUD_SECRET_KEY is not set" in str(caught.value)
    assert "'clay'" in str(caught.value)


def test_without_any_key_the_sandbox_answers() -> None:
    assert read() == ({}, ["sandbox"])


def test_keys_alone_choose() -> None:
    providers, order = read(**KEYS)
    assert order == BY_KEYS
    assert set(providers) == set(BY_KEYS)
    assert read(QWEN_LLM_API_KEY="sk-3")[1] == ["qwen"]


def test_the_order_is_what_the_operator_says() -> None:
    providers, order = read(**KEYS, LLM_PROVIDERS="siliconflow, sandbox,deepseek")
    assert order == ["siliconflow", "sandbox", "deepseek"]
    assert "openai" in providers, "a provider out of the order may still be named by a request"


@pytest.mark.parametrize(
    ("name", "address", "model"),
    [
        ("deepseek", "https://api.deepseek.com/v1", "deepseek-flash"),
        ("openai", "https://api.openai.com/v1", "gpt-4o-mini"),
        ("qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-plus"),
        ("moonshot", "https://api.moonshot.cn/v1", "moonshot-v1-32k"),
        ("siliconflow", "https://api.siliconflow.cn/v1", "deepseek-ai/DeepSeek-V3"),
    ],
)
def test_each_vendor_has_its_address_and_model(name: str, address: str, model: str) -> None:
    options = read(**KEYS)[0][name]["options"]
    assert (options["base_url"], options["model"], options["dialect"]) == (address, model, name)


def test_a_gateway_keeps_the_vendors_dialect() -> None:
    providers, _ = read(
        QWEN_LLM_API_KEY="k", QWEN_LLM_BASE_URL="https://gateway.example/qwen", QWEN_LLM_MODEL="qwen-max"
    )
    assert providers["qwen"]["options"] == {
        "api_key": "k",
        "base_url": "https://gateway.example/qwen",
        "model": "qwen-max",
        "dialect": "qwen",
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("deepseek", "DEEPSEEK_API_KEY"),
        ("qwen", "QWEN_LLM_API_KEY"),
        ("moonshot", "MOONSHOT_API_KEY"),
        ("siliconflow", "SILICONFLOW_API_KEY"),
        ("local", "LOCAL_LLM_BASE_URL"),
        ("bedrock", "AWS_REGION"),
    ],
)
def test_a_vendor_that_is_named_without_its_key_is_reported(name: str, wanted: str) -> None:
    assert f"LLM_PROVIDERS names '{name}', but {wanted} is not set" in problems(LLM_PROVIDERS=name)


def test_a_misspelt_vendor_is_reported_with_those_that_exist() -> None:
    known = [*BY_KEYS, "bedrock", "local-model", "sandbox"]
    assert ", ".join(known) in problems(LLM_PROVIDERS="qwne")


def test_aws_credentials_alone_do_not_choose_bedrock() -> None:
    aws = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    assert read(**aws) == ({}, ["sandbox"])
    providers, order = read(**aws, LLM_PROVIDERS="bedrock")
    assert order == ["bedrock"]
    assert providers["bedrock"]["options"]["model"] == "amazon.nova-pro-v1:0"


SMALL = {"SMALL_MODEL_BASE_URL": "http://127.0.0.1:9/v1", "SMALL_MODEL_API_KEY": "k", "SMALL_MODEL_NAME": "q"}


def test_the_small_model_answers_only_where_it_runs_and_nobody_has_a_key() -> None:
    providers, order = read(**SMALL)
    assert order == ["local-model"], "never the sandbox's text in place of a model's that is only slow"
    assert providers["local-model"]["options"] == {
        "api_key": "k",
        "base_url": "http://127.0.0.1:9/v1",
        "model": "q",
        "dialect": "generic",
    }
    assert read(**SMALL, DEEPSEEK_API_KEY="sk-1")[1] == ["deepseek"]
    assert read(**SMALL, LOCAL_LLM_BASE_URL="http://127.0.0.1:11434/v1")[1] == ["local"]


@pytest.mark.parametrize(
    ("named", "running", "absent"),
    [
        ("local-model", ["local-model"], ["sandbox"]),
        ("deepseek,local-model", ["deepseek", "local-model"], ["deepseek"]),
        ("local-model,sandbox", ["local-model", "sandbox"], ["sandbox"]),
        ("sandbox", ["sandbox"], ["sandbox"]),
    ],
)
def test_a_small_model_that_is_named_but_does_not_run_stops_nothing(
    named: str, running: list[str], absent: list[str]
) -> None:
    assert read(**KEYS, **SMALL, LLM_PROVIDERS=named)[1] == running
    providers, order = read(**KEYS, LLM_PROVIDERS=named)
    assert order == absent
    assert "local-model" not in providers


def test_every_provider_that_is_read_can_be_built(settings: Any) -> None:
    aws = {"AWS_REGION": "us-east-1", "LLM_PROVIDERS": ",".join([*BY_KEYS, "bedrock"])}
    settings.PROVIDERS = {"llm": read(**KEYS, **SMALL, **aws)[0]}
    names = [*BY_KEYS, "bedrock", "local-model"]
    registry.reset()
    try:
        built = [registry.get_llm(name) for name in names]
    finally:
        registry.reset()
    assert [llm.name for llm in built] == names
