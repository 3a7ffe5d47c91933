"""Links to the files of models, in rows as the database has written them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request

from config.api.lists.fields import Uuid
from generation.services.file_links import file_path


class FileLink(Uuid):
    """A member that holds a file's key until `link_urls` makes a link of it."""

    sample = "https://atelier.example.com/files/WyIwMTkzIiwxXQ:1tGx:3q2uVw"
    plain_field = serializers.CharField  # type: ignore[assignment]


def link_urls(request: Request, rows: Iterable[dict[str, Any]]) -> None:
    """Make links of what these rows call `…_url`: whoever has one can read the file without a login, for a while."""
    here = request.build_absolute_uri("/").removesuffix("/")
    for row in rows:
        for name, key in row.items():
            if name.endswith("_url") and key is not None:
                row[name] = here + file_path(UUID(key))
