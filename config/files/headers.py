"""What is said of a file when it is sent, by us or by the storage."""

from django.utils.http import content_disposition_header

from config.filenames import safe_download_name
from config.files.types import PICTURES, TEXT


def disposition_of(media_type: str, name: str) -> str:
    """Pictures are shown, the rest is downloaded; under its name, of whatever script, as far as all systems take it."""
    return content_disposition_header(media_type not in PICTURES, safe_download_name(name)) or "attachment"


def declared_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type == TEXT else media_type
