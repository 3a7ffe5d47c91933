"""Reads about image requests, and how far they are."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from generation.domain.requests import PHASE_OF, STATUS_OF_MESH, UNFINISHED, RequestPhase, RequestStatus
from generation.domain.states import JobStatus
from generation.models import ImageRequest, Job, RequestImage


def request_list_for(owner_id: UUID) -> QuerySet[ImageRequest]:
    return ImageRequest.objects.owned_by(owner_id)


def request_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    requests = ImageRequest.objects.filter(pk__in=[job.pk for job in jobs])
    return {request.pk: str(request) for request in requests}


def image_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    images = RequestImage.objects.filter(pk__in=[job.pk for job in jobs]).select_related("request")
    return {image.pk: f"{image.request} · {image}" for image in images}


# -- `domain.requests` in SQL: one test compares both for everything that can be ---------------------------------------


def _some_image(*conditions: Q, **named: Any) -> Exists:
    return Exists(RequestImage.objects.filter(*conditions, request=OuterRef("pk"), **named))


def _cases() -> list[tuple[Any, RequestStatus]]:
    """Conditions on requests in the order in which they are asked; whoever fulfils none is cancelled."""
    unfinished = _some_image(job__status__in=[status.value for status in UNFINISHED])
    begun = _some_image(~Q(job__status=JobStatus.QUEUED.value))
    succeeded = _some_image(job__status=JobStatus.SUCCEEDED.value)
    return [
        (Q(mesh_job__status=JobStatus.SUCCEEDED.value) & unfinished, RequestStatus.MODEL_COMPLETED),
        *((Q(mesh_job__status=status.value), found) for status, found in STATUS_OF_MESH.items()),
        (Q(job__status=JobStatus.CANCELLED.value), RequestStatus.CANCELLED),
        (~_some_image() & Q(job__status=JobStatus.FAILED.value), RequestStatus.FAILED),
        (~_some_image(), RequestStatus.IMAGE_PENDING),
        (unfinished & begun, RequestStatus.IMAGE_GENERATING),
        (unfinished, RequestStatus.IMAGE_PENDING),
        (Q(selected__isnull=False) & succeeded, RequestStatus.MODEL_PENDING),
        (succeeded, RequestStatus.IMAGE_COMPLETED),
        (_some_image(job__status=JobStatus.FAILED.value), RequestStatus.IMAGE_FAILED),
    ]


def _by_case(word: Callable[[RequestStatus], RequestStatus | RequestPhase]) -> Case:
    return Case(
        *(When(condition, then=Value(word(status).value)) for condition, status in _cases()),
        default=Value(word(RequestStatus.CANCELLED).value),
        output_field=CharField(),
    )


REQUEST_STATUS = _by_case(lambda status: status)
REQUEST_PHASE = _by_case(lambda status: PHASE_OF[status])
