"""What a request costs: told before, refused where there is too little, true afterwards."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.budgets import budget_set
from config.api import waiting
from generation.models import ImageRequest, Job
from tests.generation.requests.factories import FOX, REQUESTS, made, run_request
from tests.support.access_tokens import machine
from tests.support.catalogue import item_model_make

pytestmark = pytest.mark.django_db

#: Play money: what a picture of the priced sandbox costs, by quality.
STANDARD, HIGH = 40_000, 80_000


def quote(client: APIClient, **options: Any) -> dict[str, Any]:
    answer = client.post(f"{REQUESTS}/estimate", {"prompt": FOX, **options})
    assert answer.status_code == 200, answer.json()
    cost: dict[str, Any] = answer.json()["data"]["cost"]
    return cost


def test_it_is_told_before_and_what_comes_lies_within(client: APIClient) -> None:
    priced = {"model": "sandbox-priced", "count": 3}
    told = quote(client, **priced)
    assert (told["least_micros"], told["most_micros"]) == (3 * STANDARD, 3 * STANDARD)
    assert quote(client, **priced, quality="high")["most_micros"] == 3 * HIGH
    assert [route["model"] for route in told["routes"]] == ["sandbox", "sandbox-priced"]
    assert [route["model"] for route in quote(client, optimize=False)["routes"]] == ["sandbox"]
    assert not ImageRequest.objects.exists()
    assert not Job.objects.exists()
    done = made(client, **priced)
    assert done["cost"]["cost_micros"] == 3 * STANDARD


def test_what_the_budget_cant_pay_for_is_refused(client: APIClient, alice: User) -> None:
    budget_set(user=alice, limit_micros=3 * STANDARD - 1)
    answer = client.post(REQUESTS, {"prompt": FOX, "model": "sandbox-priced", "count": 3})
    assert (answer.status_code, answer.json()["data"]["code"]) == (402, "BUDGET_EXCEEDED")
    assert not ImageRequest.objects.exists()


def test_a_test_token_asks_the_sandbox_only(alice: User) -> None:
    item_model_make("siliconflow", "Qwen/Qwen-Image", capability="image", micros=50_000)
    tester = machine(alice, "requests:read", "requests:write", is_test=True)
    done = made(tester, model="siliconflow:Qwen/Qwen-Image", count=1)
    [image] = done["images"]
    assert (done["is_test"], image["provider"], image["model"]) == (True, "sandbox", "Qwen/Qwen-Image")
    assert (image["is_procedural"], done["cost"]["cost_micros"]) == (True, 50_000)


def test_asked_twice_with_one_key_it_is_made_once(client: APIClient) -> None:
    body = {"prompt": FOX, "count": 1}
    first = client.post(REQUESTS, body, headers={"Idempotency-Key": "one"})
    second = client.post(REQUESTS, body, headers={"Idempotency-Key": "one"})
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert ImageRequest.objects.count() == 1


def test_who_waits_gets_the_pictures(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "wait_for", lambda job_id, seconds: run_request(job_id) is not None)
    answer = client.post(f"{REQUESTS}?wait=5", {"prompt": FOX, "count": 1})
    assert answer.status_code == 200
    [image] = answer.json()["data"]["images"]
    assert image["status"] == "succeeded"
    assert image["url"].startswith("http://testserver/files/")


def test_a_test_token_doesnt_set_live_images_going(client: APIClient, alice: User) -> None:
    row = made(client, count=1)
    Job.objects.filter(pk__in=[row["id"], row["images"][0]["job_id"]]).update(is_test=False)
    tester = machine(alice, "requests:read", "requests:write", is_test=True)
    answer = tester.post(f"{REQUESTS}/{row['id']}/images/1/retry")
    assert (answer.status_code, answer.json()["data"]["code"]) == (403, "JOB_LIVE")


def test_reading_takes_one_query_however_much_there_is(client: APIClient) -> None:
    """And at most one for whoever asks."""
    row = made(client)
    for _ in range(3):
        made(client, count=2)
    for address in (REQUESTS, f"{REQUESTS}/{row['id']}"):
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        assert len(captured) <= 2
