from typing import Any

from celery import shared_task


@shared_task(name="notes.tidy")
def tidy(**_: Any) -> None: ...
