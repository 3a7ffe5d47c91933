"""What a model is made of: found, locked against deletion, and given its name."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.utils import timezone

from config.files.meshes import MESHES
from generation.domain.states import JobStatus
from generation.jobs.services import check_mode
from generation.models import ImageRequest, Job, StoredFile
from generation.providers.llm.sandbox import without_inputs
from generation.services.files import files_of_owner
from models3d.domain.licences import TERMS, Licence
from models3d.domain.names import name_of
from models3d.domain.options import ModelOptions
from models3d.domain.words import Origin
from models3d.errors import (
    ModelExistsError,
    ModelMeshError,
    ModelNothingSelectedError,
    ModelPictureError,
    ModelRemixError,
    ModelRemixForbiddenError,
    ModelRequestUnknownError,
    ModelSourceError,
)
from models3d.models import Model3D

MESH_TYPES = frozenset(one.media_type for one in MESHES)
#: A request whose model ended so gets another one.
ENDED_IN_VAIN = (JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Source:
    """`fields` are those of the model that follow from what it is made of."""

    name: str
    fields: dict[str, Any]
    is_test: bool
    request: ImageRequest | None = None


def source_of(*, owner_id: UUID, asked: ModelOptions, is_test: bool) -> Source:
    """What the options name, locked until the transaction that this is called in has ended.

    Raises `ModelSourceError`, `ModelRequestUnknownError`, `ModelNothingSelectedError`, `ModelExistsError`,
    `JobLiveError`, `FileUnknownError`, `ModelPictureError`, `ModelMeshError`.
    """
    named = [asked.request_id, asked.image_file_id, asked.prompt or None, asked.file_id]
    if sum(one is not None for one in named) != 1:
        raise ModelSourceError
    if asked.request_id is not None:
        return _of_request(owner_id, asked.request_id, is_test=is_test)
    if asked.image_file_id is not None:
        [file] = files_of_owner(owner_id, [asked.image_file_id])
        if not file.is_image:
            raise ModelPictureError(media_type=file.media_type)
        return Source(_name_of(file), {"origin": Origin.AI_GENERATED.value, "picture": file}, is_test)
    if asked.file_id is not None:
        [file] = files_of_owner(owner_id, [asked.file_id])
        if file.media_type not in MESH_TYPES:
            raise ModelMeshError(media_type=file.media_type)
        return Source(_name_of(file), {"origin": Origin.USER_UPLOADED.value, "source": file}, is_test)
    name = name_of(without_inputs(asked.prompt))
    return Source(name, {"origin": Origin.AI_GENERATED.value, "prompt": asked.prompt}, is_test)


def _name_of(file: StoredFile) -> str:
    return name_of(PurePosixPath(file.name).stem)


def _of_request(owner_id: UUID, request_id: UUID, *, is_test: bool) -> Source:
    # Its model's job isn't joined: PostgreSQL would read it as it was before another transaction let go of the lock.
    found = ImageRequest.objects.owned_by(owner_id).filter(pk=request_id)
    request = found.select_for_update(no_key=True).first()
    if request is None:
        raise ModelRequestUnknownError
    check_mode(request.job, is_test=is_test)
    image = request.selected
    if image is None or image.file is None:
        raise ModelNothingSelectedError
    if request.mesh_job is not None and request.mesh_job.status not in ENDED_IN_VAIN:
        raise ModelExistsError(model_id=request.mesh_job_id)
    fields = {
        "origin": Origin.AI_GENERATED.value,
        "request": request,
        "picture": image.file,
        "prompt": request.prompt,
        "style": image.style,
    }
    return Source(name_of(without_inputs(request.prompt)), fields, request.job.is_test, request)


def request_model_set(request: ImageRequest, job: Job) -> None:
    """From here on the request's status is that of its model. `request` is locked by `source_of`."""
    request.mesh_job = job
    request.save(update_fields=["mesh_job", "updated_at"])


def request_model_forget(job_id: UUID) -> None:
    """The model is gone: another image may be selected."""
    ImageRequest.objects.filter(mesh_job_id=job_id).update(mesh_job=None, updated_at=timezone.now())


def remixed(owner_id: UUID, parent_id: UUID | None) -> dict[str, Any]:
    """The fields of a remix. Raises `ModelRemixError`, `ModelRemixForbiddenError`."""
    if parent_id is None:
        return {}
    parent = Model3D.objects.filter(pk=parent_id).select_for_update(no_key=True).first()
    if parent is None or parent.owner_id != owner_id and not parent.is_public:
        raise ModelRemixError
    if parent.owner_id != owner_id and not TERMS[Licence(parent.licence)].allows_remixes:
        raise ModelRemixForbiddenError(licence=parent.licence)
    return {"remix_of": parent, "remix_note": {"id": str(parent.pk), "name": parent.name}}
