"""Whether the counters of models are the numbers of the rows behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from models3d.domain.trending import trend
from models3d.models import Model3D, ModelDownload, ModelFavourite, ModelLike, ModelView

#: Each counter, and the rows that it counts.
COUNTED: Final = {
    "views": ModelView,
    "likes": ModelLike,
    "favourites": ModelFavourite,
    "downloads": ModelDownload,
}


@dataclass(frozen=True, slots=True)
class CounterDrift:
    """A model whose counters say something else than its rows: name → (what is said, what is due)."""

    model_id: UUID
    name: str
    figures: dict[str, tuple[float, float]]

    @property
    def wrong(self) -> dict[str, tuple[float, float]]:
        return {name: pair for name, pair in self.figures.items() if pair[0] != pair[1]}


def counter_drifts(models: QuerySet[Model3D]) -> list[CounterDrift]:
    """Those of the models that disagree, said and counted at one moment."""
    due = {f"due_{name}": _number_of(kind) for name, kind in COUNTED.items()}
    columns = ("pk", "name", "published_at", "trend", *COUNTED)
    drifts = [_compared(row) for row in models.values(*columns, **due)]
    return [one for one in drifts if one.wrong]


def counter_drifts_of_all(batch_size: int) -> Iterator[tuple[int, list[CounterDrift]]]:
    """So many models at a time: how many were looked at, and which of them disagree."""
    every = Model3D.objects.order_by("pk")
    last: UUID | None = None
    while True:
        rows = every if last is None else every.filter(pk__gt=last)
        keys = list(rows.values_list("pk", flat=True)[:batch_size])
        if not keys:
            return
        yield len(keys), counter_drifts(Model3D.objects.filter(pk__in=keys))
        last = keys[-1]


def _number_of(kind: type[Any]) -> Coalesce:
    rows = kind.objects.filter(model=OuterRef("pk")).order_by().values("model")
    return Coalesce(
        Subquery(rows.annotate(number=Count("pk")).values("number")), 0, output_field=IntegerField()
    )


def _compared(row: dict[str, Any]) -> CounterDrift:
    due = {name: row[f"due_{name}"] for name in COUNTED}
    figures: dict[str, tuple[float, float]] = {name: (row[name], due[name]) for name in COUNTED}
    published = row["published_at"]
    figures["trend"] = row["trend"], trend(published, due) if published else 0.0
    return CounterDrift(row["pk"], row["name"], figures)
