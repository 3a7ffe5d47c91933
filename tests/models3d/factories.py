"""Models over HTTP, and their jobs run as a worker would."""

from typing import Any

from rest_framework.test import APIClient

from generation.jobs import runner

MODELS = "/api/v1/models"
MUG = "一个马克杯，高 10 厘米"


def ask(client: APIClient, **body: Any) -> dict[str, Any]:
    """A model that was asked for."""
    answer = client.post(MODELS, body or {"prompt": MUG})
    assert answer.status_code == 202, answer.content
    row: dict[str, Any] = answer.json()["data"]
    return row


def shown(client: APIClient, model_id: str) -> dict[str, Any]:
    row: dict[str, Any] = client.get(f"{MODELS}/{model_id}").json()["data"]
    return row


def made(client: APIClient, **body: Any) -> dict[str, Any]:
    """A model that is there."""
    row = ask(client, **body)
    runner.run(row["id"])
    done = shown(client, row["id"])
    assert done["status"] == "succeeded", done["error"]
    return done
