"""What jobs have found out about a mesh: put into the storage first, written down with the end of the job."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.utils import timezone

from accounts.services.files import object_removal_create
from config.files.content import Content
from config.files.meshes import GLB, OBJ, OBJ_ZIP, PLY, STL, THREE_MF
from generation.models import Job, StoredFile
from generation.services.files import StoredObject, file_add, object_kept
from models3d.domain.verdicts import verdict
from models3d.domain.words import Format, VersionReason
from models3d.models import Model3D, ModelVersion
from models3d.services.compute import Inspected

MEDIA_TYPES = {Format.GLB: GLB, Format.STL: STL, Format.OBJ: OBJ, Format.THREE_MF: THREE_MF, Format.PLY: PLY}
ENDINGS = {GLB: "glb", STL: "stl", OBJ: "obj", OBJ_ZIP: "zip", THREE_MF: "3mf", PLY: "ply"}
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredMesh:
    """A mesh that lies in the storage already, with what was found out about it. `file` None: it is one that is kept
    already."""

    inspected: Inspected
    file: StoredObject | None
    preview: StoredObject
    turntable: StoredObject
    viewer: StoredObject | None

    @property
    def objects(self) -> list[StoredObject]:
        return [one for one in (self.file, self.preview, self.turntable, self.viewer) if one is not None]


@contextmanager
def mesh_kept(*, owner_id: UUID, inspected: Inspected, source: BinaryIO | None) -> Iterator[StoredMesh]:
    """Put everything into the storage; taken back when what is done inside fails. `source`: the mesh, unless it is
    kept already. Not in a transaction: this is slow. Raises `FileQuotaError`, `FileStorageError`."""
    with ExitStack() as kept:
        if inspected.glb is not None:
            kept.enter_context(inspected.glb)

        def keep(file: bytes | BinaryIO, content: Content | None = None) -> StoredObject:
            return kept.enter_context(object_kept(owner_id=owner_id, source=file, content=content))

        found = Format(inspected.format)
        yield StoredMesh(
            inspected=inspected,
            file=keep(source, mesh_content(source, found)) if source is not None else None,
            preview=keep(inspected.preview),
            turntable=keep(inspected.turntable),
            viewer=keep(inspected.glb, mesh_content(inspected.glb, Format.GLB)) if inspected.glb else None,
        )


def mesh_content(file: BinaryIO, format: Format) -> Content:
    """The facts of a mesh that was read already; the file is left at its beginning."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    is_packed = format == Format.OBJ and file.read(2) == b"PK"
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    return Content(OBJ_ZIP if is_packed else MEDIA_TYPES[format], size, digest.hexdigest())


def objects_remove(stored: StoredMesh) -> None:
    """What was made for a model that is gone goes the way of all deleted files."""
    for one in stored.objects:
        object_removal_create(key=one.key)


def locked(model_id: UUID) -> Model3D | None:
    return Model3D.objects.select_for_update(no_key=True).filter(pk=model_id).first()


def version_add(
    *,
    model: Model3D,
    job: Job,
    stored: StoredMesh,
    reason: VersionReason,
    kept: StoredFile | None = None,
    changes: dict[str, int] | None = None,
    made_by: Mapping[str, Any] | None = None,
) -> ModelVersion:
    """Make a mesh the current version. `model` is locked; `kept` is the mesh's file if it is there already, `made_by`
    is written to the model, too. Raises what `file_add` raises."""

    def add(one: StoredObject, ending: str = "") -> StoredFile:
        name = f"{model.name}.{ending or ENDINGS[one.content.media_type]}"
        return file_add(owner_id=job.owner_id, stored=one, name=name)

    inspected = stored.inspected
    file = kept if stored.file is None else add(stored.file)
    if file is None:
        raise ValueError("A version has a file.")
    version = ModelVersion.objects.create(
        model=model,
        number=model.versions.count() + 1,
        reason=reason.value,
        file=file,
        format=inspected.format,
        unit=inspected.unit,
        unit_source=inspected.unit_source,
        scale=inspected.scale,
        report=inspected.report.as_json(),
        changes=changes or {},
        preview=add(stored.preview, "webp"),
        turntable=add(stored.turntable, "turntable.webp"),
        viewer=add(stored.viewer) if stored.viewer is not None else None,
    )
    changed = {
        **(made_by or {}),
        "current": version,
        "source_format": inspected.format,
        "is_printable": verdict(inspected.report).is_printable,
        "longest_mm": inspected.report.longest_mm,
        "triangles": inspected.report.triangles,
        "updated_at": timezone.now(),
    }
    for name, value in changed.items():
        setattr(model, name, value)
    model.save(update_fields=list(changed))
    return version
