"""A program: reads an order as JSON at its standard input and answers the picture as a PNG. Started by
`generation.providers.image.procedural.paint`."""

import io
import json
import sys

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.providers.image.procedural.scene import paint_scene

SOFTWARE = "Atelier procedural painter"


def picture(prompt: str, *, width: int, height: int, seed: int, style: str, negative_prompt: str) -> bytes:
    """The PNG. It says in its metadata that no model has made it."""
    pixels, used = paint_scene(
        prompt, width=width, height=height, seed=seed, style=style, negative_prompt=negative_prompt
    )
    facts = PngInfo()
    told = {
        "Software": SOFTWARE,
        "procedural": "true",
        "prompt": prompt,
        "seed": str(seed),
        "style": used.value,
    }
    for name, text in told.items():
        facts.add_itxt(name, text)
    made = io.BytesIO()
    image = Image.fromarray((pixels * 255 + 0.5).astype(np.uint8))
    image.save(made, "PNG", pnginfo=facts, compress_level=4)
    return made.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(picture(**json.load(sys.stdin.buffer)))
