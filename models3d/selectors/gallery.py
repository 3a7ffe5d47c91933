"""What everybody may see: public models, what people said of them, and what was made of what."""

from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from models3d.errors import ModelNotPublicError
from models3d.models import Model3D, ModelFavourite, ModelLike

#: A family of remixes is shown so far up and down, and so many of them.
DEEPEST = 20
MOST_REMIXES = 200


def public_model_list() -> QuerySet[Model3D]:
    return Model3D.objects.public()


def liked_list_for(owner_id: UUID) -> QuerySet[ModelLike]:
    """Likes of models that are still public."""
    return ModelLike.objects.filter(user_id=owner_id, model__in=Model3D.objects.public())


def favourite_list_for(owner_id: UUID) -> QuerySet[ModelFavourite]:
    return ModelFavourite.objects.filter(user_id=owner_id, model__in=Model3D.objects.public())


def interaction_get(*, model_id: UUID, user_id: UUID) -> dict[str, Any]:
    """The counters of a public model, and what the account said of it. Raises `ModelNotPublicError`."""
    marks = {"model": OuterRef("pk"), "user_id": user_id}
    found = (
        Model3D.objects.public()
        .filter(pk=model_id)
        .values(
            *("views", "likes", "favourites", "downloads"),
            is_liked=Exists(ModelLike.objects.filter(**marks)),
            is_favourite=Exists(ModelFavourite.objects.filter(**marks)),
        )
        .first()
    )
    if found is None:
        raise ModelNotPublicError
    return found


# -- families --------------------------------------------------------------------------------------------------------

COLUMNS: Final = ("name", "owner__username", "licence", "likes", "published_at", "remix_of_id")


def remix_family(model_id: UUID) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bool]:
    """What a public model was made of, the nearest first; what was made of it, level by level; whether that is all.

    What isn't public is no part of a family, and ends it there. Raises `ModelNotPublicError`.
    """
    above, below = _walk(model_id, upwards=True), _walk(model_id, upwards=False)
    keys = [*above, *below]
    rows = {row["pk"]: row for row in Model3D.objects.public().filter(pk__in=keys).values("pk", *COLUMNS)}
    if model_id not in rows:
        raise ModelNotPublicError
    ancestors = [rows[key] for key in above if key != model_id and key in rows]
    remixes = [
        {**rows[key], "depth": depth} for key, depth in below.items() if key != model_id and key in rows
    ]
    remixes.sort(key=lambda row: (row["depth"], row["published_at"], row["pk"]))
    return ancestors, remixes[:MOST_REMIXES], len(below) <= MOST_REMIXES + 1


def _walk(model_id: UUID, *, upwards: bool) -> dict[UUID, int]:
    """The keys of public models on the way, each with its distance; the model itself has none."""
    field = Model3D._meta.pk
    key = field.get_db_prep_value(model_id, connection)
    step = "step.id = family.parent" if upwards else "step.remix_of_id = family.id"
    table = Model3D._meta.db_table
    # Names of ours. Without an order the database stops as soon as it has enough.
    sql = f"""
        WITH RECURSIVE family(id, parent, depth) AS (
            SELECT id, remix_of_id, 0 FROM {table} WHERE id = %s
            UNION ALL
            SELECT step.id, step.remix_of_id, family.depth + 1 FROM {table} step JOIN family ON {step}
            WHERE family.depth < {DEEPEST} AND step.visibility = 'public' AND step.hidden_at IS NULL
        ) SELECT id, depth FROM family LIMIT {MOST_REMIXES + 2}
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        return {field.to_python(found): depth for found, depth in cursor.fetchall()}
