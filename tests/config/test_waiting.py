"""`?wait=SECONDS`: what was promised, finished, in the same answer when it comes in time."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from config.api import waiting
from config.models import IdempotencyRecord
from tests.config.probes import JOB_ID

pytestmark = pytest.mark.urls("tests.config.probes")

PATH = "/api/v1/waiting-rename?outcome=job"


class Waiter:
    """Finishes a job at once, or never."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.in_transaction: list[bool] = []
        self.has_ended = True

    def __call__(self, job_id: str, seconds: float) -> bool:
        self.asked.append((job_id, seconds))
        self.in_transaction.append(connection.in_atomic_block)
        return self.has_ended


@pytest.fixture
def waiter() -> Iterator[Waiter]:
    mine = Waiter()
    before = waiting.register(mine)
    yield mine
    waiting.register(before)


@pytest.fixture
def client(client_for, alice: User) -> APIClient:
    return client_for(alice)


def test_finished_in_time_is_a_200_with_the_job(client: APIClient, waiter: Waiter) -> None:
    answer = client.post(f"{PATH}&wait=2.5")

    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "succeeded")
    assert answer.headers["Location"] == f"/api/v1/jobs/{JOB_ID}"
    assert waiter.asked == [(JOB_ID, 2.5)]


def test_not_finished_in_time_is_the_promise(client: APIClient, waiter: Waiter) -> None:
    waiter.has_ended = False
    answer = client.post(f"{PATH}&wait=1")
    assert (answer.status_code, answer.json()["data"]["status"]) == (202, "queued")


def test_nobody_waits_unasked(client: APIClient, waiter: Waiter) -> None:
    assert client.post(PATH).status_code == 202
    assert client.post(f"{PATH}&wait=0").status_code == 202
    assert waiter.asked == []


@pytest.mark.parametrize("seconds", ["61", "-1", "soon", "", "nan", "inf", "1e9"])
def test_odd_times_are_refused_before_anything_happens(
    client: APIClient, waiter: Waiter, alice: User, seconds: str
) -> None:
    answer = client.post(f"{PATH}&wait={seconds}", headers={"Accept-Language": "zh"})

    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")
    assert answer.json()["data"]["details"]["fields"] == [
        {"field": "wait", "code": "invalid", "message": "请给出 0 到 60 之间的秒数。"}
    ]
    alice.refresh_from_db()
    assert alice.first_name == ""


def test_two_times_are_refused_likewise(client: APIClient, waiter: Waiter, alice: User) -> None:
    answer = client.post(f"{PATH}&wait=1&wait=2", headers={"Accept-Language": "zh"})
    assert (answer.status_code, waiter.asked) == (422, [])
    assert answer.json()["data"]["details"]["fields"] == [
        {"field": "wait", "code": "repeated", "message": "此参数只能出现一次。"}
    ]
    alice.refresh_from_db()
    assert alice.first_name == ""


@pytest.mark.django_db(transaction=True)
def test_waiting_is_outside_of_the_transaction_with_a_key_too(client: APIClient, waiter: Waiter) -> None:
    answer = client.post(f"{PATH}&wait=1", headers={"Idempotency-Key": "k"})

    assert answer.status_code == 200
    assert waiter.in_transaction == [False]
    assert IdempotencyRecord.objects.get().response_status == 202


def test_retry_under_the_same_key_waits_for_the_same_job(
    client: APIClient, waiter: Waiter, alice: User
) -> None:
    waiter.has_ended = False
    assert client.post(f"{PATH}&wait=1", headers={"Idempotency-Key": "k"}).status_code == 202
    waiter.has_ended = True
    again = client.post(f"{PATH}&wait=30", headers={"Idempotency-Key": "k"})

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert waiter.asked == [(JOB_ID, 1.0), (JOB_ID, 30.0)]
    alice.refresh_from_db()
    assert alice.first_name == "x"


def test_who_finds_no_free_place_is_promised_the_job_at_once(
    client: APIClient, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(waiting, "_slots", places)
    with places:
        assert client.post(f"{PATH}&wait=5").status_code == 202
    assert waiter.asked == []
    assert client.post(f"{PATH}&wait=5").status_code == 200
