"""A program: decodes the picture at its standard input and says its size. Started by `config.files.pictures`; knows
nothing of the product, so that it starts quickly."""

import json
import sys

from PIL import Image

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}


def main(media_type: str, most_pixels: int) -> dict[str, int | bool]:
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, below
    with Image.open(sys.stdin.buffer, formats=[FORMATS[media_type]]) as image:
        width, height = image.size
        if width * height > most_pixels:
            return {"width": width, "height": height, "is_too_large": True}
        image.load()
        if image.getexif().get(0x0112, 1) >= 5:  # the camera was held upright
            width, height = height, width
    return {"width": width, "height": height}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))  # noqa: T201
