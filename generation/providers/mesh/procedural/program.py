"""A program: reads an order as JSON at its standard input and answers the mesh as a GLB. Started by
`generation.providers.mesh.procedural.model`."""

import json
import sys
from base64 import b64decode

from generation.providers.mesh.procedural.glb import glb_of
from generation.providers.mesh.procedural.shapes import make


def mesh(prompt: str, *, seed: int, image: str, shape: str, size_mm: float | None) -> bytes:
    """The GLB; `image` is in Base64. It says in its extras that no model has made it."""
    made = make(prompt, seed=seed, image=b64decode(image), shape=shape, size_mm=size_mm)
    return glb_of(made.solid, name=made.shape, colour=made.colour, facts={"shape": made.shape, "seed": seed})


if __name__ == "__main__":
    sys.stdout.buffer.write(mesh(**json.load(sys.stdin.buffer)))
