"""The `image` capability: a prompt in, one picture out, at once or as a task that is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from generation.providers.base import ProviderError

Quality = Literal["standard", "high"]


@dataclass(frozen=True, slots=True)
class ImageOrder:
    """One picture.

    - `width`, `height`: pixels; an adapter takes the nearest size that its vendor makes.
    - `model`: None means the adapter's own model.
    - `style`: a word of the product's; only the sandbox reads it, the prompt carries it for real vendors.
    - `timeout_s`: seconds for the vendor's answer to the order.
    - `request_key`: our stable name for this purchase, the same for each attempt.
    - `attempt`: 1 for the first try, one more for each repetition.
    """

    prompt: str
    width: int
    height: int
    model: str | None = None
    negative_prompt: str = ""
    style: str = ""
    seed: int | None = None
    quality: Quality = "standard"
    timeout_s: float = 120.0
    request_key: str = ""
    attempt: int = 1

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError("A picture has at least one pixel each way.")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s must be positive.")

    @property
    def pixels(self) -> int:
        return self.width * self.height


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
class ImageAnswer:
    """`picture` is there: done. Otherwise the vendor works on it: `provider_ref` is its id of the task, `percent` its
    own word on how far it is, if it has one. What failed is a `ProviderError`."""

    provider: str
    model: str
    picture: Picture | None = None
    provider_ref: str = ""
    percent: int | None = None
    revised_prompt: str = ""

    def __post_init__(self) -> None:
        if self.picture is None and not self.provider_ref:
            raise ValueError("Without the vendor's id there is nothing to ask for.")

    @property
    def is_done(self) -> bool:
        return self.picture is not None


#: What became of a task: how far it is, or the failure that it ended with.
Outcome = ImageAnswer | ProviderError


class AtOnce:
    """For adapters whose orders are answered with the picture: there is nothing to look up."""

    has_tasks = False

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        return {}

    def find(self, order: ImageOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        return None

    def cancel(self, ref: str) -> bool:
        return False


class ImageMaker(Protocol):
    """An adapter. Implementations are shared between threads and hold no state of an order."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str:
        """The model that is asked when an order names none."""

    @property
    def has_tasks(self) -> bool:
        """Whether orders are answered with a task, so that one whose answer was lost may be found again."""

    def order(self, order: ImageOrder) -> ImageAnswer:
        """Place the order. Raises `ProviderError` only."""

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        """What became of these tasks, all asked for together. One that isn't in the answer is asked for again later.
        Raises `ProviderError` when the vendor can't be asked, which says nothing about the tasks."""

    def find(self, order: ImageOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        """The id of an order that was sent at that time and whose answer was lost; `known` are ids that belong to
        others. None: nobody can tell. Raises `ProviderError` when the vendor can't be asked, or can't tell yet."""

    def cancel(self, ref: str) -> bool:
        """Stop a task, so that it costs nothing. False: it is too late, or the vendor has no such thing. Raises
        `ProviderError` when the vendor can't be asked."""
