"""What a handler gets: its job, its parsed input, and the only way to buy something."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, BinaryIO, cast

import msgspec
import structlog

from generation.domain.origins import is_same_model
from generation.errors import JobCancelledError
from generation.jobs import ledger, meshes, orders, products
from generation.jobs.attempts import LEAST_SECONDS, Attempt, AttemptLostError
from generation.jobs.buying import buy_by_routes, note_key_worked, passage, send
from generation.jobs.pieces import Pieces
from generation.jobs.registry import Waiting
from generation.jobs.routes import Route, routes_for
from generation.models import ProviderCall
from generation.providers.base import Usage
from generation.providers.image.base import ImageAnswer, ImageOrder
from generation.providers.llm.answer_text import storable
from generation.providers.llm.base import LLM, ChatDelta, ChatRequest, ChatResult
from generation.providers.mesh.base import MeshAnswer, MeshFormat, MeshOrder

log = structlog.get_logger(__name__)

#: Money is set aside for more input than is estimated: no prose needs as much, but a wall of random characters does.
INPUT_MARGIN = 1.6


@dataclass(slots=True)
class JobRun(Attempt):
    """One attempt at one job, as its handler has it.

    Handlers use `input`, `chat`, `image`, `mesh`, `progress` and `check`; `spent_micros` and `usage` sum up
    what the texts of this job cost, those of earlier attempts included. Anything bought is bought once per `step`,
    however often the handler runs: name the steps of a handler after what they buy.
    """

    calls_made: int = 0
    spent_micros: int = 0
    usage: Usage = Usage()
    #: Providers that are not to be asked for this job's texts.
    left_out: frozenset[str] = frozenset()

    # -- text ------------------------------------------------------------------------------------------------------

    def chat(
        self,
        step: str,
        request: ChatRequest,
        *,
        feature: str,
        on_delta: Callable[[ChatDelta], None] | None = None,
    ) -> ChatResult:
        """Buy a text, or return the one that this step has already bought.

        Asks the providers of `routes_for` in their order; the next one only when the first certainly charged nothing
        and its error is of a class that another provider may not have. With `on_delta` the answer is streamed: each
        piece is handed over as it comes, and an empty one now and then while none comes; from the first piece on no
        other provider is asked. A stream ends soon after its job was cancelled or taken away, also while the provider
        says nothing. `on_delta` may raise `JobCancelledError` (as `check` does) to stop it. A text that was bought
        before comes without pieces.

        Raises `ProviderError`, `ProviderKeyRefusedError` and `ProviderKeyNoCreditError` (an own key's fault),
        `CallUncertainError`, `CallInFlightError`, `BudgetExceededError`, `PriceMissingError`,
        `ModelUnknownError`, `ModelEndedError`, `ModelUnavailableError`, `ModelTakesNoImagesError`,
        `JobCancelledError`, `AttemptLostError`.
        """
        repeats = None
        if self.calls_made or self.job.attempt > 1:
            self.check()
            done, repeats = ledger.history(self.job, step, capability=ledger.TEXT)
            if done is not None:
                result = msgspec.convert(done.result, type=ChatResult)
                self._count(done.cost_micros or 0, result.usage)
                return result
        self.stay()
        self.calls_made += 1
        pieces = Pieces(on_delta, self.stop_if_unwanted) if on_delta is not None else None
        return buy_by_routes(
            self,
            partial(self._text_routes, request),
            partial(
                self._chat_by, step=step, request=request, feature=feature, repeats=repeats, pieces=pieces
            ),
            is_begun=lambda: pieces is not None and pieces.is_begun,
        )

    def has_bought(self, step: str) -> bool:
        """Whether `chat` has the answer of this step already and will ask nobody."""
        return ledger.settled(self.job, step) is not None

    def _text_routes(self, request: ChatRequest) -> tuple[Route, ...]:
        routes = routes_for(
            self.job.owner_id,
            model=request.model,
            is_test=self.job.is_test,
            since=self.job.created_at,
            has_images=request.has_images,
        )
        return tuple(route for route in routes if route.provider not in self.left_out)

    def _chat_by(
        self,
        route: Route,
        *,
        step: str,
        request: ChatRequest,
        feature: str,
        repeats: ProviderCall | None,
        pieces: Pieces | None,
    ) -> ChatResult:
        llm = route.llm()
        request = dataclasses.replace(
            request,
            model=route.model or None,
            request_key=f"{self.job.pk}:{step}",
            attempt=self.job.failures + 1,
            max_output_tokens=min(request.max_output_tokens, route.most_output or request.max_output_tokens),
        )
        with passage(self, route):
            return self._buy(route, llm, step, request, feature=feature, repeats=repeats, pieces=pieces)

    def _buy(
        self,
        route: Route,
        llm: LLM,
        step: str,
        request: ChatRequest,
        *,
        feature: str,
        repeats: ProviderCall | None,
        pieces: Pieces | None,
    ) -> ChatResult:
        """Reserve, send, settle. The time for the call is what the wait for its turn has left."""
        most = route.price.cost(
            input_tokens=ceil(llm.estimate_input_tokens(request) * INPUT_MARGIN),
            output_tokens=llm.max_billed_output_tokens(request),
        )
        left = max(LEAST_SECONDS, self.entry.remaining_seconds * 0.9)
        request = dataclasses.replace(request, timeout_s=min(request.timeout_s, left), deadline_s=left)
        call = ledger.reserve(
            self.job, step, feature=feature, capability=ledger.TEXT, provider=route.provider, model=route.model,
            micros=most, price_version=route.price.version, is_test=route.is_test, key=route.key, repeats=repeats,
        )  # fmt: skip

        def ask() -> ChatResult:
            if pieces is None:
                return llm.complete(request)
            try:
                return pieces.collect(llm, request)
            except (JobCancelledError, AttemptLostError):
                # The reader of the stream stopped it: what had come by then is charged, and nobody tells how much it
                # was.
                usage = pieces.usage(request)
                ledger.settle_useless(
                    call, micros=_cost(route.price, usage), usage=usage, code="JOB_CANCELLED"
                )
                raise

        return self._settle(route, call, send(call, ask, route=route, cost=partial(_cost, route.price)))

    def _settle(self, route: Route, call: ProviderCall, result: ChatResult) -> ChatResult:
        """The answer as it can be stored, with its price."""
        result = dataclasses.replace(
            result,
            text=storable(result.text),
            reasoning=storable(result.reasoning),
            answered_model=storable(result.answered_model),
            cut=storable(result.cut),
        )
        if not is_same_model(call.model, result.answered_model):
            log.warning("provider.other_model", asked=call.model, answered=result.answered_model)
        micros = _cost(route.price, result.usage)
        ledger.settle(
            call,
            micros=micros,
            usage=result.usage,
            result=msgspec.to_builtins(result),
            provider_ref=result.provider_ref or "",
            answered_model=result.answered_model,
        )
        self._count(micros, result.usage)
        note_key_worked(route)
        return result

    def _count(self, micros: int, usage: Usage) -> None:
        self.spent_micros += micros
        self.usage = self.usage + usage

    # -- what is ordered -------------------------------------------------------------------------------------------

    def image(self, step: str, order: ImageOrder, *, feature: str) -> ImageAnswer | Waiting:
        """Buy a picture, or go on with the one that this step has ordered (`orders.buy`)."""
        return cast("ImageAnswer | Waiting", orders.buy(self, step, order, feature=feature))

    def picture(self, answer: ImageAnswer) -> bytes:
        """What a done answer holds (`products.picture_bytes`)."""
        return products.picture_bytes(answer)

    def mesh(self, step: str, order: MeshOrder, *, feature: str) -> MeshAnswer | Waiting:
        """Buy a mesh, or go on with the one that this step has ordered (`meshes.buy`)."""
        return meshes.buy(self, step, order, feature=feature)

    def mesh_file(self, answer: MeshAnswer, format: MeshFormat | None = None) -> BinaryIO:
        """A file of a done answer (`products.mesh_file`)."""
        return products.mesh_file(answer, format)


def _cost(price: Any, usage: Usage) -> int:
    cost: int = price.cost(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cached_tokens=usage.cached_tokens
    )
    return cost
