"""Words, a model, its repair and an STL, by the programs that really do it."""

import io

import pytest
import trimesh
from rest_framework.test import APIClient

from generation.jobs import runner
from tests.models3d.factories import MODELS, made, shown

pytestmark = pytest.mark.django_db


def test_words_become_a_model_that_can_be_printed_as_an_stl(client: APIClient) -> None:
    done = made(client, prompt="一个挂钩，高 60 毫米")
    report = client.get(f"{MODELS}/{done['id']}/report?bed=220x220x250").json()["data"]
    assert (report["is_printable"], report["unit"]) == (True, "m"), report
    repair = client.post(f"{MODELS}/{done['id']}/repair").json()["data"]["repair_job_id"]
    runner.run(repair)
    assert shown(client, done["id"])["repair_status"] == "succeeded"
    row = client.get(f"{MODELS}/{done['id']}/files/stl?size_mm=30").json()["data"]
    runner.run(row["job_id"])
    row = client.get(f"{MODELS}/{done['id']}/files/stl?size_mm=30").json()["data"]
    content = b"".join(APIClient().get(row["url"]).streaming_content)
    mesh = trimesh.load_mesh(io.BytesIO(content), file_type="stl")
    assert mesh.is_watertight
    assert max(mesh.extents) == pytest.approx(30.0, rel=1e-3)
