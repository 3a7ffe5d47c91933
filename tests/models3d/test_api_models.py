"""A model is made of words, of a picture, of a request's selected image, or of a file that was brought along."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, User
from config.api import waiting
from generation.jobs import runner
from generation.models import ImageRequest, Job, StoredFile
from generation.providers.mesh.base import MeshOrder
from models3d.models import Model3D
from tests.generation.files.uploads import refusal, upload
from tests.generation.requests import factories as requests
from tests.models3d.factories import MODELS, MUG, ask, made, shown
from tests.models3d.reading import STL
from tests.models3d.rows import public_model
from tests.support.pictures import picture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]


@pytest.fixture
def fox(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A request with a selected picture."""
    from generation.providers.image import sandbox

    monkeypatch.setattr(sandbox, "paint", lambda **order: picture("PNG"), raising=False)
    row = requests.made(client, count=2, optimize=False)
    assert client.post(f"{requests.REQUESTS}/{row['id']}/select", {"number": 2}).status_code == 200
    return requests.shown(client, row["id"])


def read(url: str) -> bytes:
    return b"".join(APIClient().get(url).streaming_content)  # type: ignore[attr-defined]


def test_a_sentence_becomes_a_model(client: APIClient, alice: User) -> None:
    answer = client.post(MODELS, {"prompt": MUG, "tags": ["杯子", "ＣＵＰ", "cup"]})
    assert answer.status_code == 202
    row = answer.json()["data"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{row['id']}"
    assert (row["status"], row["name"], row["tags"], row["version"]) == ("queued", MUG, ["杯子", "cup"], None)
    assert (row["preview_url"], row["is_printable"]) == (None, None)

    runner.run(row["id"])
    done = shown(client, row["id"])
    assert (done["status"], done["provider"], done["is_procedural"]) == ("succeeded", "sandbox", True)
    version = done["version"]
    assert (version["number"], version["reason"], version["format"]) == (1, "made", "glb")
    assert version["report"]["is_watertight"] is done["is_printable"] is True
    assert read(done["viewer_url"])[:4] == b"glTF"
    assert read(done["preview_url"])[:4] == read(done["turntable_url"])[:4] == b"RIFF"
    assert StoredFile.objects.get(pk=version["file_id"]).name == f"{MUG}.glb"
    assert [one["id"] for one in client.get(f"{MODELS}/me").json()["data"]] == [done["id"]]
    [entry] = Activity.objects.filter(owner=alice, action="create_model")
    assert (entry.object_type, entry.details["name"]) == ("model", MUG)
    [listed] = client.get(f"{MODELS}/me?search=马克杯&printable=true&format=glb,stl").json()["data"]
    assert listed.pop("matches")[0]["field"] == "name"
    assert listed == done


def test_of_a_requests_selected_picture(
    client: APIClient, fox: dict[str, Any], orders: list[MeshOrder]
) -> None:
    model = ask(client, request_id=fox["id"], size_mm=80)
    assert (model["request_id"], model["name"], model["prompt"]) == (fox["id"], requests.FOX, requests.FOX)
    assert model["picture_id"] == fox["images"][1]["file"]["id"]
    assert model["style"] == fox["images"][1]["style"]
    request = requests.shown(client, fox["id"])
    assert (request["status"], request["phase"]) == ("model_pending", "model_generation")

    second = client.post(MODELS, {"request_id": fox["id"]})
    assert refusal(second) == (409, "MODEL_EXISTS")
    assert model["id"] in second.json()["data"]["message"]
    chosen = client.post(f"{requests.REQUESTS}/{fox['id']}/select", {"number": 1})
    assert refusal(chosen) == (409, "REQUEST_SELECTION_FIXED")

    runner.run(model["id"])
    assert requests.shown(client, fox["id"])["status"] == "completed"
    [order] = orders
    assert (order.image[:4], order.image_media_type, order.prompt) == (b"\x89PNG", "image/png", requests.FOX)
    done = shown(client, model["id"])
    assert (done["size_mm"], done["version"]["unit_source"]) == (80.0, "scaled")
    assert max(done["version"]["report"]["size_mm"]) == 80.0

    assert client.delete(f"{MODELS}/{model['id']}").status_code == 204
    assert requests.shown(client, fox["id"])["status"] == "model_pending"
    assert client.post(f"{requests.REQUESTS}/{fox['id']}/select", {"number": 1}).status_code == 200


def test_a_request_without_a_model_gets_one_again(client: APIClient, fox: dict[str, Any]) -> None:
    first = ask(client, request_id=fox["id"])
    assert client.post(f"{MODELS}/{first['id']}/cancel").json()["data"]["status"] == "cancelled"
    assert requests.shown(client, fox["id"])["status"] == "cancelled"
    second = made(client, request_id=fox["id"])
    assert requests.shown(client, fox["id"])["status"] == "completed"
    assert ImageRequest.objects.get(pk=fox["id"]).mesh_job_id == Model3D.objects.get(pk=second["id"]).job_id


def test_of_a_picture_among_ones_files(client: APIClient, orders: list[MeshOrder]) -> None:
    file = upload(client, picture("JPEG"), "茶馆 tea.jpg").json()["data"]
    done = made(client, image_file_id=file["id"], shape="relief", seed=7, is_textured=False)
    assert (done["name"], done["prompt"], done["origin"]) == ("茶馆 tea", "", "ai_generated")
    [order] = orders
    assert (order.image_media_type, order.shape, order.seed) == ("image/jpeg", "relief", 7)
    assert order.is_textured is False
    assert refusal(client.delete(f"/api/v1/files/{file['id']}")) == (409, "FILE_IN_USE")
    assert client.delete(f"{MODELS}/{done['id']}").status_code == 204
    assert client.delete(f"/api/v1/files/{file['id']}").status_code == 204


def test_of_a_mesh_among_ones_files(client: APIClient, alice: User) -> None:
    file = upload(client, STL, "齿轮.stl").json()["data"]
    asked = ask(client, file_id=file["id"], unit="inch", name="旧齿轮", description="来自车库")
    assert (asked["origin"], asked["source_id"], asked["seed"]) == ("user_uploaded", file["id"], None)
    runner.run(asked["id"])
    done = shown(client, asked["id"])
    assert (done["name"], done["version"]["reason"], done["provider"]) == ("旧齿轮", "uploaded", "")
    assert (done["version"]["unit"], done["version"]["unit_source"]) == ("inch", "asked")
    assert done["version"]["file_id"] == file["id"]
    assert done["cost"]["calls"] == 0
    assert StoredFile.objects.count() == 3, "the file is kept once, with two pictures of it"
    assert Activity.objects.filter(owner=alice, action="upload_model").exists()
    assert client.delete(f"{MODELS}/{done['id']}").status_code == 204
    assert [one.pk.hex for one in StoredFile.objects.all()] == [file["id"].replace("-", "")]


BAD: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({}, (422, "MODEL_SOURCE_INVALID")),
    ({"prompt": MUG, "file_id": "STL"}, (422, "MODEL_SOURCE_INVALID")),
    ({"prompt": ""}, (422, "VALIDATION_FAILED")),
    ({"prompt": "茶" * 501}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "name": "杯\u202e子"}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "size_mm": 0}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "size_mm": -5}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "size_mm": 10_000_000}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "size_mm": "100"}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "size_mm": True}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "shape": "cloud"}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "unit": "mile"}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "seed": -1}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "licence": "mine"}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "tags": ["a"] * 11}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "tags": ["a，b"]}, (422, "VALIDATION_FAILED")),
    ({"prompt": MUG, "model": "nobody:nothing"}, (422, "MODEL_UNKNOWN")),
    ({"prompt": MUG, "remix_of": "STRANGER"}, (422, "MODEL_REMIX_UNKNOWN")),
    ({"prompt": MUG, "remix_of": "FIXED"}, (422, "MODEL_REMIX_FORBIDDEN")),
    ({"image_file_id": "STL"}, (422, "MODEL_NOT_A_PICTURE")),
    ({"file_id": "PNG"}, (422, "MODEL_NOT_A_MESH")),
    ({"file_id": "FOREIGN"}, (422, "FILE_UNKNOWN")),
    ({"request_id": "STRANGER"}, (422, "MODEL_REQUEST_UNKNOWN")),
    ({"request_id": "UNSELECTED"}, (409, "MODEL_NOTHING_SELECTED")),
]


