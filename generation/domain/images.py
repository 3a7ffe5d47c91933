"""What can be asked of an image: its style, its shape, how well it is made, and how much of everything."""

from enum import StrEnum
from typing import Final

MAX_PROMPT_CHARACTERS: Final = 500
MAX_NEGATIVE_CHARACTERS: Final = 500
MOST_IMAGES: Final = 4
#: Seeds that all vendors take.
LARGEST_SEED: Final = 2**31 - 1


class Style(StrEnum):
    """How a picture looks. A request that names none gets one picture of each."""

    REALISTIC = "realistic"
    CARTOON = "cartoon"
    GEOMETRIC = "geometric"
    JAPANESE = "japanese"


class Size(StrEnum):
    """The shape of a picture; an adapter takes its vendor's nearest size."""

    SQUARE = "square"
    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"


#: Width and height that are asked for.
PIXELS: Final = {Size.SQUARE: (1024, 1024), Size.LANDSCAPE: (1536, 1024), Size.PORTRAIT: (1024, 1536)}


class Quality(StrEnum):
    STANDARD = "standard"
    HIGH = "high"
