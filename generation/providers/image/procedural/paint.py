"""The door to the painter."""

import json

from config.programs.running import Limits, program_run

PROGRAM = "generation.providers.image.procedural.program"
LIMITS = Limits(seconds=120, cpu_seconds=60, memory=3 * 1024**3)


def paint(
    prompt: str, *, width: int, height: int, seed: int, style: str = "", negative_prompt: str = ""
) -> bytes:
    """A PNG of what the prompt's known words say, the same for the same arguments. `style` is a word of
    `generation.domain.images.Style`; empty: what the prompt says, or realistic.

    Raises `config.programs.running.ProgramFailedError`.
    """
    order = {
        "prompt": prompt,
        "width": width,
        "height": height,
        "seed": seed,
        "style": style,
        "negative_prompt": negative_prompt,
    }
    return program_run(PROGRAM, source=json.dumps(order).encode(), limits=LIMITS)
