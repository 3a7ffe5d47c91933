"""Rows of 3D models for the guards."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from models3d.models import (
    Model3D,
    ModelDownload,
    ModelFavourite,
    ModelFile,
    ModelLike,
    ModelReport,
    ModelVersion,
    ModelView,
)
from tests.support.rows import Maker, another

REPORT: dict[str, Any] = {
    "triangles": 12,
    "vertices": 8,
    "shells": 1,
    "is_watertight": True,
    "is_winding_consistent": True,
    "boundary_edges": 0,
    "nonmanifold_edges": 0,
    "degenerate_faces": 0,
    "size_mm": [20.0, 20.0, 20.0],
    "volume_mm3": 8000.0,
    "area_mm2": 2400.0,
    "overhang_share": 0.0,
    "thinnest_mm": 20.0,
    "thinnest_precision_mm": 0.1,
    "samples": 500,
}


def model(n: int, owner: User) -> Model3D:
    """With a version that has been converted once."""
    job: Any = another("generation.Job", owner)
    made = Model3D.objects.create(
        id=job.pk, owner=owner, job=job, origin="ai_generated", name=f"茶壶 {n}", tags=["茶"],
        prompt="<script>alert(1)</script>", seed=n, provider="sandbox", model="sandbox", source_format="glb",
        is_printable=True, longest_mm=20.0, triangles=12, licence="CC-BY-4.0",
    )  # fmt: skip
    version = ModelVersion.objects.create(
        model=made, number=1, reason="made", file=another("generation.StoredFile", owner), format="glb", unit="m",
        unit_source="format", scale=1000.0, report=REPORT, preview=another("generation.StoredFile", owner),
        turntable=another("generation.StoredFile", owner),
    )  # fmt: skip
    ModelFile.objects.create(version=version, format="stl", file=another("generation.StoredFile", owner))
    Model3D.objects.filter(pk=made.pk).update(current=version)
    made.current = version
    return made


def public_model(n: int, owner: User) -> Model3D:
    made = model(n, owner)
    Model3D.objects.filter(pk=made.pk).update(visibility="public", published_at=timezone.now())
    made.refresh_from_db()
    return made


MAKERS: dict[str, Maker] = {
    "models3d.Model3D": model,
    "models3d.ModelDownload": lambda n, owner: ModelDownload.objects.create(
        model=public_model(n, owner), visitor=f"{n:064x}", day=timezone.now().date()
    ),
    "models3d.ModelFavourite": lambda n, owner: ModelFavourite.objects.create(
        model=public_model(n, owner), user=owner
    ),
    "models3d.ModelFile": lambda n, owner: ModelFile.objects.get(version=model(n, owner).current),
    "models3d.ModelLike": lambda n, owner: ModelLike.objects.create(model=public_model(n, owner), user=owner),
    "models3d.ModelReport": lambda n, owner: ModelReport.objects.create(
        model=public_model(n, owner), reporter=owner, reason="other", text="<script>alert(1)</script>"
    ),
    "models3d.ModelVersion": lambda n, owner: model(n, owner).current,
    "models3d.ModelView": lambda n, owner: ModelView.objects.create(
        model=public_model(n, owner), visitor=f"{n:064x}", day=timezone.now().date()
    ),
}
