"""Addresses of public models' files: those of the gallery's pages, for whatever the storage, without a signature."""

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F
from django.urls import reverse
from rest_framework import serializers

from config.api import origin
from config.api.lists.fields import Text, Uuid
from config.sql.json_text import JsonAddress
from models3d.api.pages import FILE

#: Stands for the key in a path that is taken apart.
KEY = "KEY"


def file_address(model_id: UUID | str, name: str) -> str:
    """`name` is one of `models3d.selectors.pages.FILES`."""
    return origin.here() + reverse(FILE, args=[model_id, name])


class AddressField(serializers.CharField):
    """The plain way to show it."""

    def __init__(self, *, file: str, **options: Any) -> None:
        self.file = file
        super().__init__(**options)

    def to_representation(self, value: Any) -> str:
        return file_address(value, self.file)


class FileAddress(Text):
    """The address of one of a public model's FILES, as the database writes it from the model's key."""

    plain_field = AddressField

    def __init__(self, file: str, **options: Any) -> None:
        super().__init__("pk", **options)
        self.file = file

    @property
    def example(self) -> str:
        return f"https://atelier.example.com/gallery/{Uuid.sample}/{self.file}"

    def json(self, model: type[models.Model], prefix: str) -> JsonAddress:
        before, after = reverse(FILE, args=[KEY, self.file]).split(KEY)
        return JsonAddress(F(prefix + self.path), before=before, after=after)

    def plain_arguments(self) -> dict[str, Any]:
        return {"file": self.file}
