"""Reads from the environment which providers there are; the adapters themselves know no environment."""

from typing import Any

from config.env import Env

OPENAI_CHAT = "generation.providers.llm.openai.OpenAIChat"
SMALL_MODEL_CHAT = "generation.providers.llm.small_model.SmallModelChat"
BEDROCK_CHAT = "generation.providers.llm.bedrock.BedrockChat"
#: The small model that `make local-llm` installs; not `local`, which is a server of the operator's own.
SMALL_MODEL = "local-model"

_MODEL = "Model asked by default"
#: What makes a vendor usable; the others need `<NAME>_API_KEY`.
_NEEDED = {"qwen": "QWEN_LLM_API_KEY", "local": "LOCAL_LLM_BASE_URL"}


def provider_settings(
    env: Env,
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]], dict[str, dict[str, str]]]:
    """`PROVIDERS` (capability → name → path and options), `PROVIDER_ORDER` (capability → names, best first) and
    `PROVIDER_VENDORS` (name → address, default model, dialect: for keys of users' own, whether or not we have one).

    Without `LLM_PROVIDERS`, every vendor whose key is set is used, in the order of `_chat_vendors`; without any key
    the small local model answers if it runs, else the sandbox. Wherever it is named and doesn't run, it is left out,
    as the product must start without it. Bedrock is used only when it is named, as AWS' credentials may be there for
    other services or come from the machine's role. A vendor that is named without a key is a problem of the
    environment, reported at the start.
    """
    vendors = _chat_vendors(env)
    usable = [
        name for name, options in vendors.items() if options["base_url" if name == "local" else "api_key"]
    ]
    bedrock = _bedrock(env)
    small_model = _small_model(env)
    known = [*vendors, "bedrock", SMALL_MODEL, "sandbox"]

    order = env.list(
        "LLM_PROVIDERS", default=[], help="Order of preference, e.g. deepseek,openai; empty: by keys"
    )
    for name in order:
        if name not in known:
            env.problem(f"LLM_PROVIDERS names {name!r}; known are {', '.join(known)}")
        elif name in vendors and name not in usable:
            env.problem(
                f"LLM_PROVIDERS names {name!r}, but {_NEEDED.get(name, f'{name.upper()}_API_KEY')} is not set"
            )
    if "bedrock" in order and not bedrock["region"]:
        env.problem("LLM_PROVIDERS names 'bedrock', but AWS_REGION is not set")
    order = order or usable or [SMALL_MODEL]
    if not small_model["base_url"]:
        order = [name for name in order if name != SMALL_MODEL] or ["sandbox"]

    providers = {name: {"path": OPENAI_CHAT, "options": vendors[name]} for name in usable}
    if small_model["base_url"]:
        providers[SMALL_MODEL] = {"path": SMALL_MODEL_CHAT, "options": small_model}
    if "bedrock" in order:
        providers["bedrock"] = {"path": BEDROCK_CHAT, "options": bedrock}
    public = {
        name: {option: options[option] for option in ("base_url", "model", "dialect")}
        for name, options in vendors.items()
        if name != "local"
    }
    return {"llm": providers}, {"llm": order}, public


def call_limits(env: Env) -> tuple[int, int, int, int]:
    """Text calls at once and per minute, and pictures and meshes ordered at once; 0: no limit."""
    return (
        env.int(
            "LLM_MAX_IN_FLIGHT",
            default=100,
            min=0,
            help="Text calls at once per provider, key and process; 0: no limit",
        ),
        env.int(
            "LLM_REQUESTS_PER_MINUTE",
            default=0,
            min=0,
            help="Text calls per minute for each provider, key and process; 0: no limit",
        ),
        env.int(
            "IMAGE_MAX_IN_FLIGHT",
            default=10,
            min=0,
            help="Pictures ordered at once per provider, key and process; 0: no limit",
        ),
        env.int(
            "MESH_MAX_IN_FLIGHT",
            default=4,
            min=0,
            help="Meshes ordered at once per provider, key and process; 0: no limit",
        ),
    )


