"""A sentence becomes a model, over HTTP."""

import pytest
from rest_framework.test import APIClient

from generation.jobs import runner
from tests.models3d.factories import MODELS, MUG, shown

pytestmark = pytest.mark.django_db


def test_a_sentence_becomes_a_model(client: APIClient) -> None:
    answer = client.post(MODELS, {"prompt": MUG, "tags": ["杯子", "杯子"]})
    assert answer.status_code == 202
    row = answer.json()["data"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{row['id']}"
    assert (row["status"], row["name"], row["tags"], row["version"]) == ("queued", MUG, ["杯子"], None)

    runner.run(row["id"])
    done = shown(client, row["id"])
    assert done["status"] == "succeeded", done["error"]
    assert done["version"]["format"] == "glb"
    for name in ("preview_url", "turntable_url", "viewer_url"):
        content = b"".join(APIClient().get(done[name]).streaming_content)
        assert content[:4] in (b"RIFF", b"glTF")
    [listed] = client.get(f"{MODELS}/me").json()["data"]
    assert listed == done
