"""3D models: have one made, change it, stop it, delete it.

Whoever changes a model or its versions locks the model first: a worker that stores a version, and somebody who deletes
the model meanwhile, take their turns.
"""

import secrets
import unicodedata
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.services.activities import row_record
from generation.errors import JobStateError
from generation.jobs import services as jobs
from generation.jobs.ledger import results_forget
from generation.jobs.registry import NoInput
from generation.models import Job, StoredFile
from generation.services.files import files_discard
from generation.services.quotes import Quote
from models3d.domain.options import LARGEST_SEED, ModelOptions
from models3d.domain.tags import tags_of
from models3d.domain.words import Origin
from models3d.errors import ModelLicenceError, ModelStateError
from models3d.models import Model3D, ModelFile
from models3d.models.actions import Action
from models3d.services.publishing import licence_check
from models3d.services.quotes import model_quote
from models3d.services.sources import remixed, request_model_forget, request_model_set, source_of

MAKE_KIND = "models3d.make"
READ_KIND = "models3d.read"


def model_create(*, owner_id: UUID, asked: ModelOptions, is_test: bool = False) -> Model3D:
    """Have a model made or read; a worker hears of it when the transaction commits. `is_test`: a test token asks.

    Raises what `source_of`, `remixed` and `model_quote` raise, and `BudgetExceededError` when what is left can't pay
    for it.
    """
    with transaction.atomic():
        source = source_of(owner_id=owner_id, asked=asked, is_test=is_test)
        quote = model_quote(owner_id=owner_id, asked=asked, is_test=source.is_test)
        quote.check()
        is_made = source.fields["origin"] == Origin.AI_GENERATED
        job = jobs.job_submit(
            kind=MAKE_KIND if is_made else READ_KIND,
            input=NoInput(),
            owner_id=owner_id,
            is_test=quote.is_test if is_made else source.is_test,
        )
        model = Model3D(
            id=job.pk,
            owner_id=owner_id,
            job=job,
            name=normal(asked.name) or source.name,
            description=normal(asked.description),
            tags=tags_of(asked.tags),
            asked_model=asked.model,
            shape=asked.shape,
            size_mm=asked.size_mm,
            unit=asked.unit or "",
            is_textured=asked.is_textured,
            seed=_seed(asked.seed) if is_made else None,
            licence=asked.licence,
            from_test_token=is_test,
            **source.fields,
            **remixed(owner_id, asked.remix_of),
        )
        model.save(force_insert=True)
        if source.request is not None:
            request_model_set(source.request, job)
        named = {"request_id": str(source.request.pk)} if source.request is not None else {}
        row_record(
            model, Action.CREATE_MODEL if is_made else Action.UPLOAD_MODEL, is_test=job.is_test, **named
        )
    return model


def model_estimate(*, owner_id: UUID, asked: ModelOptions, is_test: bool = False) -> Quote:
    """What `model_create` would cost. Raises what it raises, but for the budget."""
    with transaction.atomic():
        source = source_of(owner_id=owner_id, asked=asked, is_test=is_test)
        return model_quote(owner_id=owner_id, asked=asked, is_test=source.is_test)


def _seed(asked: int | None) -> int:
    return secrets.randbelow(LARGEST_SEED + 1) if asked is None else asked


def normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def model_update(*, model: Model3D, **changes: Any) -> Model3D:
    """What is as it was isn't a change. `model` is locked by the caller. Raises `ModelLicenceError`,
    `ModelRemixLicenceError`."""
    for name in {"name", "description"} & changes.keys():
        changes[name] = normal(changes[name])
    if "tags" in changes:
        changes["tags"] = tags_of(changes["tags"])
    changed = sorted(name for name, value in changes.items() if getattr(model, name) != value)
    for name in changed:
        setattr(model, name, changes[name])
    if model.published_at is not None and model.is_public and not model.licence:
        raise ModelLicenceError
    if model.is_public and "licence" in changed:
        licence_check(model)
    if changed:
        with transaction.atomic():
            model.save(update_fields=[*changed, "updated_at"])
            row_record(model, Action.UPDATE_MODEL, fields=changed)
    return model


def model_cancel(*, model: Model3D) -> Model3D:
    """Stop the making of a model, at its provider too. Cancelling twice changes nothing. `model` is locked by the
    caller. Raises `ModelStateError` when it is over already."""
    try:
        with transaction.atomic():
            events = model.job.event_seq
            model.job = jobs.job_cancel(job=model.job)
            if model.job.event_seq != events:
                row_record(model, Action.CANCEL_MODEL)
    except JobStateError as exc:
        raise ModelStateError(**exc.params) from exc
    return model


def model_delete(*, model: Model3D) -> None:
    """Delete a model with its versions, and everything that people said of it. What runs is stopped, and keeps nothing.

    Files that it was made from stay, and those that something else of the owner's shows. `model` is locked by the
    caller.
    """
    with transaction.atomic():
        row_record(model, Action.DELETE_MODEL)
        for job in _jobs_of(model):
            if not job.is_terminal:
                jobs.job_cancel(job=job)
        files = files_of(model)
        results_forget([model.pk])
        request_model_forget(model.pk)
        model.delete()
        files_discard(files)


def _jobs_of(model: Model3D) -> list[Job]:
    converting = ModelFile.objects.filter(version__model=model, file=None, job__isnull=False)
    found = [model.job_id, model.repair_job_id, *converting.values_list("job_id", flat=True)]
    return list(Job.objects.filter(pk__in=[one for one in found if one is not None]))


def files_of(model: Model3D) -> list[StoredFile]:
    """All that was stored for it."""
    found: list[UUID | None] = []
    for version in model.versions.all():
        found += [version.file_id, version.preview_id, version.turntable_id, version.viewer_id]
    found += ModelFile.objects.filter(version__model=model).values_list("file_id", flat=True)
    keys = {one for one in found if one is not None and one != model.source_id}
    return list(StoredFile.objects.filter(pk__in=keys))
