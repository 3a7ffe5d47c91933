"""Buying what is ordered, pictures and meshes: once per step, at once or as a task of the vendor's that is looked up
until it has an end.

What was made is written into the ledger with what it cost, the file itself where the vendor sends it, so that a failed
storing never makes it again. What an order cost is what was set aside for it: things are priced one by one.

An order is never placed again while the one before may have been: its task is looked up, one whose answer was lost is
searched for at the vendor, and where nobody can tell, a person decides (docs/adr/0030).
"""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import msgspec
import structlog
from django.utils import timezone

from config.db import release_connection
from config.errors import SecretUnreadableError
from generation.domain.catalogue import IMAGE, MESH
from generation.domain.states import CallStatus
from generation.errors import CallInFlightError
from generation.jobs import ledger
from generation.jobs.attempts import LEAST_SECONDS, Attempt
from generation.jobs.buying import buy_by_routes, close_failed, note_key_worked, passage, send
from generation.jobs.gateway import TurnMissedError
from generation.jobs.order_routes import OrderRoute, order_routes_for
from generation.jobs.registry import Waiting
from generation.models import Job, ProviderCall
from generation.providers import registry, rules
from generation.providers.base import BusyError, ProviderError, Usage
from generation.providers.image.base import ImageAnswer
from generation.providers.mesh.base import MeshAnswer
from generation.providers.orders import Answer, AnyMaker, Order

log = structlog.get_logger(__name__)

#: What orders bring.
ANSWERS: Mapping[str, type[Answer]] = {IMAGE: ImageAnswer, MESH: MeshAnswer}

#: How long a vendor's task is left alone between two looks at it.
POLL_SECONDS = 5.0
#: A task that has no end by then gets none: what became of it is for a person to decide.
LONGEST_WAIT = timedelta(hours=2)
#: How long an order whose answer was lost is searched for.
LONGEST_SEARCH = timedelta(minutes=30)
SEARCH_AGAIN_SECONDS = 15.0


def buy(
    attempt: Attempt, step: str, order: Order, *, feature: str, after: ProviderCall | None = None
) -> Answer | Waiting:
    """Buy what is ordered, or go on with what this step has ordered: `Waiting` while its vendor works on it.

    The next provider is asked only when the one before certainly charged nothing; where the order goes on with what
    another call has brought (`after`), it is that call's provider and key or nobody's. Raises `ProviderError`,
    `ProviderKeyRefusedError`, `ProviderKeyNoCreditError`, `CallUncertainError`, `CallInFlightError`,
    `BudgetExceededError`, `PriceMissingError`, `ModelUnknownError`, `ModelEndedError`, `ModelUnavailableError`,
    `JobCancelledError`, `AttemptLostError`, `TurnMissedError` (it isn't known yet what became of an order).
    """
    attempt.check()
    done = ledger.settled(attempt.job, step)
    if done is not None:
        return msgspec.convert(done.result, type=ANSWERS[order.capability])
    failed: ProviderError | None = None
    for placed in _placed(attempt.job, step):
        try:
            found = _go_on_with(attempt, placed, order)
        except ProviderError as error:
            if error.allows_fallback:
                failed = error
            elif not placed.resolution:
                raise
        else:
            if found is not None:
                return found
    ledger.may_buy(attempt.job, step, capability=order.capability)
    attempt.stay()
    return _buy_anew(attempt, step, order, feature=feature, failed=failed, after=after)


def _placed(job: Job, step: str) -> list[ProviderCall]:
    """Orders of this step that may still bring something, the latest first. Those that a person has written off may
    as well, if they can be looked up."""
    calls = ProviderCall.objects.filter(job_id=job.pk, step=step).order_by("-created_at")
    return [
        call
        for call in calls.filter(status__in=[CallStatus.SENT, CallStatus.UNCERTAIN])
        if call.provider_ref or not call.resolution
    ]


def _go_on_with(attempt: Attempt, call: ProviderCall, order: Order) -> Answer | Waiting | None:
    """What an order has brought; None when nobody can tell. Raises `ProviderError`: how it has failed."""
    if not call.provider_ref:
        if call.status == CallStatus.SENT:
            raise CallInFlightError(step=call.step)
        ref = _search(call, _request(attempt, call.step, order, call.model))
        if not ref or not ledger.mark_accepted(call, ref):
            return None
    maker = maker_of(call)
    if maker is None:
        ledger.mark_uncertain(call, code=rules.NO_WAY.code)
        return None
    release_connection()
    try:
        outcome = maker.look_up([call.provider_ref]).get(call.provider_ref)
    except ProviderError as error:
        if not error.retryable:
            raise
        outcome = None
    if isinstance(outcome, ProviderError):
        close_failed(call, outcome, lambda _usage: call.reserved_micros)
        raise outcome
    if outcome is not None and outcome.is_done:
        return settle(call, outcome)
    if call.status == CallStatus.UNCERTAIN and not ledger.mark_accepted(call, call.provider_ref):
        return None
    if is_overdue(call):
        ledger.mark_uncertain(call, code=rules.READ_TIMEOUT.code)
        return None
    return Waiting(call.provider, call.provider_ref, poll_after=POLL_SECONDS)


