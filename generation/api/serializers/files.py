"""Shapes of files."""

from typing import Any

from django.db.models import Value
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.lists.fields import Int, Many, Text, Time, Uuid
from config.api.lists.plain import plain_serializer
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from generation.models import StoredFile, Thumbnail
from generation.models.files import Edge

EXAMPLE_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class ThumbnailOut(ReadModel, source_model=Thumbnail):
    """A small copy of a picture, in WebP."""

    edge = Int(help="No side is longer, in pixels: 256 or 768.", example=Edge.SMALL.value)
    width = Int(help="In pixels.", example=256)
    height = Int(help="In pixels.", example=192)
    url = Text(
        expression=Value(""),  # `generation.api.thumbnails` makes links
        help="The copy: whoever has the link can read it, without a login, until it expires; lists bring new ones.",
        example="https://atelier.example.com/files/WyIwMTkzIiwxLDI1Nl0:1tGx:8fKq",
    )


class FileOut(ReadModel, source_model=StoredFile):
    """A file."""

    id = Uuid()
    name = Text(help="As it was called where it came from, without folders.", example="茶馆 tea house.png")
    media_type = Text(help="By its content, whatever its name says.", example="image/png")
    size = Int(help="In bytes.", example=48_211)
    sha256 = Text(help="The SHA-256 of its content, in hexadecimal digits.", example=EXAMPLE_SHA256)
    width = Int(help="In pixels, as the picture is shown; null for what is no picture.", example=1024)
    height = Int(help="In pixels, as the picture is shown; null for what is no picture.", example=768)
    thumbnails = Many(
        ThumbnailOut,
        order_by=["edge"],
        help="Small copies of a picture, the smallest first; empty for what is no picture, or can't be made small.",
    )
    missing_since = Time(help="Since when its content is missing from the storage; null: it isn't.")
    created_at = Time()


class FileDetailOut(plain_serializer(FileOut)):  # type: ignore[misc]
    """A file, with a link to its content."""

    url = serializers.URLField(
        help_text="Its content: whoever has the link can read it, without a login. Takes ranges."
    )
    url_expires_at = serializers.DateTimeField(help_text="Until when; read the file again for a new link.")


class FileUploadIn(StrictSerializer):
    """A file to be kept."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="The file with its name, as a browser's form sends it."
    )

    def to_internal_value(self, data: Any) -> Any:
        """A form may have several of one name; the framework would take the last."""
        if hasattr(data, "getlist") and len(data.getlist("file")) > 1:
            raise serializers.ValidationError({"file": [_("Send one file at a time.")]})
        return super().to_internal_value(data)


DETAIL_EXAMPLE = {
    **FileOut.example(),
    "url": "https://atelier.example.com/files/WyIwMTkzIiwxXQ:1tGx:3q2uVw",
    "url_expires_at": "2026-01-31T09:00:00.000000Z",
}
