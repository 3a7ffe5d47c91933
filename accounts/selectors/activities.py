"""Reads of the activity log."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import Activity


@dataclass(frozen=True, slots=True)
class ActivityFigures:
    """How often an account did what, from `first` to `last` (days in UTC, both included). `days` has every day."""

    first: date
    last: date
    total: int
    actions: dict[str, int]
    object_types: dict[str, int]
    days: dict[date, int]


def activity_list_for(owner_id: UUID) -> QuerySet[Activity]:
    return Activity.objects.owned_by(owner_id)


def activity_figures(*, owner_id: UUID, first: date, last: date) -> ActivityFigures:
    """Count the account's activities of these days: one query, grouped by day and what was done."""
    rows = (
        Activity.objects.owned_by(owner_id)
        .filter(
            created_at__gte=datetime.combine(first, time.min, tzinfo=UTC),
            created_at__lte=datetime.combine(last, time.max, tzinfo=UTC),
        )
        .order_by()
        .values_list(TruncDate("created_at", tzinfo=UTC), "action", "object_type")
        .annotate(Count("pk"))
    )
    actions: Counter[str] = Counter()
    object_types: Counter[str] = Counter()
    days = dict.fromkeys((first + timedelta(days=n) for n in range((last - first).days + 1)), 0)
    for day, action, object_type, number in rows:
        actions[action] += number
        object_types[object_type] += number
        days[day] += number
    return ActivityFigures(
        first=first,
        last=last,
        total=actions.total(),
        actions=dict(actions.most_common()),
        object_types=dict(object_types.most_common()),
        days=days,
    )
