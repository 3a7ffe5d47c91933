"""From an exception to what is stored of it, and to whether the job is tried again."""

import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from config.errors import AppError, Charged, describe
from generation.domain.backoff import retry_delay
from generation.errors import JobInternalError
from generation.jobs import ledger, transitions
from generation.models import Job
from generation.providers.base import ProviderError

_rng = random.Random()  # noqa: S311 — jitter, not a secret


def describe_error(error: Exception, *, charged: Charged) -> dict[str, Any]:
    """What a job keeps of an error: code, the sentence in both languages, whether to retry, whether it cost money."""
    if isinstance(error, AppError):
        details = error.details
        en, zh, code, retryable = error.message("en"), error.message("zh"), error.code, error.retryable
    elif isinstance(error, ProviderError):
        details = {"provider": error.provider} if error.provider else None
        code, retryable = error.code, error.retryable
        en, zh = describe(code, "en"), describe(code, "zh")
    else:
        return describe_error(JobInternalError(), charged=charged)
    described = {"code": code, "message": en, "message_zh": zh, "retryable": retryable, "charged": charged}
    return {**described, "details": details} if details else described


def settle_failure(job: Job, error: Exception, *, max_failures: int) -> Job | None:
    """`running → queued` when trying again can help and is allowed, else `running → failed`."""
    ledger.give_up_attempt(job)
    described = describe_error(error, charged=ledger.charged(job))
    rows = transitions.held(job)
    limit = min(max_failures, job.max_failures)
    if _may_retry(job, error) and job.failures + 1 < limit:
        wait = retry_delay(job.failures + 1, retry_after=getattr(error, "retry_after", None), rng=_rng)
        return transitions.requeue(rows, described, not_before=timezone.now() + timedelta(seconds=wait))
    return transitions.fail(rows, described)


def _may_retry(job: Job, error: Exception) -> bool:
    """Bugs are not retried (they would fail again, at a price); an unknown outcome only if the ledger lets it."""
    if isinstance(error, ProviderError) and error.charged is None:
        lost = ledger.unresolved(job).first()
        return lost is None or _repeatable(job, lost.step, lost.capability)
    return bool(getattr(error, "retryable", False))


def _repeatable(job: Job, step: str, capability: str) -> bool:
    try:
        ledger.may_buy(job, step, capability=capability)
    except AppError:
        return False
    return True
