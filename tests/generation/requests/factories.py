"""Requests, and running what they need."""

from typing import Any
from uuid import UUID

from rest_framework.test import APIClient

from generation.jobs import runner
from generation.models import ImageRequest

REQUESTS = "/api/v1/requests"
FOX = "一只戴围巾的小狐狸"


def ask(client: APIClient, prompt: str = FOX, **options: Any) -> dict[str, Any]:
    answer = client.post(REQUESTS, {"prompt": prompt, **options})
    assert answer.status_code == 202, answer.json()
    row: dict[str, Any] = answer.json()["data"]
    return row


def run_request(pk: Any, *, images: bool = True) -> ImageRequest:
    """Its own step, and then its images, as one worker does it."""
    runner.run(UUID(str(pk)), publish=False)
    if images:
        while runner.run_next_child(UUID(str(pk))):
            pass
    return ImageRequest.objects.get(pk=pk)


def made(client: APIClient, prompt: str = FOX, **options: Any) -> dict[str, Any]:
    """One that is over, as it is shown."""
    row = ask(client, prompt, **options)
    run_request(row["id"])
    return shown(client, row["id"])


def shown(client: APIClient, pk: Any) -> dict[str, Any]:
    row: dict[str, Any] = client.get(f"{REQUESTS}/{pk}").json()["data"]
    return row
