"""An offline maker of pictures: deterministic, free, and able to fail in every way a real one does
(`sandbox_maker`). What it makes is painted by rules (`procedural`)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from config.programs.running import ProgramFailedError
from generation.domain.images import Style
from generation.providers.image.base import ImageAnswer, ImageOrder, Picture
from generation.providers.image.procedural.paint import paint
from generation.providers.sandbox_maker import LINK, NOT_MADE, SandboxMaker, behind_broken


class SandboxImages(SandboxMaker[ImageOrder, ImageAnswer]):
    nothing = "no-picture"
    #: For who writes the prompts of pictures.
    more = ("no-prompts",)
    kept = "sandbox-images"

    def made(self, order: ImageOrder, model: str) -> ImageAnswer:
        try:
            picture = Picture(data=paint(**_wanted(order)), seed=order.seed)
        except ProgramFailedError:
            pass
        else:
            return ImageAnswer(self.name, model, picture=picture)
        raise NOT_MADE.error(self.name)

    def linked(self, model: str, link: str, ref: str, seed: int) -> ImageAnswer:
        return ImageAnswer(self.name, model, provider_ref=ref, picture=Picture(url=link, seed=seed))

    def working(self, model: str, ref: str, percent: int | None) -> ImageAnswer:
        return ImageAnswer(self.name, model, provider_ref=ref, percent=percent)

    def link_of(self, order: ImageOrder, ref: str) -> str:
        return f"{LINK}paint?{urlencode(_wanted(order))}"


def behind(link: str, most_bytes: int) -> tuple[int, bytes]:
    """The status and the content that a link of the sandbox leads to; no more than a byte too much."""
    broken = behind_broken(link, most_bytes, begins=b"\x89PNG\r\n\x1a\n" + bytes(256))
    if broken is not None:
        return broken
    told: dict[str, Any] = dict(parse_qsl(link.partition("?")[2], keep_blank_values=True))
    numbers = {name: int(told[name]) for name in ("width", "height", "seed")}
    try:
        return 200, paint(**{**told, **numbers})
    except ProgramFailedError:
        return 503, b""


def _wanted(order: ImageOrder) -> dict[str, Any]:
    """The painter's arguments."""
    return {
        "prompt": order.prompt,
        "width": order.width,
        "height": order.height,
        "seed": order.seed,
        "style": order.style if order.style in set(Style) else "",
        "negative_prompt": order.negative_prompt,
    }
