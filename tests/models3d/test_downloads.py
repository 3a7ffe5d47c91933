"""Downloads of public models: signed, converted, and counted once."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Activity, User
from generation.models import Job
from generation.services.files import file_store
from models3d.models import Model3D, ModelDownload, ModelFile
from models3d.selectors.counters import counter_drifts
from tests.models3d.gallery import MODELS, private_model, public_model, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(alice: User) -> Model3D:
    """With its own file, and an STL that is there already."""
    made = public_model(alice, name="茶壶")
    ModelFile.objects.update(
        file=file_store(owner_id=alice.pk, source=b"solid tea\nendsolid tea\n", name="茶壶.txt")
    )
    return made


def download(client: APIClient, model: Model3D, **asked: Any) -> Any:
    return client.post(f"{MODELS}/{model.pk}/download", asked, format="json")


def test_a_link_needs_no_login_and_counts_once_a_day(
    model: Model3D, bob: User, client_for: Any, anonymous: APIClient
) -> None:
    for client in (anonymous, anonymous, client_for(bob), client_for(bob)):
        shown = download(client, model, format="stl").json()["data"]
        assert (shown["is_ready"], shown["format"], shown["name"]) == (True, "stl", "茶壶.txt")
    assert Model3D.objects.get().downloads == ModelDownload.objects.count() == 2
    assert counter_drifts(Model3D.objects.all()) == []
    answer = anonymous.get(shown["url"])
    assert b"".join(answer.streaming_content) == b"solid tea\nendsolid tea\n"
    assert [one.action for one in Activity.objects.filter(owner=bob, object_type="model")] == [
        "download_model"
    ]
    assert download(anonymous, model).json()["data"]["format"] == "glb", "its own file"


def test_what_isnt_there_is_converted_first_and_not_counted(model: Model3D, anonymous: APIClient) -> None:
    for _ in range(2):
        answer = download(anonymous, model, format="3mf", size_mm=80)
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "2")
        assert answer.json()["data"] == {
            "is_ready": False, "format": "3mf", "url": None, "url_expires_at": None, "name": None, "size": None,
        }  # fmt: skip
    [job] = Job.objects.filter(kind="models3d.convert")
    assert job.owner_id == model.owner_id
    assert not ModelDownload.objects.exists()
    Job.objects.filter(pk=job.pk).update(
        status="failed", finished_at=job.created_at, error_code="X", error={}
    )
    assert refused(download(anonymous, model, format="3mf", size_mm=80)) == (409, "MODEL_FILE_FAILED")


def test_what_cant_be_had_is_refused(model: Model3D, alice: User, anonymous: APIClient) -> None:
    wrong: list[dict[str, Any]] = [
        {"format": "blend"}, {"format": None}, {"size_mm": 0}, {"size_mm": -5}, {"size_mm": 10_000_001},
        {"size_mm": "80"}, {"size_mm": True}, {"size": 80},
    ]  # fmt: skip
    for asked in wrong:
        assert refused(download(anonymous, model, **asked)) == (422, "VALIDATION_FAILED"), asked
    assert refused(download(anonymous, model, format="ply")) == (422, "MODEL_FORMAT_UNKNOWN")
    assert refused(download(anonymous, private_model(alice))) == (404, "PUBLIC_MODEL_NOT_FOUND")
    assert not Job.objects.filter(kind="models3d.convert").exists()
    assert not ModelDownload.objects.exists()
