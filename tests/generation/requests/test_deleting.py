"""A request goes while its images are made: nothing is kept of it, and vendors hear of it."""

from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from accounts.models import FileRemoval, User
from accounts.services.files import removals_run
from conversations.models import Attachment, Conversation, Message
from generation.domain.states import CallStatus, JobStatus
from generation.jobs import polling, runner
from generation.models import ImageRequest, Job, ProviderCall, RequestImage, StoredFile, Thumbnail
from generation.providers.image.base import ImageAnswer, ImageOrder
from generation.providers.image.sandbox import SandboxImages
from tests.generation.factories import lose_messages, make_due
from tests.generation.files.uploads import stored
from tests.generation.images.conftest import server_of_module, vendor
from tests.generation.requests.factories import REQUESTS, ask, made, run_request, shown
from tests.support.image_server import ImageServer

__all__ = ["server_of_module", "vendor"]

pytestmark = pytest.mark.django_db


def test_what_was_made_goes_with_it(client: APIClient) -> None:
    row = made(client, count=2)
    assert len(stored()) == 2 + 2 * 2
    assert client.delete(f"/api/v1/files/{row['images'][0]['file']['id']}").status_code == 409
    assert client.delete(f"{REQUESTS}/{row['id']}").status_code == 204
    assert client.get(f"{REQUESTS}/{row['id']}").status_code == 404
    assert not StoredFile.objects.exists()
    removals_run()
    assert stored() == set()
    assert not ProviderCall.objects.exclude(result=None).exists()


def test_a_file_that_is_shown_elsewhere_stays(client: APIClient, alice: User) -> None:
    row = made(client, count=2)
    kept = StoredFile.objects.get(pk=row["images"][0]["file"]["id"])
    talk = Conversation.objects.create(owner=alice)
    message = Message.objects.create(owner=alice, conversation=talk, role="user", content="看")
    Attachment.objects.create(message=message, file=kept, position=1, tokens=0)
    assert client.delete(f"{REQUESTS}/{row['id']}").status_code == 204
    assert [file["id"] for file in client.get("/api/v1/files").json()["data"]] == [str(kept.pk)]
    removals_run()
    assert kept.key in stored()
    assert len(stored()) == 3


def test_a_picture_that_comes_too_late_is_thrown_away(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(client, count=2)
    run_request(row["id"], images=False)
    paint = SandboxImages.order

    def deleted_meanwhile(self: SandboxImages, order: ImageOrder) -> ImageAnswer:
        assert client.delete(f"{REQUESTS}/{row['id']}").status_code == 204
        return paint(self, order)

    monkeypatch.setattr(SandboxImages, "order", deleted_meanwhile)
    while runner.run_next_child(UUID(row["id"])):
        pass
    for model in (ImageRequest, StoredFile, Thumbnail):
        assert not model._default_manager.exists()
    assert FileRemoval.objects.count() == len(stored()) == 3
    removals_run()
    assert stored() == set()
    statuses = set(Job.objects.values_list("status", flat=True))
    assert statuses == {JobStatus.CANCELLED, JobStatus.SUCCEEDED}
    assert not ProviderCall.objects.exclude(result=None).filter(capability="image").exists()


@pytest.mark.parametrize("end", ["delete", "cancel"])
def test_its_vendor_is_told_to_stop(client: APIClient, vendor: ImageServer, end: str) -> None:
    vendor.is_done = vendor.has_started = False
    row = ask(client, count=2)
    run_request(row["id"])
    assert [image["status"] for image in shown(client, row["id"])["images"]] == ["running", "running"]
    address = f"{REQUESTS}/{row['id']}"
    answer: Any = client.delete(address) if end == "delete" else client.post(f"{address}/cancel")
    assert answer.status_code in (200, 204)
    lose_messages()
    polling.poll_due()
    for child in Job.objects.filter(parent_id=row["id"]):
        make_due(child)
        runner.poll(child.pk)
    assert sorted(vendor.cancelled) == ["task-1", "task-2"]
    assert set(Job.objects.values_list("status", flat=True)) == {JobStatus.CANCELLED}
    calls = ProviderCall.objects.filter(capability="image")
    assert set(calls.values_list("status", "cost_micros")) == {(CallStatus.RELEASED, 0)}
    if end == "cancel":
        assert shown(client, row["id"])["status"] == "cancelled"


def test_a_vendor_with_tasks_makes_pictures_and_says_how_far_it_is(
    client: APIClient, vendor: ImageServer, alice: User
) -> None:
    vendor.is_done = False
    row = ask(client, count=2, negative_prompt="文字")
    run_request(row["id"])
    [first, second] = shown(client, row["id"])["images"]
    assert (first["status"], first["progress"], second["file"]) == ("running", None, None)
    assert {body["parameters"]["negative_prompt"] for body in vendor.bodies} == {"文字"}
    vendor.is_done = True
    lose_messages()
    for child in Job.objects.filter(parent_id=row["id"]):
        make_due(child)
    polling.poll_due()
    for child in Job.objects.filter(parent_id=row["id"]):
        runner.poll(child.pk)
    done = shown(client, row["id"])
    assert done["status"] == "image_completed"
    assert {(image["provider"], image["is_procedural"]) for image in done["images"]} == {("aliyun", False)}
    assert done["cost"]["cost_micros"] == 2 * 30_000
    assert RequestImage.objects.filter(request__owner=alice, file__width=64).count() == 2
