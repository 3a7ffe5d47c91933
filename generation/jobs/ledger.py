"""The ledger of paid calls: `reserved → sent → settled | released | uncertain`.

No call leaves without its row, and each change of the row is committed before the next thing happens:

    reserve   the step is ours to buy (a partial unique constraint), the most it may cost is set aside
    send      written before the request leaves; from here on a crash means that the outcome is unknown
    settle    the answer is here: what it cost, and the answer itself, so that a retry stores it instead of buying it
    release   it certainly cost nothing
    uncertain nobody can tell; the reservation stays

What may be bought again is decided in `may_buy`.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from config.db import savepoint
from config.errors import Charged
from generation.domain.prices import CURRENCY, VERSION
from generation.domain.states import CallStatus
from generation.errors import CallInFlightError, CallUncertainError
from generation.models import Job, ProviderCall
from generation.providers.base import Usage

TEXT = "llm"


def bought(job: Job, step: str) -> ProviderCall | None:
    """The settled purchase of this step, with its answer."""
    return ProviderCall.objects.filter(job_id=job.pk, step=step, status=CallStatus.SETTLED).first()


def may_buy(job: Job, step: str, *, capability: str) -> ProviderCall | None:
    """Whether the rules allow to buy this step now. Returns the lost call that the new one repeats, if any.

    A text call is cheap and can't be looked up: one lost call is repeated (`REPEAT_UNCERTAIN_TEXT`), a second one
    isn't. Everything else is bought again only after a look-up or a person's word, which both leave a `resolution`.
    Raises `CallUncertainError`.
    """
    lost = list(unresolved(job, step).order_by("created_at"))
    if not lost:
        return None
    if capability == TEXT and settings.REPEAT_UNCERTAIN_TEXT and len(lost) == 1:
        return lost[0]
    raise CallUncertainError(charged=None, details={"calls": [str(call.pk) for call in lost]})


def unresolved(job: Job, step: str | None = None) -> QuerySet[ProviderCall]:
    """Calls of a job whose outcome nobody knows and nobody has decided about."""
    calls = ProviderCall.objects.uncertain().filter(job_id=job.pk, resolution="")
    return calls if step is None else calls.filter(step=step)


def reserve(
    job: Job,
    step: str,
    *,
    feature: str,
    capability: str,
    provider: str,
    model: str,
    micros: int,
    repeats: ProviderCall | None = None,
) -> ProviderCall:
    """Set the most that the call may cost aside. Raises `CallInFlightError` when the step is held by another."""
    call = ProviderCall(
        owner_id=job.owner_id,
        job_id=job.pk,
        attempt=job.attempt,
        step=step,
        feature=feature,
        capability=capability,
        provider=provider,
        model=model,
        repeats=repeats,
        reserved_micros=micros,
        currency=CURRENCY,
        price_version=VERSION,
    )
    try:
        with savepoint():
            call.save(force_insert=True)
    except IntegrityError as exc:
        raise CallInFlightError(step=step) from exc
    return call


def mark_sent(call: ProviderCall) -> bool:
    """The last thing before the request leaves. False when somebody took the reservation away in the meantime."""
    return _move(call, CallStatus.RESERVED, status=CallStatus.SENT, sent_at=timezone.now())


def mark_accepted(call: ProviderCall, provider_ref: str) -> bool:
    """The provider has the order under this id: from here on the outcome can be looked up."""
    return _move(call, CallStatus.SENT, provider_ref=provider_ref)


def settle(
    call: ProviderCall, *, micros: int, usage: Usage, result: Mapping[str, Any], provider_ref: str = ""
) -> bool:
    """Write down what was paid and what was bought for it.

    Also from `uncertain`: an answer that arrives after the job was given up is still an answer, and paid for. If the
    step was bought again in the meantime, this purchase is recorded as paid for nothing.
    """
    try:
        with savepoint():
            return _settle(call, micros=micros, usage=usage, result=result, provider_ref=provider_ref)
    except IntegrityError:
        return settle_useless(call, micros=micros, usage=usage, code="CALL_REPEATED")


def _settle(
    call: ProviderCall, *, micros: int, usage: Usage, result: Mapping[str, Any], provider_ref: str
) -> bool:
    return _move(
        call,
        CallStatus.SENT,
        CallStatus.UNCERTAIN,
        status=CallStatus.SETTLED,
        cost_micros=micros,
        settled_at=timezone.now(),
        result=dict(result),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        is_estimate=usage.is_estimate,
        **({"provider_ref": provider_ref} if provider_ref else {}),
    )


def settle_useless(call: ProviderCall, *, micros: int, usage: Usage, code: str) -> bool:
    """The answer was charged but brings nothing. The row ends `released` from its step, its cost recorded.

    `released` and not `settled`, so that the step may be bought again by the usual rules of retry.
    """
    return _move(
        call,
        CallStatus.SENT,
        CallStatus.UNCERTAIN,
        status=CallStatus.RELEASED,
        cost_micros=micros,
        error_code=code,
        settled_at=timezone.now(),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        is_estimate=usage.is_estimate,
    )


def release(call: ProviderCall, *, code: str) -> bool:
    """It certainly cost nothing."""
    return _move(
        call,
        CallStatus.RESERVED,
        CallStatus.SENT,
        CallStatus.UNCERTAIN,
        status=CallStatus.RELEASED,
        cost_micros=0,
        error_code=code,
        settled_at=timezone.now(),
    )


def mark_uncertain(call: ProviderCall, *, code: str) -> bool:
    """Nobody can tell. The reservation stays until a look-up or a person resolves it."""
    return _move(call, CallStatus.SENT, status=CallStatus.UNCERTAIN, error_code=code)


def charged(job: Job) -> Charged:
    """Whether this job has cost money: True, False, or None while the outcome of a call of it is unknown."""
    calls = ProviderCall.objects.filter(job_id=job.pk)
    if calls.filter(cost_micros__gt=0).exists():
        return True
    return None if calls.filter(status__in=[CallStatus.SENT, CallStatus.UNCERTAIN]).exists() else False


def give_up_attempt(job: Job) -> None:
    """The attempt of `job` is dead: what was never sent is released, what can't be looked up is uncertain.

    A sent call with a provider's id stays as it is: the next attempt asks the provider about it.
    """
    open_calls = ProviderCall.objects.filter(job_id=job.pk, attempt__lte=job.attempt)
    now = timezone.now()
    open_calls.filter(status=CallStatus.RESERVED).update(
        status=CallStatus.RELEASED,
        cost_micros=0,
        error_code="JOB_WORKER_LOST",
        settled_at=now,
        updated_at=now,
    )
    open_calls.filter(status=CallStatus.SENT, provider_ref="").update(
        status=CallStatus.UNCERTAIN, error_code="JOB_WORKER_LOST", updated_at=now
    )


def accept_loss(job: Job, *, resolution: str) -> int:
    """A person asks for the job again knowing that calls of it are uncertain: they don't block its steps any more.

    The rows stay `uncertain` (nobody knows more than before) and keep their reservation.
    """
    return unresolved(job).update(resolution=resolution[:200], updated_at=timezone.now())


def _move(call: ProviderCall, *from_statuses: CallStatus, **values: Any) -> bool:
    changed = ProviderCall.objects.filter(pk=call.pk, status__in=from_statuses).update(
        **values, updated_at=timezone.now()
    )
    if changed:
        for name, value in values.items():
            setattr(call, name, value)
    return bool(changed)
