"""What it means to make a mesh, to read one, to repair and to convert one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from config.errors import AppError
from generation.domain.states import JobStatus
from generation.jobs import ledger
from generation.jobs.ledger import results_forget
from generation.jobs.registry import JobKind, NoInput, Waiting
from generation.jobs.run import JobRun
from generation.models import Job, ProviderCall
from generation.providers import registry
from generation.providers.base import ProviderError
from generation.providers.mesh.base import MeshAnswer, MeshOrder
from generation.services.files import StoredObject, file_open, object_kept
from models3d.domain.options import USUAL_MM
from models3d.domain.words import Format, Unit, VersionReason
from models3d.errors import MeshUnusableError, ModelGoneError
from models3d.models import Model3D, ModelFile, ModelVersion
from models3d.selectors.models import model_titles, worked_on_titles
from models3d.services.compute import Inspected, mesh_convert, mesh_inspect, mesh_repair
from models3d.services.models import MAKE_KIND, READ_KIND
from models3d.services.storing import (
    StoredMesh,
    locked,
    mesh_content,
    mesh_kept,
    objects_remove,
    version_add,
)
from models3d.services.versions import (
    CONVERT_KIND,
    REPAIR_KIND,
    OfFile,
    OfModel,
    convert_store,
    repair_store,
)


@dataclass(frozen=True, slots=True)
class MadeMesh:
    """A mesh that lies in the storage already, and who made it."""

    stored: StoredMesh
    provider: str = ""
    model: str = ""


def run_make(run: JobRun) -> MadeMesh | Waiting:
    """Buy a mesh, or go on waiting for it; look at what came, and put it into the storage."""
    model = _model_of(run.job)
    step = _step(run.job)
    answer = run.mesh(step, _order(model), feature=MAKE_KIND)
    if isinstance(answer, Waiting):
        return answer
    with ExitStack() as open_files:
        with _turned_down(run.job, step):
            source, inspected = _first_usable(run, model, answer, open_files)
        with mesh_kept(owner_id=run.job.owner_id, inspected=inspected, source=source) as stored:
            return MadeMesh(stored, answer.provider, answer.model)


def _model_of(job: Job) -> Model3D:
    """Raises `ModelGoneError`."""
    model = Model3D.objects.filter(pk=job.pk).select_related("picture", "source").first()
    if model is None:
        raise ModelGoneError
    return model


def _order(model: Model3D) -> MeshOrder:
    picture, media_type = b"", ""
    if model.picture is not None:
        media_type = model.picture.media_type
        with file_open(model.picture) as file:
            picture = file.read()
    return MeshOrder(
        prompt=model.prompt,
        image=picture,
        image_media_type=media_type,
        model=model.asked_model or None,
        shape=model.shape,
        size_mm=model.size_mm,
        is_textured=model.is_textured,
        seed=model.seed,
    )


def _step(job: Job) -> str:
    """Another one after each mesh that was paid for and was of no use."""
    in_vain = ProviderCall.objects.filter(job_id=job.pk).exclude(rejected_code="").count()
    return f"mesh-{in_vain + 1}"


@contextmanager
def _turned_down(job: Job, step: str) -> Iterator[None]:
    """What can't be used and won't get better is bought anew when a person asks for it."""
    try:
        yield
    except (MeshUnusableError, ProviderError) as exc:
        if not exc.retryable:
            ledger.turn_down(job, step, code=exc.code)
        raise


def _first_usable(
    run: JobRun, model: Model3D, answer: MeshAnswer, open_files: ExitStack
) -> tuple[BinaryIO, Inspected]:
    """The first of the answer's files that can be read, the others in their turn. Raises `MeshUnusableError`, and a
    `ProviderError` where a file may be had later."""
    failed: Exception | None = None
    for file in answer.files:
        try:
            source = open_files.enter_context(run.mesh_file(answer, file.format))
            inspected = mesh_inspect(source, **_size_of(model, answer, file.format))
        except (AppError, ProviderError) as exc:
            if exc.retryable:
                raise
            failed = failed or exc
        else:
            return source, inspected
    raise MeshUnusableError(charged=True, details={"cause": getattr(failed, "code", "")})


def _size_of(model: Model3D, answer: MeshAnswer, format: str) -> dict[str, Any]:
    """How large it is: as asked, as its maker knows, else as things of this kind usually are."""
    is_known = bool(answer.unit)
    states_unit = format == Format.GLB  # metres, whoever made it
    unit = Unit(answer.unit) if is_known and not states_unit else None
    return {"unit": unit, "size_mm": model.size_mm or (None if is_known else USUAL_MM)}


def store_made(job: Job, made: MadeMesh) -> dict[str, Any]:
    results_forget([job.pk])
    model = locked(job.pk)
    if model is None:
        objects_remove(made.stored)
        return {}
    is_made = bool(made.provider)
    version = version_add(
        model=model,
        job=job,
        stored=made.stored,
        reason=VersionReason.MADE if is_made else VersionReason.UPLOADED,
        kept=model.source,
        made_by={
            "provider": made.provider,
            "model": made.model,
            "is_procedural": made.provider == registry.SANDBOX,
        },
    )
    return {"file_id": str(version.file_id)}


def run_read(run: JobRun) -> MadeMesh:
    """Look at a mesh that somebody brought along."""
    model = _model_of(run.job)
    if model.source is None:
        raise ModelGoneError
    unit = Unit(model.unit) if model.unit else None
    with file_open(model.source) as source:
        inspected = mesh_inspect(source, unit=unit, size_mm=model.size_mm)
    with mesh_kept(owner_id=run.job.owner_id, inspected=inspected, source=None) as stored:
        return MadeMesh(stored)


def end_made(job: Job) -> None:
    """What was cancelled needs no answer that was kept for it. What has failed may be gone on with: a mesh that was
    paid for and found no room is stored then, and not bought again."""
    if job.status == JobStatus.CANCELLED:
        results_forget([job.pk])


@dataclass(frozen=True, slots=True)
class MendedMesh:
    """A repaired mesh that lies in the storage already. `stored` None: there was nothing to mend."""

    version_id: UUID
    stored: StoredMesh | None
    changes: dict[str, int]


def run_repair(run: JobRun) -> MendedMesh:
    """Mend the current version, if anything can be."""
    current = Model3D.objects.filter(pk=run.input.model_id).values("current")
    version = ModelVersion.objects.filter(pk__in=current).select_related("file").first()
    if version is None:
        raise ModelGoneError
    with file_open(version.file) as source:
        repaired = mesh_repair(source, scale=version.scale)
    with repaired.glb:
        changes = {name: number for name, number in repaired.changes.items() if number}
        if not changes:
            return MendedMesh(version.pk, None, {})
        inspected = repaired.inspected
        with mesh_kept(owner_id=run.job.owner_id, inspected=inspected, source=repaired.glb) as stored:
            return MendedMesh(version.pk, stored, changes)


def store_repair(job: Job, mended: MendedMesh) -> dict[str, Any]:
    number = None
    if mended.stored is not None:
        number = repair_store(
            job=job,
            model_id=UUID(job.input["model_id"]),
            version_id=mended.version_id,
            stored=mended.stored,
            changes=mended.changes,
        )
    return {"version": number, "changes": mended.changes}


def run_convert(run: JobRun) -> StoredObject:
    """Write a version in another format."""
    wanted = run.input
    found = ModelFile.objects.filter(pk=wanted.model_file_id).select_related("version__file").first()
    if found is None:
        raise ModelGoneError
    version, to = found.version, Format(found.format)
    size_mm = found.size_um / 1000 or None
    with (
        file_open(version.file) as source,
        mesh_convert(source, scale=version.scale, to=to, size_mm=size_mm) as converted,
        object_kept(
            owner_id=run.job.owner_id, source=converted, content=mesh_content(converted, to)
        ) as stored,
    ):
        return stored


def store_convert(job: Job, stored: StoredObject) -> dict[str, Any]:
    file_id = convert_store(
        job=job,
        model_id=UUID(job.input["model_id"]),
        model_file_id=UUID(job.input["model_file_id"]),
        stored=stored,
    )
    return {"file_id": str(file_id)} if file_id is not None else {}


WORDS = {"file_id": _("file")}
LINKS = {"file_id": "generation.storedfile"}
KINDS = (
    JobKind(
        name=MAKE_KIND,
        input=NoInput,
        run=run_make,
        store=store_made,
        end=end_made,
        title=_("3D model"),
        titles=model_titles,
        words=WORDS,
        links=LINKS,
    ),
    JobKind(
        name=READ_KIND,
        input=NoInput,
        run=run_read,
        store=store_made,
        title=_("reading of a 3D model"),
        titles=model_titles,
        words=WORDS,
        links=LINKS,
    ),
    JobKind(
        name=REPAIR_KIND,
        input=OfModel,
        run=run_repair,
        store=store_repair,
        title=_("repair of a 3D model"),
        titles=worked_on_titles,
        words={"model_id": _("3D model"), "version": _("version"), "changes": _("what was repaired")},
        links={"model_id": "models3d.model3d"},
    ),
    JobKind(
        name=CONVERT_KIND,
        input=OfFile,
        run=run_convert,
        store=store_convert,
        title=_("conversion of a 3D model"),
        titles=worked_on_titles,
        words={**WORDS, "model_id": _("3D model"), "model_file_id": _("converted file of a 3D model")},
        links={**LINKS, "model_id": "models3d.model3d", "model_file_id": "models3d.modelfile"},
    ),
)
