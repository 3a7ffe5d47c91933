"""What the admin's first page shows: what waits for a person, and the last days in figures."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.selectors.budgets import NearLimit, budgets_near_limit
from generation.domain.states import TERMINAL, JobStatus
from generation.models import Job, ProviderCall, WorkerHeartbeat
from generation.selectors.workers import QueueWorkers, dead_worker_list, oldest_queued_at, queue_workers

#: Counts stop here: "more than that" is all that a person needs to know.
CAP = 1000
ROWS_SHOWN = 6
FAILURES_SHOWN_DAYS = 7


@dataclass(frozen=True, slots=True)
class Day:
    """One day in UTC, by when jobs and calls were made. Cost is what the operator's keys are charged: no play money,
    nothing that owners pay with keys of their own. Latency is seconds from sending a call to its answer."""

    day: date
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    cost_micros: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    latency: float | None = None
    slowest: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person. Counts reach up to `CAP`.

    Uncertain calls of play money are counted apart and listed last: nobody was charged for them. `near_limit` has
    this month's budgets, the nearest to their limit first.
    """

    failed_jobs: int
    latest_failed: list[Job]
    uncertain_calls: int
    uncertain_micros: int
    uncertain_play: int
    oldest_uncertain: list[ProviderCall]
    near_limit: list[NearLimit]
    queues: list[QueueWorkers]
    dead_workers: list[WorkerHeartbeat]
    oldest_queued_at: datetime | None


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: rows made since then have larger keys, so the primary key finds them."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62)


def things_waiting() -> Waiting:
    """Reads eleven times, each time over an index."""
    since = first_id_at(timezone.now() - timedelta(days=FAILURES_SHOWN_DAYS))
    failed = Job.objects.top_level().filter(status=JobStatus.FAILED, pk__gte=since)
    undecided = ProviderCall.objects.uncertain().filter(resolution="")
    uncertain, play = undecided.filter(is_test=False), undecided.filter(is_test=True)
    capped = uncertain.order_by("created_at").values_list("reserved_micros", flat=True)[:CAP]
    amounts = list(capped)
    return Waiting(
        failed_jobs=_capped(failed),
        latest_failed=list(failed.select_related("owner").order_by("-pk")[:ROWS_SHOWN]),
        uncertain_calls=len(amounts),
        uncertain_micros=sum(amounts),
        uncertain_play=_capped(play),
        oldest_uncertain=list(
            undecided.select_related("owner", "job").order_by("is_test", "created_at")[:ROWS_SHOWN]
        ),
        near_limit=budgets_near_limit(most=CAP),
        queues=queue_workers(),
        dead_workers=list(dead_worker_list()[:ROWS_SHOWN]),
        oldest_queued_at=oldest_queued_at(),
    )


def _capped(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:CAP].count()


def daily_figures(days: int = 14) -> list[Day]:
    """The last days, oldest first, today included; two queries over the range of primary keys."""
    today = timezone.now().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    since = first_id_at(datetime.combine(first, time.min, UTC))
    figures: dict[date, dict[str, Any]] = {first + timedelta(days=n): {} for n in range(days)}
    for row in _jobs_by_day(since):
        figures.setdefault(row["day"], {})[row["status"]] = row["jobs"]
    for row in _calls_by_day(since):
        figures.setdefault(row["day"], {}).update(_call_figures(row))
    return [Day(day=day, **values) for day, values in sorted(figures.items())][-days:]


def _jobs_by_day(since: UUID) -> QuerySet[Any, Any]:
    ended = Job.objects.filter(pk__gte=since, status__in=TERMINAL).order_by()
    return ended.values("status", day=TruncDate("created_at")).annotate(jobs=Count("pk"))


def _calls_by_day(since: UUID) -> QuerySet[Any, Any]:
    took = F("settled_at") - F("sent_at")
    answered = Q(resolution="")  # a person's word comes days after the call
    calls = ProviderCall.objects.filter(pk__gte=since).order_by().values(day=TruncDate("created_at"))
    return calls.annotate(
        cost=Sum("cost_micros", filter=Q(is_test=False, is_own_key=False)),
        read=Sum("input_tokens"), written=Sum("output_tokens"),
        mean=Avg(took, filter=answered), longest=Max(took, filter=answered),
    )  # fmt: skip


def _call_figures(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "cost_micros": row["cost"] or 0,
        "input_tokens": row["read"] or 0,
        "output_tokens": row["written"] or 0,
        "latency": None if row["mean"] is None else row["mean"].total_seconds(),
        "slowest": None if row["longest"] is None else row["longest"].total_seconds(),
    }
