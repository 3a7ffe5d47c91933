"""A request whose pictures are tasks of a vendor: they wait together, arrive, and are stopped together."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import polling, runner
from generation.models import Job, ProviderCall
from tests.generation.factories import lose_messages
from tests.generation.files.conftest import use_storage
from tests.generation.images.conftest import MICROS
from tests.generation.requests.factories import REQUESTS, ask, run_request, shown
from tests.support.image_server import ImageServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_for: Any, alice: User, vendor: ImageServer, settings: Any, tmp_path: Path) -> APIClient:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))
    made: APIClient = client_for(alice)
    return made


def look_up(request_id: str) -> None:
    """One round of the poller, and the workers that it knocks for."""
    children = Job.objects.filter(parent_id=UUID(request_id))
    children.filter(status=JobStatus.WAITING).update(not_before=children[0].created_at)
    lose_messages()
    polling.poll_due()
    for pk in children.filter(published_at__isnull=False).values_list("pk", flat=True):
        runner.poll(pk)


def test_four_pictures_wait_together_and_arrive(client: APIClient, vendor: ImageServer) -> None:
    vendor.is_done = False
    pk = ask(client, optimize=False)["id"]
    run_request(pk)
    assert [job.status for job in Job.objects.filter(parent_id=pk)] == [JobStatus.WAITING] * 4
    look_up(pk)
    assert not vendor.copied
    vendor.is_done = True
    look_up(pk)
    row = shown(client, pk)
    assert [image["provider"] for image in row["images"]] == ["aliyun"] * 4
    assert all(image["file"] for image in row["images"])
    assert len(vendor.orders) == len(vendor.copied) == 4
    paid = ProviderCall.objects.filter(capability="image")
    assert sorted(paid.values_list("cost_micros", flat=True)) == [MICROS["aliyun"]] * 4


def test_a_cancelled_request_stops_its_tasks(client: APIClient, vendor: ImageServer) -> None:
    vendor.is_done = vendor.has_started = False
    pk = ask(client, optimize=False)["id"]
    run_request(pk)
    assert client.post(f"{REQUESTS}/{pk}/cancel").status_code == 200
    look_up(pk)
    assert Job.objects.get(pk=pk).status == JobStatus.CANCELLED
    assert len(vendor.cancelled) == 4
    paid = ProviderCall.objects.filter(capability="image")
    assert set(paid.values_list("status", "cost_micros")) == {("released", 0)}
