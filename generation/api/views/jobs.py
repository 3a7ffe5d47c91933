"""Endpoints of jobs: list, look at, cancel, retry."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from rest_framework.request import Request

from accounts.services import activity_record
from config.api.lists import (
    BoolFilter,
    ChoiceFilter,
    JsonPage,
    JsonRow,
    ListSpec,
    Source,
    TextFilter,
    UuidFilter,
    plain_serializer,
    read_list_query,
    read_page,
    read_row,
    time_range,
)
from config.api.lists.views import ListApi
from config.api.schema import operation
from config.api.views import Accepted, Answer, ApiView, Detail
from config.errors import NotFoundError
from generation.api.serializers import JobDetailOut, JobOut
from generation.domain.states import TERMINAL, JobStatus
from generation.errors import JobLiveError, JobNotFoundError, JobStateError
from generation.jobs.modes import check_mode
from generation.jobs.services import job_cancel, job_retry
from generation.models import Job
from generation.models.actions import Action, ObjectType
from generation.selectors import (
    job_get_for,
    job_is_over,
    job_list_for,
    job_row,
    job_row_for,
    job_top_level_for,
)

TAG = "jobs"
ROW_EXAMPLE = {
    "id": "019a6f60-4c1e-7d30-b2aa-6f1d2c3b4a59",
    "kind": "templates.batch",
    "parent_id": None,
    "position": 0,
    "status": "waiting",
    "is_paused": False,
    "is_cancel_requested": False,
    "is_test": False,
    "progress": 42,
    "attempt": 1,
    "failures": 0,
    "max_failures": 4,
    "error": None,
    "last_event": 17,
    "not_before": "2026-01-31T08:00:00.000000Z",
    "created_at": "2026-01-31T08:00:00.000000Z",
    "updated_at": "2026-01-31T08:02:11.250000Z",
    "started_at": "2026-01-31T08:00:00.120000Z",
    "finished_at": None,
}
CALL_EXAMPLE = {
    "id": "019a6f60-5a00-7c11-9a40-0b1c2d3e4f50",
    "step": "document",
    "attempt": 1,
    "feature": "templates.document",
    "capability": "llm",
    "provider": "deepseek",
    "model": "deepseek-chat",
    "status": "settled",
    "reserved_micros": 5280,
    "cost_micros": 1904,
    "currency": "USD",
    "price_version": "2025-list",
    "input_tokens": 812,
    "output_tokens": 1532,
    "cached_tokens": 0,
    "reasoning_tokens": 0,
    "is_estimate": False,
    "is_test": False,
    "is_own_key": False,
    "is_resolved": False,
    "error_code": "",
    "repeats_id": None,
    "created_at": "2026-01-31T08:00:01.000000Z",
    "sent_at": "2026-01-31T08:00:01.004000Z",
    "settled_at": "2026-01-31T08:00:19.310000Z",
}
DETAIL_EXAMPLE = {
    **ROW_EXAMPLE,
    "input": {"languages": ["zh", "en"]},
    "output": None,
    "cost": {
        "cost_micros": 1904,
        "reserved_micros": 0,
        "currency": "USD",
        "input_tokens": 812,
        "output_tokens": 1532,
        "calls": 1,
        "uncertain_calls": 0,
    },
    "calls": [CALL_EXAMPLE],
}
FILTERS = {
    "status": ChoiceFilter(status.value for status in JobStatus),
    "kind": TextFilter(),
    "parent_id": UuidFilter(help="The items of this job; without it the list has no items of batches."),
    "is_test": BoolFilter(Q(is_test=True)),
    **time_range("created_at"),
}
SORTS = ("created_at", "updated_at")
TOP_LEVEL = ListSpec(JobOut, job_top_level_for, filters=FILTERS, sorts=SORTS)
OWN = Source(JobDetailOut, job_row_for)
ANY = Source(JobDetailOut, job_row)


def job_detail_for(owner_id: UUID, job_id: UUID) -> JsonRow:
    """The job as its detail shows it. Raises JobNotFoundError."""
    try:
        return read_row(OWN, owner_id=owner_id, job_id=job_id)
    except NotFoundError:
        raise JobNotFoundError from None


def finished_job(job_id: str, seconds: float) -> JsonRow | None:
    """What `?wait=` needs: the job's detail once it is over, None when it isn't after so many seconds."""
    key = UUID(job_id)
    return read_row(ANY, job_id=key) if job_is_over(key, within=seconds) else None


class JobListApi(ListApi):
    scope = "jobs"
    read_model = JobOut
    selector = job_list_for
    filters = FILTERS
    sorts = SORTS
    summary = "List jobs"
    description = "Your jobs. The items of a batch are listed with its id as `parent_id`."
    tag = TAG
    example = ROW_EXAMPLE

    def read_page(self, request: Request, **keys: Any) -> JsonPage:
        spec = self.spec if "parent_id" in request.query_params else TOP_LEVEL
        return read_page(spec, read_list_query(spec, request._request.GET), owner_id=self.caller.pk)


class JobApi(ApiView):
    scope = "jobs"

    @operation(
        "Read a job",
        tag=TAG,
        description="`cost` sums up the job's calls and those of its items; `calls` are its own, oldest first.",
        response=plain_serializer(JobDetailOut),
        example=DETAIL_EXAMPLE,
        errors=[JobNotFoundError],
    )
    def get(self, request: Request, job_id: UUID) -> Detail:
        return Detail(job_detail_for(self.caller.pk, job_id))


class JobCancelApi(ApiView):
    scope = "jobs"
    waits = True

    @operation(
        "Cancel a job",
        tag=TAG,
        description=(
            "What nobody runs stops at once: 200 with the cancelled job. What runs stops between two of its steps: "
            "202, and the job's events tell when. The items of a batch are cancelled with it. Cancelling twice is "
            "no error."
        ),
        response=plain_serializer(JobDetailOut),
        status=202,
        example={**DETAIL_EXAMPLE, "is_cancel_requested": True},
        errors=[JobNotFoundError, JobStateError],
    )
    def post(self, request: Request, job_id: UUID) -> Answer:
        with transaction.atomic():
            job = job_get_for(self.caller.pk, job_id)
            events = job.event_seq
            job = job_cancel(job=job)
            if job.event_seq != events:  # cancelling twice changes nothing
                _record(job, Action.CANCEL_JOB)
        shown = job_detail_for(self.caller.pk, job_id)
        return Answer(shown) if job.status in TERMINAL else Accepted(shown, job_id=job_id)


class JobRetryApi(ApiView):
    scope = "jobs"
    waits = True

    @operation(
        "Retry a failed job",
        tag=TAG,
        description=(
            "Of a batch, the failed items run again. What was paid for is not bought again, except that calls with "
            "an unknown outcome no longer hold their step back: asking for the retry is your word that they may be "
            "bought once more."
        ),
        response=plain_serializer(JobDetailOut),
        status=202,
        example={**DETAIL_EXAMPLE, "status": "queued", "progress": 0},
        errors=[JobNotFoundError, JobStateError, JobLiveError],
    )
    def post(self, request: Request, job_id: UUID) -> Accepted:
        with transaction.atomic():
            job = job_get_for(self.caller.pk, job_id)
            check_mode(job, is_test=self.caller.is_test)
            job = job_retry(job=job)
            _record(job, Action.RETRY_JOB)
        return Accepted(job_detail_for(self.caller.pk, job_id), job_id=job_id)


def _record(job: Job, action: Action) -> None:
    activity_record(
        owner_id=job.owner_id,
        action=action,
        object_type=ObjectType.JOB,
        object_id=job.pk,
        details={"kind": job.kind},
    )
