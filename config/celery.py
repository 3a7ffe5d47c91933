"""The Celery application and `enqueue`, the one way to publish a task."""

from functools import partial
from typing import Any

import structlog
from celery import Celery
from django.db import transaction
from kombu import Queue as BrokerQueue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config.env import choose_settings
from config.queues import Queue

choose_settings("config.settings.dev")

app = Celery("atelier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [BrokerQueue(name.value, routing_key=name.value) for name in Queue]
app.autodiscover_tasks()

#: What kombu and redis-py raise when the broker can't be reached (kombu wraps most of it as OperationalError).
BROKER_ERRORS = (OperationalError, RedisError, OSError)

log = structlog.get_logger(__name__)


def enqueue(name: str, **kwargs: Any) -> None:
    """Publish the task `name` once the surrounding transaction has committed (at once when there is none).

    By name, so that a service never imports a task. A message is only a knock on the door: when the broker can't
    be reached the row still says what is to be done and the sweeper knocks again, so this never raises for it.
    """
    transaction.on_commit(partial(_publish, name, kwargs))


def _publish(name: str, kwargs: dict[str, Any]) -> None:
    try:
        app.send_task(name, kwargs=kwargs, ignore_result=True)
    except BROKER_ERRORS as exc:
        log.warning("broker.unreachable", task=name, error=type(exc).__name__)
