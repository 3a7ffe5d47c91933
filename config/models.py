"""Rows of the kernel itself: the answers kept for idempotent requests."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import uuid7


class IdempotencyRecord(models.Model):
    """The first answer to a POST with an `Idempotency-Key`, kept for 24 hours.

    `running` says that a request is being answered until `locked_until`; a process that died leaves a lock that
    runs out, and since the effect and `done` commit together, whoever comes next starts from nothing.
    """

    class Status(models.TextChoices):
        RUNNING = "running", _("is being answered")
        DONE = "done", _("answered")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="+"
    )
    key = models.CharField(_("key"), max_length=255)
    route = models.CharField(
        _("route"), max_length=255, help_text=_("Method and path: one key may serve several routes.")
    )
    request_hash = models.CharField(max_length=64)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.RUNNING)
    locked_until = models.DateTimeField(
        _("locked until"),
    )
    response_status = models.PositiveSmallIntegerField(_("status of the answer"), null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.BinaryField(null=True)
    job_id = models.UUIDField(
        _("job"), null=True, help_text=_("The job that the answer promised, so that a retry can wait for it.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["owner", "key", "route"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"

    def is_over(self, now: datetime, kept: timedelta) -> bool:
        """Whether the key is free again: kept long enough, or left behind by a process that died."""
        if self.status == self.Status.DONE:
            return self.created_at + kept <= now
        return self.locked_until <= now
