"""Where the test kinds put their results. Nothing here is unique, so that storing twice would be seen."""

from django.db import models


class StoredText(models.Model):
    job_id = models.UUIDField(db_index=True)
    attempt = models.PositiveIntegerField()
    text = models.TextField()

    def __str__(self) -> str:
        return f"{self.job_id} {self.attempt}"
