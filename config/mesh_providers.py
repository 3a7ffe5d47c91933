"""Reads from the environment which providers of meshes there are, besides those of text (`config.providers`)."""

from config.env import Env


def mesh_order(env: Env) -> list[str]:
    """Who is asked for a mesh, best first; without a name the sandbox makes it."""
    order = env.list("MESH_PROVIDERS", default=[], help="Order of preference; empty: the sandbox")
    for name in order:
        if name != "sandbox":
            env.problem(f"MESH_PROVIDERS names {name!r}; known is sandbox")
    return order or ["sandbox"]
