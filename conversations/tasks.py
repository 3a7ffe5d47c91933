"""Celery's doors to conversations."""

from typing import Any

from celery import shared_task

from conversations.services.retention import conversations_clean_up


@shared_task(name="conversations.clean_up", ignore_result=False)
def clean_up(**_: Any) -> dict[str, int]:
    return conversations_clean_up()
