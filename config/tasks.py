"""Celery entry points of the kernel, and what workers and beat do as they start."""

import os
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.signals import beat_init, worker_init, worker_ready
from django.core.management import call_command

from config.api import idempotency
from config.published import READY_FILE
from config.startup import announce


@shared_task(name="platform.clean_up")
def clean_up() -> None:
    """Delete what has served its time: kept answers, sessions of the admin."""
    idempotency.clean_up()
    call_command("clearsessions")


@worker_init.connect
def announce_worker(**_: Any) -> None:
    announce("worker")


@beat_init.connect
def announce_beat(**_: Any) -> None:
    announce("beat")


@worker_ready.connect
def tell_readiness(**_: Any) -> None:
    """`make run` shows its addresses when its workers take messages."""
    if path := os.environ.get(READY_FILE):
        Path(path).touch()
