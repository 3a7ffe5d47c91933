"""What something would cost: a range, before anything is bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any
from uuid import UUID

from accounts.services.budgets import budget_check
from config.errors import SecretUnreadableError
from generation.domain.prices import CURRENCY
from generation.jobs.order_routes import OrderRoute
from generation.jobs.routes import Route
from generation.jobs.run import INPUT_MARGIN
from generation.jobs.texts import MOST_ROUNDS
from generation.providers.llm.base import LLM, ChatRequest
from generation.providers.llm.structured import MOST_ANSWERS


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-units of `currency`. The settled cost lies between both: `least_micros` is the input alone, `most_micros`
    has every answer as long as it may get, by the dearest of the providers that may be asked.

    `budgeted_micros` is the least that a budget will count: nothing where an own key may pay.
    """

    owner_id: UUID
    routes: tuple[Route | OrderRoute, ...]
    least_micros: int
    most_micros: int
    currency: str = CURRENCY

    @property
    def budgeted_micros(self) -> int:
        return 0 if any(route.key is not None for route in self.routes) else self.least_micros

    @property
    def is_test(self) -> bool:
        """Whether it is paid in play money."""
        return all(route.is_test for route in self.routes)

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "least_micros": self.least_micros,
            "most_micros": self.most_micros,
            "currency": self.currency,
            "routes": shown_routes(self.routes),
        }

    def check(self) -> None:
        """Raises BudgetExceededError when what is left doesn't pay for it, however cheap it gets."""
        if self.budgeted_micros:
            budget_check(owner_id=self.owner_id, micros=self.budgeted_micros, is_test=self.is_test)


@dataclass(frozen=True, slots=True)
class Offer:
    """A route, and the adapter that would be asked."""

    route: Route
    llm: LLM

    def data_range(self, request: ChatRequest) -> tuple[int, int]:
        """The least and the most that JSON costs here, corrections and another round included (`TextOrder.data`)."""
        price = self.route.price
        read, written = self.llm.estimate_input_tokens(request), self.llm.max_billed_output_tokens(request)
        # The estimate is an upper one; a tokenizer may well need half as much.
        least = price.cost(input_tokens=read // 3, output_tokens=0, cached_tokens=read // 3)
        again = sum(range(MOST_ANSWERS)) * written  # a correction reads what was answered before
        most = price.cost(
            input_tokens=MOST_ANSWERS * ceil(read * INPUT_MARGIN) + again,
            output_tokens=MOST_ANSWERS * written,
        )
        return least, MOST_ROUNDS * most


def offers_of(routes: Sequence[Route]) -> list[Offer]:
    """The routes that can be asked. Raises SecretUnreadableError when no own key of the only ones can be decrypted."""
    offers = []
    for route in routes:
        try:
            offers.append(Offer(route, route.llm()))
        except SecretUnreadableError:
            if not offers and route is routes[-1]:
                raise
    return offers


def shown_routes(routes: Sequence[Route | OrderRoute]) -> list[dict[str, Any]]:
    """As the API shows them."""
    return [
        {
            "provider": route.provider,
            "model": route.model,
            "price_version": route.price.version,
            "is_own_key": route.key is not None,
        }
        for route in routes
    ]
