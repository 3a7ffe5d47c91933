"""An offline maker of meshes: deterministic, free, and able to fail in every way a real one does (`sandbox_maker`).
What it makes is made by rules (`procedural`), of words or of a picture, and says so."""

from __future__ import annotations

from typing import Any, Final

from django.core.cache import cache

from config.programs.running import ProgramFailedError
from generation.providers.mesh.base import MeshAnswer, MeshFile, MeshOrder
from generation.providers.mesh.procedural.model import model as modelled
from generation.providers.sandbox_maker import KEPT_SECONDS, LINK, NOT_MADE, SandboxMaker, behind_broken

#: The unit of a GLB's numbers.
UNIT: Final = "m"
BROKEN: Final = "broken"
#: What says that it is longer than it is.
_BROKEN_GLB: Final = b"glTF\x02\x00\x00\x00\xff\x00\x00\x00"


class SandboxMeshes(SandboxMaker[MeshOrder, MeshAnswer]):
    nothing = "no-mesh"
    links = (BROKEN,)
    kept = "sandbox-meshes"

    def check_key(self, *, timeout_s: float) -> None:
        """It takes any."""

    def made(self, order: MeshOrder, model: str) -> MeshAnswer:
        try:
            file = MeshFile("glb", data=modelled(**_wanted(order)))
        except ProgramFailedError:
            pass
        else:
            return MeshAnswer(self.name, model, files=(file,), unit=UNIT)
        raise NOT_MADE.error(self.name)

    def linked(self, model: str, link: str, ref: str, seed: int) -> MeshAnswer:
        return MeshAnswer(self.name, model, provider_ref=ref, files=(MeshFile("glb", url=link),), unit=UNIT)

    def working(self, model: str, ref: str, percent: int | None) -> MeshAnswer:
        return MeshAnswer(self.name, model, provider_ref=ref, percent=percent)

    def link_of(self, order: MeshOrder, ref: str) -> str:
        """The picture is too long for a link."""
        cache.set(_key(ref), _wanted(order), KEPT_SECONDS)
        return f"{LINK}model?{ref}"


def behind(link: str, most_bytes: int) -> tuple[int, bytes]:
    """The status and the content that a link of the sandbox leads to; no more than a byte too much."""
    broken = behind_broken(link, most_bytes, begins=b"glTF" + bytes(256))
    if broken is not None:
        return broken
    if link == f"{LINK}{BROKEN}":
        return 200, _BROKEN_GLB
    wanted = cache.get(_key(link.partition("?")[2]))
    if wanted is None:
        return 404, b""
    try:
        return 200, modelled(**wanted)
    except ProgramFailedError:
        return 503, b""


def _wanted(order: MeshOrder) -> dict[str, Any]:
    """The modeller's arguments."""
    return {
        "prompt": order.prompt,
        "seed": order.seed,
        "image": order.image,
        "shape": order.shape,
        "size_mm": order.size_mm,
    }


def _key(ref: str) -> str:
    return f"sandbox-meshes:order:{ref}"
