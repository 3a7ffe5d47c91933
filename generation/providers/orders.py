"""What is ordered rather than asked for, pictures and meshes: made at once, or as a task that is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from generation.providers.base import ProviderError

if TYPE_CHECKING:
    from generation.domain.prices import ItemPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What every order says, whatever is ordered.

    - `model`: None means the adapter's own model.
    - `timeout_s`: seconds for the vendor's answer to the order.
    - `request_key`: our stable name for this purchase, the same for each attempt.
    - `attempt`: 1 for the first try, one more for each repetition.
    """

    capability: ClassVar[str]
    model: str | None = None
    timeout_s: float = 120.0
    request_key: str = ""
    attempt: int = 1

    def cost(self, price: ItemPrice) -> int:
        """What it costs at this price, in micro-units."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an order. Not done: the vendor works on it, `provider_ref` is its id of the task, `percent` its own
    word on how far it is, if it has one. What failed is a `ProviderError`."""

    provider: str
    model: str
    provider_ref: str = ""
    percent: int | None = None

    def __post_init__(self) -> None:
        if not self.is_done and not self.provider_ref:
            raise ValueError("Without the vendor's id there is nothing to ask for.")

    @property
    def is_done(self) -> bool:
        raise NotImplementedError


OrderT = TypeVar("OrderT", bound=Order)
OrderT_contra = TypeVar("OrderT_contra", bound=Order, contravariant=True)
AnswerT_co = TypeVar("AnswerT_co", bound=Answer, covariant=True)


class InOne:
    """For adapters whose vendors make what is ordered in one."""

    def part_of(self, order: OrderT) -> OrderT:
        return order


class AtOnce(InOne):
    """For adapters whose orders are answered with what was made: there is nothing to look up."""

    has_tasks = False

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Any]:
        return {}

    def find(self, order: Any, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        return None

    def cancel(self, ref: str) -> bool:
        return False


class Maker(Protocol[OrderT_contra, AnswerT_co]):
    """An adapter. Implementations are shared between threads and hold no state of an order."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str:
        """The model that is asked when an order names none."""

    @property
    def has_tasks(self) -> bool:
        """Whether orders are answered with a task, so that one whose answer was lost may be found again."""

    def part_of(self, order: Any) -> Any:
        """What is ordered first: all of it, or a part where the vendor makes it in parts and is paid for each."""

    def order(self, order: OrderT_contra) -> AnswerT_co:
        """Place the order. Raises `ProviderError` only."""

    def look_up(self, refs: Sequence[str]) -> Mapping[str, AnswerT_co | ProviderError]:
        """What became of these tasks, all asked for together: how far each is, or the failure that it ended with. One
        that isn't in the answer is asked for again later. Raises `ProviderError` when the vendor can't be asked, which
        says nothing about the tasks."""

    def find(self, order: OrderT_contra, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        """The id of an order that was sent at that time and whose answer was lost; `known` are ids that belong to
        others. None: nobody can tell. Raises `ProviderError` when the vendor can't be asked, or can't tell yet."""

    def cancel(self, ref: str) -> bool:
        """Stop a task, so that it costs nothing. False: it is too late, or the vendor has no such thing. Raises
        `ProviderError` when the vendor can't be asked."""


AnyMaker = Maker[Any, Answer]
