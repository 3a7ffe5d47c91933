"""Links to thumbnails, in rows as the database has written them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from generation.services.file_links import thumbnail_path


def link_thumbnails(request: Request, files: Iterable[dict[str, Any]]) -> None:
    """Give the thumbnails of these rows of `FileOut` their `url`."""
    for file in files:
        for thumbnail in file["thumbnails"]:
            path = thumbnail_path(UUID(file["id"]), thumbnail["edge"])
            thumbnail["url"] = request.build_absolute_uri(path)
