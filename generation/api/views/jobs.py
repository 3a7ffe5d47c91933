"""Endpoints of jobs: list, look at, cancel, retry."""

from uuid import UUID

from django.db.models import Q
from rest_framework.request import Request

from config.api.lists.filters import AnyOf, BoolFilter, ChoiceFilter, TextFilter, UuidFilter, time_range
from config.api.lists.query import read_list_query
from config.api.lists.reading import JsonPage, read_page
from config.api.lists.spec import ListSpec
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.views import Accepted, Answer
from generation.api.serializers.jobs import JobDetailOut, JobOut
from generation.domain.states import TERMINAL, JobStatus
from generation.errors import JobLiveError, JobNotFoundError, JobNotReplayedError, JobStateError
from generation.selectors.jobs import job_list_for, job_top_level_list_for
from generation.services.jobs import job_cancel_for, job_retry_for

FILTERS = {
    "status": AnyOf(ChoiceFilter(JobStatus)),
    "kind": TextFilter(),
    "parent_id": UuidFilter(help="The items of this job; without it the list has no items of batches."),
    "is_test": BoolFilter(Q(is_test=True)),
    **time_range("created_at"),
}
SORTS = ("created_at", "updated_at")


class JobsApi(ResourceApi):
    scope = "jobs"
    read_model = JobDetailOut
    selector = job_list_for
    route = "job"
    missing = JobNotFoundError


class JobListApi(ListApi):
    scope = "jobs"
    read_model = JobOut
    selector = job_list_for
    filters = FILTERS
    sorts = SORTS
    summary = "List jobs"
    description = "Your jobs. The items of a batch are listed with its id as `parent_id`."
    top_level = ListSpec(JobOut, job_top_level_list_for, filters=FILTERS, sorts=SORTS)

    def read_page(self, request: Request) -> JsonPage:
        if "parent_id" in request.query_params:
            return super().read_page(request)
        query = read_list_query(self.top_level, request._request.GET)
        return read_page(self.top_level, query, owner_id=self.caller.pk)


class JobApi(JobsApi, DetailApi):
    summary = "Read a job"
    description = "`cost` sums up the job's calls and those of its items; `calls` are its own, oldest first."


class JobCancelApi(JobsApi):
    waits = True

    @operation(
        "Cancel a job",
        description=(
            "What nobody runs stops at once: 200 with the cancelled job. What runs stops between two of its steps: "
            "202, and the job's events tell when. The items of a batch are cancelled with it. Cancelling twice is "
            "no error."
        ),
        status=202,
        errors=[JobNotFoundError, JobStateError],
    )
    def post(self, request: Request, job_id: UUID) -> Answer:
        job = job_cancel_for(self.caller.pk, job_id)
        if job.status in TERMINAL:
            return self.shown()
        return Accepted(self.row_json(job_id), job_id=job_id)


class JobRetryApi(JobsApi):
    waits = True

    @operation(
        "Retry a failed job",
        description=(
            "Of a batch, the failed items run again. What was paid for is not bought again, except that calls with "
            "an unknown outcome no longer hold their step back: asking for the retry is your word that they may be "
            "bought once more."
        ),
        status=202,
        errors=[JobNotFoundError, JobStateError, JobNotReplayedError, JobLiveError],
    )
    def post(self, request: Request, job_id: UUID) -> Accepted:
        job_retry_for(self.caller.pk, job_id, is_test=self.caller.is_test)
        return Accepted(self.row_json(job_id), job_id=job_id)
