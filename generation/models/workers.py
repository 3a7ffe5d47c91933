"""Workers tell here that they live."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """One row per worker process. A worker that hasn't been seen for a while is gone."""

    id = models.CharField(primary_key=True, max_length=80)
    queues = models.CharField(max_length=120)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    in_flight = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id
