"""Files in a bucket, over the wire: stored, read by S3's own links, deleted."""

from collections.abc import Callable
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import FileRemoval, User
from accounts.services.files import removals_run
from config.files.s3 import ObjectStorage
from generation.models import StoredFile
from generation.services.files import file_delete, file_open, file_store
from tests.generation.files.uploads import FILES, refusal, stored, upload
from tests.support.pictures import picture

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ClientFor = Callable[[User], APIClient]


def test_a_file_goes_there_and_back(alice: User, client_for: ClientFor, bucket: Any) -> None:
    content = picture()
    answer = upload(client_for(alice), content, "茶馆.png")
    assert answer.status_code == 201, answer.json()
    file = answer.json()["data"]
    row = StoredFile.objects.get()
    assert bucket.get_object(Bucket="atelier", Key=f"instance/{row.key}")["Body"].read() == content
    with file_open(row) as opened:
        assert opened.read() == content

    with urlopen(file["url"]) as found:  # noqa: S310 — a server of this test
        assert found.read() == content
        assert found.headers["Content-Type"] == "image/png"
        assert found.headers["Content-Disposition"] == "inline; filename*=utf-8''%E8%8C%B6%E9%A6%86.png"
    asked = parse_qs(urlsplit(file["url"]).query)
    assert asked["X-Amz-Expires"] == ["3600"]
    assert asked["X-Amz-Signature"]
    assert "secret" not in file["url"]


def test_deleted_it_is_gone_there(alice: User, bucket: Any) -> None:
    file_delete(file=file_store(owner_id=alice.pk, source=b"a text"))
    assert len(stored()) == 1
    assert removals_run() == 1
    assert stored() == set()


def test_a_bucket_that_doesnt_answer(
    alice: User, client_for: ClientFor, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 for a while: an upload says so and leaves nothing; a deletion is tried until it works."""
    client = client_for(alice)
    kept = file_store(owner_id=alice.pk, source=b"a text")
    file_delete(file=kept)

    def away(*_args: Any, **_options: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "PutObject"
        )

    with monkeypatch.context() as meanwhile:
        for name in ("_save", "delete"):
            meanwhile.setattr(ObjectStorage, name, away)
        assert refusal(upload(client, picture())) == (503, "FILE_STORAGE_UNAVAILABLE")
        assert not StoredFile.objects.exists()
        assert removals_run() == 0
        assert FileRemoval.objects.get().attempts == 1

    assert upload(client, b"another text").status_code == 201
    assert removals_run() == 1
    assert stored() == set(StoredFile.objects.values_list("key", flat=True))


def test_links_to_thumbnails_lead_there(alice: User, client_for: ClientFor, bucket: Any) -> None:
    [small, _] = upload(client_for(alice), picture()).json()["data"]["thumbnails"]
    answer = APIClient().get(small["url"])
    assert answer.status_code == 302
    assert answer.headers["Cache-Control"].startswith("private, max-age=")
    with urlopen(answer.headers["Location"]) as found:  # noqa: S310 — a server of this test
        assert found.headers["Content-Type"] == "image/webp"
        assert found.read(4) == b"RIFF"


def test_a_file_that_is_missing_there(alice: User, client_for: ClientFor, bucket: Any) -> None:
    file = file_store(owner_id=alice.pk, source=b"a text")
    default_storage.delete(file.key)
    with pytest.raises(Exception, match="missing from the storage"):
        file_open(file)
    assert client_for(alice).get(f"{FILES}/{file.pk}").status_code == 200


def test_pages_of_other_origins_may_read(bucket: Any, settings: Any) -> None:
    settings.CORS_ORIGIN = ["https://app.example"]
    said = StringIO()
    call_command("configure_s3_cors", stdout=said)
    [rule] = bucket.get_bucket_cors(Bucket="atelier")["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (
        ["https://app.example"],
        ["GET", "HEAD", "PUT"],
    )
    call_command("configure_s3_cors", "--origin", "https://other.example", stdout=said)
    [rule] = bucket.get_bucket_cors(Bucket="atelier")["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://other.example"]


def test_who_has_no_bucket_or_names_no_origin_hears_so(settings: Any, request: pytest.FixtureRequest) -> None:
    with pytest.raises(CommandError, match="no bucket"):
        call_command("configure_s3_cors")
    request.getfixturevalue("bucket")
    settings.CORS_ORIGIN = []
    with pytest.raises(CommandError, match="CORS_ORIGIN"):
        call_command("configure_s3_cors")
