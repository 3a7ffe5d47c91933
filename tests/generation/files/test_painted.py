"""From a sentence to files in a bucket, painted for real, while the bucket is away for a minute."""

import io
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from config.files.s3 import ObjectStorage
from generation.models import Job, StoredFile, Thumbnail
from tests.generation.files.uploads import stored
from tests.generation.requests.factories import ask, run_request, shown

pytestmark = [pytest.mark.django_db, pytest.mark.once]

AWAY = ClientError({"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "PutObject")


def test_it_is_stored_again_and_never_made_again(
    alice: User, client_for: Callable[[User], APIClient], bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for(alice)
    wanted = {"style": "cartoon", "model": "sandbox-priced", "seed": 7, "count": 1, "optimize": False}
    row = ask(client, "雪地里的两只企鹅", **wanted)
    run_request(row["id"], images=False)
    tries = []

    def away(*_args: Any, **_options: Any) -> Any:
        tries.append(1)
        raise AWAY

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ObjectStorage, "_save", away)
        for number in (1, 2, 3):
            run_request(row["id"])
            [image] = shown(client, row["id"])["images"]
            assert (image["status"], image["error"]["code"]) == ("pending", "FILE_STORAGE_UNAVAILABLE")
            assert len(tries) == number
            Job.objects.filter(pk=image["job_id"]).update(not_before=timezone.now())
    assert stored() == set()

    run_request(row["id"])
    done = shown(client, row["id"])
    assert (done["status"], done["cost"]["calls"]) == ("image_completed", 1)
    [image] = done["images"]
    answer = APIClient().get(image["url"])
    with urlopen(answer.headers["Location"]) as found:  # noqa: S310 — a server of this test
        painted = Image.open(io.BytesIO(found.read()))
    painted.load()
    assert painted.size == (1024, 1024)
    assert painted.text["procedural"] == "true"  # type: ignore[attr-defined]
    assert [(one["edge"], one["width"]) for one in image["file"]["thumbnails"]] == [(256, 256), (768, 768)]
    assert stored() == {one.key for rows in (StoredFile, Thumbnail) for one in rows.objects.all()}
    assert len(stored()) == 3
