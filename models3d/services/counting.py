"""The counters of models. They change in the transactions of the rows that they count, with the model locked, and
nowhere else."""

from itertools import islice
from uuid import UUID

from django.db import transaction

from models3d.domain.trending import trend
from models3d.errors import ModelNotPublicError
from models3d.models import Model3D, ModelFavourite, ModelLike
from models3d.selectors.counters import COUNTED, CounterDrift, counter_drifts

#: Models whose counters change at once when an account goes.
AT_ONCE = 500


def public_locked(model_id: UUID) -> Model3D:
    """The public model, locked until the transaction ends. Raises `ModelNotPublicError`."""
    model = Model3D.objects.public().select_for_update(no_key=True).filter(pk=model_id).first()
    if model is None:
        raise ModelNotPublicError
    return model


def counter_change(model: Model3D, counter: str, by: int) -> None:
    """Count rows that came or went in this transaction. `model` is locked by the caller."""
    counted(model, counter, by)
    # Without `updated_at`: the model is as it was.
    Model3D.objects.filter(pk=model.pk).update(**{counter: getattr(model, counter), "trend": model.trend})


def counted(model: Model3D, counter: str, by: int) -> None:
    """The same for the row in memory."""
    setattr(model, counter, getattr(model, counter) + by)
    model.trend = trend_of(model)


def trend_of(model: Model3D) -> float:
    if model.published_at is None:
        return 0.0
    return trend(model.published_at, {name: getattr(model, name) for name in COUNTED})


def account_withdraw(user_id: UUID) -> None:
    """What an account that goes has liked of others' counts one less. Its likes go with it, in the same transaction; it
    is locked, so that it likes nothing meanwhile."""
    for kind, counter in ((ModelLike, "likes"), (ModelFavourite, "favourites")):
        marked = kind.objects.filter(user_id=user_id).exclude(model__owner_id=user_id)
        keys = marked.order_by("model_id").values_list("model_id", flat=True).iterator()
        while some := list(islice(keys, AT_ONCE)):
            models = list(Model3D.objects.select_for_update(no_key=True).filter(pk__in=some).order_by("pk"))
            for model in models:
                counted(model, counter, -1)
            Model3D.objects.bulk_update(models, [counter, "trend"])


@transaction.atomic
def counters_mend(model_id: UUID) -> CounterDrift | None:
    """Set a model's counters to what its rows say, with the model locked. None: they do, or it is gone."""
    Model3D.objects.select_for_update(no_key=True).filter(pk=model_id).first()
    drift = next(iter(counter_drifts(Model3D.objects.filter(pk=model_id))), None)
    if drift is not None:
        due = {name: pair[1] for name, pair in drift.figures.items()}
        Model3D.objects.filter(pk=model_id).update(**due)
    return drift
