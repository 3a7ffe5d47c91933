"""What the gallery's pages show of public models besides what the API does."""

from uuid import UUID

from django.db.models import Case, F, QuerySet, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from generation.models import StoredFile
from models3d.models import Model3D

#: Remixes on the page of a model.
MOST_REMIXES = 12
#: The files of a public model that its pages show, by the last part of their addresses.
FILES: dict[str, Combinable] = {
    "preview.webp": F("current__preview"),
    "turntable.webp": F("current__turntable"),
    "model.glb": Coalesce("current__viewer", "current__file"),
    "picture": Case(When(shows_recipe=True, then="picture")),
}


def public_remix_list(model_id: UUID) -> "QuerySet[Model3D]":
    """What was made of it, the newest first."""
    return Model3D.objects.public().filter(remix_of=model_id).order_by("-published_at", "-pk")[:MOST_REMIXES]


def public_file_find(model_id: UUID, name: str) -> StoredFile | None:
    """One of FILES of a model that everybody may see."""
    model = Model3D.objects.public().filter(pk=model_id)
    return StoredFile.objects.filter(pk__in=model.values_list(FILES[name])).first()
