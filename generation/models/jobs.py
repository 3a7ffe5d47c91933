"""Jobs: the rows that are the truth about work, and their numbered events."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel, OwnedQuerySet
from generation.domain.states import ACTIVE, TERMINAL, JobStatus
from generation.models.actions import ObjectType


class JobQuerySet(OwnedQuerySet["Job"]):
    def top_level(self) -> Self:
        """Without the items of batches."""
        return self.filter(parent=None)

    def active(self) -> Self:
        return self.filter(status__in=ACTIVE)

    def terminal(self) -> Self:
        return self.filter(status__in=TERMINAL)


def is_paused(job: str = "") -> Q:
    """Jobs that somebody holds back; `job` is the path to one, with its underscores. What is over isn't held back."""
    return Q(**{f"{job}paused_at__isnull": False, f"{job}status__in": [status.value for status in ACTIVE]})


class Job(OwnedModel):
    """One piece of work. Only `generation.jobs` writes its status, each time by a conditional UPDATE.

    `attempt` counts claims and is the fencing token: every write of a worker names the attempt that it belongs to,
    so a worker that was given up can't change anything any more. `failures` counts what went wrong since somebody
    last asked for it; at `max_failures` the job is dead. `worker` and `lease_expires_at` say who has it and
    until when. `position` orders the children of a parent. `error` is `{code, message, message_zh, retryable,
    charged[, details]}`.
    """

    recorded_as = ObjectType.JOB
    recorded_with = ("kind",)

    kind = models.CharField(_("kind"), max_length=60)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="children",
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    is_test = models.BooleanField(_("test"), default=False, help_text=_("Only the sandbox is called."))

    status = models.CharField(
        _("status"),
        max_length=10,
        choices=[(s.value, s.value) for s in JobStatus],
        default=JobStatus.QUEUED.value,
    )
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    max_failures = models.PositiveIntegerField(_("most failures"), default=4)
    worker = models.CharField(_("worker"), max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(_("lease expires"), null=True, blank=True)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(_("cancel requested"), null=True, blank=True)
    max_parallel = models.PositiveIntegerField(
        _("most in parallel"), default=0, help_text=_("Children in flight at once; 0: no limit.")
    )

    input = models.JSONField(_("input"), default=dict)
    output = models.JSONField(_("output"), null=True, blank=True)
    error = models.JSONField(_("error"), null=True, blank=True)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    provider_ref = models.CharField(_("provider's reference"), max_length=200, blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    event_seq = models.PositiveIntegerField(_("latest event"), default=0)
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, null=True, blank=True)

    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
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
        """What it is about, where somebody has asked its kind (`generation.admin.jobs`)."""
        return str(self.__dict__.get("subject") or f"{self._meta.verbose_name} {self.id}")

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL


class JobEvent(models.Model):
    """What happened to a job, numbered from 1 without gaps. Streams, polling and the admin read the same rows."""

    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField(_("number"))
    type = models.CharField(_("type"), max_length=40)
    data = models.JSONField(_("data"), default=dict)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("job event")
        verbose_name_plural = _("job events")
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="job_event_numbered_once")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.seq}"
