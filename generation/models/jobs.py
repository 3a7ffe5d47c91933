"""Jobs: the rows that are the truth about work, and their numbered events."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from config.db import BaseModel
from generation.domain.states import ACTIVE, TERMINAL, JobStatus


class JobQuerySet(models.QuerySet["Job"]):
    def owned_by(self, owner_id: object) -> Self:
        return self.filter(owner_id=owner_id)

    def top_level(self) -> Self:
        """Without the items of batches."""
        return self.filter(parent=None)

    def active(self) -> Self:
        return self.filter(status__in=ACTIVE)

    def terminal(self) -> Self:
        return self.filter(status__in=TERMINAL)


class Job(BaseModel):
    """One piece of work. Only `generation.jobs` writes its status, each time by a conditional UPDATE.

    `attempt` counts claims and is the fencing token: every write of a worker names the attempt that it belongs to,
    so a worker that was given up can't change anything any more. `failures` counts what went wrong since somebody
    last asked for it; at `max_failures` the job is dead. `worker` and `lease_expires_at` say who has it and
    until when. `position` orders the children of a parent. `error` is `{code, message, message_zh, retryable,
    charged[, details]}`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=60)
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    position = models.PositiveIntegerField(default=0)
    is_test = models.BooleanField(default=False, help_text="Only the sandbox is called.")

    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in JobStatus], default=JobStatus.QUEUED.value
    )
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    max_failures = models.PositiveIntegerField(default=4)
    worker = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    max_parallel = models.PositiveIntegerField(
        default=0, help_text="Children in flight at once; 0: no limit."
    )

    input = models.JSONField(default=dict)
    output = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    provider_ref = models.CharField(max_length=200, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    event_seq = models.PositiveIntegerField(default=0)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)

    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in JobStatus]), name="job_status_known"
            ),
            models.CheckConstraint(condition=models.Q(progress__lte=100), name="job_progress_is_percent"),
            models.CheckConstraint(
                condition=~models.Q(status__in=[s.value for s in TERMINAL])
                | models.Q(finished_at__isnull=False),
                name="job_terminal_has_finished_at",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="failed") | ~models.Q(error_code=""),
                name="job_failed_has_error_code",
            ),
            models.UniqueConstraint(
                fields=["owner", "kind", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                name="job_idempotency_key_once",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="job_owner_newest"),
            models.Index(fields=["parent", "status", "position"], name="job_parent_status"),
            models.Index(
                fields=["lease_expires_at"], condition=models.Q(status="running"), name="job_running_lease"
            ),
            models.Index(fields=["not_before"], condition=models.Q(status="queued"), name="job_queued_due"),
            models.Index(fields=["not_before"], condition=models.Q(status="waiting"), name="job_waiting_due"),
            models.Index(fields=["status", "-created_at"], name="job_status_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL


class JobEvent(models.Model):
    """What happened to a job, numbered from 1 without gaps. Streams, polling and the admin read the same rows."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="job_event_numbered_once")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.seq} {self.type}"
