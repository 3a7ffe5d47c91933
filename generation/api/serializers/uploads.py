"""Shapes of uploads in parts."""

from rest_framework import serializers

from config.api.lists.fields import Choice, Int, Text, Time, Uuid
from config.api.lists.plain import plain_serializer
from config.api.lists.read_models import ReadModel
from config.api.serializers import StrictSerializer
from config.files.names import LONGEST
from generation.api.serializers.files import EXAMPLE_SHA256
from generation.domain.uploads import UploadState
from generation.models import Upload

EXAMPLE_BYTES, PART_BYTES = 10_000_000, 8_000_000


class UploadOut(ReadModel, source_model=Upload):
    """A file that comes in parts."""

    id = Uuid()
    name = Text(help="What the file will be called.", example="茶杯.stl")
    size = Int(help="In bytes, as it was announced.", example=EXAMPLE_BYTES)
    part_bytes = Int(help="Each part has so many bytes, the last one what is left.", example=PART_BYTES)
    sha256 = Text(
        help="The SHA-256 that was announced, which the whole file must have; empty: none was.",
        example=EXAMPLE_SHA256,
    )
    state = Choice(UploadState, help="Only an open one takes parts and can be completed.")
    file_id = Uuid("file", help="The file that came of it; null: none has yet, or it was deleted.")
    expires_at = Time(help="Until when it stays open.")
    created_at = Time()


class UploadPart(serializers.Serializer[None]):
    """A part of an upload."""

    number = serializers.IntegerField(help_text="From 1.")
    size = serializers.IntegerField(help_text="How many bytes it has, no more and no less.")
    has_arrived = serializers.BooleanField(help_text="Whether all of it is there.")
    url = serializers.URLField(
        help_text="Where its bytes are sent by PUT, without a login, as often as one likes; ours or the storage's own."
    )


class UploadDetailOut(plain_serializer(UploadOut)):  # type: ignore[misc]
    """An upload, with what has arrived of it."""

    parts = UploadPart(many=True, help_text="Those of an open upload, in order; empty when it is over.")
    parts_expire_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when their addresses are good; read the upload again for new ones."
    )


class UploadCreateIn(StrictSerializer):
    """A file to come."""

    name = serializers.CharField(
        max_length=10 * LONGEST, help_text="What it is called; folders in it are left out, a long one is cut."
    )
    size = serializers.IntegerField(min_value=1, help_text="How many bytes it has.")
    sha256 = serializers.RegexField(
        r"^[0-9a-fA-F]{64}\Z",
        required=False,
        default="",
        help_text="The SHA-256 of the whole file in hexadecimal digits, to be compared at the end.",
    )


DETAIL_EXAMPLE = {
    **UploadOut.example(),
    "parts": [
        {
            "number": number,
            "size": size,
            "has_arrived": number == 1,
            "url": f"https://atelier.example.com/files/parts/WyIwMTkz{number}:3q2uVw",
        }
        for number, size in ((1, PART_BYTES), (2, EXAMPLE_BYTES - PART_BYTES))
    ],
    "parts_expire_at": "2026-01-31T09:00:00.000000Z",
}
