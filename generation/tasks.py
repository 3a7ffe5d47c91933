"""Celery's doors to the engine. Arguments are ids as keywords; unknown ones are tolerated, so that an old worker
survives a newer publisher."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from config.celery import enqueue
from config.queues import Queue
from generation.jobs import housekeeping, polling, runner, sweeper
from generation.jobs.worker import this_worker
from generation.services.listing import listings_refresh
from generation.services.orphans import orphans_sweep
from generation.services.uploads import uploads_expire


@shared_task(name="generation.run_job")
def run_job(*, job_id: str, **_: Any) -> None:
    runner.run(UUID(job_id))


@shared_task(name="generation.poll_jobs")
def poll_jobs(**_: Any) -> int:
    return polling.poll_due()


@shared_task(name="generation.poll_job")
def poll_job(*, job_id: str, **_: Any) -> None:
    runner.poll(UUID(job_id))


@shared_task(name="generation.resolve_orders")
def resolve_orders(**_: Any) -> int:
    return polling.resolve_cancelled()


@shared_task(name="generation.sweep_jobs")
def sweep_jobs(**_: Any) -> dict[str, int]:
    return sweeper.sweep()


@shared_task(name="generation.look_at_listings")
def look_at_listings(**_: Any) -> dict[str, int]:
    return listings_refresh()


@shared_task(name="generation.clean_up", ignore_result=False)
def clean_up(**_: Any) -> dict[str, int]:
    return housekeeping.clean_up()


@shared_task(name="generation.clean_orphans", ignore_result=False)
def clean_orphans(**_: Any) -> dict[str, int]:
    return orphans_sweep()


@shared_task(name="generation.expire_uploads", ignore_result=False)
def expire_uploads(**_: Any) -> dict[str, int]:
    return uploads_expire()


@worker_ready.connect
def _begin_heartbeat(sender: Any = None, **_: Any) -> None:
    queues = ",".join(sorted(sender.app.amqp.queues.consume_from)) if sender is not None else ""
    this_worker().start(queues)
    if Queue.STATUS_UPDATES in queues:
        enqueue("generation.look_at_listings")  # the clock's first time is minutes away


@worker_shutting_down.connect
def _take_nothing_new(**_: Any) -> None:
    this_worker().leave()


@worker_shutdown.connect
def _end_heartbeat(**_: Any) -> None:
    this_worker().stop()
