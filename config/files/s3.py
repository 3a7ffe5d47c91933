"""Files in S3 or whatever speaks like it. In a module of its own: boto3 is imported only where it is used."""

from collections.abc import Iterable
from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

#: Rather an error that is told, and a deletion that is tried again, than a thread that waits.
CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 30, 3
LONGEST_CORS_SECONDS = 3600


class ObjectStorage(S3Storage):
    """A bucket that only we read; others get links that S3 itself checks and that expire."""

    def __init__(self, *, path_style: bool = False, **options: Any) -> None:
        client_config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "max_attempts": TRIES},
            signature_version="s3v4",
            s3={"addressing_style": "path" if path_style else "auto"},
            # Newer checksums than those of the protocol are refused by some that speak like S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(
            client_config=client_config,
            default_acl=None,
            file_overwrite=False,
            querystring_auth=True,
            custom_domain=None,
            **options,
        )

    def signed_url(self, key: str, *, seconds: int, media_type: str, disposition: str) -> str:
        parameters: dict[str, Any] = {
            "ResponseContentType": media_type,
            "ResponseContentDisposition": disposition,
        }
        url: str = self.url(key, parameters=parameters, expire=seconds)
        return url

    def put_url(self, key: str, *, seconds: int, size: int) -> str:
        """A link by which somebody else may write an object of exactly this size."""
        url: str = self.bucket.meta.client.generate_presigned_url(
            "put_object",
            Params={"Bucket": self.bucket_name, "Key": self._place(key), "ContentLength": size},
            ExpiresIn=seconds,
        )
        return url

    def sizes(self, folder: str) -> dict[str, int]:
        """Of the objects in a folder, by their names in it."""
        prefix = f"{self._place(folder).rstrip('/')}/"
        return {one.key.removeprefix(prefix): one.size for one in self.bucket.objects.filter(Prefix=prefix)}

    def _place(self, key: str) -> str:
        """Where a key lies in the bucket."""
        return str(self._normalize_name(clean_name(key)))

    def allow_origins(self, origins: Iterable[str]) -> None:
        """Let pages of these origins read files by their links, and write parts of uploads."""
        rule = {
            "AllowedOrigins": list(origins),
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": ["Range", "If-Range", "If-None-Match", "Content-Type"],
            "ExposeHeaders": [
                "Accept-Ranges",
                "Content-Disposition",
                "Content-Length",
                "Content-Range",
                "ETag",
            ],
            "MaxAgeSeconds": LONGEST_CORS_SECONDS,
        }
        self.bucket.Cors().put(CORSConfiguration={"CORSRules": [rule]})
