"""On SQLite whoever is in a transaction holds the only write lock: nothing slow happens there.

Counted is what each door does inside of its outermost transaction, with an `Idempotency-Key` (which spans the whole
work) and without: Python calls, hashes of passwords, connections, files, other processes, sleep.
"""

import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.contrib.auth import hashers
from django.core.files.storage import Storage
from django.db import connection, connections, transaction
from django.db.transaction import Atomic
from rest_framework.test import APIClient

from accounts.models import User
from config.sqlite.base import PatientCursor
from tests.architecture.test_strangers import Door, doors, keys
from tests.architecture.test_worst_bodies import JSON, content
from tests.conftest import PASSWORD

__all__ = ["keys"]

#: A write takes some thousand; hashing by the real hasher isn't Python, so it is counted by itself.
MOST_CALLS = 40_000
SLOW: list[tuple[Any, str]] = [
    (socket.socket, "connect"),
    (socket, "getaddrinfo"),
    (subprocess, "Popen"),
    (time, "sleep"),
    (hashers.MD5PasswordHasher, "encode"),
    (Storage, "open"),
    (Storage, "save"),
]


class Lock:
    """What happens inside of outermost transactions."""

    def __init__(self) -> None:
        self.slow: Counter[str] = Counter()
        self.most_calls = 0
        self._calls = 0

    @property
    def depth(self) -> int:
        return sum(not block._from_testcase for block in connection.atomic_blocks)

    def clear(self) -> None:
        self.slow.clear()
        self.most_calls = 0

    def watch(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.depth:
                self.slow[name] += 1
            return real(*args, **kwargs)

        return watched

    def count(self, frame: Any, event: str, argument: Any) -> None:
        self._calls += event == "call"

    def entered(self) -> None:
        if self.depth == 1:
            self._calls = 0
            sys.setprofile(self.count)

    def leaving(self) -> None:
        if self.depth == 1:
            sys.setprofile(None)
            self.most_calls = max(self.most_calls, self._calls)


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lock]:
    lock = Lock()
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def entering(block: Atomic) -> None:
        enter(block)
        lock.entered()

    def leaving(block: Atomic, *error: Any) -> None:
        lock.leaving()
        leave(block, *error)

    for owner, name in SLOW:
        monkeypatch.setattr(owner, name, lock.watch(getattr(owner, name), name))
    monkeypatch.setattr(Atomic, "__enter__", entering)
    monkeypatch.setattr(Atomic, "__exit__", leaving)
    yield lock
    sys.setprofile(None)


def example(door: Door) -> Any:
    """The body that the schema shows."""
    body = content(door).get(JSON, {})
    return body.get("example") or next(iter(body.get("examples", {}).values()), {}).get("value")


#: Bodies that get further than those of the schema, which name rows of nobody.
BODIES: dict[str, Callable[[dict[str, UUID]], Any]] = {
    "POST api/v1/auth/password": lambda keys: {
        "current_password": PASSWORD,
        "new_password": PASSWORD + "!",
    },
    "POST api/v1/templates/batch-generate": lambda keys: {"project_ids": [keys["project_id"]]},
    "POST api/v1/templates/batch-generate/estimate": lambda keys: {"project_ids": [keys["project_id"]]},
    "POST api/v1/prompts/<uuid:prompt_id>/render": lambda keys: {"values": {}},
    "POST api/v1/prompts/<uuid:prompt_id>/cases": lambda keys: {
        "assertions": [{"type": "contains", "value": "茶"}]
    },
    "POST api/v1/prompts/<uuid:prompt_id>/evaluate": lambda keys: {"version": 2},
    "POST api/v1/conversations/<uuid:conversation_id>/fork": lambda keys: {
        "message_id": keys.get("message_id", keys["conversation_id"])
    },
    "POST api/v1/conversations/<uuid:conversation_id>/messages/<uuid:message_id>/regenerate": lambda keys: {},
    "DELETE api/v1/auth/me": lambda keys: {"password": PASSWORD},
}


def in_order() -> list[Door]:
    """What ends sessions or takes rows away comes last."""
    writing = [door for door in doors() if door.method != "get"]
    return sorted(
        writing,
        key=lambda door: (door.method == "delete", "auth/" in door.address, "logout" in door.address),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "once"])
def test_no_door_does_anything_slow_while_it_holds_the_lock(
    client_for: Any, alice: User, keys: dict[str, UUID], lock: Lock, key: str
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    slow: dict[str, Any] = {}
    seen: Counter[int] = Counter()
    for number, door in enumerate(in_order()):
        body = BODIES[str(door)](keys) if str(door) in BODIES else example(door)
        headers = {"Idempotency-Key": f"{key}-{number}"} if key else {}
        client = client_for(User.objects.get(pk=alice.pk))
        lock.clear()
        answer = client.generic(
            door.method.upper(),
            door.url(keys),
            b"" if body is None else orjson.dumps(body),
            content_type=JSON,
            headers=headers,
        )
        seen[answer.status_code // 100] += 1
        if lock.slow or lock.most_calls > MOST_CALLS:
            slow[str(door)] = (answer.status_code, dict(lock.slow), lock.most_calls)
    assert slow == {}
    assert seen[2] > 45, "the bodies get as far as the services"


@pytest.mark.django_db
def test_the_guard_sees_what_it_looks_for(lock: Lock) -> None:
    hashers.make_password("outside")
    time.sleep(0)
    assert not lock.slow
    with transaction.atomic(), transaction.atomic():
        hashers.make_password("inside")
        time.sleep(0)
    assert lock.slow == {"encode": 1, "sleep": 1}
    assert lock.most_calls > 5


# -- waiting for the lock ------------------------------------------------------------------------------------------


@pytest.fixture
def busy(db: None, settings: Any, transactional_db: None) -> Iterator[threading.Event]:
    """Somebody else holds the lock until the event is set; who waits for it does so for a moment only."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has many writers")
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            taken.set()
            free.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(30)
    connection.cursor().execute("PRAGMA busy_timeout = 1")
    yield free
    free.set()
    holder.join()
    connection.close()


def test_a_lock_that_cannot_be_had_is_a_503_that_says_when_to_come_back(
    alice: User, client_for: Any, anonymous: APIClient, busy: threading.Event
) -> None:
    answer = anonymous.post(
        "/api/v1/auth/register", {"username": "莉莉", "email": "l@example.com", "password": PASSWORD}
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    assert not User.objects.filter(username="莉莉").exists()


def test_the_lock_is_asked_for_once_more_before(
    alice: User, busy: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    real = PatientCursor.__mro__[1].execute

    def counted(cursor: Any, query: Any, params: Any = None) -> Any:
        tries.append(query)
        if len(tries) == 2:
            busy.set()
            cursor.connection.execute("PRAGMA busy_timeout = 30000")
        return real(cursor, query, params)

    monkeypatch.setattr(PatientCursor.__mro__[1], "execute", counted)
    User.objects.filter(pk=alice.pk).update(theme="dark")
    assert len(tries) == 2
    assert tries[0] == tries[1]
    assert User.objects.get(pk=alice.pk).theme == "dark"