def test_bad_wishes_are_told_and_change_nothing(client: APIClient, bob: User, client_for: Any) -> None:
    fixed = public_model(1, bob)
    Model3D.objects.filter(pk=fixed.pk).update(licence="CC-BY-ND-4.0")
    private = public_model(2, bob)
    Model3D.objects.filter(pk=private.pk).update(visibility="private", published_at=None)
    keys = {
        "STL": upload(client, STL, "a.stl").json()["data"]["id"],
        "PNG": upload(client, picture("PNG")).json()["data"]["id"],
        "FOREIGN": upload(client_for(bob), picture("PNG")).json()["data"]["id"],
        "STRANGER": str(private.pk),
        "FIXED": str(fixed.pk),
        "UNSELECTED": requests.ask(client)["id"],
    }
    before = Model3D.objects.count(), Job.objects.count()
    told = {}
    for number, (body, _) in enumerate(BAD):
        sent = {
            name: keys.get(value, value) if isinstance(value, str) else value for name, value in body.items()
        }
        told[number] = refusal(client.post(MODELS, sent))
    assert told == {number: expected for number, (_, expected) in enumerate(BAD)}
    assert (Model3D.objects.count(), Job.objects.count()) == before


def test_a_remix_names_its_parent_also_when_that_is_gone(client: APIClient, bob: User) -> None:
    parent = public_model(1, bob)
    remix = ask(client, prompt=MUG, remix_of=str(parent.pk))
    note = {"id": str(parent.pk), "name": parent.name}
    assert (remix["remix_of"], remix["remix_note"]) == (str(parent.pk), note)
    parent.delete()
    left = shown(client, remix["id"])
    assert (left["remix_of"], left["remix_note"]) == (None, note)


