"""What becomes of a model that is there: repaired as a new version, converted once, scaled, and told about."""

import io
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Activity, User
from accounts.services.files import removals_run
from config.api import waiting
from generation.jobs import runner
from generation.models import Job, StoredFile
from models3d import handlers
from models3d.domain.options import SCALED_FILES
from models3d.models import ModelFile, ModelVersion
from models3d.services.compute import Repaired
from tests.generation.files.uploads import refusal, stored
from tests.models3d.factories import MODELS, ask, made, shown
from tests.models3d.reading import STL, inspected

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]

Conversions = list[tuple[str, float | None]]


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> Conversions:
    """What was converted to which format and size."""
    seen: Conversions = []

    def convert(source: Any, *, scale: float, to: Any, size_mm: float | None = None) -> io.BytesIO:
        seen.append((to.value, size_mm))
        return io.BytesIO(b"PK\3\4" if to == "obj" else STL)

    monkeypatch.setattr(handlers, "mesh_convert", convert)
    return seen


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What there is to mend."""
    found = {"merged_vertices": 3, "filled_holes": 0}

    def repair(source: Any, *, scale: float) -> Repaired:
        glb = io.BytesIO(b"glTF mended")
        return Repaired(glb, dict(found), inspected(glb))

    monkeypatch.setattr(handlers, "mesh_repair", repair)
    return found


def file_of(client: APIClient, model: dict[str, Any], format: str = "stl", query: str = "") -> Any:
    return client.get(f"{MODELS}/{model['id']}/files/{format}{query}")


# -- repair ----------------------------------------------------------------------------------------------------------


def test_a_repair_is_a_new_version_and_the_old_one_is_kept(
    client: APIClient, alice: User, changes: dict[str, int]
) -> None:
    model = made(client)
    answer = client.post(f"{MODELS}/{model['id']}/repair")
    assert answer.status_code == 202
    asked = answer.json()["data"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{asked['repair_job_id']}"
    assert (asked["repair_status"], asked["version"]["number"]) == ("queued", 1)
    again = client.post(f"{MODELS}/{model['id']}/repair").json()["data"]
    assert again["repair_job_id"] == asked["repair_job_id"], "one is under way"

    runner.run(asked["repair_job_id"])
    done = shown(client, model["id"])
    assert (done["repair_status"], done["version"]["number"]) == ("succeeded", 2)
    assert (done["version"]["reason"], done["version"]["changes"]) == ("repaired", {"merged_vertices": 3})
    rows = client.get(f"{MODELS}/{model['id']}/versions").json()["data"]
    assert [row["number"] for row in rows] == [2, 1]
    for row in rows:
        assert b"".join(APIClient().get(row["url"]).streaming_content)[:4] == b"glTF"
    assert Activity.objects.filter(owner=alice, action="repair_model").count() == 1
    output = Job.objects.get(pk=asked["repair_job_id"]).output
    assert output == {"version": 2, "changes": {"merged_vertices": 3}}
    assert client.delete(f"{MODELS}/{model['id']}").status_code == 204
    removals_run()
    assert stored() == set()


def test_where_there_is_nothing_to_mend_there_is_no_new_version(
    client: APIClient, changes: dict[str, int]
) -> None:
    changes.clear()
    model = made(client)
    job = client.post(f"{MODELS}/{model['id']}/repair").json()["data"]["repair_job_id"]
    runner.run(job)
    done = shown(client, model["id"])
    assert (done["repair_status"], done["version"]["number"]) == ("succeeded", 1)
    assert Job.objects.get(pk=job).output == {"version": None, "changes": {}}
    assert len(stored()) == 3


def test_a_model_that_goes_while_it_is_repaired_keeps_nothing(
    client: APIClient, changes: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made(client)
    job = client.post(f"{MODELS}/{model['id']}/repair").json()["data"]["repair_job_id"]
    repair = handlers.mesh_repair

    def deleted_meanwhile(source: Any, *, scale: float) -> Repaired:
        assert client.delete(f"{MODELS}/{model['id']}").status_code == 204
        return repair(source, scale=scale)

    monkeypatch.setattr(handlers, "mesh_repair", deleted_meanwhile)
    runner.run(job)
    assert (ModelVersion.objects.count(), StoredFile.objects.count()) == (0, 0)
    removals_run()
    assert stored() == set()


# -- report ----------------------------------------------------------------------------------------------------------


def test_the_verdict_is_told_for_a_printer_in_the_readers_language(client: APIClient) -> None:
    address = f"{MODELS}/{made(client)['id']}/report"
    report = client.get(address).json()["data"]
    assert (report["is_printable"], report["reasons"], report["verdict"]) == (True, [], "Printable.")
    assert (report["version"], report["unit"], report["report"]["triangles"]) == (1, "m", 12)
    assert client.get(f"{address}?bed=220x220x250").json()["data"]["is_printable"] is True
    small = client.get(f"{address}?bed=10×10×10", headers={"Accept-Language": "zh"}).json()["data"]
    assert (small["is_printable"], [one["code"] for one in small["reasons"]]) == (False, ["too_large"])
    assert small["verdict"].startswith("按现状无法打印：尺寸 20 × 20 × 20 毫米")
    for bed in ("", "220", "220x220", "axbxc", "0x1x1", "1x1x1e9", "nanx1x1", "1x1x1x1"):
        assert refusal(client.get(f"{address}?bed={bed}")) == (422, "VALIDATION_FAILED"), bed


# -- conversion --------------------------------------------------------------------------------------------------------


def test_a_format_is_converted_once_and_kept(client: APIClient, conversions: Conversions) -> None:
    model = made(client)
    answer = file_of(client, model)
    assert answer.status_code == 202
    row = answer.json()["data"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{row['job_id']}"
    assert (row["status"], row["url"], row["file_id"], row["version"]) == ("queued", None, None, 1)
    assert file_of(client, model).json()["data"]["job_id"] == row["job_id"]

    runner.run(row["job_id"])
    done = file_of(client, model)
    assert done.status_code == 200
    row = done.json()["data"]
    assert (row["status"], row["size"]) == ("succeeded", len(STL))
    download = APIClient().get(row["url"])
    assert b"".join(download.streaming_content) == STL
    assert ".stl" in download.headers["Content-Disposition"]
    assert conversions == [("stl", None)]


def test_a_size_is_another_file(client: APIClient, conversions: Conversions) -> None:
    model = made(client)
    for query in ("?size_mm=50", "?size_mm=50.0004", "?size_mm=80"):
        runner.run(file_of(client, model, "3mf", query).json()["data"].get("job_id"))
    assert conversions == [("3mf", 50.0), ("3mf", 80.0)]
    assert file_of(client, model, "3mf", "?size_mm=50").json()["data"]["size_um"] == 50_000


def test_only_so_many_sizes_are_kept(client: APIClient, conversions: Conversions) -> None:
    model = made(client)
    for size in range(1, SCALED_FILES + 3):
        runner.run(file_of(client, model, "stl", f"?size_mm={size}").json()["data"]["job_id"])
    kept = ModelFile.objects.filter(size_um__gt=0).order_by("size_um").values_list("size_um", flat=True)
    assert list(kept) == [size * 1000 for size in range(3, SCALED_FILES + 3)]
    removals_run()
    assert len(stored()) == 3 + SCALED_FILES


def test_its_own_format_is_there_already_unless_it_was_scaled(
    client: APIClient, conversions: Conversions
) -> None:
    answer = file_of(client, model := made(client), "glb")
    assert answer.status_code == 200
    assert answer.json()["data"]["file_id"] == model["version"]["file_id"]
    scaled = made(client, prompt="杯子", size_mm=50)
    assert file_of(client, scaled, "glb").status_code == 202
    assert len(conversions) == 0


def test_who_waits_gets_the_file(
    client: APIClient, conversions: Conversions, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made(client)
    monkeypatch.setattr(waiting, "wait_for", lambda job_id, seconds: runner.run(job_id) or True)
    answer = file_of(client, model, "obj", "?wait=5")
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "succeeded")
    assert StoredFile.objects.get(pk=answer.json()["data"]["file_id"]).media_type == "model/obj+zip"


def test_a_conversion_that_fails_says_why_until_it_is_retried(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models3d.errors import MeshUnreadableError

    def fail(source: Any, **options: Any) -> io.BytesIO:
        raise MeshUnreadableError

    monkeypatch.setattr(handlers, "mesh_convert", fail)
    model = made(client)
    job = file_of(client, model).json()["data"]["job_id"]
    runner.run(job)
    answer = file_of(client, model)
    row = answer.json()["data"]
    assert (answer.status_code, row["status"], row["job_id"]) == (200, "failed", job)
    assert row["error"]["code"] == "MESH_UNREADABLE"


BAD_FILES = [
    ("files/step", (422, "MODEL_FORMAT_UNKNOWN")),
    ("files/ply", (422, "MODEL_FORMAT_UNKNOWN")),
    *[
        (f"files/stl?size_mm={size}", (422, "VALIDATION_FAILED"))
        for size in ("0", "-3", "10000000", "nan", "inf", "", "茶")
    ],
    ("files/stl?size=3", (422, "VALIDATION_FAILED")),
]


def test_bad_wishes_for_files_are_told(client: APIClient, conversions: Conversions) -> None:
    model = made(client)
    told = [(path, refusal(client.get(f"{MODELS}/{model['id']}/{path}"))) for path, _ in BAD_FILES]
    assert told == BAD_FILES
    early = ask(client)
    for method, path in (("get", "files/stl"), ("post", "repair"), ("get", "report")):
        answer = getattr(client, method)(f"{MODELS}/{early['id']}/{path}")
        assert refusal(answer) == (409, "MODEL_WRONG_STATE")
    assert not ModelFile.objects.exists()
