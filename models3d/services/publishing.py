"""Showing models to everybody, and no longer."""

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import row_record
from generation.domain.states import JobStatus
from models3d.domain.licences import Licence, may_follow
from models3d.domain.words import Visibility
from models3d.errors import (
    ModelHiddenError,
    ModelIsTestError,
    ModelLicenceError,
    ModelRemixLicenceError,
    ModelStateError,
)
from models3d.models import Model3D
from models3d.models.actions import Action
from models3d.services.counting import trend_of


def model_publish(*, model: Model3D, licence: str = "", shows_recipe: bool | None = None) -> Model3D:
    """Show the model to everybody, under this licence or the one that it has. Publishing again changes what is given.

    Its date stays that of the first time: nobody gets to the top by publishing again. `model` is locked by the caller.
    Raises `ModelStateError`, `ModelIsTestError`, `ModelHiddenError`, `ModelLicenceError`, `ModelRemixLicenceError`.
    """
    if model.current_id is None:
        raise ModelStateError(status=model.job.status, wanted=JobStatus.SUCCEEDED.value)
    if model.from_test_token:
        raise ModelIsTestError
    if model.hidden_at is not None:
        raise ModelHiddenError(reason=model.hidden_reason or "-")
    model.licence = licence or model.licence
    if not model.licence:
        raise ModelLicenceError
    licence_check(model)
    if shows_recipe is not None:
        model.shows_recipe = shows_recipe
    model.visibility = Visibility.PUBLIC.value
    model.published_at = model.published_at or timezone.now()
    model.trend = trend_of(model)
    with transaction.atomic():
        model.save(
            update_fields=["visibility", "published_at", "licence", "shows_recipe", "trend", "updated_at"]
        )
        row_record(model, Action.PUBLISH_MODEL, licence=model.licence)
    return model


def model_unpublish(*, model: Model3D) -> Model3D:
    """Show the model to nobody but its owner; what people said of it stays. `model` is locked by the caller."""
    if model.visibility == Visibility.PUBLIC:
        with transaction.atomic():
            model.visibility = Visibility.PRIVATE.value
            model.save(update_fields=["visibility", "updated_at"])
            row_record(model, Action.UNPUBLISH_MODEL)
    return model


def licence_check(model: Model3D) -> None:
    """What a model was made of sets bounds to its licence, unless that is its owner's, too. Raises
    `ModelRemixLicenceError`."""
    parent = model.remix_of
    if parent is None or parent.owner_id == model.owner_id or not parent.licence or not model.licence:
        return
    if not may_follow(Licence(parent.licence), Licence(model.licence)):
        raise ModelRemixLicenceError(licence=model.licence, parent=parent.licence)
