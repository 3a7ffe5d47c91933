"""Workers tell here that they live."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerHeartbeat(models.Model):
    """One row per worker process. A worker that hasn't been seen for a while is gone."""

    id = models.CharField(primary_key=True, max_length=80)
    queues = models.CharField(_("queues"), max_length=120)
    host = models.CharField(_("host"), max_length=120)
    pid = models.PositiveIntegerField(_("process"))
    in_flight = models.PositiveIntegerField(_("in flight"), default=0)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("seen"), db_index=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.id
