"""The ledger of paid calls: `reserved → sent → settled | released | uncertain`.

No call leaves without its row, and each change of the row is committed before the next thing happens:

    reserve   the step is ours to buy (a partial unique constraint), the most it may cost is set aside
    send      written before the request leaves; from here on a crash means that the outcome is unknown
    settle    the answer is here: what it cost, and the answer itself, so that a retry stores it instead of buying it
    release   it certainly cost nothing
    uncertain nobody can tell; the reservation stays

What may be bought again is decided in `may_buy`.

What a budget counts is set aside in the transaction that writes the row, and given back or counted as spent in the one
that closes it: always the row first, then the budget.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, cast
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.domain.months import month_of
from accounts.models import ProviderKey
from accounts.services.budgets import budget_close, budget_reserve
from config.db import savepoint
from config.errors import Charged
from config.sql.placeholders import Placeholder, SavedPlaceholder
from config.sql.statements import Update
from config.sql.writes import insert
from generation.domain.prices import CURRENCY
from generation.domain.states import TERMINAL, CallStatus, JobStatus
from generation.errors import CallInFlightError, CallUncertainError
from generation.models import Job, ProviderCall
from generation.providers.base import Usage

TEXT = "llm"
Resolution = Literal["released", "charged"]

NOW = Placeholder("now", models.DateTimeField())
PK = Placeholder("pk", models.UUIDField())
#: What a settled row gets besides its status and times.
SETTLED_FIELDS = (
    "cost_micros",
    "result",
    "provider_ref",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "is_estimate",
    "answered_model",
)
SEND = Update(
    lambda: (
        ProviderCall.objects.filter(pk=PK, status=CallStatus.RESERVED),
        {"status": CallStatus.SENT, "sent_at": NOW, "updated_at": NOW},
    )
)
SETTLE = Update(
    lambda: (
        ProviderCall.objects.filter(pk=PK, status__in=[CallStatus.SENT, CallStatus.UNCERTAIN]),
        {
            "status": CallStatus.SETTLED,
            "settled_at": NOW,
            "updated_at": NOW,
            **{
                name: SavedPlaceholder(name, cast(Any, ProviderCall._meta.get_field(name)))
                for name in SETTLED_FIELDS
            },
        },
    )
)


def settled(job: Job, step: str) -> ProviderCall | None:
    """The purchase of this step that was settled."""
    return ProviderCall.objects.filter(job_id=job.pk, step=step, status=CallStatus.SETTLED).first()


def history(job: Job, step: str, *, capability: str) -> tuple[ProviderCall | None, ProviderCall | None]:
    """The purchase of this step that was settled, or else the lost one that a new purchase repeats (`may_buy`)."""
    known = ProviderCall.objects.filter(job_id=job.pk, step=step).order_by("created_at")
    calls = list(known.filter(status__in=[CallStatus.SETTLED, CallStatus.UNCERTAIN]))
    for call in calls:
        if call.status == CallStatus.SETTLED:
            return call, None
    return None, _repeatable([call for call in calls if not call.resolution], capability)


def results_forget(job_ids: Sequence[UUID]) -> None:
    """Remove what providers answered to jobs whose products are gone. What the calls did cost stays."""
    for at in range(0, len(job_ids), 500):
        calls = ProviderCall.objects.filter(job_id__in=job_ids[at : at + 500], result__isnull=False)
        calls.update(result=None)


def may_buy(job: Job, step: str, *, capability: str) -> ProviderCall | None:
    """Whether the rules allow to buy this step now. Returns the lost call that the new one repeats, if any.

    A text call is cheap and can't be looked up: one lost call is repeated (`REPEAT_UNCERTAIN_TEXT`), a second one
    isn't. Everything else is bought again only after a look-up or a person's word, which both leave a `resolution`.
    Raises `CallUncertainError`.
    """
    return _repeatable(list(unresolved(job, step).order_by("created_at")), capability)


def _repeatable(lost: list[ProviderCall], capability: str) -> ProviderCall | None:
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
    price_version: str = "",
    is_test: bool = False,
    key: ProviderKey | None = None,
    repeats: ProviderCall | None = None,
) -> ProviderCall:
    """Set the most that the call may cost aside. `is_test` is play money; `key` is a key of the owner's own, whose
    calls no budget counts.

    Raises `CallInFlightError` when the step is held by another, `BudgetExceededError`; then nothing is written.
    """
    now = timezone.now()
    is_counted = micros > 0 and key is None
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
        price_version=price_version,
        budget_month=month_of(now) if is_counted else None,
        is_test=is_test,
        is_own_key=key is not None,
        provider_key_id=key.pk if key is not None else None,
    )
    try:
        with transaction.atomic() if is_counted else savepoint():
            insert(call)
            if is_counted:
                budget_reserve(owner_id=job.owner_id, micros=micros, is_test=is_test, now=now)
    except IntegrityError as exc:
        raise CallInFlightError(step=step) from exc
    return call


def mark_sent(call: ProviderCall) -> bool:
    """The last thing before the request leaves. False when somebody took the reservation away in the meantime."""
    now = timezone.now()
    if not SEND.run(pk=call.pk, now=now):
        return False
    call.status, call.sent_at = CallStatus.SENT, now
    return True


def mark_accepted(call: ProviderCall, provider_ref: str) -> bool:
    """The provider has the order under this id: from here on the outcome can be looked up.

    Also from `uncertain`: the order was confirmed after its attempt had been given up. It is `sent` again, so that
    the next attempt looks it up, unless the step was bought again in the meantime.
    """
    if _move(call, CallStatus.SENT, provider_ref=provider_ref):
        return True
    try:
        with savepoint():
            return _move(call, CallStatus.UNCERTAIN, status=CallStatus.SENT, provider_ref=provider_ref)
    except IntegrityError:
        return _move(call, CallStatus.UNCERTAIN, provider_ref=provider_ref)


def settle(
    call: ProviderCall,
    *,
    micros: int,
    usage: Usage,
    result: Mapping[str, Any],
    provider_ref: str = "",
    answered_model: str = "",
) -> bool:
    """Write down what was paid and what was bought for it.

    Also from `uncertain`: an answer that arrives after the job was given up is still an answer, and paid for. If the
    step was bought again in the meantime, this purchase is recorded as paid for nothing.
    """
    try:
        with savepoint():
            return _settle(
                call,
                micros=micros,
                usage=usage,
                result=result,
                provider_ref=provider_ref,
                answered_model=answered_model,
            )
    except IntegrityError:
        return settle_useless(call, micros=micros, usage=usage, code="CALL_REPEATED")


def _settle(
    call: ProviderCall,
    *,
    micros: int,
    usage: Usage,
    result: Mapping[str, Any],
    provider_ref: str,
    answered_model: str,
) -> bool:
    values: dict[str, Any] = {
        "cost_micros": micros,
        "result": dict(result),
        "provider_ref": provider_ref or call.provider_ref,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "is_estimate": usage.is_estimate,
        "answered_model": answered_model,
    }
    with _closing(call):
        if not SETTLE.run(pk=call.pk, now=timezone.now(), **values):
            return False
        _close_budget(call, micros)
    for name, value in values.items():
        setattr(call, name, value)
    call.status = CallStatus.SETTLED
    return True


def settle_useless(call: ProviderCall, *, micros: int, usage: Usage, code: str) -> bool:
    """The answer was charged but brings nothing. The row ends `released` from its step, its cost recorded.

    `released` and not `settled`, so that the step may be bought again by the usual rules of retry.
    """
    return _close(
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


def keep_unread(call: ProviderCall, raw: str) -> bool:
    """What came for the money and can't be read, for staff to look at."""
    return _move(call, CallStatus.SENT, CallStatus.UNCERTAIN, result={"unread": raw})


