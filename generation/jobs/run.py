"""What a handler gets: its job, its parsed input, and the only way to buy something."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from config.db import release_connection
from generation.domain.prices import price_for
from generation.domain.states import CallStatus
from generation.errors import CallInFlightError, JobCancelledError, JobTimeoutError, PriceMissingError
from generation.jobs import ledger, transitions
from generation.jobs.worker import InFlight
from generation.models import Job, ProviderCall
from generation.providers import registry
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatRequest, ChatResult

#: A call that begins with less time than this left would only be cut off.
LEAST_SECONDS = 1.0


class AttemptLostError(Exception):
    """This attempt was given up and its job belongs to another one: drop everything, write nothing."""


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

    def progress(self, percent: int, message: str = "") -> None:
        """Tell how far the job is (0-99; 100 belongs to success). Written outside of any transaction of the work."""
        percent = max(0, min(99, percent))
        data = {"percent": percent, **({"message": message} if message else {})}
        if transitions.change(transitions.held(self.job), "progress", data, progress=percent) is None:
            raise AttemptLostError

    # -- text ------------------------------------------------------------------------------------------------------

    def chat(self, step: str, request: ChatRequest, *, feature: str) -> ChatResult:
        """Buy a text, or return the one that this step has already bought.

        Asks the preferred providers in their order; the next one only when the first certainly charged nothing and
        its error is of a class that another provider may not have. Raises `ProviderError`, `CallUncertainError`,
        `CallInFlightError`, `PriceMissingError`, `JobCancelledError`, `AttemptLostError`.
        """
        repeats = None
        if self.calls_made or self.job.attempt > 1:
            self.check()
            done, repeats = ledger.history(self.job, step, capability=ledger.TEXT)
            if done is not None:
                result = msgspec.convert(done.result, type=ChatResult)
                self._count(done.cost_micros or 0, result.usage)
                return result
        self.calls_made += 1
        names = (registry.SANDBOX,) if self.job.is_test else registry.provider_names("llm")
        for index, name in enumerate(names):
            try:
                return self._chat_with(name, step, request, feature=feature, repeats=repeats)
            except ProviderError as error:
                if not error.allows_fallback or index == len(names) - 1:
                    raise
        raise AssertionError("there is always at least one provider")

    def _chat_with(
        self, name: str, step: str, request: ChatRequest, *, feature: str, repeats: ProviderCall | None
    ) -> ChatResult:
        llm = registry.get_llm(name)
        model = request.model or llm.model
        price = price_for(name, model)
        if price is None:
            raise PriceMissingError(provider=name, model=model)
        request = dataclasses.replace(
            request,
            model=model,
            request_key=f"{self.job.pk}:{step}",
            attempt=self.job.failures + 1,
            timeout_s=min(request.timeout_s, max(LEAST_SECONDS, self.entry.remaining_seconds * 0.9)),
        )
        most = price.cost(
            input_tokens=llm.estimate_input_tokens(request), output_tokens=request.max_output_tokens
        )
        call = ledger.reserve(
            self.job, step, feature=feature, capability=ledger.TEXT, provider=name, model=model, micros=most,
            repeats=repeats,
        )  # fmt: skip
        if not ledger.mark_sent(call):
            raise AttemptLostError
        release_connection()
        try:
            result = llm.complete(request)
        except ProviderError as error:
            self._close_failed(call, error, lambda usage: _cost(price, usage))
            raise
        except BaseException:
            ledger.mark_uncertain(call, code="JOB_INTERNAL_ERROR")
            raise
        result = dataclasses.replace(result, text=storable(result.text), reasoning=storable(result.reasoning))
        micros = _cost(price, result.usage)
        ledger.settle(
            call,
            micros=micros,
            usage=result.usage,
            result=msgspec.to_builtins(result),
            provider_ref=result.provider_ref or "",
        )
        self._count(micros, result.usage)
        return result

    def _count(self, micros: int, usage: Usage) -> None:
        self.spent_micros += micros
        self.usage = self.usage + usage

    def _close_failed(self, call: ProviderCall, error: ProviderError, cost: Callable[[Usage], int]) -> None:
        if error.charged is False:
            ledger.release(call, code=error.code)
        elif error.charged:
            usage = error.usage or Usage()
            ledger.settle_useless(call, micros=cost(usage), usage=usage, code=error.code)
        else:
            ledger.mark_uncertain(call, code=error.code)

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
        call = ledger.reserve(
            self.job,
            step,
            feature=feature,
            capability=capability,
            provider=provider,
            model=model,
            micros=micros,
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


def storable(text: str) -> str:
    """The text without NUL and halves of surrogate pairs. No database takes those, and a paid answer must not be lost
    for one of them."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _cost(price: Any, usage: Usage) -> int:
    cost: int = price.cost(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cached_tokens=usage.cached_tokens
    )
    return cost
