"""A program: does one thing with the mesh at its standard input. Its argument is the order, in JSON; its answer a
line of JSON with facts and the sizes of what follows: pictures and files. Started by `models3d.services.compute`."""

import json
import sys
from typing import Any

from models3d.domain.meshes.doing import DOING
from models3d.domain.meshes.mesh import MeshRefusedError


def main(order: dict[str, Any], data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Facts and files; what can't be used is a fact, too."""
    try:
        return DOING[order.pop("do")](data, **order)
    except MeshRefusedError as refused:
        return {"refused": refused.code, "params": refused.params}, {}
    except MemoryError:
        return {"is_too_large": True}, {}


if __name__ == "__main__":
    facts, files = main(json.loads(sys.argv[1]), sys.stdin.buffer.read())
    facts["files"] = {name: len(content) for name, content in files.items()}
    sys.stdout.buffer.write(json.dumps(facts, allow_nan=False).encode() + b"\n")
    for content in files.values():
        sys.stdout.buffer.write(content)