def paid_in_vain(call: ProviderCall) -> int:
    """How often this step was charged for answers that were of no use."""
    useless = ProviderCall.objects.filter(job=call.job, step=call.step, status=CallStatus.RELEASED)
    return useless.filter(cost_micros__gt=0).count()


def turn_down(job: Job, mark: str, *, code: str) -> int:
    """What these steps brought can't be used: `mark` is what their names end with. The rows stay settled, as they are
    paid; returns how many there are."""
    bought = ProviderCall.objects.filter(job_id=job.pk, step__endswith=mark, status=CallStatus.SETTLED)
    return bought.update(rejected_code=code, updated_at=timezone.now())


def turned_down(job: Job, inputs: str) -> list[str]:
    """Why each round of a text that is made from these inputs was turned down, the last one at the end."""
    rounds = dict(
        ProviderCall.objects.filter(job_id=job.pk, step__contains=f"@{inputs}")
        .exclude(rejected_code="")
        .order_by("created_at")
        .values_list("step", "rejected_code")
    )
    return list({step.rpartition("@")[2]: code for step, code in rounds.items()}.values())


def release(call: ProviderCall, *, code: str) -> bool:
    """It certainly cost nothing."""
    return _release(call, CallStatus.RESERVED, CallStatus.SENT, CallStatus.UNCERTAIN, code=code)


def _release(call: ProviderCall, *from_statuses: CallStatus, code: str) -> bool:
    return _close(
        call,
        *from_statuses,
        status=CallStatus.RELEASED,
        cost_micros=0,
        error_code=code,
        settled_at=timezone.now(),
    )


