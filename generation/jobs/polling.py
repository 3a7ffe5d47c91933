"""Asks vendors what became of the orders that jobs wait for: of each vendor and key, all that are due together.

A waiting job is a row and nothing else: no worker, no connection, no claim. Only one whose order has an end is taken up
again, by a worker that hears of it here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.celery import enqueue
from config.db import release_connection
from generation.domain.states import CallStatus, JobStatus
from generation.jobs import ledger, orders, transitions
from generation.jobs.registry import KINDS
from generation.models import Job, ProviderCall
from generation.providers.base import ProviderError
from generation.providers.orders import Answer, AnyMaker

#: Jobs that one round takes; the next one goes on.
LIMIT = 2_000
#: Vendors and keys that are asked at the same time, so that a slow one delays nobody else.
ASKED_AT_ONCE = 8
#: How long vendors remember their tasks.
REMEMBERED = timedelta(hours=24)

#: What is made, by whom, and with whose key.
Lane = tuple[str, str, UUID | None]
#: A waiting job, and what it waits for.
Order = tuple[Job, ProviderCall]
#: What became of an order.
Outcome = Answer | ProviderError


def poll_due() -> int:
    """One round; returns how many jobs were due."""
    now = timezone.now()
    jobs = _take(now)
    found = _orders_of(jobs)
    waiting = {job.pk for job, _ in found}
    _knock([job for job in jobs if job.pk not in waiting])
    by_call = {call.pk: job for job, call in found}
    for calls, outcomes in _look_up(call for _, call in found):
        lane = [(by_call[call.pk], call) for call in calls]
        if outcomes is None:
            _knock([job for job, _ in lane])
        else:
            _hear(lane, outcomes, now)
    return len(jobs)


def resolve_cancelled() -> int:
    """Learn what became of orders that couldn't be stopped any more when their jobs were cancelled, so that what is
    set aside for them is counted or given back; returns how many are decided."""
    since = timezone.now() - REMEMBERED
    calls = ProviderCall.objects.uncertain().filter(
        capability__in=orders.ANSWERS, resolution="", sent_at__gte=since, job__status=JobStatus.CANCELLED
    )
    decided = 0
    for lane, outcomes in _look_up(calls.exclude(provider_ref="").defer("result")[:LIMIT]):
        for call in lane:
            outcome = (outcomes or {}).get(call.provider_ref)
            if isinstance(outcome, ProviderError) and outcome.charged is False:
                decided += ledger.resolve(call.pk, outcome="released", resolution="looked up: it has failed")
            elif not isinstance(outcome, ProviderError) and outcome is not None and outcome.is_done:
                decided += ledger.resolve(call.pk, outcome="charged", resolution="looked up: it was made")
    return decided


def _look_up(
    calls: Iterable[ProviderCall],
) -> Iterator[tuple[list[ProviderCall], Mapping[str, Outcome] | None]]:
    """What became of the orders, by vendor and key, which are asked side by side; None: there is nobody to ask."""
    lanes: dict[Lane, list[ProviderCall]] = defaultdict(list)
    for call in calls:
        lanes[call.capability, call.provider, call.provider_key_id].append(call)
    askable: list[tuple[AnyMaker, list[ProviderCall]]] = []
    for lane in lanes.values():
        maker = orders.maker_of(lane[0])
        if maker is None:
            yield lane, None
        else:
            askable.append((maker, lane))
    release_connection()
    with ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="polling") as crew:
        for found in crew.map(_ask, askable):
            yield found
            release_connection()


def _take(now: datetime) -> list[Job]:
    """Jobs whose vendor is due to be asked, the longest due first. Nobody else takes them until the next look."""
    stale = now - timedelta(seconds=settings.REPUBLISH_AFTER_SECONDS)
    due = Job.objects.filter(
        Q(published_at=None) | Q(published_at__lt=stale), status=JobStatus.WAITING, not_before__lte=now
    ).exclude(provider_ref="")
    with transaction.atomic():
        rows = transitions.unlocked(due.order_by("not_before"))
        jobs = list(rows.only("kind", "provider_ref", "progress", "cancel_requested_at")[:LIMIT])
        again = now + timedelta(seconds=orders.POLL_SECONDS)
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(not_before=again)
    return jobs


def _orders_of(jobs: Iterable[Job]) -> list[Order]:
    """What the jobs wait for. Not there: jobs that are to stop, whose kind asks by itself, or whose order has an end
    already or should long have had one."""
    asking = {job.pk: job for job in jobs if job.cancel_requested_at is None and not _asks_itself(job)}
    calls = ProviderCall.objects.filter(
        job__in=list(asking), capability__in=orders.ANSWERS, status=CallStatus.SENT
    )
    found = [(asking[call.job_id], call) for call in calls.defer("result") if call.job_id is not None]
    return [
        (job, call)
        for job, call in found
        if call.provider_ref == job.provider_ref and not orders.is_overdue(call)
    ]


def _asks_itself(job: Job) -> bool:
    kind = KINDS.get(job.kind)
    return kind is not None and kind.poll is not None


def _ask(asked: tuple[AnyMaker, list[ProviderCall]]) -> tuple[list[ProviderCall], Mapping[str, Outcome]]:
    maker, lane = asked
    return lane, orders.look_up_all(maker, [call.provider_ref for call in lane])


def _hear(lane: Iterable[Order], outcomes: Mapping[str, Outcome], now: datetime) -> None:
    ended, unasked = [], []
    for job, call in lane:
        outcome = outcomes.get(call.provider_ref)
        if outcome is None:
            unasked.append(job.pk)
        elif isinstance(outcome, ProviderError):
            ended.append(job)
        elif outcome.is_done:
            orders.settle(call, outcome)
            ended.append(job)
        elif outcome.percent is not None and outcome.percent != job.progress:
            _tell(job, outcome.percent)
    if outcomes and unasked:
        # The vendor didn't get to them: the first ones of the next round.
        Job.objects.filter(pk__in=unasked, status=JobStatus.WAITING).update(not_before=now)
    _knock(ended)


def _tell(job: Job, percent: int) -> None:
    """The vendor's own number."""
    percent = max(0, min(99, percent))
    waiting = Job.objects.filter(pk=job.pk, status=JobStatus.WAITING, provider_ref=job.provider_ref)
    transitions.change(waiting, "progress", {"percent": percent}, progress=percent)


def _knock(jobs: Sequence[Job]) -> None:
    """Have workers take these jobs up; each hears of it once, until the message counts as lost."""
    if not jobs:
        return
    now = timezone.now()
    waiting = Job.objects.filter(pk__in=[job.pk for job in jobs], status=JobStatus.WAITING)
    waiting.update(not_before=now, published_at=now)
    for job in jobs:
        enqueue("generation.poll_job", job_id=str(job.pk))