def _chat_vendors(env: Env) -> dict[str, dict[str, Any]]:
    """Whoever speaks OpenAI's chat completions, in the order of preference by keys."""
    return {
        "deepseek": {
            "api_key": env.secret("DEEPSEEK_API_KEY", default="", help="Key of DeepSeek"),
            "base_url": env.url(
                "DEEPSEEK_BASE_URL", default="https://api.deepseek.com/v1", help="DeepSeek's address"
            ),
            "model": env.str("DEEPSEEK_MODEL", default="deepseek-flash", help=_MODEL),
            "dialect": "deepseek",
        },
        "openai": {
            "api_key": env.secret("OPENAI_API_KEY", default="", help="Key of OpenAI"),
            "base_url": env.url(
                "OPENAI_BASE_URL", default="https://api.openai.com/v1", help="OpenAI's address"
            ),
            "model": env.str("OPENAI_MODEL", default="gpt-4o-mini", help=_MODEL),
            "dialect": "openai",
        },
        "qwen": {
            "api_key": env.secret("QWEN_LLM_API_KEY", default="", help="Key of Aliyun's Model Studio"),
            "base_url": env.url(
                "QWEN_LLM_BASE_URL",
                default="https://dashscope.aliyuncs.com/compatible-mode/v1",
                help="Qwen's address",
            ),
            "model": env.str("QWEN_LLM_MODEL", default="qwen-plus", help=_MODEL),
            "dialect": "qwen",
        },
        "moonshot": {
            "api_key": env.secret("MOONSHOT_API_KEY", default="", help="Key of Moonshot (Kimi)"),
            "base_url": env.url(
                "MOONSHOT_BASE_URL", default="https://api.moonshot.cn/v1", help="Moonshot's address"
            ),
            "model": env.str("MOONSHOT_MODEL", default="moonshot-v1-32k", help=_MODEL),
            "dialect": "moonshot",
        },
        "siliconflow": {
            "api_key": env.secret("SILICONFLOW_API_KEY", default="", help="Key of SiliconFlow"),
            "base_url": env.url(
                "SILICONFLOW_BASE_URL", default="https://api.siliconflow.cn/v1", help="SiliconFlow's address"
            ),
            "model": env.str("SILICONFLOW_LLM_MODEL", default="deepseek-ai/DeepSeek-V3", help=_MODEL),
            "dialect": "siliconflow",
        },
        "local": {
            "api_key": env.secret(
                "LOCAL_LLM_API_KEY", default="", help="Key of the local server, if it wants one"
            ),
            "base_url": env.url(
                "LOCAL_LLM_BASE_URL", default="", help="OpenAI-compatible server, e.g. Ollama"
            ),
            "model": env.str("LOCAL_LLM_MODEL", default="local", help=_MODEL),
        },
    }


def _small_model(env: Env) -> dict[str, Any]:
    """Usually told by `make run`, which serves the model."""
    return {
        "api_key": env.secret("SMALL_MODEL_API_KEY", default="", help="Key of the small model's server"),
        "base_url": env.url("SMALL_MODEL_BASE_URL", default="", help="Where the small model is served"),
        "model": env.str("SMALL_MODEL_NAME", default="small-model", help="What its documents name"),
        "dialect": "generic",
    }


def _bedrock(env: Env) -> dict[str, Any]:
    """AWS' own names; without the two keys boto3 looks where it always does (profile, role of the machine)."""
    return {
        "access_key_id": env.secret("AWS_ACCESS_KEY_ID", default="", help="Access key of AWS"),
        "secret_access_key": env.secret("AWS_SECRET_ACCESS_KEY", default="", help="Its secret"),
        "session_token": env.secret("AWS_SESSION_TOKEN", default="", help="For temporary keys only"),
        "region": env.str("AWS_REGION", default="", help="Region of AWS, e.g. us-east-1"),
        "endpoint_url": env.url(
            "BEDROCK_ENDPOINT_URL", default="", help="Another address of Bedrock's runtime"
        ),
        "model": env.str("BEDROCK_MODEL_ID", default="amazon.nova-pro-v1:0", help=_MODEL),
    }
