"""How far a request is: one pure function, and the same in SQL."""

from itertools import combinations_with_replacement, product

import pytest
from django.utils import timezone

from accounts.models import User
from config.sql.writes import insert_all
from generation.domain.requests import PHASE_OF, RequestPhase, RequestStatus, request_phase, request_status
from generation.domain.states import TERMINAL, JobStatus
from generation.models import ImageRequest, Job, RequestImage
from generation.selectors.requests import REQUEST_PHASE, REQUEST_STATUS

QUEUED, RUNNING, WAITING, SUCCEEDED, FAILED, CANCELLED = JobStatus


def test_every_status_has_a_phase_and_all_can_be() -> None:
    assert set(PHASE_OF) == set(RequestStatus)
    assert {request_phase(status) for status in RequestStatus} == set(RequestPhase)
    assert len(RequestStatus) == 11
    assert len(RequestPhase) == 4


def test_what_a_request_is() -> None:
    """The table in words: job, images, selected, mesh → status."""
    for job, images, is_selected, mesh, expected in [
        (QUEUED, [], False, None, "image_pending"),
        (RUNNING, [], False, None, "image_pending"),
        (FAILED, [], False, None, "failed"),
        (CANCELLED, [], False, None, "cancelled"),
        (WAITING, [QUEUED, QUEUED], False, None, "image_pending"),
        (WAITING, [QUEUED, RUNNING], False, None, "image_generating"),
        (WAITING, [SUCCEEDED, QUEUED], False, None, "image_generating"),
        (WAITING, [SUCCEEDED, WAITING], True, None, "image_generating"),
        (SUCCEEDED, [SUCCEEDED, SUCCEEDED], False, None, "image_completed"),
        (FAILED, [SUCCEEDED, FAILED], False, None, "image_completed"),
        (FAILED, [FAILED, FAILED], False, None, "image_failed"),
        (FAILED, [FAILED, CANCELLED], False, None, "image_failed"),
        (SUCCEEDED, [CANCELLED, CANCELLED], False, None, "cancelled"),
        (CANCELLED, [SUCCEEDED, CANCELLED], False, None, "cancelled"),
        (FAILED, [SUCCEEDED, FAILED], True, None, "model_pending"),
        (SUCCEEDED, [SUCCEEDED], True, QUEUED, "model_pending"),
        (SUCCEEDED, [SUCCEEDED], True, RUNNING, "model_generating"),
        (SUCCEEDED, [SUCCEEDED], True, WAITING, "model_generating"),
        (SUCCEEDED, [SUCCEEDED], True, FAILED, "model_failed"),
        (SUCCEEDED, [SUCCEEDED], True, CANCELLED, "cancelled"),
        (SUCCEEDED, [SUCCEEDED], True, SUCCEEDED, "completed"),
        (WAITING, [SUCCEEDED, RUNNING], True, SUCCEEDED, "model_completed"),
    ]:
        found = request_status(job, images, is_selected=is_selected, mesh=mesh)
        assert found == expected, (job, images, is_selected, mesh)


def everything() -> list[tuple[JobStatus, tuple[JobStatus, ...], bool, JobStatus | None]]:
    """Every combination of the parts: which statuses there are among the images decides, so two show each pair."""
    images = [found for size in range(3) for found in combinations_with_replacement(JobStatus, size)]
    return list(product(JobStatus, images, (False, True), (None, *JobStatus)))


@pytest.mark.django_db
def test_the_database_says_the_same(alice: User) -> None:
    jobs: list[Job] = []
    requests: list[ImageRequest] = []
    pictures: list[RequestImage] = []

    def job(status: JobStatus) -> Job:
        over = timezone.now() if status in TERMINAL else None
        error_code = "X" if status == FAILED else ""
        jobs.append(Job(owner=alice, kind="x", status=status, finished_at=over, error_code=error_code))
        return jobs[-1]

    meshes = {status: job(status) for status in JobStatus}
    expected: dict[object, tuple[str, str]] = {}
    for status, images, is_selected, mesh in everything():
        if is_selected and SUCCEEDED not in images:
            continue
        parent = job(status)
        request = ImageRequest(
            id=parent.pk, owner=alice, job=parent, prompt="茶", count=4, seed=1,
            mesh_job=meshes[mesh] if mesh else None,
        )  # fmt: skip
        requests.append(request)
        for position, one in enumerate(images, 1):
            child = job(one)
            pictures.append(
                RequestImage(
                    id=child.pk,
                    request=request,
                    job=child,
                    position=position,
                    style="cartoon",
                    prompt="茶",
                    seed=1,
                )
            )
        if is_selected:
            request.selected = pictures[images.index(SUCCEEDED) - len(images)]
        word = request_status(status, images, is_selected=is_selected, mesh=mesh)
        expected[request.pk] = (word.value, request_phase(word).value)
    for rows in (jobs, requests, pictures):
        insert_all(rows)  # type: ignore[type-var]

    found = {
        pk: (status, phase)
        for pk, status, phase in ImageRequest.objects.annotate(
            found_status=REQUEST_STATUS, found_phase=REQUEST_PHASE
        ).values_list("pk", "found_status", "found_phase")
    }
    assert found == expected
    assert {status for status, _ in found.values()} == set(RequestStatus)
