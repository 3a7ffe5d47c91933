"""Celery entry points of the kernel."""

from celery import shared_task
from django.core.management import call_command

from config.api import idempotency


@shared_task(name="platform.clean_up")
def clean_up() -> None:
    """Delete what has served its time: kept answers, sessions of the admin."""
    idempotency.clean_up()
    call_command("clearsessions")
