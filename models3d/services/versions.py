"""What becomes of a model that is there: repaired as a new version, converted to another format."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts.services.activities import row_record
from accounts.services.files import object_removal_create
from generation.domain.states import JobStatus
from generation.jobs import services as jobs
from generation.models import Job
from generation.services.files import StoredObject, file_add, files_discard
from models3d.domain.options import SCALED_FILES, TARGETS
from models3d.domain.words import UnitSource, VersionReason
from models3d.errors import ModelFormatError, ModelStateError
from models3d.models import Model3D, ModelFile, ModelVersion
from models3d.models.actions import Action
from models3d.services.storing import ENDINGS, StoredMesh, locked, objects_remove, version_add

REPAIR_KIND = "models3d.repair"
CONVERT_KIND = "models3d.convert"
#: A conversion whose job ended so is begun again; one that failed says why.
UNDONE = (JobStatus.CANCELLED,)


@dataclass(frozen=True, slots=True)
class OfModel:
    """The input of a job that works on a model that is there."""

    model_id: UUID


@dataclass(frozen=True, slots=True)
class OfFile:
    """The input of a job that converts a version."""

    model_id: UUID
    model_file_id: UUID


def current_of(model: Model3D) -> ModelVersion:
    """Raises `ModelStateError` before there is one."""
    if model.current is None:
        raise ModelStateError(status=jobs.state_of(model.job), wanted=JobStatus.SUCCEEDED.value)
    return model.current


# -- repair ----------------------------------------------------------------------------------------------------------


def model_repair(*, model: Model3D) -> Job:
    """Mend what can be mended without a guess, as a new version; where a repair is under way, that one. `model` is
    locked by the caller. Raises `ModelStateError`."""
    current_of(model)
    if model.repair_job is not None and not model.repair_job.is_terminal:
        return model.repair_job
    with transaction.atomic():
        job = jobs.job_submit(
            kind=REPAIR_KIND,
            input=OfModel(model.pk),
            owner_id=model.owner_id,
            is_test=model.job.is_test,
        )
        model.repair_job = job
        model.save(update_fields=["repair_job", "updated_at"])
        row_record(model, Action.REPAIR_MODEL)
    return job


def repair_store(
    *, job: Job, model_id: UUID, version_id: UUID, stored: StoredMesh, changes: dict[str, int]
) -> int | None:
    """The number of the new version; None where the model has gone, has another version by now, or a newer repair."""
    model = locked(model_id)
    if model is None or model.repair_job_id != job.pk or model.current_id != version_id:
        objects_remove(stored)
        return None
    version = version_add(model=model, job=job, stored=stored, reason=VersionReason.REPAIRED, changes=changes)
    return version.number


# -- conversion ------------------------------------------------------------------------------------------------------


def model_convert(*, model: Model3D, format: str, size_mm: float | None = None) -> ModelFile:
    """The current version in a format, scaled so that its longest side is `size_mm`: the one that is there, or one that
    a job of the owner's makes. What failed stays so until its job is retried.

    `model` is locked by the caller. Raises `ModelFormatError`, `ModelStateError`.
    """
    version = current_of(model)
    is_own = format == version.format and size_mm is None
    if format not in TARGETS and not is_own:
        raise ModelFormatError(format=format[:20], formats=", ".join(one.value for one in TARGETS))
    size_um = round(size_mm * 1000) if size_mm is not None else 0
    with transaction.atomic():
        found = version.files.select_related("job", "file").filter(format=format, size_um=size_um).first()
        if found is None:
            if size_um:
                _make_room(version)
            # A file that was scaled to a size says another one of itself.
            as_it_came = is_own and version.unit_source != UnitSource.SCALED
            file_id = version.file_id if as_it_came else None
            found = ModelFile.objects.create(version=version, format=format, size_um=size_um, file_id=file_id)
        if found.file_id is None and (found.job is None or found.job.status in UNDONE):
            found.job = jobs.job_submit(
                kind=CONVERT_KIND,
                input=OfFile(model.pk, found.pk),
                owner_id=model.owner_id,
                is_test=model.job.is_test,
            )
            found.save(update_fields=["job", "updated_at"])
    return found


def _make_room(version: ModelVersion) -> None:
    """Of files that were scaled, only so many are kept: what somebody once asked for fills nobody's storage."""
    scaled = version.files.filter(size_um__gt=0, file__isnull=False).order_by("-pk")
    for old in scaled.select_related("file")[SCALED_FILES - 1 :]:
        old.delete()
        files_discard([old.file] if old.file is not None else [])


def convert_store(*, job: Job, model_id: UUID, model_file_id: UUID, stored: StoredObject) -> UUID | None:
    """The key of the file; None where the model has gone."""
    model = locked(model_id)
    found = ModelFile.objects.filter(pk=model_file_id, job_id=job.pk).first() if model is not None else None
    if model is None or found is None:
        object_removal_create(key=stored.key)
        return None
    name = f"{model.name}.{ENDINGS[stored.content.media_type]}"
    found.file = file_add(owner_id=job.owner_id, stored=stored, name=name)
    found.save(update_fields=["file", "updated_at"])
    return found.file.pk
