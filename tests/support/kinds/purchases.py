"""Orders at a vendor of a test's own, by the ledger's rules, whose jobs look them up by themselves."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from generation.domain.states import CallStatus
from generation.errors import CallInFlightError
from generation.jobs import ledger
from generation.jobs.buying import send
from generation.jobs.run import JobRun
from generation.models import ProviderCall
from generation.providers.base import Usage


def purchase(run: JobRun, step: str, *, micros: int, order: Callable[[str], str]) -> str:
    """Order something whose outcome can be looked up, or return the id of the order that was already placed.

    `order(request_key)` sends the order and returns the vendor's task id, which is stored at once. It is never sent a
    second time unless a person asks for it.
    """
    placed = ProviderCall.objects.filter(
        job_id=run.job.pk, step=step, status__in=[CallStatus.SENT, CallStatus.SETTLED]
    ).first()
    if placed is not None:
        if not placed.provider_ref:
            raise CallInFlightError(step=step)
        return placed.provider_ref
    ledger.may_buy(run.job, step, capability="image")
    run.check()
    run.stay()
    call = ledger.reserve(
        run.job,
        step,
        feature="test",
        capability="image",
        provider="sandbox",
        model="m",
        micros=micros,
        is_test=True,
    )
    ref = send(call, lambda: order(f"{run.job.pk}:{step}"), route=None, cost=lambda _usage: micros)
    ledger.mark_accepted(call, ref)
    return ref


def settle(run: JobRun, step: str, *, micros: int, result: Mapping[str, Any]) -> None:
    """The look-up says that the order is done: write down what it cost and where the result is."""
    call = _sent(run, step)
    if call is not None:
        ledger.settle(call, micros=micros, usage=Usage(), result=json.loads(json.dumps(dict(result))))


def release(run: JobRun, step: str, *, code: str) -> None:
    """The look-up says that the order failed and cost nothing."""
    call = _sent(run, step)
    if call is not None:
        ledger.release(call, code=code)


def _sent(run: JobRun, step: str) -> ProviderCall | None:
    return ProviderCall.objects.filter(job_id=run.job.pk, step=step, status=CallStatus.SENT).first()