def test_what_people_read_is_changed(client: APIClient, alice: User) -> None:
    model = ask(client)
    address = f"{MODELS}/{model['id']}"
    tag = client.get(address).headers["ETag"]
    changes = {"name": "早餐杯", "description": "蓝色\r\n的", "tags": ["厨房"], "licence": "CC-BY-4.0"}
    changed = client.patch(address, changes, headers={"If-Match": tag}).json()["data"]
    assert {name: changed[name] for name in changes} == {**changes, "description": "蓝色\n的"}
    [entry] = Activity.objects.filter(owner=alice, action="update_model")
    assert entry.details["fields"] == ["description", "licence", "name", "tags"]
    assert client.patch(address, changes).json()["data"]["updated_at"] == changed["updated_at"]
    assert refusal(client.patch(address, {"name": "旧"}, headers={"If-Match": tag})) == (
        412,
        "PRECONDITION_FAILED",
    )
    assert refusal(client.patch(address, {"visibility": "public"})) == (422, "VALIDATION_FAILED")
    Model3D.objects.filter(pk=model["id"]).update(visibility="public", published_at=alice.date_joined)
    assert refusal(client.patch(address, {"licence": ""})) == (422, "MODEL_NEEDS_LICENCE")
    [found] = client.get(f"{MODELS}/me?search=早餐").json()["data"]
    assert found["name"] == "早餐杯"
    assert client.get(f"{MODELS}/me?search=马克").json()["data"] == []


def test_asked_twice_with_one_key_it_is_made_once(client: APIClient) -> None:
    first = client.post(MODELS, {"prompt": MUG}, headers={"Idempotency-Key": "one"})
    second = client.post(MODELS, {"prompt": MUG}, headers={"Idempotency-Key": "one"})
    assert (first.json(), second.headers["Idempotent-Replayed"]) == (second.json(), "true")
    assert Model3D.objects.count() == 1
    other = client.post(MODELS, {"prompt": "花瓶"}, headers={"Idempotency-Key": "one"})
    assert other.status_code == 422


def test_who_waits_gets_the_model(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "wait_for", lambda job_id, seconds: runner.run(job_id) or True)
    answer = client.post(f"{MODELS}?wait=5", {"prompt": MUG})
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "succeeded")


def test_reading_takes_one_query_however_much_there_is(client: APIClient) -> None:
    """And at most one for whoever asks."""
    row = made(client)
    for _ in range(3):
        made(client)
    for address in (f"{MODELS}/me", f"{MODELS}/me?cursor=&limit=2", f"{MODELS}/{row['id']}"):
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        assert len(captured) <= 2, address


def test_both_ways_through_the_list(client: APIClient) -> None:
    made_all = [ask(client)["id"] for _ in range(3)]
    first = client.get(f"{MODELS}/me?limit=2&cursor=").json()
    rest = client.get(f"{MODELS}/me?limit=2&cursor={first['meta']['next_cursor']}").json()
    assert [row["id"] for row in first["data"] + rest["data"]] == made_all[::-1]
    page = client.get(f"{MODELS}/me?limit=2&page=2").json()
    assert ([row["id"] for row in page["data"]], page["meta"]["total"]) == (made_all[:1], 3)


def test_the_choices_are_told_in_the_readers_language(client: APIClient) -> None:
    found = client.get(f"{MODELS}/config", headers={"Accept-Language": "zh"}).json()["data"]
    assert found["formats"] == ["glb", "stl", "obj", "3mf"]
    assert {one["name"]: one["title"] for one in found["units"]}["inch"] == "英寸"
    assert {one["name"]: one["allows_remixes"] for one in found["licences"]}["CC-BY-ND-4.0"] is False
    assert found["routes"][0]["provider"] == "sandbox"
