"""What people do with public models: like them, keep them, look at them, take them along.

The account is locked before the model, as when an account is deleted.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.services.activities import activity_record
from accounts.services.locks import account_lock
from config.api import origin
from config.api.addresses import address_group
from models3d.models import Model3D, ModelDownload, ModelFavourite, ModelLike, ModelView
from models3d.models.actions import Action, ObjectType
from models3d.services.counting import counter_change, public_locked


def model_like(*, model_id: UUID, user_id: UUID, value: bool | None = None) -> Model3D:
    """Like a public model or no longer; without a value, the opposite of what it was. Raises `ModelNotPublicError`."""
    return _mark(ModelLike, "likes", Action.LIKE_MODEL, model_id, user_id, value)


def model_favourite(*, model_id: UUID, user_id: UUID, value: bool | None = None) -> Model3D:
    """The same for one's favourites."""
    return _mark(ModelFavourite, "favourites", Action.FAVORITE_MODEL, model_id, user_id, value)


def view_record(*, model_id: UUID) -> bool:
    """Count that somebody looks at a public model: once a day for each account, or address without one. Whether it was
    counted."""
    return _visit(ModelView, "views", model_id)


@transaction.atomic
def download_record(*, model_id: UUID) -> bool:
    """The same for a file that somebody takes along; who has an account finds it in the log."""
    is_counted = _visit(ModelDownload, "downloads", model_id)
    if is_counted and (actor_id := origin.current().actor_id):
        activity_record(
            owner_id=actor_id,
            action=Action.DOWNLOAD_MODEL,
            object_type=ObjectType.MODEL,
            object_id=model_id,
        )
    return is_counted


@transaction.atomic
def _mark(
    kind: type[ModelLike] | type[ModelFavourite],
    counter: str,
    action: Action,
    model_id: UUID,
    user_id: UUID,
    value: bool | None,
) -> Model3D:
    account_lock(user_id)
    model = public_locked(model_id)
    marks = kind._default_manager.filter(model_id=model_id, user_id=user_id)
    is_marked = marks.exists()
    wanted = not is_marked if value is None else value
    if wanted == is_marked:
        return model
    if wanted:
        kind._default_manager.create(model_id=model_id, user_id=user_id)
    else:
        marks.delete()
    counter_change(model, counter, 1 if wanted else -1)
    activity_record(
        owner_id=user_id,
        action=action,
        object_type=ObjectType.MODEL,
        object_id=model_id,
        details={"is_marked": wanted},
    )
    return model


def _visit(kind: type[ModelView] | type[ModelDownload], counter: str, model_id: UUID) -> bool:
    day = datetime.now(UTC).date()
    visit: dict[str, Any] = {"model_id": model_id, "visitor": _visitor(day.isoformat()), "day": day}
    if kind._default_manager.filter(**visit).exists():
        return False
    with transaction.atomic():
        model = public_locked(model_id)
        if kind._default_manager.filter(**visit).exists():
            return False
        kind._default_manager.create(**visit)
        counter_change(model, counter, 1)
    return True


def _visitor(day: str) -> str:
    """Who asks, as a keyed hash that is another one every day: nobody's visits can be put together, and no address is
    kept."""
    came = origin.current()
    who = f"account {came.actor_id}" if came.actor_id else f"address {address_group(came.ip_address or '')}"
    return salted_hmac(f"models3d.visitor.{day}", who, algorithm="sha256").hexdigest()
