"""Reads about jobs: who may see what, what is new behind a cursor, how the queues are doing."""

from generation.selectors.catalogue import (
    catalogue,
    catalogue_forget,
    catalogue_list,
    offers_for,
    price_versions_used,
)
from generation.selectors.events import event_news
from generation.selectors.figures import Day, Waiting, daily_figures, things_waiting
from generation.selectors.jobs import (
    job_event_list_for,
    job_get_for,
    job_is_over,
    job_list_for,
    job_top_level_list_for,
)
from generation.selectors.workers import (
    QueueWorkers,
    active_counts,
    dead_worker_list,
    lease,
    oldest_queued_at,
    queue_messages,
    queue_workers,
    worker_list,
    workers_check,
)

__all__ = [
    "Day",
    "QueueWorkers",
    "Waiting",
    "active_counts",
    "catalogue",
    "catalogue_forget",
    "catalogue_list",
    "daily_figures",
    "event_news",
    "job_event_list_for",
    "job_get_for",
    "job_is_over",
    "job_list_for",
    "job_top_level_list_for",
    "lease",
    "offers_for",
    "oldest_queued_at",
    "price_versions_used",
    "queue_messages",
    "queue_workers",
    "things_waiting",
    "worker_list",
    "workers_check",
    "dead_worker_list",
]
