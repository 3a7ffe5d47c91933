"""What owners ask of their jobs, noted as their activity. What a job does meanwhile is up to `generation.jobs`."""

from uuid import UUID

from django.db import transaction

from accounts.services.activities import row_record
from generation.jobs.services import check_mode, job_cancel, job_retry
from generation.models import Job
from generation.models.actions import Action
from generation.selectors.jobs import job_get_for


def job_cancel_for(owner_id: UUID, job_id: UUID) -> Job:
    """`job_cancel` for the owner. Raises `JobNotFoundError`, `JobStateError`."""
    with transaction.atomic():
        job = job_get_for(owner_id, job_id)
        events = job.event_seq
        job = job_cancel(job=job)
        if job.event_seq != events:  # cancelling twice changes nothing
            row_record(job, Action.CANCEL_JOB)
    return job


def job_retry_for(owner_id: UUID, job_id: UUID, *, is_test: bool) -> Job:
    """`job_retry` for the owner, or a token of theirs. Raises `JobNotFoundError`, `JobStateError`, `JobLiveError`."""
    with transaction.atomic():
        job = job_get_for(owner_id, job_id)
        check_mode(job, is_test=is_test)
        job = job_retry(job=job)
        row_record(job, Action.RETRY_JOB)
    return job
