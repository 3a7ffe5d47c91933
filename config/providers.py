"""Reads from the environment which providers there are; the adapters themselves know no environment."""

from typing import Any

from config.env import Env

OPENAI_CHAT = "generation.providers.llm.openai.OpenAIChat"


def provider_settings(env: Env) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """`PROVIDERS` (capability → name → path and options) and `PROVIDER_ORDER` (capability → names, best first).

    Without `LLM_PROVIDERS`, every vendor whose key is set is used, DeepSeek before OpenAI; without any key the
    sandbox answers. A vendor that is named without a key is a problem of the environment, reported at the start.
    """
    vendors = {
        "deepseek": {
            "api_key": env.secret("DEEPSEEK_API_KEY", default="", help="Key of DeepSeek"),
            "base_url": env.url("DEEPSEEK_BASE_URL", default="https://api.deepseek.com/v1", help="DeepSeek's address"),
            "model": env.str("DEEPSEEK_MODEL", default="deepseek-chat", help="Model asked by default"),
        },
        "openai": {
            "api_key": env.secret("OPENAI_API_KEY", default="", help="Key of OpenAI"),
            "base_url": env.url("OPENAI_BASE_URL", default="https://api.openai.com/v1", help="OpenAI's address"),
            "model": env.str("OPENAI_MODEL", default="gpt-4o-mini", help="Model asked by default"),
        },
        "local": {
            "api_key": env.secret("LOCAL_LLM_API_KEY", default="", help="Key of the local server, if it wants one"),
            "base_url": env.url("LOCAL_LLM_BASE_URL", default="", help="OpenAI-compatible server, e.g. Ollama"),
            "model": env.str("LOCAL_LLM_MODEL", default="local", help="Model asked by default"),
        },
    }
    usable = {name for name, options in vendors.items() if options["api_key"]}
    if vendors["local"]["base_url"]:
        usable.add("local")
    else:
        usable.discard("local")

    order = env.list("LLM_PROVIDERS", default=[], help="Order of preference, e.g. deepseek,openai; empty: by keys")
    for name in order:
        if name not in {*vendors, "sandbox"}:
            env.problem(f"LLM_PROVIDERS names {name!r}; known are {', '.join([*vendors, 'sandbox'])}")
        elif name in vendors and name not in usable:
            wanted = "LOCAL_LLM_BASE_URL" if name == "local" else f"{name.upper()}_API_KEY"
            env.problem(f"LLM_PROVIDERS names {name!r}, but {wanted} is not set")
    order = order or [name for name in vendors if name in usable] or ["sandbox"]

    providers = {name: {"path": OPENAI_CHAT, "options": options} for name, options in vendors.items() if name in usable}
    return {"llm": providers}, {"llm": order}
