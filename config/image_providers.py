"""Reads from the environment which providers of pictures there are, besides those of text (`config.providers`)."""

from collections.abc import Mapping
from typing import Any

from config.env import Env

OPENAI_IMAGES = "generation.providers.image.openai.OpenAIImages"
DASHSCOPE_IMAGES = "generation.providers.image.dashscope.DashScopeImages"

_MODEL = "Model that makes pictures by default"
#: Whoever makes both takes the same key for both.
_SHARED = ("siliconflow", "openai")
#: What makes a provider usable, in the order of preference by keys.
_NEEDED = {
    "aliyun": "ALIYUN_IMAGE_API_KEY",
    "siliconflow": "SILICONFLOW_API_KEY",
    "openai": "OPENAI_API_KEY",
    "local": "LOCAL_IMAGE_BASE_URL",
}


def image_provider_settings(
    env: Env, chat: Mapping[str, Mapping[str, Any]], vendors: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, dict[str, Any]], list[str], dict[str, dict[str, str]]]:
    """Providers by name (path and options), their order, and `ORDER_VENDORS["image"]`: by what a key of a user's own is
    for, who makes pictures with it, and how.

    `chat` are the providers of text, whose keys OpenAI and SiliconFlow share; `vendors` are their public facts. Without
    `IMAGE_PROVIDERS` all that have a key are used, in the order of `_NEEDED`; without any the sandbox draws.
    """
    known = _known(env, vendors)
    keys = {name: {"api_key": chat[name]["options"]["api_key"]} for name in _SHARED if name in chat}
    usable = {name: {**known[name][1], **key} for name, key in keys.items()}
    for name, needed in (("aliyun", "api_key"), ("local", "base_url")):
        if known[name][1][needed]:
            usable[name] = known[name][1]
    order = env.list(
        "IMAGE_PROVIDERS", default=[], help="Order of preference, e.g. aliyun,siliconflow; empty: by keys"
    )
    for name in order:
        if name not in (*_NEEDED, "sandbox"):
            env.problem(f"IMAGE_PROVIDERS names {name!r}; known are {', '.join((*_NEEDED, 'sandbox'))}")
        elif name in _NEEDED and name not in usable:
            env.problem(f"IMAGE_PROVIDERS names {name!r}, but {_NEEDED[name]} is not set")
    providers = {
        name: {"path": known[name][0], "options": usable[name]} for name in _NEEDED if name in usable
    }
    return providers, order or list(providers) or ["sandbox"], _vendors(known)


def _known(env: Env, vendors: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Path and options of each, without the keys that they share with texts."""
    return {
        "aliyun": (
            DASHSCOPE_IMAGES,
            {
                "api_key": env.secret(
                    "ALIYUN_IMAGE_API_KEY", default="", help="Key of Aliyun's Model Studio, for pictures"
                ),
                "base_url": env.url(
                    "ALIYUN_IMAGE_BASE_URL",
                    default="https://dashscope.aliyuncs.com/api/v1",
                    help="Its address for pictures",
                ),
                "model": env.str("ALIYUN_IMAGE_MODEL", default="qwen-image-plus", help=_MODEL),
            },
        ),
        "siliconflow": (
            OPENAI_IMAGES,
            {
                "base_url": vendors["siliconflow"]["base_url"],
                "model": env.str("SILICONFLOW_IMAGE_MODEL", default="Qwen/Qwen-Image", help=_MODEL),
                "dialect": "siliconflow",
            },
        ),
        "openai": (
            OPENAI_IMAGES,
            {
                "base_url": vendors["openai"]["base_url"],
                "model": env.str("OPENAI_IMAGE_MODEL", default="gpt-image-1.5", help=_MODEL),
                "dialect": "openai",
            },
        ),
        "local": (
            OPENAI_IMAGES,
            {
                "api_key": env.secret(
                    "LOCAL_IMAGE_API_KEY", default="", help="Key of the local server, if it wants one"
                ),
                "base_url": env.url(
                    "LOCAL_IMAGE_BASE_URL", default="", help="Server that speaks OpenAI's images"
                ),
                "model": env.str("LOCAL_IMAGE_MODEL", default="local", help=_MODEL),
                "dialect": "generic",
            },
        ),
    }


def _vendors(known: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, dict[str, str]]:
    """Keys for Qwen are keys of the Model Studio."""
    public = {}
    for key, name in {"openai": "openai", "siliconflow": "siliconflow", "qwen": "aliyun"}.items():
        path, options = known[name]
        told = {option: value for option, value in options.items() if option != "api_key"}
        public[key] = {"provider": name, "path": path, **told}
    return public
