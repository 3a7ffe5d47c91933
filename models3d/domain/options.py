"""What a model is made of, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from models3d.domain.words import Format, Unit

#: Characters of a prompt.
MAX_PROMPT_CHARACTERS: Final = 500
LARGEST_SEED: Final = 2_147_483_647
#: The longest side of what a maker gives no size and nobody has asked for one, in millimetres.
USUAL_MM: Final = 100.0
#: What rules can make of a picture; makers that are models make what they see.
SHAPES: Final = ("relief", "lithophane", "silhouette")
#: What a version is converted to.
TARGETS: Final = (Format.GLB, Format.STL, Format.OBJ, Format.THREE_MF)
#: Files of one version that were scaled to a size: the oldest go.
SCALED_FILES: Final = 8


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Exactly one of the first four is what it is made of. `seed` None: any; `model` empty: the preferred maker."""

    request_id: UUID | None = None
    image_file_id: UUID | None = None
    prompt: str = ""
    file_id: UUID | None = None
    name: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    model: str = ""
    shape: str = ""
    size_mm: float | None = None
    unit: Unit | None = None
    is_textured: bool = True
    seed: int | None = None
    licence: str = ""
    remix_of: UUID | None = None
