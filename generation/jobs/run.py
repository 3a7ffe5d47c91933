"""What a handler gets: its job, its parsed input, and the only way to buy something."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import msgspec
import structlog

from accounts.selectors.keys import provider_key_is_current, provider_keys_forget
from accounts.services.keys import OWN_ERRORS, key_refused, key_worked
from config.db import release_connection
from config.errors import SecretUnreadableError
from generation.domain.origins import is_same_model
from generation.domain.states import CallStatus
from generation.errors import CallInFlightError, JobCancelledError, JobTimeoutError
from generation.jobs import gateway, ledger, transitions
from generation.jobs.pieces import Pieces
from generation.jobs.routes import Route, routes_for
from generation.jobs.worker import InFlight, this_worker
from generation.models import Job, ProviderCall
from generation.providers import registry
from generation.providers.base import (
    ADDRESS_REFUSED,
    AUTH_FAILED,
    BAD_ANSWER,
    QUOTA_EXHAUSTED,
    UNAVAILABLE,
    ProviderError,
    Usage,
)
from generation.providers.limits import AcquireCancelledError
from generation.providers.llm.answer_text import storable
from generation.providers.llm.base import LLM, ChatDelta, ChatRequest, ChatResult

log = structlog.get_logger(__name__)

#: Money is set aside for more input than is estimated: no prose needs as much, but a wall of random characters does.
INPUT_MARGIN = 1.6
#: What an owner can only mend by changing the key: it is noted there.
KEY_FAULTS = frozenset({AUTH_FAILED, QUOTA_EXHAUSTED, ADDRESS_REFUSED})
#: A call that begins with less time than this left would only be cut off.
LEAST_SECONDS = 1.0
#: How often a step may be charged for answers that are of no use before only a person may ask again.
MOST_IN_VAIN = 2
#: How often an owner's keys may change while a call is on its way.
MOST_CHANGES = 3


class NobodyLeftError(Exception):
    """All providers that could be asked are those that the handler left out."""


class _KeyChangedError(Exception):
    """An own key was taken away or changed since its snapshot: nobody uses it."""


class AttemptLostError(Exception):
    """This attempt was given up and its job belongs to another one: drop everything, write nothing."""


class WorkerLeavesError(Exception):
    """This worker was asked to stop and buys nothing new: the job goes on in another one."""


@dataclass(slots=True)
class JobRun:
    """One attempt at one job.

    Handlers use `input`, `chat`, `purchase`, `progress` and `check`; `spent_micros` and `usage` sum up what the texts
    of this job cost, those of earlier attempts included. Anything bought through `chat` or `purchase` is
    bought once per `step`, however often the handler runs: name the steps of a handler after what they buy.
    """

    job: Job
    input: Any
    entry: InFlight
    calls_made: int = 0
    spent_micros: int = 0
    usage: Usage = Usage()
    #: Providers that are not to be asked for this job's texts.
    left_out: frozenset[str] = frozenset()

    @property
    def provider_ref(self) -> str:
        return self.job.provider_ref

    def check(self) -> None:
        """Stop here if the job was cancelled or taken away. Called between steps; costs one small query."""
        row = (
            Job.objects.filter(pk=self.job.pk).values_list("attempt", "status", "cancel_requested_at").first()
        )
        if row is None or self.entry.is_lost or row[:2] != (self.job.attempt, self.job.status):
            raise AttemptLostError
        if row[2] is not None:
            raise JobCancelledError
        if self.entry.remaining_seconds < LEAST_SECONDS:
            raise JobTimeoutError

    def _is_unwanted(self) -> bool:
        """Whether the job was cancelled or taken away, as of half a second ago. Cheap."""
        this_worker().look()
        release_connection()
        return self.entry.is_lost or self.entry.is_cancelled

    def _stop_if_unwanted(self) -> None:
        if self._is_unwanted():
            raise AttemptLostError if self.entry.is_lost else JobCancelledError

    def _stay(self) -> None:
        if this_worker().is_leaving:
            raise WorkerLeavesError

    def progress(self, percent: int, message: str = "") -> None:
        """Tell how far the job is (0-99; 100 belongs to success). Written outside of any transaction of the work."""
        percent = max(0, min(99, percent))
        data = {"percent": percent, **({"message": message} if message else {})}
        if transitions.change(transitions.held(self.job), "progress", data, progress=percent) is None:
            raise AttemptLostError

    def note(self, type: str, data: Mapping[str, Any]) -> None:
        """Write an event of the kind's own into the job's list."""
        if transitions.change(transitions.held(self.job), type, data) is None:
            raise AttemptLostError

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
        self._stay()
        self.calls_made += 1
        pieces = Pieces(on_delta, self._stop_if_unwanted) if on_delta is not None else None
        for _ in range(MOST_CHANGES):
            try:
                return self._chat_by_routes(step, request, feature=feature, repeats=repeats, pieces=pieces)
            except _KeyChangedError:
                provider_keys_forget(self.job.owner_id)
        raise gateway.TurnMissedError(
            UNAVAILABLE, "The owner's keys change too often.", retryable=True, charged=False
        )

    def has_bought(self, step: str) -> bool:
        """Whether `chat` has the answer of this step already and will ask nobody."""
        return ledger.settled(self.job, step) is not None

    def _chat_by_routes(
        self,
        step: str,
        request: ChatRequest,
        *,
        feature: str,
        repeats: ProviderCall | None,
        pieces: "Pieces | None",
    ) -> ChatResult:
        routes = routes_for(
            self.job.owner_id,
            model=request.model,
            is_test=self.job.is_test,
            since=self.job.created_at,
            has_images=request.has_images,
        )
        routes = tuple(route for route in routes if route.provider not in self.left_out)
        if not routes:
            raise NobodyLeftError
        for route in routes:
            try:
                return self._chat_by(route, step, request, feature=feature, repeats=repeats, pieces=pieces)
            except ProviderError as error:
                is_begun = pieces is not None and pieces.is_begun
                if is_begun or not error.allows_fallback or route is routes[-1]:
                    raise _as_the_owner_sees_it(route, error) from None
            except SecretUnreadableError:
                # The owner's own key can't be decrypted: an operator's fault that another way may make up for.
                log.error("provider_key.unreadable", key=str(route.key.pk) if route.key else "")
                if route is routes[-1]:
                    raise
        raise AssertionError("there is always at least one route")

    def _chat_by(
        self,
        route: Route,
        step: str,
        request: ChatRequest,
        *,
        feature: str,
        repeats: ProviderCall | None,
        pieces: "Pieces | None",
    ) -> ChatResult:
        llm = route.llm()
        request = dataclasses.replace(
            request,
            model=route.model or None,
            request_key=f"{self.job.pk}:{step}",
            attempt=self.job.failures + 1,
            max_output_tokens=min(request.max_output_tokens, route.most_output or request.max_output_tokens),
        )
        try:
            with gateway.passage(
                route.lane,
                owner=self.job.owner_id,
                timeout_s=self.entry.remaining_seconds / 2,
                is_cancelled=lambda: self._is_unwanted() or this_worker().is_leaving,
            ):
                return self._buy(route, llm, step, request, feature=feature, repeats=repeats, pieces=pieces)
        except AcquireCancelledError:
            self.check()
            self._stay()
            raise AttemptLostError from None

    def _buy(
        self,
        route: Route,
        llm: LLM,
        step: str,
        request: ChatRequest,
        *,
        feature: str,
        repeats: ProviderCall | None,
        pieces: "Pieces | None",
    ) -> ChatResult:
        """Reserve, send, settle. The time for the call is what the wait for its turn has left."""
        if route.key is not None and not provider_key_is_current(route.key):
            raise _KeyChangedError
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
        if not ledger.mark_sent(call):
            raise AttemptLostError
        release_connection()
        try:
            result = llm.complete(request) if pieces is None else pieces.collect(llm, request)
        except ProviderError as error:
            self._close_failed(call, error, lambda usage: _cost(route.price, usage))
            if route.key is not None and error.code in KEY_FAULTS:
                key_refused(route.key.pk, error.code, secret=route.key.secret)
            raise
        except (JobCancelledError, AttemptLostError):
            # The reader of the stream stopped it: what had come by then is charged, and nobody tells how much it was.
            usage = pieces.usage(request) if pieces is not None else Usage()
            ledger.settle_useless(call, micros=_cost(route.price, usage), usage=usage, code="JOB_CANCELLED")
            raise
        except BaseException:
            ledger.mark_uncertain(call, code="JOB_INTERNAL_ERROR")
            raise
        return self._settle(route, call, result)

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
        if route.key is not None and route.key.error_code:
            key_worked(route.key.pk)
        return result

    def _count(self, micros: int, usage: Usage) -> None:
        self.spent_micros += micros
        self.usage = self.usage + usage

    def _close_failed(self, call: ProviderCall, error: ProviderError, cost: Callable[[Usage], int]) -> None:
        if error.charged is False:
            ledger.release(call, code=error.code)
            return
        if error.raw:
            ledger.keep_unread(call, storable(error.raw))
        if error.charged:
            usage = error.usage or Usage()
            ledger.settle_useless(call, micros=cost(usage), usage=usage, code=error.code)
        else:
            ledger.mark_uncertain(call, code=error.code)
        is_unread = error.code == BAD_ANSWER and error.charged is None
        if is_unread or error.charged and ledger.paid_in_vain(call) >= MOST_IN_VAIN:
            # It was answered: the same question would bring the same answer, at a price.
            error.retryable = False

    # -- everything else -------------------------------------------------------------------------------------------

    def purchase(
        self,
        step: str,
        *,
        capability: str,
        provider: str,
        model: str,
        micros: int,
        feature: str,
        order: Callable[[str], str],
        price_version: str = "",
    ) -> str:
        """Order something whose outcome can be looked up, or return the id of the order that was already placed.

        `order(request_key)` sends the order and returns the provider's task id, which is stored at once. It is never
        sent a second time: when a process died between sending and storing, `CallUncertainError` asks for a person.
        """
        placed = ProviderCall.objects.filter(
            job_id=self.job.pk, step=step, status__in=[CallStatus.SENT, CallStatus.SETTLED]
        ).first()
        if placed is not None:
            if not placed.provider_ref:
                raise CallInFlightError(step=step)
            return placed.provider_ref
        ledger.may_buy(self.job, step, capability=capability)
        self.check()
        self._stay()
        call = ledger.reserve(
            self.job,
            step,
            feature=feature,
            capability=capability,
            provider=provider,
            model=model,
            micros=micros,
            price_version=price_version,
            is_test=self.job.is_test or provider == registry.SANDBOX,
        )
        if not ledger.mark_sent(call):
            raise AttemptLostError
        release_connection()
        try:
            ref = order(f"{self.job.pk}:{step}")
        except ProviderError as error:
            if error.charged is None and error.provider_ref:
                ledger.mark_accepted(call, error.provider_ref)
            else:
                self._close_failed(call, error, lambda _usage: micros)
            raise
        except BaseException:
            ledger.mark_uncertain(call, code="JOB_INTERNAL_ERROR")
            raise
        ledger.mark_accepted(call, ref)
        return ref

    def settle_purchase(self, step: str, *, micros: int, result: Mapping[str, Any]) -> None:
        """The look-up says that the order is done: write down what it cost and where the result is."""
        call = ProviderCall.objects.filter(job_id=self.job.pk, step=step, status=CallStatus.SENT).first()
        if call is not None:
            ledger.settle(call, micros=micros, usage=Usage(), result=json.loads(json.dumps(dict(result))))

    def release_purchase(self, step: str, *, code: str) -> None:
        """The look-up says that the order failed and cost nothing."""
        call = ProviderCall.objects.filter(job_id=self.job.pk, step=step, status=CallStatus.SENT).first()
        if call is not None:
            ledger.release(call, code=code)


def _as_the_owner_sees_it(route: Route, error: ProviderError) -> Exception:
    """The operator can't mend a key of the owner's own: what the vendor says of it is for the owner."""
    if route.key is None or error.code not in OWN_ERRORS:
        return error
    details = {"provider": route.provider, "key_id": str(route.key.pk), "last_four": route.key.last_four}
    return OWN_ERRORS[error.code](charged=error.charged, details=details)


def _cost(price: Any, usage: Usage) -> int:
    cost: int = price.cost(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cached_tokens=usage.cached_tokens
    )
    return cost