def _search(call: ProviderCall, order: Order) -> str:
    """The id of an order whose answer was lost; empty when its vendor can't tell. Raises `TurnMissedError` while it
    may still be found."""
    maker = maker_of(call)
    if maker is None or call.sent_at is None:
        return ""
    since = call.sent_at - timedelta(hours=1)
    orders = ProviderCall.objects.filter(
        provider=call.provider, capability=call.capability, sent_at__gte=since
    )
    known = list(orders.exclude(provider_ref="").values_list("provider_ref", flat=True))
    release_connection()
    try:
        return maker.find(order, sent_at=call.sent_at, known=known) or ""
    except ProviderError as error:
        if not error.retryable or timezone.now() - call.sent_at > LONGEST_SEARCH:
            return ""
        code, wait = error.code, error.retry_after or SEARCH_AGAIN_SECONDS
    raise TurnMissedError(
        code, "What became of an order isn't known yet.", retryable=True, charged=None, retry_after=wait
    )


def _buy_anew(
    attempt: Attempt,
    step: str,
    order: Order,
    *,
    feature: str,
    failed: ProviderError | None,
    after: ProviderCall | None,
) -> Answer | Waiting:
    """`failed` is what became of the order before, which another provider may take over at once."""
    job = attempt.job

    def routes() -> tuple[OrderRoute, ...]:
        found = order_routes_for(
            job.owner_id, order.capability, model=order.model, is_test=job.is_test, since=job.created_at
        )
        if after is not None:
            found = tuple(route for route in found if _is_of(route, after))
            if not found:
                raise rules.NO_WAY.error(after.provider)
        if failed is None:
            return found
        others = tuple(route for route in found if route.provider != failed.provider)
        if not others:
            raise failed
        return others

    try:
        return buy_by_routes(
            attempt, routes, partial(_buy_by, attempt=attempt, step=step, order=order, feature=feature)
        )
    except BusyError as error:
        if timezone.now() - job.created_at > LONGEST_WAIT:
            raise
        raise TurnMissedError(
            error.code, error.message, retryable=True, charged=False, retry_after=error.retry_after
        ) from None
    except ProviderError as error:
        if error.charged is not None or error.provider_ref:
            raise
        lost = error
    calls = _placed(job, step)
    found = _go_on_with(attempt, calls[0], order) if calls else None
    if found is None:
        raise lost
    return found


def _is_of(route: OrderRoute, call: ProviderCall) -> bool:
    return (route.provider, route.key and route.key.pk) == (call.provider, call.provider_key_id)


def _buy_by(
    route: OrderRoute, *, attempt: Attempt, step: str, order: Order, feature: str
) -> Answer | Waiting:
    maker = route.maker()
    order = maker.part_of(order)
    micros = route.cost(order)
    with passage(attempt, route):
        order = _request(attempt, step, order, route.model)
        call = ledger.reserve(
            attempt.job, step, feature=feature, capability=route.capability, provider=route.provider, model=route.model,
            micros=micros, price_version=route.price.version, is_test=route.is_test, key=route.key,
        )  # fmt: skip
        answer = send(call, partial(maker.order, order), route=route, cost=lambda _usage: micros)
    note_key_worked(route)
    if answer.is_done:
        return settle(call, answer)
    ledger.mark_accepted(call, answer.provider_ref)
    return Waiting(call.provider, answer.provider_ref, poll_after=POLL_SECONDS)


def _request(attempt: Attempt, step: str, order: Order, model: str) -> Order:
    """The order as it is sent."""
    left = max(LEAST_SECONDS, attempt.entry.remaining_seconds * 0.9)
    return dataclasses.replace(
        order,
        model=model or None,
        request_key=f"{attempt.job.pk}:{step}",
        attempt=attempt.job.failures + 1,
        timeout_s=min(order.timeout_s, left),
    )


def settle(call: ProviderCall, answer: Answer) -> Answer:
    """Write down what was made and what it cost."""
    answer = dataclasses.replace(answer, provider=call.provider, model=call.model)
    ledger.settle(
        call,
        micros=call.reserved_micros,
        usage=Usage(),
        result=msgspec.to_builtins(answer),
        provider_ref=answer.provider_ref,
    )
    return answer


def maker_of(call: ProviderCall) -> AnyMaker | None:
    """Who can say what became of an order; None when the key or the provider is gone."""
    if not call.is_own_key:
        is_there = call.provider in registry.configured_names(call.capability)
        return registry.get_maker(call.capability, call.provider) if is_there else None
    key = call.provider_key
    if key is None:
        return None
    try:
        return registry.own_maker(
            call.capability,
            key.provider,
            api_key=key.secret.reveal(),
            base_url=key.base_url,
            model=call.model,
        )
    except (ProviderError, SecretUnreadableError) as error:
        log.warning("provider.not_reachable", key=str(key.pk), error=type(error).__name__)
        return None


def is_overdue(call: ProviderCall) -> bool:
    """Whether the vendor has had more time for the order than any takes."""
    return call.sent_at is not None and timezone.now() - call.sent_at > LONGEST_WAIT


def look_up_all(maker: AnyMaker, refs: list[str]) -> Mapping[str, Answer | ProviderError]:
    """What became of many orders at one vendor; nothing when it can't be asked."""
    try:
        return maker.look_up(refs)
    except ProviderError as error:
        log.warning("provider.not_looked_up", provider=maker.name, code=error.code, orders=len(refs))
        return {}


def cancel(job: Job) -> None:
    """Stop what vendors still work on for this job. What they stop costs nothing; of the rest nobody can tell."""
    for call in ProviderCall.objects.filter(job_id=job.pk, capability__in=ANSWERS, status=CallStatus.SENT):
        maker = maker_of(call) if call.provider_ref else None
        if maker is not None and maker.cancel(call.provider_ref):
            ledger.release(call, code="JOB_CANCELLED")
