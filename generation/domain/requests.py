"""Image requests: what can be asked for, and how far one is, out of what its parts are."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from generation.domain.images import MOST_IMAGES, Quality, Size
from generation.domain.states import JobStatus


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What is asked for. `style` empty: another one for each picture; `seed` None: any."""

    prompt: str
    negative_prompt: str = ""
    is_optimized: bool = True
    style: str = ""
    size: Size = Size.SQUARE
    quality: Quality = Quality.STANDARD
    model: str = ""
    count: int = MOST_IMAGES
    seed: int | None = None


class RequestStatus(StrEnum):
    IMAGE_PENDING = "image_pending"
    IMAGE_GENERATING = "image_generating"
    IMAGE_COMPLETED = "image_completed"
    IMAGE_FAILED = "image_failed"
    MODEL_PENDING = "model_pending"
    MODEL_GENERATING = "model_generating"
    MODEL_COMPLETED = "model_completed"
    MODEL_FAILED = "model_failed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RequestPhase(StrEnum):
    IMAGE_GENERATION = "image_generation"
    AWAITING_SELECTION = "awaiting_selection"
    MODEL_GENERATION = "model_generation"
    COMPLETED = "completed"


#: A model is there, or on its way: its job's status decides.
STATUS_OF_MESH: Final = {
    JobStatus.QUEUED: RequestStatus.MODEL_PENDING,
    JobStatus.RUNNING: RequestStatus.MODEL_GENERATING,
    JobStatus.WAITING: RequestStatus.MODEL_GENERATING,
    JobStatus.SUCCEEDED: RequestStatus.COMPLETED,
    JobStatus.FAILED: RequestStatus.MODEL_FAILED,
    JobStatus.CANCELLED: RequestStatus.CANCELLED,
}
PHASE_OF: Final = {
    RequestStatus.IMAGE_PENDING: RequestPhase.IMAGE_GENERATION,
    RequestStatus.IMAGE_GENERATING: RequestPhase.IMAGE_GENERATION,
    RequestStatus.IMAGE_COMPLETED: RequestPhase.AWAITING_SELECTION,
    RequestStatus.IMAGE_FAILED: RequestPhase.IMAGE_GENERATION,
    RequestStatus.MODEL_PENDING: RequestPhase.MODEL_GENERATION,
    RequestStatus.MODEL_GENERATING: RequestPhase.MODEL_GENERATION,
    RequestStatus.MODEL_COMPLETED: RequestPhase.COMPLETED,
    RequestStatus.MODEL_FAILED: RequestPhase.MODEL_GENERATION,
    RequestStatus.COMPLETED: RequestPhase.COMPLETED,
    RequestStatus.FAILED: RequestPhase.COMPLETED,
    RequestStatus.CANCELLED: RequestPhase.COMPLETED,
}
#: An image's job in one of these isn't over.
UNFINISHED: Final = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.WAITING)


def request_status(
    job: JobStatus, images: Sequence[JobStatus], *, is_selected: bool, mesh: JobStatus | None
) -> RequestStatus:
    """Out of the status of the request's own job, those of its images' jobs (none until their prompts are written),
    whether an image is selected, and the status of the model's job, if there is one.

    `model_completed`: the model is there while images are still made anew. `failed`: there never were images.
    """
    is_unfinished = any(image in UNFINISHED for image in images)
    if mesh is not None:
        status = STATUS_OF_MESH[mesh]
        is_early = status == RequestStatus.COMPLETED and is_unfinished
        return RequestStatus.MODEL_COMPLETED if is_early else status
    if job == JobStatus.CANCELLED:
        return RequestStatus.CANCELLED
    if not images:
        return RequestStatus.FAILED if job == JobStatus.FAILED else RequestStatus.IMAGE_PENDING
    if is_unfinished:
        is_begun = any(image != JobStatus.QUEUED for image in images)
        return RequestStatus.IMAGE_GENERATING if is_begun else RequestStatus.IMAGE_PENDING
    if JobStatus.SUCCEEDED in images:
        return RequestStatus.MODEL_PENDING if is_selected else RequestStatus.IMAGE_COMPLETED
    return RequestStatus.IMAGE_FAILED if JobStatus.FAILED in images else RequestStatus.CANCELLED


def request_phase(status: RequestStatus) -> RequestPhase:
    return PHASE_OF[status]
