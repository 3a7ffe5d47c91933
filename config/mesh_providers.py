"""Reads from the environment which providers of meshes there are, besides those of text (`config.providers`)."""

from typing import Any

from config.env import Env, Hidden

TENCENT_MESHES = "generation.providers.mesh.tencent.TencentMeshes"
MESHY_MESHES = "generation.providers.mesh.meshy.MeshyMeshes"

_MODEL = "Model that makes meshes by default"
#: What makes a provider usable, in the order of preference by keys.
_NEEDED = {"tencent": "TENCENTCLOUD_SECRET_ID with TENCENTCLOUD_SECRET_KEY", "meshy": "MESHY_API_KEY"}


def mesh_provider_settings(
    env: Env,
) -> tuple[dict[str, dict[str, Any]], list[str], dict[str, dict[str, str]]]:
    """Providers by name (path and options), their order, and `ORDER_VENDORS["mesh"]`: by what a key of a user's own is
    for, who makes meshes with it, and how.

    Without `MESH_PROVIDERS` all that have a key are used, in the order of `_NEEDED`; without any the sandbox makes
    them.
    """
    known = {"tencent": (TENCENT_MESHES, _tencent(env)), "meshy": (MESHY_MESHES, _meshy(env))}
    providers = {
        name: {"path": path, "options": options}
        for name, (path, options) in known.items()
        if options["api_key"]
    }
    order = env.list(
        "MESH_PROVIDERS", default=[], help="Order of preference, e.g. tencent,meshy; empty: by keys"
    )
    for name in order:
        if name not in (*_NEEDED, "sandbox"):
            env.problem(f"MESH_PROVIDERS names {name!r}; known are {', '.join((*_NEEDED, 'sandbox'))}")
        elif name in _NEEDED and name not in providers:
            env.problem(f"MESH_PROVIDERS names {name!r}, but {_NEEDED[name]} is not set")
    vendors = {
        name: {"provider": name, "path": path, **{key: options[key] for key in options if key != "api_key"}}
        for name, (path, options) in known.items()
    }
    return providers, order or list(providers) or ["sandbox"], vendors


def _tencent(env: Env) -> dict[str, Any]:
    """Both halves of the key as one, as users enter theirs."""
    secret_id = env.secret("TENCENTCLOUD_SECRET_ID", default="", help="Tencent Cloud's SecretId, for meshes")
    secret_key = env.secret("TENCENTCLOUD_SECRET_KEY", default="", help="Its SecretKey")
    return {
        "api_key": Hidden(f"{secret_id}:{secret_key}" if secret_id and secret_key else ""),
        "base_url": env.url(
            "TENCENTCLOUD_AI3D_BASE_URL",
            default="https://ai3d.tencentcloudapi.com",
            help="Tencent Cloud's address for meshes",
        ),
        "region": env.str("TENCENTCLOUD_REGION", default="ap-guangzhou", help="Region of Tencent Cloud"),
        "model": env.str("TENCENTCLOUD_MESH_MODEL", default="hunyuan-3d-rapid", help=_MODEL),
    }


def _meshy(env: Env) -> dict[str, Any]:
    return {
        "api_key": env.secret("MESHY_API_KEY", default="", help="Key of Meshy"),
        "base_url": env.url("MESHY_BASE_URL", default="https://api.meshy.ai/openapi", help="Meshy's address"),
        "model": env.str("MESHY_MODEL", default="meshy-6", help=_MODEL),
    }
