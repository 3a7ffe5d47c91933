"""Files in S3 or whatever speaks like it. In a module of its own: boto3 is imported only where it is used."""

from typing import Any

from storages.backends.s3 import S3Storage


class ObjectStorage(S3Storage):
    """A bucket that only we read; others get links that S3 itself checks and that expire."""

    def signed_url(self, key: str, *, seconds: int, media_type: str, disposition: str) -> str:
        parameters: dict[str, Any] = {
            "ResponseContentType": media_type,
            "ResponseContentDisposition": disposition,
        }
        url: str = self.url(key, parameters=parameters, expire=seconds)
        return url
