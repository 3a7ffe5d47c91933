"""From an exception to what is stored of it, and to whether the job is tried again."""

import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from config.errors import AppError, Charged, describe
from generation.domain.backoff import retry_delay
from generation.domain.states import JobStatus
from generation.errors import CallUncertainError, JobInternalError
from generation.jobs import ledger, transitions
from generation.models import Job
from generation.providers.base import BAD_ANSWER, ProviderError

_rng = random.Random()  # noqa: S311 — jitter, not a secret


def describe_error(error: Exception, *, charged: Charged) -> dict[str, Any]:
    """What a job keeps of an error: code, the sentence in both languages, whether to retry, whether it cost money."""
    if isinstance(error, AppError):
        details = error.details
        en, zh, code, retryable = error.message("en"), error.message("zh"), error.code, error.retryable
    elif isinstance(error, ProviderError):
        details = {"provider": error.provider} if error.provider else {}
        code, retryable = error.code, error.retryable
        en, zh = describe(code, "en"), describe(code, "zh")
    else:
        return describe_error(JobInternalError(), charged=charged)
    described = {"code": code, "message": en, "message_zh": zh, "retryable": retryable, "charged": charged}
    return {**described, "details": dict(details)}


def settle_failure(job: Job, error: Exception, *, max_failures: int) -> Job | None:
    """`running → queued` when trying again can help and is allowed, else `running → failed`.

    A job that a provider works on goes back to `waiting`: it asks again and doesn't order again. One that was asked
    to stop in the meantime is cancelled instead of tried again.
    """
    ledger.give_up_attempt(job)
    error = _as_the_ledger_sees_it(job, error)
    described = describe_error(error, charged=ledger.charged(job))
    rows = transitions.held(job)
    if not _may_retry(error) or job.failures + 1 >= min(max_failures, job.max_failures):
        return transitions.fail(rows, described)
    wait = retry_delay(job.failures + 1, retry_after=getattr(error, "retry_after", None), rng=_rng)
    not_before = timezone.now() + timedelta(seconds=wait)
    if job.provider_ref:
        return transitions.requeue(rows, described, not_before=not_before, to=JobStatus.WAITING)
    wanted = rows.filter(cancel_requested_at=None)
    return transitions.requeue(wanted, described, not_before=not_before) or transitions.cancel(rows)


def _as_the_ledger_sees_it(job: Job, error: Exception) -> Exception:
    """An unknown outcome that the ledger won't let anybody buy again is for a person to decide."""
    if not isinstance(error, ProviderError) or error.charged is not None:
        return error
    for step, capability in ledger.unresolved(job).values_list("step", "capability").distinct():
        try:
            ledger.history(job, step, capability=capability)
        except CallUncertainError as blocked:
            return CallUncertainError(charged=None, details={**blocked.details, "cause": error.code})
    return error


def _may_retry(error: Exception) -> bool:
    """Bugs are not retried (they would fail again, at a price); an unknown outcome is if the ledger lets it, unless the
    answer came and was of no use."""
    if isinstance(error, ProviderError) and error.charged is None:
        return error.retryable or error.code != BAD_ANSWER
    return bool(getattr(error, "retryable", False))
