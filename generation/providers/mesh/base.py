"""The `mesh` capability: words or a picture in, one mesh out, at once or as a task that is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from generation.domain.catalogue import MESH
from generation.domain.prices import PLAIN, TEXTURED, TEXTURES
from generation.providers.base import ProviderError
from generation.providers.orders import Answer, Maker, Order

if TYPE_CHECKING:
    from generation.domain.prices import ItemPrice

#: An OBJ may come as a ZIP with its materials: its content tells.
MeshFormat = Literal["glb", "obj", "stl", "3mf", "ply"]


@dataclass(frozen=True, slots=True)
class MeshOrder(Order):
    """One mesh, of words or of a picture.

    - `prompt`: with a picture, what is to be seen on it; may be empty then.
    - `image`: the picture's bytes; `image_media_type` says which kind.
    - `shape`: relief, lithophane or silhouette, of a picture; only the sandbox reads it.
    - `draft`: the vendor's id of the mesh without textures that is given some, where it makes both apart.
    - `size_mm`: the longest side; only the sandbox reads it, vendors' meshes are scaled by who asked for them.
    """

    capability: ClassVar[str] = MESH
    prompt: str = ""
    image: bytes = field(default=b"", repr=False)
    image_media_type: str = ""
    shape: str = ""
    size_mm: float | None = None
    is_textured: bool = True
    seed: int | None = None
    draft: str = ""

    def __post_init__(self) -> None:
        if not self.prompt and not self.image:
            raise ValueError("A mesh is made of words or of a picture.")
        if self.size_mm is not None and self.size_mm <= 0:
            raise ValueError("size_mm must be positive.")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s must be positive.")

    def cost(self, price: ItemPrice) -> int:
        return price.of(quality=TEXTURES if self.draft else TEXTURED if self.is_textured else PLAIN)


@dataclass(frozen=True, slots=True)
class MeshFile:
    """What was made in one format: a link to copy at once, as it expires, or the file itself."""

    format: MeshFormat
    url: str = ""
    data: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not self.url and not self.data:
            raise ValueError("A file has a link or data.")


@dataclass(frozen=True, slots=True)
class MeshAnswer(Answer):
    """`files` are there: done. The first is the one to take; `unit` is that of its numbers where the maker knows it.
    `is_draft`: it has no textures yet, and its vendor would give it some."""

    files: tuple[MeshFile, ...] = ()
    unit: str = ""
    is_draft: bool = False

    @property
    def is_done(self) -> bool:
        return bool(self.files)


#: What became of a task: how far it is, or the failure that it ended with.
Outcome = MeshAnswer | ProviderError


class MeshMaker(Maker[MeshOrder, MeshAnswer], Protocol):
    """An adapter of meshes."""

    def check_key(self, *, timeout_s: float) -> None:
        """Raises `ProviderError` where the vendor doesn't take the key, or can't be asked."""