def mark_uncertain(call: ProviderCall, *, code: str) -> bool:
    """Nobody can tell. The reservation stays until a look-up or a person resolves it."""
    return _move(call, CallStatus.SENT, status=CallStatus.UNCERTAIN, error_code=code)


def resolve(call_id: UUID, *, outcome: Resolution, resolution: str, micros: int | None = None) -> bool:
    """A person's word on an uncertain call: `released` (it cost nothing) or `charged` (it cost `micros`, by default all
    that was set aside). Returns False when it isn't uncertain any more. Either way its job may buy the step again.
    """
    call = ProviderCall.objects.uncertain().filter(pk=call_id).first()
    if call is None:
        return False
    cost = 0 if outcome == "released" else call.reserved_micros if micros is None else micros
    return _close(
        call,
        CallStatus.UNCERTAIN,
        status=CallStatus.RELEASED,
        cost_micros=cost,
        settled_at=timezone.now(),
        resolution=resolution[:200],
    )


def charged(job: Job) -> Charged:
    """Whether this job and its children have cost money: True, False, or None while nobody can tell."""
    calls = ProviderCall.objects.filter(Q(job_id=job.pk) | Q(job__parent_id=job.pk))
    if calls.filter(cost_micros__gt=0).exists():
        return True
    return None if calls.filter(status__in=[CallStatus.SENT, CallStatus.UNCERTAIN]).exists() else False


def give_up_attempt(job: Job, *, for_good: bool = False) -> None:
    """The attempt of `job` is dead: what was never sent is released, what can't be looked up is uncertain.

    A sent call with a provider's id stays as it is, because the next attempt asks the provider about it; `for_good`
    says that there won't be one.
    """
    calls = ProviderCall.objects.filter(job_id=job.pk, attempt__lte=job.attempt)
    sent = calls.filter(status=CallStatus.SENT)
    _abandon(calls, sent if for_good else sent.filter(provider_ref=""))


def close_abandoned() -> int:
    """Calls that were left open by a process that died after its job had ended elsewhere; returns how many.

    The order of a failed job that can be looked up stays `sent`: a retry of the job looks it up.
    """
    calls = ProviderCall.objects.filter(job__status__in=TERMINAL)
    return _abandon(
        calls,
        calls.filter(Q(provider_ref="") | Q(job__status=JobStatus.CANCELLED), status=CallStatus.SENT),
    )


def _abandon(calls: QuerySet[ProviderCall], lost: QuerySet[ProviderCall]) -> int:
    never_sent = calls.filter(status=CallStatus.RESERVED)
    # One by one, as each gives its own budget back; a process has no more of them open than threads.
    released = sum(
        _release(call, CallStatus.RESERVED, code="JOB_WORKER_LOST") for call in never_sent.defer("result")
    )
    return released + lost.update(
        status=CallStatus.UNCERTAIN, error_code="JOB_WORKER_LOST", updated_at=timezone.now()
    )


def accept_loss(jobs: QuerySet[Job], *, resolution: str) -> int:
    """A person asks for jobs again knowing that calls of them are uncertain: they don't block their steps any more.

    The rows stay `uncertain` (nobody knows more than before) and keep their reservation.
    """
    lost = ProviderCall.objects.uncertain().filter(job__in=jobs, resolution="")
    return lost.update(resolution=resolution[:200], updated_at=timezone.now())


def _close(call: ProviderCall, *from_statuses: CallStatus, cost_micros: int, **values: Any) -> bool:
    """The end of a call: the row, and what the budget has set aside for it."""
    with _closing(call):
        is_closed = _move(call, *from_statuses, cost_micros=cost_micros, **values)
        if is_closed:
            _close_budget(call, cost_micros)
    return is_closed


def _closing(call: ProviderCall) -> AbstractContextManager[Any]:
    """Two rows change together; without a budget it is one statement, which needs no transaction."""
    return nullcontext() if call.budget_month is None else transaction.atomic()


def _close_budget(call: ProviderCall, spent: int) -> None:
    if call.budget_month is not None:
        budget_close(
            owner_id=call.owner_id,
            month=call.budget_month,
            is_test=call.is_test,
            reserved=call.reserved_micros,
            spent=spent,
        )


def _move(call: ProviderCall, *from_statuses: CallStatus, **values: Any) -> bool:
    changed = ProviderCall.objects.filter(pk=call.pk, status__in=from_statuses).update(
        **values, updated_at=timezone.now()
    )
    if changed:
        for name, value in values.items():
            setattr(call, name, value)
    return bool(changed)
