"""The `image` capability: a prompt in, one picture out, at once or as a task that is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from generation.domain.catalogue import IMAGE
from generation.providers.base import ProviderError
from generation.providers.orders import Answer, Maker, Order

if TYPE_CHECKING:
    from generation.domain.prices import ItemPrice

Quality = Literal["standard", "high"]


@dataclass(frozen=True, slots=True)
class ImageOrder(Order):
    """One picture.

    - `width`, `height`: pixels; an adapter takes the nearest size that its vendor makes.
    - `style`: a word of the product's; only the sandbox reads it, the prompt carries it for real vendors.
    """

    capability: ClassVar[str] = IMAGE
    prompt: str
    width: int
    height: int
    negative_prompt: str = ""
    style: str = ""
    seed: int | None = None
    quality: Quality = "standard"

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError("A picture has at least one pixel each way.")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s must be positive.")

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def cost(self, price: ItemPrice) -> int:
        return price.of(quality=self.quality, pixels=self.pixels)


@dataclass(frozen=True, slots=True)
class Picture:
    """What was made: a link to copy at once, as it expires, or the file itself."""

    url: str = ""
    data: bytes = field(default=b"", repr=False)
    seed: int | None = None

    def __post_init__(self) -> None:
        if not self.url and not self.data:
            raise ValueError("A picture has a link or data.")


@dataclass(frozen=True, slots=True)
class ImageAnswer(Answer):
    """`picture` is there: done."""

    picture: Picture | None = None
    revised_prompt: str = ""

    @property
    def is_done(self) -> bool:
        return self.picture is not None


#: What became of a task: how far it is, or the failure that it ended with.
Outcome = ImageAnswer | ProviderError
ImageMaker = Maker[ImageOrder, ImageAnswer]
