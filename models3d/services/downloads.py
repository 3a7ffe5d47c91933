"""Taking public models along."""

from uuid import UUID

from django.db import transaction

from generation.domain.states import JobStatus
from models3d.errors import ModelFileFailedError
from models3d.models import ModelFile
from models3d.services.counting import public_locked
from models3d.services.interactions import download_record
from models3d.services.versions import model_convert


def model_download(*, model_id: UUID, format: str = "", size_mm: float | None = None) -> ModelFile:
    """A public model in a format (its own if none is named) and a size. Counts as a download if the file is there; if
    not, its `job` makes it.

    Raises `ModelNotPublicError`, `ModelFormatError`, `ModelFileFailedError`.
    """
    with transaction.atomic():
        model = public_locked(model_id)
        found = model_convert(model=model, format=format or model.source_format, size_mm=size_mm)
    if found.file is None and found.job is not None:
        if found.job.status == JobStatus.FAILED:
            raise ModelFileFailedError(format=found.format)
        return found
    download_record(model_id=model_id)
    return found
