"""Image requests: ask for pictures, choose one, have one made again, stop, delete.

Whoever changes a request or its pictures locks the request first: a worker that stores a picture, and somebody who
deletes the request meanwhile, take their turns.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import row_record
from accounts.services.files import object_removal_create
from config.sql.writes import insert_all
from generation.domain.image_prompts import styles_of
from generation.domain.images import LARGEST_SEED
from generation.domain.requests import RequestOptions
from generation.domain.states import JobStatus
from generation.errors import (
    JobStateError,
    RequestGoneError,
    RequestImageStateError,
    RequestImageUnknownError,
    RequestSelectionFixedError,
    RequestStateError,
)
from generation.jobs import parents
from generation.jobs import services as jobs
from generation.jobs.attempts import AttemptLostError
from generation.jobs.ledger import results_forget
from generation.jobs.registry import NoInput
from generation.jobs.transitions import held
from generation.models import ImageRequest, Job, RequestImage
from generation.models.actions import Action
from generation.services.files import StoredObject, file_add, files_discard
from generation.services.request_quotes import request_quote
from generation.services.thumbnails import StoredThumbnail, thumbnails_add

REQUEST_KIND = "generation.images"
IMAGE_KIND = "generation.image"


@dataclass(frozen=True, slots=True)
class MadeImage:
    """A picture that lies in the storage already, with everything that is kept about it."""

    stored: StoredObject
    thumbnails: Sequence[StoredThumbnail]
    provider: str
    model: str
    seed: int
    is_procedural: bool


def request_create(*, owner_id: UUID, options: RequestOptions, is_test: bool = False) -> ImageRequest:
    """Ask for pictures; a worker hears of it when the transaction commits.

    Raises what `request_quote` raises, and `BudgetExceededError` when what is left can't pay for it however cheap it
    gets.
    """
    quote = request_quote(owner_id=owner_id, options=options, is_test=is_test)
    quote.check()
    with transaction.atomic():
        job = jobs.job_submit(kind=REQUEST_KIND, input=NoInput(), owner_id=owner_id, is_test=quote.is_test)
        request = ImageRequest.objects.create(
            id=job.pk,
            owner_id=owner_id,
            job=job,
            prompt=options.prompt,
            negative_prompt=options.negative_prompt,
            is_optimized=options.is_optimized,
            style=options.style,
            size=options.size,
            quality=options.quality,
            model=options.model,
            count=options.count,
            seed=secrets.randbelow(LARGEST_SEED + 1) if options.seed is None else options.seed,
        )
        row_record(request, Action.CREATE_REQUEST, images=request.count, is_test=quote.is_test)
    return request


# -- what its jobs write -------------------------------------------------------------------------------------------


@transaction.atomic
def images_begin(*, job: Job, prompts: Sequence[str], error: Mapping[str, Any] | None) -> None:
    """Write the pictures down, each with its prompt and its job. `error`: why it is the original one for all.

    Raises `RequestGoneError`, `AttemptLostError`.
    """
    request = _locked(job.pk)
    if request is None:
        raise RequestGoneError
    if parents.lock(held(job)) is None:
        raise AttemptLostError
    children = jobs.children_submit(parent=job, kind=IMAGE_KIND, inputs=[NoInput()] * request.count)
    styles = styles_of(request.style, request.count)
    insert_all(
        [
            RequestImage(
                id=child.pk,
                request_id=request.pk,
                job_id=child.pk,
                position=child.position,
                style=style.value,
                prompt=prompt,
                seed=(request.seed + child.position - 1) % (LARGEST_SEED + 1),
            )
            for child, style, prompt in zip(children, styles, prompts, strict=True)
        ]
    )
    request.prompts_error = error
    request.save(update_fields=["prompts_error", "updated_at"])


def image_store(*, job: Job, made: MadeImage) -> dict[str, Any]:
    """Write a picture down. Runs inside the transaction that makes its job succeed.

    A request that was deleted meanwhile gets no file: what was made goes the way of all deleted files. Raises what
    `file_add` raises.
    """
    results_forget([job.pk])
    image = RequestImage.objects.filter(pk=job.pk).first()
    if image is None or _locked(image.request_id) is None:
        for key in (made.stored.key, *(thumbnail.key for thumbnail in made.thumbnails)):
            object_removal_create(key=key)
        return {}
    image.file = file_add(owner_id=job.owner_id, stored=made.stored, name=_name_of(image, made.stored))
    thumbnails_add(file=image.file, made=made.thumbnails)
    for name in ("provider", "model", "seed", "is_procedural"):
        setattr(image, name, getattr(made, name))
    image.save(force_update=True)
    return {"request_id": str(image.request_id), "file_id": str(image.file_id)}


def image_end(job: Job) -> None:
    """A picture that failed for good or was cancelled needs no answer that was kept for it."""
    results_forget([job.pk])


def _name_of(image: RequestImage, stored: StoredObject) -> str:
    kind = stored.content.media_type.rpartition("/")[2]
    return f"{image.request} {image.position}.{kind}"


# -- what its owner does -------------------------------------------------------------------------------------------


def request_select(*, request: ImageRequest, number: int) -> ImageRequest:
    """Choose a picture; another time another one, as long as no model is made of it. `request` is locked by the caller.

    Raises `RequestSelectionFixedError`, `RequestStateError`, `RequestImageUnknownError`, `RequestImageStateError`.
    """
    image = _image_of(request, number)
    if request.selected_id == image.pk:
        return request
    if request.mesh_job_id is not None:
        raise RequestSelectionFixedError(number=request.selected.position if request.selected else number)
    if request.job.status == JobStatus.CANCELLED:
        raise RequestStateError(status=request.job.status, wanted="succeeded")
    if image.file_id is None:
        raise RequestImageStateError(
            number=number, status=jobs.state_of(image.job), wanted=JobStatus.SUCCEEDED.value
        )
    with transaction.atomic():
        request.selected, request.selected_at = image, timezone.now()
        request.save(update_fields=["selected", "selected_at", "updated_at"])
        row_record(request, Action.SELECT_IMAGE, number=number)
    return request


def request_image_retry(*, request: ImageRequest, number: int, is_test: bool = False) -> RequestImage:
    """Have a picture made that failed; what was bought for it isn't bought again. `request` is locked by the caller.

    Raises `RequestImageUnknownError`, `JobLiveError`, `RequestImageStateError` unless it has failed.
    """
    image = _image_of(request, number)
    jobs.check_mode(image.job, is_test=is_test)
    try:
        with transaction.atomic():
            image.job = jobs.job_retry(job=image.job)
            row_record(request, Action.RETRY_IMAGE, number=number)
    except JobStateError as exc:
        raise RequestImageStateError(number=number, **exc.params) from exc
    return image


def request_cancel(*, request: ImageRequest) -> ImageRequest:
    """Make no further pictures; those that are there stay. Cancelling twice changes nothing. `request` is locked by the
    caller. Raises `RequestStateError` when everything is over already."""
    try:
        with transaction.atomic():
            events = request.job.event_seq
            request.job = jobs.job_cancel(job=request.job)
            if request.job.event_seq != events:
                row_record(request, Action.CANCEL_REQUEST)
    except JobStateError as exc:
        raise RequestStateError(**exc.params) from exc
    return request


def request_delete(*, request: ImageRequest) -> None:
    """Delete a request with its pictures. What runs is stopped, at its provider too, and keeps nothing. A file that
    something else of the owner's shows stays. `request` is locked by the caller."""
    with transaction.atomic():
        row_record(request, Action.DELETE_REQUEST)
        if not request.job.is_terminal:
            jobs.job_cancel(job=request.job)
        images = list(request.images.select_related("file"))
        results_forget([request.pk, *(image.pk for image in images)])
        request.delete()
        files_discard(image.file for image in images if image.file is not None)


def _image_of(request: ImageRequest, number: int) -> RequestImage:
    """Raises `RequestImageUnknownError`."""
    image = request.images.select_related("job").filter(position=number).first()
    if image is None:
        raise RequestImageUnknownError(count=request.count)
    return image


def _locked(pk: UUID) -> ImageRequest | None:
    return ImageRequest.objects.select_for_update(no_key=True).filter(pk=pk).first()
