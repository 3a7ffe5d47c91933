"""Reads about image requests, and how far they are."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

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

Word = Callable[[RequestStatus], RequestStatus | RequestPhase]


class _OfImages(Subquery):
    """What the images say together; NULL without any. Written out, because composing it from parts takes longer than
    all else of a request."""

    output_field = CharField()

    def __init__(self, word: Word) -> None:
        images = RequestImage.objects.filter(request=OuterRef("pk")).order_by()
        super().__init__(images.values(status=F("job__status")))
        self.word = word

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        template: str | None = None,
        **extra_context: Any,
    ) -> Any:
        is_queued, is_made, has_failed = (
            f"image.status = '{status.value}'"
            for status in (JobStatus.QUEUED, JobStatus.SUCCEEDED, JobStatus.FAILED)
        )
        is_unfinished = f"image.status IN ({', '.join(repr(status.value) for status in UNFINISHED)})"
        some = "SUM(CASE WHEN {} THEN 1 ELSE 0 END) > 0".format
        cases = [
            (f"{some(is_unfinished)} AND {some(f'NOT {is_queued}')}", RequestStatus.IMAGE_GENERATING),
            (some(is_unfinished), RequestStatus.IMAGE_PENDING),
            (some(is_made), RequestStatus.IMAGE_COMPLETED),
            (some(has_failed), RequestStatus.IMAGE_FAILED),
            ("COUNT(*) > 0", RequestStatus.CANCELLED),
        ]
        whens = " ".join(f"WHEN {condition} THEN '{self.word(status).value}'" for condition, status in cases)
        template = f"(SELECT CASE {whens} END FROM (%(subquery)s) image)"  # noqa: S608 — constants of ours
        return super().as_sql(compiler, connection, template=template, **extra_context)


def _by_case(word: Word) -> Case:
    def said(status: RequestStatus) -> Value:
        return Value(word(status).value)

    def of(path: str, status: JobStatus) -> Q:
        return Q(**{f"{path}__status": status.value})

    unfinished = [status.value for status in UNFINISHED]
    is_unfinished = Exists(RequestImage.objects.filter(request=OuterRef("pk"), job__status__in=unfinished))
    without_images = Case(
        When(of("job", JobStatus.FAILED), then=said(RequestStatus.FAILED)),
        default=said(RequestStatus.IMAGE_PENDING),
        output_field=CharField(),
    )
    is_early = of("mesh_job", JobStatus.SUCCEEDED) & is_unfinished
    return Case(
        When(is_early, then=said(RequestStatus.MODEL_COMPLETED)),
        *(When(of("mesh_job", status), then=said(found)) for status, found in STATUS_OF_MESH.items()),
        When(of("job", JobStatus.CANCELLED), then=said(RequestStatus.CANCELLED)),
        When(Q(selected__isnull=False) & ~is_unfinished, then=said(RequestStatus.MODEL_PENDING)),
        default=Coalesce(_OfImages(word), without_images),
        output_field=CharField(),
    )


REQUEST_STATUS = _by_case(lambda status: status)
REQUEST_PHASE = _by_case(lambda status: PHASE_OF[status])
