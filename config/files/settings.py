"""Where files are kept, as the environment says it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.env import Env


def file_storage(env: "Env", folder: Path) -> dict[str, Any]:
    """The entry of `STORAGES` for files: a folder of this machine, or a bucket."""
    kind = env.str("FILE_STORAGE", default="disk", choices=["disk", "s3"], help="Where files are kept")
    bucket = env.str("S3_BUCKET", default="", help="Bucket for files")
    endpoint = env.url(
        "S3_ENDPOINT_URL", default="", schemes=("http", "https"), help="Address of S3; empty: that of AWS"
    )
    region = env.str("S3_REGION", default="", help="Region of the bucket")
    key_id = env.str("S3_ACCESS_KEY_ID", default="", help="Access key; empty: as AWS's SDK finds it")
    secret = env.secret("S3_SECRET_ACCESS_KEY", default="", help="The secret of the access key")
    path_style = env.bool("S3_PATH_STYLE", default=False, help="Bucket in the path instead of the host name")
    prefix = env.str("S3_PREFIX", default="", help="Folder of the bucket below which all files lie")
    if kind == "disk":
        return {"BACKEND": "config.files.storages.DiskStorage", "OPTIONS": {"location": str(folder)}}
    if not bucket:
        env.problem("must name the bucket, as FILE_STORAGE is s3.", name="S3_BUCKET")
    if bool(key_id) != bool(secret):
        env.problem("and S3_SECRET_ACCESS_KEY go together: set both, or neither.", name="S3_ACCESS_KEY_ID")
    return {
        "BACKEND": "config.files.s3.ObjectStorage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint or None,
            "region_name": region or None,
            "access_key": key_id or None,
            "secret_key": secret or None,
            "path_style": path_style,
            "location": prefix.strip("/"),
        },
    }


def file_limits(env: "Env") -> tuple[int, int, int, int]:
    """The largest file and the largest picture, what a user's files may take, and how long links are good."""
    return (
        env.int("FILE_MAX_BYTES", default=20_000_000, min=1000, help="Largest file, in bytes"),
        env.int(
            "FILE_MAX_PIXELS",
            default=50_000_000,
            min=10_000,
            max=200_000_000,
            help="Largest picture, in pixels",
        ),
        env.int(
            "FILE_QUOTA_BYTES",
            default=1_000_000_000,
            min=-1,
            help="Bytes that a user's files may take in all; -1: no limit",
        ),
        env.int(
            "FILE_LINK_SECONDS", default=3600, min=10, max=604_800, help="How long a link to a file is good"
        ),
    )


def upload_limits(env: "Env") -> tuple[int, int]:
    """How large the parts of an upload are, and how long it stays open."""
    return (
        env.int(
            "UPLOAD_PART_BYTES",
            default=8_000_000,
            min=100_000,
            max=64_000_000,
            help="Parts of uploads, in bytes",
        ),
        env.int(
            "UPLOAD_OPEN_SECONDS", default=86_400, min=600, max=604_800, help="How long an upload stays open"
        ),
    )


def import_limit(env: "Env") -> int:
    """The largest file of conversations."""
    return env.int(
        "CONVERSATION_IMPORT_MAX_BYTES",
        default=300_000_000,
        min=1000,
        help="Largest file of conversations that can be imported, in bytes",
    )


def mesh_limit(env: "Env") -> int:
    """The largest mesh, sent or bought."""
    return env.int("MESH_MAX_BYTES", default=100_000_000, min=1000, help="Largest mesh, in bytes")
