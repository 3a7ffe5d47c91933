"""`Idempotency-Key`: the effect happens once; whoever asks again gets the first answer."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from config.api import idempotency
from config.errors import IdempotencyInProgressError
from config.models import IdempotencyRecord
from config.tasks import clean_up
from tests.config.probes import JOB_ID, RenameApi
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.urls("tests.config.probes")

RENAME = "/api/v1/rename"


def times_changed(user: User) -> int:
    return len(User.objects.values_list("first_name", flat=True).get(pk=user.pk))


def ask(
    client: APIClient, body: Any = None, *, key: str = "key-1", path: str = RENAME, **headers: str
) -> Any:
    return client.post(path, body or {}, headers={"Idempotency-Key": key, **headers})


@pytest.fixture
def client(client_for: Callable[[User], APIClient], alice: User) -> APIClient:
    return client_for(alice)


def test_second_request_gets_the_first_answer_and_changes_nothing(client: APIClient, alice: User) -> None:
    first = ask(client, {"标题": "量子 🚀", "n": 1})
    again = ask(client, {"n": 1, "标题": "量子 🚀"})  # the order of keys doesn't count

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"] == "/api/v1/things/1"
    assert again.headers["Content-Type"] == "application/json"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert times_changed(alice) == 1


def test_without_a_key_everything_happens_again(client: APIClient, alice: User) -> None:
    client.post(RENAME)
    client.post(RENAME)
    assert times_changed(alice) == 2
    assert not IdempotencyRecord.objects.exists()


def test_other_body_or_query_under_the_same_key_is_refused(client: APIClient, alice: User) -> None:
    ask(client, {"n": 1})

    for answer in (ask(client, {"n": 2}), ask(client, {"n": 1}, path=f"{RENAME}?outcome=")):
        assert (answer.status_code, answer.json()["data"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert times_changed(alice) == 1


def test_key_belongs_to_its_owner_and_route(client: APIClient, client_for, alice: User, bob: User) -> None:
    ask(client)
    ask(client_for(bob), {"other": "body"})
    ask(client, path="/api/v1/waiting-rename")

    assert (times_changed(alice), times_changed(bob)) == (2, 1)


@pytest.mark.parametrize("key", ["", " ", "a b", "键", "x" * 256, "tab\there"])
def test_odd_keys_are_refused(client: APIClient, alice: User, key: str) -> None:
    answer = client.post(RENAME, HTTP_IDEMPOTENCY_KEY=key)
    assert (answer.status_code, answer.json()["data"]["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert times_changed(alice) == 0


@pytest.mark.parametrize("outcome", ["fail", "bug"])
def test_failed_request_changes_nothing_and_frees_its_key(
    client: APIClient, alice: User, outcome: str
) -> None:
    client.raise_request_exception = False
    failed = ask(client, path=f"{RENAME}?outcome={outcome}")
    assert failed.status_code in {404, 500}
    assert times_changed(alice) == 0

    again = ask(client)
    assert (again.status_code, times_changed(alice)) == (201, 1)


def test_malformed_request_takes_no_key(client: APIClient) -> None:
    answer = client.generic("POST", RENAME, b"{", content_type="application/json", HTTP_IDEMPOTENCY_KEY="k")
    assert answer.status_code == 400
    assert not IdempotencyRecord.objects.exists()


def test_request_still_running_is_a_409_with_a_time_to_wait(client: APIClient, alice: User) -> None:
    record = first_record(client)
    IdempotencyRecord.objects.filter(pk=record.pk).update(
        status="running", locked_until=timezone.now() + timedelta(seconds=30)
    )

    answer = ask(client)
    assert (answer.status_code, answer.json()["data"]["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert answer.json()["data"]["retryable"] is True
    assert int(answer.headers["Retry-After"]) >= 1
    assert times_changed(alice) == 1


def test_lock_of_a_dead_process_runs_out(client: APIClient, alice: User) -> None:
    record = first_record(client)
    past = timezone.now() - timedelta(seconds=1)
    IdempotencyRecord.objects.filter(pk=record.pk).update(status="running", locked_until=past)

    assert ask(client).status_code == 201
    assert times_changed(alice) == 2  # the dead one's change would have been rolled back with its answer


def test_kept_for_24_hours(client: APIClient, alice: User) -> None:
    record = first_record(client)
    IdempotencyRecord.objects.filter(pk=record.pk).update(created_at=timezone.now() - timedelta(hours=23.9))
    assert ask(client).headers["Idempotent-Replayed"] == "true"

    IdempotencyRecord.objects.filter(pk=record.pk).update(created_at=timezone.now() - timedelta(hours=24))
    assert "Idempotent-Replayed" not in ask(client, {"another": "body"}).headers


def test_clean_up_deletes_what_is_older(client: APIClient) -> None:
    old = first_record(client)
    ask(client, key="key-2")
    IdempotencyRecord.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))

    clean_up()

    assert [record.key for record in IdempotencyRecord.objects.all()] == ["key-2"]


def test_answers_with_secrets_are_not_kept(client: APIClient) -> None:
    for _ in range(2):
        answer = ask(client, path="/api/v1/secret")
        assert (answer.status_code, answer.headers.get("Idempotent-Replayed")) == (201, None)
    assert not IdempotencyRecord.objects.exists()


def test_tokens_are_never_kept(anonymous: APIClient, client: APIClient) -> None:
    account = {"username": "李雷", "email": "lilei@example.com", "password": "correct horse 电池"}
    opened = ask(anonymous, account, path="/api/v1/auth/register").json()["data"]
    ask(anonymous, {"login": "李雷", "password": account["password"]}, path="/api/v1/auth/login")
    ask(anonymous, {"refresh": opened["refresh"]}, path="/api/v1/auth/refresh")

    assert not IdempotencyRecord.objects.exists()
    again = ask(anonymous, account, path="/api/v1/auth/register")
    assert again.json()["data"]["code"] == "USERNAME_TAKEN"


def test_promise_of_a_job_is_kept_with_its_place(client: APIClient) -> None:
    first, again = (ask(client, path=f"{RENAME}?outcome=job") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["Location"] == again.headers["Location"] == f"/api/v1/jobs/{JOB_ID}"


def test_slow_request_that_was_taken_over_is_rolled_back(alice: User) -> None:
    slow = claim(alice)
    IdempotencyRecord.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    fast = claim(alice)
    assert isinstance(fast, idempotency.Claim)

    with pytest.raises(IdempotencyInProgressError):
        change_and_keep(slow, alice)
    idempotency.release(slow)
    idempotency.keep(fast, answer_with(b"fast"))

    assert times_changed(alice) == 0
    kept = claim(alice)
    assert isinstance(kept, idempotency.Kept)
    assert kept.body == b"fast"


# -- races: real threads, real transactions, on the database of this run -----------------------------------------


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds every request inside of its transaction until it is set."""
    RenameApi.gate = threading.Event()
    yield RenameApi.gate
    RenameApi.gate.set()


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_works_and_the_others_hear_so(client_for, alice: User) -> None:
    token = client_for(alice)._credentials
    start = threading.Barrier(8)

    def attempt(_: int) -> Any:
        client = APIClient()
        client.credentials(**token)
        start.wait(PATIENCE)
        try:
            return ask(client)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] >= 1
    assert statuses.keys() <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    fresh = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a.headers]
    assert len(fresh) == 1
    assert times_changed(alice) == 1
    assert ask(client_for(alice)).headers["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_second_request_hears_409_while_the_first_is_inside(
    client_for, alice: User, gate: threading.Event
) -> None:
    client, other = client_for(alice), client_for(alice)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: (ask(client), connection.close())[0])
        while not IdempotencyRecord.objects.exists():
            threading.Event().wait(0.01)
        second = ask(other)
        gate.set()
        assert first.result(PATIENCE).status_code == 201
    assert second.json()["data"]["code"] == "IDEMPOTENCY_IN_PROGRESS"
    assert times_changed(alice) == 1


def first_record(client: APIClient) -> IdempotencyRecord:
    assert ask(client).status_code == 201
    return IdempotencyRecord.objects.get()


def claim(owner: User) -> Any:
    return idempotency.claim(owner_id=owner.pk, key="key", route="POST /x", request_hash="same")


@transaction.atomic
def change_and_keep(claimed: idempotency.Claim, user: User) -> None:
    User.objects.filter(pk=user.pk).update(first_name="slow")
    idempotency.keep(claimed, answer_with(b"slow"))


def answer_with(body: bytes) -> Any:
    return HttpResponse(body)
