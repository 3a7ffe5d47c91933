"""The door to the modeller."""

import json
from base64 import b64encode

from config.programs.running import Limits, program_run

PROGRAM = "generation.providers.mesh.procedural.program"
LIMITS = Limits(seconds=120, cpu_seconds=60, memory=4 * 1024**3)


def model(
    prompt: str, *, seed: int, image: bytes = b"", shape: str = "", size_mm: float | None = None
) -> bytes:
    """A GLB of what the prompt's known words say, or of the picture: the same for the same arguments. `shape` (relief,
    lithophane, silhouette) says what becomes of a picture; empty: what the prompt says, or a relief. `size_mm` is the
    longest side; without it the sizes in the prompt hold.

    Raises `config.programs.running.ProgramFailedError`, also where the picture is none.
    """
    order = {
        "prompt": prompt,
        "seed": seed,
        "image": b64encode(image).decode(),
        "shape": shape,
        "size_mm": size_mm,
    }
    return program_run(PROGRAM, source=json.dumps(order).encode(), limits=LIMITS)
