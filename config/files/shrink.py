"""A program: makes small copies of the picture at its standard input, in WebP. Answers a line of JSON with the copies'
sizes, then the copies. Started by `config.files.pictures`; the picture was decoded once and is whole."""

import io
import json
import sys

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
QUALITY = 82


def main(edges: list[int]) -> list[tuple[Image.Image, bytes]]:
    """One copy for each edge, the largest first: neither side is longer, and nothing is enlarged."""
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(sys.stdin.buffer, formats=FORMATS) as image:  # of an animation, its first picture
        image.draft(
            "RGB", (2 * max(edges), 2 * max(edges))
        )  # a large JPEG is decoded smaller, and not too small
        upright = ImageOps.exif_transpose(image)
        shown = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    copies = []
    for edge in sorted(edges, reverse=True):
        shown.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        made = io.BytesIO()
        shown.save(made, "WEBP", quality=QUALITY, method=4)
        copies.append((shown.copy(), made.getvalue()))
    return copies


if __name__ == "__main__":
    made = main([int(edge) for edge in sys.argv[1:]])
    facts = [{"width": copy.width, "height": copy.height, "size": len(data)} for copy, data in made]
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + b"".join(data for _, data in made))
