"""Pictures that are laid on surfaces. They come from strangers too: each is decoded here before it goes anywhere."""

import io

from PIL import Image, UnidentifiedImageError

#: Larger ones aren't decoded.
MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
#: Every reader of GLB and OBJ knows these.
KEPT = {"PNG": "png", "JPEG": "jpg"}


def decoded(data: bytes, edge: int | None = None) -> Image.Image | None:
    """The picture, no side longer than `edge`; None if it is none, damaged or too large: the surface is plain then."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            if edge is not None:
                image.draft("RGB", (edge, edge))
            shown = image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    if edge is not None:
        shown.thumbnail((edge, edge))
    return shown


def kept(data: bytes) -> tuple[bytes, str]:
    """A whole picture as PNG or JPEG with its ending; nothing if it is none."""
    shown = decoded(data)
    if shown is None:
        return b"", ""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.format in KEPT:
            return data, KEPT[image.format]
    made = io.BytesIO()
    shown.save(made, "PNG")
    return made.getvalue(), "png"
