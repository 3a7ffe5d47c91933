"""Endpoints of the queues: how they are doing, and emptying them."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request

from config.api.schema import operation
from config.api.views import ApiView
from config.errors import PermissionDeniedError
from config.queues import Queue
from generation.api.serializers.jobs import QueueStatusOut
from generation.jobs.clearing import queue_clear
from generation.models import Job
from generation.selectors.jobs import job_list_for
from generation.selectors.workers import (
    active_counts,
    oldest_queued_at,
    queue_messages,
    queue_workers,
    worker_list,
)

STATUS_EXAMPLE = {
    "own": {"queued": 3, "running": 1, "waiting": 1},
    "workers_alive": 1,
    "all": {"queued": 18, "running": 6, "waiting": 2},
    "oldest_queued_at": "2026-01-31T08:00:00.000000Z",
    "oldest_queued_seconds": 2.4,
    "queues": [
        {
            "queue": "agent_builds",
            "alive": 1,
            "in_flight": 6,
            "seen_at": "2026-01-31T08:02:10.000000Z",
            "messages": 12,
        }
    ],
    "workers": [
        {
            "id": "host:4711:6d1f2c3b",
            "queues": "agent_builds",
            "host": "host",
            "pid": 4711,
            "in_flight": 6,
            "is_alive": True,
            "started_at": "2026-01-31T07:00:00.000000Z",
            "seen_at": "2026-01-31T08:02:10.000000Z",
        }
    ],
}


class IsStaff(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_staff)


class QueueStatusApi(ApiView):
    scope = "queue"

    @operation(
        "How the queues are doing",
        description=(
            "Your own active jobs and whether anybody works. Staff also see all jobs, since when the oldest one has "
            "been waiting for a worker, each queue's messages at the broker (null: it can't be reached) and the "
            "workers' heartbeats; these members are missing for others."
        ),
        response=QueueStatusOut,
        example=STATUS_EXAMPLE,
    )
    def get(self, request: Request) -> dict[str, Any]:
        queues = queue_workers()
        alive = {one.queue: one.alive for one in queues}
        shown: dict[str, Any] = {
            "own": active_counts(job_list_for(self.caller.pk)),
            "workers_alive": alive[Queue.AGENT_BUILDS],
        }
        if self.caller.is_staff:
            oldest = oldest_queued_at()
            messages = queue_messages()
            shown |= {
                "all": active_counts(Job.objects.all()),
                "oldest_queued_at": oldest,
                "oldest_queued_seconds": (
                    None if oldest is None else round((timezone.now() - oldest).total_seconds(), 1)
                ),
                "queues": [{**asdict(one), "messages": messages.get(one.queue)} for one in queues],
                "workers": worker_list(),
            }
        return shown


class QueueClearApi(ApiView):
    scope = "queue"
    permission_classes = (IsAuthenticated, IsStaff)

    @operation(
        "Empty the queue",
        description=(
            "For staff. Cancels what is queued, oldest first, at most 5,000 jobs a call; `remaining` says how many are "
            "left. What runs goes on to its end, since it may be paid for already; a batch starts no further items "
            "and ends as cancelled. This can't be undone."
        ),
        response={
            "type": "object",
            "required": ["cancelled", "remaining"],
            "properties": {"cancelled": {"type": "integer"}, "remaining": {"type": "integer"}},
        },
        example={"cancelled": 17, "remaining": 0},
        errors=[PermissionDeniedError],
        operation_id="clearQueue",
    )
    def delete(self, request: Request) -> dict[str, Any]:
        return asdict(queue_clear(by=request.user))
