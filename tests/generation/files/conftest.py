"""A folder of its own for each test's files, or a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

BUCKET = "atelier"


def use_storage(settings: Any, backend: str, **options: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(settings: Any, s3_server: str) -> Iterator[Any]:
    """Files lie in a bucket of a server that speaks like S3."""
    login = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=s3_server, **login)
    client.create_bucket(Bucket=BUCKET)
    use_storage(
        settings,
        "config.files.s3.ObjectStorage",
        bucket_name=BUCKET,
        endpoint_url=s3_server,
        region_name="us-east-1",
        access_key="key",
        secret_key="secret",  # noqa: S106
        path_style=True,
        location="instance",
    )
    yield client
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(params=["disk", pytest.param("s3", marks=pytest.mark.once)])
def any_storage(request: pytest.FixtureRequest) -> str:
    if request.param == "s3":
        request.getfixturevalue("bucket")
    return str(request.param)
