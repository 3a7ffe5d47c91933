"""The Celery application and `enqueue`, the one way to publish a task."""

import os
from functools import cache, partial
from typing import Any

import structlog
from celery import Celery
from django.db import transaction
from kombu import Queue as BrokerQueue
from kombu.exceptions import OperationalError
from kombu.pools import ProducerPool
from redis.exceptions import RedisError

from config.env import choose_settings
from config.outages import Outage
from config.queues import Queue

choose_settings("config.settings.dev")
#: Celery would run Django's checks in each worker, and throw away what they find.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("atelier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [BrokerQueue(name.value, routing_key=name.value) for name in Queue]
app.autodiscover_tasks()

#: What kombu and redis-py raise when the broker can't be reached (kombu wraps most of it as OperationalError).
BROKER_ERRORS = (OperationalError, RedisError, OSError)
#: How long a message may take, once; a worker that waits for one has more patience.
PUBLISH_SECONDS = 2
#: After a failure this process knocks at no door for so long.
PAUSE_SECONDS = 5.0
#: More than threads that publish at once.
PUBLISHERS = 200

_outage = Outage(PAUSE_SECONDS)

log = structlog.get_logger(__name__)


def enqueue(name: str, **kwargs: Any) -> None:
    """Publish the task `name` once the surrounding transaction has committed (at once when there is none).

    By name, so that a service never imports a task. A message is only a knock on the door: when the broker can't
    be reached the row still says what is to be done and the sweeper knocks again, so this never raises for it. A
    broker that hangs is waited for once, and then left alone for some seconds.
    """
    transaction.on_commit(partial(_publish, name, kwargs))


def _publish(name: str, kwargs: dict[str, Any]) -> None:
    if _outage.lasts:
        log.info("broker.left_alone", task=name)
        return
    try:
        with publishers().acquire(block=True, timeout=PUBLISH_SECONDS) as producer:
            app.send_task(name, kwargs=kwargs, ignore_result=True, producer=producer)
    except BROKER_ERRORS as exc:
        _outage.begin()
        log.warning("broker.unreachable", task=name, error=type(exc).__name__)
    else:
        _outage.end()


@cache
def publishers() -> ProducerPool:
    """Connections of their own: a worker's may wait for a message for long, a publisher's may not."""
    limits = {"socket_timeout": PUBLISH_SECONDS, "socket_connect_timeout": PUBLISH_SECONDS}
    options = {**app.conf.broker_transport_options, **limits}
    connections = app.connection_for_write(transport_options=options).Pool(limit=PUBLISHERS)
    return ProducerPool(connections=connections, limit=PUBLISHERS, Producer=app.amqp.Producer)
