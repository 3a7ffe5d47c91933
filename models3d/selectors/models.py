"""Reads of 3D models."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from generation.models import Job
from models3d.models import Model3D, ModelFile, ModelVersion


def model_list_for(owner_id: UUID) -> QuerySet[Model3D]:
    return Model3D.objects.owned_by(owner_id)


def version_list_for(owner_id: UUID, model_id: UUID) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(model__owner_id=owner_id, model_id=model_id)


def model_file_list_for(owner_id: UUID, pk: UUID) -> QuerySet[ModelFile]:
    return ModelFile.objects.filter(version__model__owner_id=owner_id, pk=pk)


def converted_file_list_for(owner_id: UUID, job_id: UUID) -> QuerySet[ModelFile]:
    """What a job of conversion makes."""
    return ModelFile.objects.filter(version__model__owner_id=owner_id, job_id=job_id)


def model_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """What jobs that make or read models are about."""
    models = Model3D.objects.filter(pk__in=[job.pk for job in jobs])
    return dict(models.values_list("pk", "name"))


def worked_on_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """What jobs are about that name a model in their input."""
    named = {job.pk: UUID(job.input["model_id"]) for job in jobs}
    names = dict(Model3D.objects.filter(pk__in=named.values()).values_list("pk", "name"))
    return {job: names[model] for job, model in named.items() if model in names}
